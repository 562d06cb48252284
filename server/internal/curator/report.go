package curator

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"chaosctl/server/internal/memory"
)

// NoModel is the error of a cycle without a language model that was not told to do without.
const NoModel = "no LLM client configured"

// Report tells what a cycle did (contract section 9.1).
type Report struct {
	StartedAt           string   `json:"started_at"`
	CompletedAt         string   `json:"completed_at"`
	CycleDurationMS     int64    `json:"cycle_duration_ms"`
	MemoriesScanned     int      `json:"memories_scanned"`
	MemoriesEligible    int      `json:"memories_eligible"`
	AutoTagged          int      `json:"auto_tagged"`
	ContradictionsFound int      `json:"contradictions_found"`
	OperationsAttempted int      `json:"operations_attempted"`   // memories that the model was asked about
	OperationsSkipped   int      `json:"operations_skipped_cap"` // eligible ones that it was not, as there were too many
	Autonomy            Autonomy `json:"autonomy"`
	Errors              []string `json:"errors"` // those of the passes, too
	DryRun              bool     `json:"dry_run"`
}

// Autonomy tells what the passes did. In a dry run it is what they would have done, and nothing is
// in the rollback log.
type Autonomy struct {
	ClustersFormed         int      `json:"clusters_formed"`
	MemoriesConsolidated   int      `json:"memories_consolidated"`
	MemoriesForgotten      int      `json:"memories_forgotten"`
	PriorityAdjustments    int      `json:"priority_adjustments"`
	RollbackEntriesWritten int      `json:"rollback_entries_written"`
	Errors                 []string `json:"errors"`
}

// maxErrors bounds the errors that are told, and maxTold those that a report keeps in the database.
const (
	maxErrors = 200
	maxTold   = 20
)

func newReport(started time.Time, dry bool) Report {
	return Report{StartedAt: memory.FormatTime(started), DryRun: dry, Errors: []string{}, Autonomy: Autonomy{Errors: []string{}}}
}

// fail adds an error, unless there are very many.
func fail(errs *[]string, format string, args ...any) {
	if len(*errs) < maxErrors {
		*errs = append(*errs, fmt.Sprintf(format, args...))
	}
}

// kept is the content of the report as a memory (contract section 9.5), and what else tells whether cycles
// go well.
func (r Report) kept() (string, error) {
	told := slices.Clone(r.Errors[:min(len(r.Errors), maxTold)])
	for i, text := range told {
		told[i] = fmt.Sprintf("%.500s", text)
	}
	text, err := json.Marshal(map[string]any{
		"cycle_ts":                 r.StartedAt,
		"cycle_duration_ms":        r.CycleDurationMS,
		"auto_tagged":              r.AutoTagged,
		"contradictions_found":     r.ContradictionsFound,
		"clusters_formed":          r.Autonomy.ClustersFormed,
		"memories_consolidated":    r.Autonomy.MemoriesConsolidated,
		"memories_forgotten":       r.Autonomy.MemoriesForgotten,
		"priority_adjustments":     r.Autonomy.PriorityAdjustments,
		"rollback_entries_written": r.Autonomy.RollbackEntriesWritten,
		"errors_total":             len(r.Errors),
		"memories_scanned":         r.MemoriesScanned,
		"memories_eligible":        r.MemoriesEligible,
		"operations_attempted":     r.OperationsAttempted,
		"operations_skipped_cap":   r.OperationsSkipped,
		"errors":                   told,
	})
	if err != nil {
		return "", fmt.Errorf("write the report: %w", err)
	}
	return memory.EscapeControls(text), nil
}
