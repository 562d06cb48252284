package chaosctl

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
	"chaosctl/reports"
)

// judgedAgain is a stored run as today's checkers judge it.
type judgedAgain struct {
	Run         string               `json:"run"`
	Histories   int                  `json:"histories"` // cycles that were judged from their history; the others from their line
	Differences []metrics.Difference `json:"differences"`
	Summary     metrics.Summary      `json:"summary"`
}

// cycleID is what makes lines and histories of one cycle belong together.
type cycleID struct {
	fault, spec string
	cycle       int
}

func idOf(r metrics.Record) cycleID { return cycleID{r.Fault, r.FaultSpec, r.Cycle} }

// judgeAgain judges a stored run: each cycle from its history, and from its line where there is no
// history.
func judgeAgain(ctx context.Context, path string) (judgedAgain, error) {
	run, err := reports.ReadRun(path)
	if err != nil {
		return judgedAgain{}, err
	}
	files, err := reports.HistoryFiles(path)
	if err != nil {
		return judgedAgain{}, err
	}
	j := judgedAgain{Run: path, Differences: []metrics.Difference{}}
	judged, unwritten, err := j.judgeHistories(ctx, files, run.Records)
	if err != nil {
		return judgedAgain{}, err
	}
	records := make([]metrics.Record, 0, len(run.Records)+len(unwritten))
	for _, line := range run.Records {
		r, ok := judged[idOf(line)]
		if !ok {
			r = metrics.JudgeLine(line)
			j.judgedByLine(line, r, len(files) > 0)
		}
		records = append(records, r)
	}
	j.conclude(run, append(records, unwritten...))
	return j, nil
}

// judgeHistories judges histories one at a time, compares each with its line, and returns what it
// made of those that have one and of those that have none.
func (j *judgedAgain) judgeHistories(ctx context.Context, files []string, stored []metrics.Record) (
	judged map[cycleID]metrics.Record, unwritten []metrics.Record, err error,
) {
	lines := map[cycleID]metrics.Record{}
	for _, r := range stored {
		lines[idOf(r)] = r
	}
	judged = map[cycleID]metrics.Record{}
	for _, file := range files {
		if err := context.Cause(ctx); err != nil {
			return nil, nil, err
		}
		r, err := judgeHistory(file)
		if err != nil {
			j.note(metrics.HistoryUnreadable, metrics.Record{}, "%v", err)
			continue
		}
		if _, again := judged[idOf(r)]; again {
			j.note(metrics.EvidenceDiffers, r, "%s is a second history of this cycle; the first is judged", filepath.Base(file))
			continue
		}
		judged[idOf(r)] = r
		j.Histories++
		line, written := lines[idOf(r)]
		if !written {
			j.note(metrics.LineMissing, r, "%s has no line", filepath.Base(file))
			unwritten = append(unwritten, r)
			continue
		}
		j.Differences = append(j.Differences, metrics.CompareLines(line, r)...)
	}
	return judged, unwritten, nil
}

// judgeHistory makes a cycle's record anew.
func judgeHistory(file string) (metrics.Record, error) {
	facts, history, err := reports.OpenHistory(file)
	if err != nil {
		return metrics.Record{}, err
	}
	verdict, findings := check.Judge(&history)
	return metrics.NewRecord(facts, &history, verdict, findings), nil
}

// judgedByLine notes what is to be said of a cycle without a history.
func (j *judgedAgain) judgedByLine(line, r metrics.Record, others bool) {
	if others {
		j.note(metrics.HistoryMissing, r, "judged from its line alone")
	}
	if line.Verdict != r.Verdict {
		j.note(metrics.VerdictChanged, r, "the line says %v, and is %v by what it shows", line.Verdict, r.Verdict)
	}
}

func (j *judgedAgain) note(kind metrics.DifferenceKind, r metrics.Record, why string, args ...any) {
	j.Differences = append(j.Differences, metrics.Difference{
		Kind: kind, Fault: r.Fault, Cycle: r.Cycle, Why: fmt.Sprintf(why, args...),
	})
}

// conclude folds the cycles. What takes the ground from under a pass makes it none.
func (j *judgedAgain) conclude(run reports.StoredRun, records []metrics.Record) {
	if run.Torn != nil {
		j.note(metrics.LinesUnreadable, metrics.Record{}, "%v", run.Torn)
	}
	if !run.Told {
		j.note(metrics.PlanMissing, metrics.Record{}, "there is neither a summary nor campaign.json to say how many cycles there were to be")
	}
	if run.Told && len(records) > run.Facts.Planned {
		j.note(metrics.EvidenceDiffers, metrics.Record{}, "there are %d cycles and were to be %d", len(records), run.Facts.Planned)
	}
	if run.Test != nil {
		run.Facts.Decision = run.Test.Decide(records).Words
	}
	j.Summary = metrics.Summarize(run.Facts, records)
	for _, d := range j.Differences {
		if d.Unsound() {
			j.Summary.Verdict = metrics.Merge(j.Summary.Verdict, metrics.Inconclusive)
			j.Summary.OverallPass = false
			j.Summary.Reasons = append(j.Summary.Reasons, differenceText(d))
		}
	}
}

// differenceText is a difference in one line.
func differenceText(d metrics.Difference) string {
	if d.Fault == "" {
		return fmt.Sprintf("%s: %s", d.Kind, d.Why)
	}
	return fmt.Sprintf("%s cycle %d: %s: %s", d.Fault, d.Cycle, d.Kind, d.Why)
}

// worstOf merges the verdicts of runs.
func worstOf(runs []judgedAgain) metrics.Verdict {
	verdicts := slices.Collect(func(yield func(metrics.Verdict) bool) {
		for _, j := range runs {
			if !yield(j.Summary.Verdict) {
				return
			}
		}
	})
	return metrics.Merge(verdicts...)
}
