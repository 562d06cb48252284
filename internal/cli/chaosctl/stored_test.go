package chaosctl_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
	"chaosctl/reports"
)

var update = flag.Bool("update", false, "write the stored runs in testdata anew")

// storedRun is a run as a fooled tool would have kept it: every line says pass.
type storedRun struct {
	cycles  []*metrics.History
	verdict metrics.Verdict // what the histories amount to
}

// storedRuns are one healthy run and those that must never pass.
func storedRuns() map[string]storedRun {
	return map[string]storedRun{
		"healthy":       {[]*metrics.History{cutCycle(1, nil), cutCycle(2, nil)}, metrics.Pass},
		"page20":        {[]*metrics.History{cutCycle(1, firstPage)}, metrics.Fail},
		"masked":        {masked(), metrics.Fail},
		"nothing-acked": {[]*metrics.History{cutCycle(1, refused)}, metrics.Inconclusive},
		"all-timeouts":  {[]*metrics.History{cutCycle(1, timedOut)}, metrics.Inconclusive},
	}
}

const ms = time.Millisecond

// cutCycle is a cycle of 100 writes by 10 writers, in which node 0 was cut off from 200 ms to 700
// ms; 20 writes began and ended inside. Every node holds every write.
func cutCycle(cycle int, change func(h *metrics.History)) *metrics.History {
	h := &metrics.History{
		Question: metrics.Question{
			Nodes: 3, Quorum: 2, Writes: 100, Threshold: 0.995, SettleLimit: 10 * time.Second, NeedInside: 8,
			Promises: metrics.Promises{Durable: true, Converges: true, CatchesUp: true},
		},
		Namespace: fmt.Sprintf("chaos-c%d", cycle),
		Windows: []metrics.Window{{
			ID: fmt.Sprintf("f-%04d", cycle), Fault: "partition(nodes=0,direction=both,for=500ms)", Nodes: []int{0}, Isolated: []int{0},
			Asked: 500 * ms, Began: 197 * ms, Active: 200 * ms, HealBegan: 700 * ms, Healed: 703 * ms,
			Effective: true, Facts: map[string]int64{"packets_dropped": 41},
		}},
		Stages: []metrics.StageSpan{{Name: "load", Began: 10 * ms, Ended: 800 * ms}, {Name: "verify", Began: 810 * ms, Ended: 830 * ms}},
	}
	for i := range 100 {
		key := fmt.Sprintf("c%d-w%d", cycle, i)
		begin := time.Duration(10+7*(i/10))*ms + time.Duration(i%10)*ms/10
		op := metrics.Operation{
			Index: i, Process: i % 10, Key: key, Hash: metrics.ContentHash(key), ID: "id-" + key, Acks: 2,
			Invoked: begin, Sent: begin + ms, Returned: begin + 5*ms, Outcome: metrics.OK, Code: 201,
		}
		if i >= 80 { // inside the cut, at the side that has a quorum
			op.Node = 1
			op.Invoked, op.Sent, op.Returned = op.Invoked+300*ms, op.Sent+300*ms, op.Returned+300*ms
		}
		h.Operations = append(h.Operations, op)
	}
	for _, o := range []struct {
		stage metrics.Stage
		at    time.Duration
	}{{metrics.AtStart, 2 * ms}, {metrics.AtSettleA, 805 * ms}, {metrics.AtFinal, 815 * ms}} {
		for node := range 3 {
			reading := metrics.Observation{
				Node: node, Stage: o.stage, Began: o.at, Ended: o.at + 3*ms, Rows: []metrics.Row{}, Pages: 1, PageSize: 200,
			}
			if o.stage != metrics.AtStart {
				reading.Rows = rows(h.Operations)
			}
			h.Observations = append(h.Observations, reading)
		}
	}
	if change != nil {
		change(h)
	}
	return h
}

func rows(operations []metrics.Operation) []metrics.Row {
	list := make([]metrics.Row, 0, len(operations))
	for _, op := range operations {
		list = append(list, metrics.Row{Key: op.Key, ID: op.ID, Hash: op.Hash})
	}
	return list
}

// firstPage makes every node list 20 rows, whatever it holds.
func firstPage(h *metrics.History) {
	list(h, func(all []metrics.Row) []metrics.Row { return all[:20] })
	for i := range h.Observations {
		h.Observations[i].PageSize = 20
	}
}

func list(h *metrics.History, change func(all []metrics.Row) []metrics.Row) {
	for i, o := range h.Observations {
		if o.Stage != metrics.AtStart {
			h.Observations[i].Rows = change(o.Rows)
		}
	}
}

