package cluster_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/cluster"
)

func TestTail(t *testing.T) {
	for name, tt := range map[string]struct {
		writes []string
		want   []string
	}{
		"nothing":         {nil, []string{}},
		"fewer":           {[]string{"a\nb\n"}, []string{"a", "b"}},
		"more":            {[]string{"a\nb\nc\nd\n"}, []string{"b", "c", "d"}},
		"open line":       {[]string{"a\nb\nc\nd"}, []string{"b", "c", "d"}},
		"split lines":     {[]string{"a", "b\nc", "", "\n"}, []string{"ab", "c"}},
		"empty lines":     {[]string{"\n\na\r\n"}, []string{"", "", "a"}},
		"no UTF-8":        {[]string{"a\xffb\n"}, []string{"a\uFFFDb"}},
		"long line":       {[]string{strings.Repeat("x", 3000), strings.Repeat("y", 3000) + "\nz\n"}, []string{strings.Repeat("x", 3000) + strings.Repeat("y", 1096), "z"}},
		"very long alone": {[]string{strings.Repeat("x", 9000)}, []string{strings.Repeat("x", 4096)}},
	} {
		t.Run(name, func(t *testing.T) {
			tail := cluster.NewTail(3)
			for _, w := range tt.writes {
				if n, err := fmt.Fprint(tail, w); n != len(w) || err != nil {
					t.Errorf("wrote %d of %d bytes: %v", n, len(w), err)
				}
			}
			if diff := cmp.Diff(tt.want, tail.Lines()); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}
