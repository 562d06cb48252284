package metrics_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"chaosctl/metrics"
)

func TestReadRecordsTakesOldShapes(t *testing.T) {
	const lines = "\ufeff" +
		`{"cycle":1,"fault":"partition_minority","writes":100,"ok":97,"quorum_not_met":3,"fail":0,"count_node0":"100","count_node1":" 97\n","count_node2":"ERR"}` + "\r\n" +
		`{"cycle":2,"fault":"x","count_node0":"","count_node1":null,"count_node2":"3\nERR"}` + "\n\n" +
		`{"cycle":3,"fault":"x","count_node0":7,"count_node1":7.5,"count_node2":-1,"who":"knows"}`
	got, err := metrics.ReadRecords(strings.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	want := []metrics.Record{
		{Cycle: 1, Fault: "partition_minority", Writes: 100, OK: 97, QuorumNotMet: 3, CountNode0: value(100), CountNode1: value(97)},
		{Cycle: 2, Fault: "x"},
		{Cycle: 3, Fault: "x", CountNode0: value(7)},
	}
	diff(t, want, got)
	if got[0].Verdict != metrics.Inconclusive {
		t.Errorf("a line without a verdict is %v", got[0].Verdict)
	}
}

func TestReadRecordsReadsLongLines(t *testing.T) {
	long := `{"cycle":1,"fault":"` + strings.Repeat("x", 1<<20) + `"}` + "\n"
	got, err := metrics.ReadRecords(strings.NewReader(long + long))
	if err != nil || len(got) != 2 || len(got[1].Fault) != 1<<20 {
		t.Fatalf("%d records, %v", len(got), err)
	}
}

func TestReadRecordsReportsWhatIsNoRecord(t *testing.T) {
	const whole = `{"cycle":1}` + "\n"
	tests := map[string]struct {
		text string
		torn int
		bad  int
	}{
		"torn":                 {text: whole + `{"cycle":2,"fau`, torn: 2},
		"torn in a string":     {text: whole + whole + `{"fault":"parti`, torn: 3},
		"broken in the middle": {text: whole + "{\"cycle\":\n" + whole, bad: 2},
		"two on a line":        {text: whole + `{"cycle":2}{"cycle":3}` + "\n", bad: 2},
		"not an object":        {text: whole + "[1]\n", bad: 2},
		"a null":               {text: whole + "null\n", bad: 2},
		"a log":                {text: whole + "FATAL: no node\n", bad: 2},
		"no such verdict":      {text: whole + `{"verdict":"perhaps"}` + "\n", bad: 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := metrics.ReadRecords(strings.NewReader(test.text))
			var torn *metrics.TornError
			var bad *metrics.LineError
			switch {
			case test.torn > 0 && (!errors.As(err, &torn) || torn.Line != test.torn):
				t.Errorf("got %v, want line %d to be torn", err, test.torn)
			case test.bad > 0 && (!errors.As(err, &bad) || bad.Line != test.bad):
				t.Errorf("got %v, want line %d to be bad", err, test.bad)
			}
			if len(got) == 0 || got[0].Cycle != 1 {
				t.Errorf("the lines before are lost: %v", got)
			}
		})
	}
}

func TestReadRecordsReportsAFailingReader(t *testing.T) {
	broken := errors.New("disk gone")
	_, err := metrics.ReadRecords(io.MultiReader(strings.NewReader(`{"cycle":1}`+"\n"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func FuzzReadRecords(f *testing.F) {
	f.Add(`{"cycle":1,"count_node1":"ERR"}` + "\n")
	f.Add("\ufeff{}")
	f.Fuzz(func(t *testing.T, text string) {
		records, err := metrics.ReadRecords(strings.NewReader(text))
		if lines := strings.Count(text, "\n") + 1; len(records) > lines {
			t.Errorf("%d records of %d lines, %v", len(records), lines, err)
		}
	})
}
