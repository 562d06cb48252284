package reports_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/reports"
)

func TestKeepFinished(t *testing.T) {
	const one, two, cut = `{"cycle":1,"fault":"pause"}` + "\n", `{"cycle":2,"fault":"pause","x":1}` + "\n",
		`{"cycle":3,"fault":"pause","interrupted":true}` + "\n"
	for name, test := range map[string]struct {
		text, kept, interrupted string
		finished                int
	}{
		"whole":                {one + two, one + two, "", 2},
		"torn":                 {one + two + `{"cycle":3`, one + two, "", 2},
		"torn without newline": {one + `{"cycle":2,"fault":"pause"}`, one, "", 1},
		"interrupted":          {one + cut + two, one + two, cut, 2},
		"nothing finished":     {cut, "", cut, 0},
		"empty":                {"", "", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, reports.RecordsFile)
			if err := os.WriteFile(path, []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time there is nothing to do
				finished, err := reports.KeepFinished(dir)
				if err != nil || len(finished) != test.finished {
					t.Fatalf("%d finished, %v, want %d", len(finished), err, test.finished)
				}
			}
			kept, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.kept, string(kept)); d != "" {
				t.Errorf("kept (-want +got):\n%s", d)
			}
			interrupted, _ := os.ReadFile(filepath.Join(dir, reports.InterruptedFile))
			if d := cmp.Diff(test.interrupted, string(interrupted)); d != "" {
				t.Errorf("interrupted (-want +got):\n%s", d)
			}
		})
	}
	if finished, err := reports.KeepFinished(t.TempDir()); err != nil || finished != nil {
		t.Errorf("an empty folder: %v, %v", finished, err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, reports.RecordsFile), []byte("no record\n"+one), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := reports.KeepFinished(dir); err == nil {
		t.Error("took a line that is no record")
	}
}
