package reports_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"chaosctl/metrics"
	"chaosctl/reports"
)

// write appends records to a file of records.
func write(t *testing.T, path string, records ...metrics.Record) {
	t.Helper()
	file, err := reports.OpenJSONL(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := file.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestJSONLAppendsLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), reports.RecordsFile)
	odd := record("partition", 2)
	odd.HarnessError = value("a line\nand <another> & more")
	write(t, path, record("partition", 1), odd)
	write(t, path, record("partition", 3))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, 3, bytes.Count(text, []byte("\n")))
	if !bytes.Contains(text, []byte(`a line\nand <another> & more`)) {
		t.Errorf("signs are escaped: %s", text)
	}
	got, err := metrics.ReadRecords(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, []metrics.Record{record("partition", 1), odd, record("partition", 3)}, got)
}

func TestJSONLRefusesATornFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), reports.RecordsFile)
	write(t, path, record("partition", 1))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	torn := slices.Concat(whole, whole[:len(whole)/2])
	if err := os.WriteFile(path, torn, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := reports.OpenJSONL(path); !errors.Is(err, reports.ErrTorn) {
		t.Errorf("got %v, want ErrTorn", err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, string(torn), string(after))
}

func TestJSONLRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{"a folder": dir, "no folder": filepath.Join(dir, "none", "x"), "a device": os.DevNull} {
		if file, err := reports.OpenJSONL(path); err == nil {
			t.Errorf("%s was opened: %v", name, file.Close())
		}
	}
}

func TestJSONLStopsAfterAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), reports.RecordsFile)
	file, err := reports.OpenJSONL(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := file.Append(record("partition", 1)); err == nil {
			t.Error("a record was appended to a closed file")
		}
	}
}

// The summary of the shell harness, as its users run it on its files.
const harnessProgram = `{total_cycles:length,total_writes:(map(.writes)|add),total_ok:(map(.ok)|add),` +
	`total_quorum_not_met:(map(.quorum_not_met)|add),total_fail:(map(.fail)|add), ` +
	`bound: (((map([(.count_node1|tonumber? // 0),(.count_node2|tonumber? // 0)]|min)|add)) / (map(.ok)|add))}`

func TestTheHarnessesOwnProgramReadsOurLines(t *testing.T) {
	jq, err := exec.LookPath("jq")
	if err != nil {
		t.Fatalf("this test needs the program jq, on Debian: apt-get install jq: %v", err)
	}
	var records []metrics.Record
	for cycle := range 20 {
		r := record("partition", cycle+1)
		r.OK, r.QuorumNotMet, r.CountNode1, r.CountNode2 = 90+cycle%7, 9-cycle%7, value(95-cycle), value(80+cycle)
		if cycle%6 == 5 {
			r.CountNode1 = nil
		}
		records = append(records, r)
	}
	path := filepath.Join(t.TempDir(), reports.RecordsFile)
	write(t, path, records...)
	out, err := exec.CommandContext(t.Context(), jq, "-s", harnessProgram, path).Output()
	if err != nil {
		t.Fatalf("jq: %v", err)
	}
	var got map[string]float64
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	got["bound"] = float64(int(got["bound"]*1000)) / 1000
	s := metrics.Summarize(metrics.CampaignFacts{}, records).Faults[0]
	diff(t, map[string]float64{
		"total_cycles": float64(s.TotalCycles), "total_writes": float64(s.TotalWrites), "total_ok": float64(s.TotalOK),
		"total_quorum_not_met": float64(s.TotalQuorumNotMet), "total_fail": float64(s.TotalFail), "bound": s.ConvergenceBound,
	}, got)
}

func TestLinesHaveTheHarnessesKeysFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), reports.RecordsFile)
	write(t, path, record("partition", 1))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"cycle":1,"fault":"partition","writes":100,"ok":97,"quorum_not_met":2,"fail":1,` +
		`"count_node0":100,"count_node1":99,"count_node2":98,"convergence_bound":1,`
	if !strings.HasPrefix(string(text), want) {
		t.Errorf("the line begins with %.160s", text)
	}
}