// refused makes no write acknowledged: the label was not allowed.
func refused(h *metrics.History) {
	for i := range h.Operations {
		op := &h.Operations[i]
		op.Outcome, op.Code, op.ID, op.Acks = metrics.Failed, 400, "", 0
	}
	list(h, func([]metrics.Row) []metrics.Row { return []metrics.Row{} })
}

// timedOut lets every write end without an answer.
func timedOut(h *metrics.History) {
	for i := range h.Operations {
		op := &h.Operations[i]
		op.Outcome, op.Code, op.ID, op.Acks, op.Error = metrics.Unknown, 0, "", 0, "time-out"
	}
}

// masked are two cycles of 3 acknowledged writes whose nodes list 6 rows and none: the sums match.
func masked() []*metrics.History {
	three := func(cycle int) *metrics.History {
		return cutCycle(cycle, func(h *metrics.History) {
			h.Operations = slices.Concat(h.Operations[:1], h.Operations[80:82])
			h.Question.Writes, h.Question.NeedInside = 3, 2
			for i := range h.Operations {
				h.Operations[i].Index = i
			}
			list(h, func([]metrics.Row) []metrics.Row { return rows(h.Operations) })
		})
	}
	first, second := three(1), three(2)
	list(first, func(own []metrics.Row) []metrics.Row { return slices.Concat(own, rows(second.Operations)) })
	list(second, func([]metrics.Row) []metrics.Row { return []metrics.Row{} })
	return []*metrics.History{first, second}
}

// facts are those of a cycle of a run.
func facts(run string, cycle int) metrics.CycleFacts {
	return metrics.CycleFacts{
		Campaign: run, Cycle: cycle, Seed: "5f3a", Attempts: 1, Fault: "partition",
		FaultSpec: "partition(nodes=0,direction=both,for=500ms)", Duration: 830 * ms, QuorumTimeout: 200 * ms,
		StartedAt: time.Date(2026, 11, 25, 7, 0, cycle, 0, time.UTC),
	}
}

// keep writes a run into a folder. Its lines and its summary say that everything is well, and its
// histories what was.
func (s storedRun) keep(t *testing.T, dir string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.RemoveAll(dir))
	must(os.MkdirAll(dir, 0o755))
	lines, err := reports.OpenJSONL(filepath.Join(dir, reports.RecordsFile))
	must(err)
	histories, err := reports.OpenHistories(dir)
	must(err)
	var records []metrics.Record
	for i, h := range s.cycles {
		fact := facts(filepath.Base(dir), i+1)
		_, findings := check.Judge(h)
		for i := range findings {
			findings[i] = metrics.Finding{Checker: findings[i].Checker, Verdict: metrics.Pass, Gates: findings[i].Gates}
		}
		r := metrics.NewRecord(fact, h, metrics.Pass, findings)
		r.LostAcked, r.Flags = []string{}, []string{}
		records = append(records, r)
		must(histories.Keep(fact, h))
		must(lines.Append(r))
	}
	must(lines.Close())
	start := time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC)
	summary := metrics.Summarize(metrics.CampaignFacts{
		ID: filepath.Base(dir), StartedAt: start, EndedAt: start.Add(5 * time.Second), Planned: len(records), Faults: []string{"partition"},
		Config: map[string]any{"seed": "5f3a", "faults": []string{"partition"}, "cycles": len(records), "writes": 100},
	}, records)
	summary.Verdict, summary.OverallPass, summary.Reasons = metrics.Pass, true, []string{}
	must(reports.WriteSummary(dir, summary))
}

// TestStoredRunsAreWhatTheyAreSaidToBe builds each stored run, judges its histories, and compares
// them with those in testdata, which the scripts use. With -update it writes these anew.
func TestStoredRunsAreWhatTheyAreSaidToBe(t *testing.T) {
	t.Parallel()
	for name, run := range storedRuns() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("testdata", "traps", name)
			if *update {
				run.keep(t, dir)
			}
			files, err := reports.HistoryFiles(dir)
			if err != nil || len(files) != len(run.cycles) {
				t.Fatalf("%d histories, %v, want %d: write them with -update", len(files), err, len(run.cycles))
			}
			var verdicts []metrics.Verdict
			for i, file := range files {
				fact, stored, err := reports.OpenHistory(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(facts(name, i+1), fact, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s is of another cycle, write it with -update (-want +got):\n%s", file, diff)
				}
				fromFile, _ := check.Judge(&stored)
				built, _ := check.Judge(run.cycles[i])
				if fromFile != built {
					t.Errorf("%s is %v, the history it was made of %v: write it with -update", file, fromFile, built)
				}
				verdicts = append(verdicts, fromFile)
			}
			if got := metrics.Merge(verdicts...); got != run.verdict {
				t.Errorf("the histories are %v, want %v", got, run.verdict)
			}
		})
	}
}
