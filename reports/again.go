package reports

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"chaosctl/metrics"
)

// asRun are the keys of a summary's config that decide what a cycle does.
type asRun struct {
	Cycles        int              `json:"cycles"`
	Writes        int              `json:"writes"`
	Concurrency   int              `json:"concurrency"`
	Seed          string           `json:"seed"`
	Binary        string           `json:"binary"`
	QuorumTimeout time.Duration    `json:"quorum_timeout"`
	SettleTimeout time.Duration    `json:"settle_timeout"`
	Threshold     float64          `json:"threshold"`
	Promises      metrics.Promises `json:"promises"`
}

// Again returns the command that repeats the worst cycle of a campaign with the same decisions,
// or nothing when every cycle passed or the summary does not say how it was run. A cycle's
// decisions hang on the seed and its number, so the cycles before it are run too.
func Again(s metrics.Summary) string {
	worst, ok := WorstFault(s)
	if !ok {
		return ""
	}
	text, err := json.Marshal(s.Config)
	if err != nil {
		return ""
	}
	var run asRun
	if json.Unmarshal(text, &run) != nil || run.Seed == "" {
		return ""
	}
	words := []string{
		"chaosctl", "run",
		"--fault", Quoted(worst.FaultSpec),
		"--cycles", strconv.Itoa(worst.WorstCycle),
		"--seed", run.Seed,
		"--writes", strconv.Itoa(run.Writes),
		"--concurrency", strconv.Itoa(run.Concurrency),
		"--quorum-timeout", run.QuorumTimeout.String(),
		"--settle-timeout", run.SettleTimeout.String(),
		"--threshold", strconv.FormatFloat(run.Threshold, 'g', -1, 64),
		"--promises", promised(run.Promises),
		"--bin", Quoted(run.Binary),
	}
	return strings.Join(words, " ")
}

// WorstFault is the first fault with the campaign's worst verdict of a cycle.
func WorstFault(s metrics.Summary) (worst metrics.FaultSummary, ok bool) {
	for _, f := range s.Faults {
		if f.WorstCycle == 0 {
			continue
		}
		if !ok || metrics.Merge(worst.Cycles.Worst(), f.Cycles.Worst()) != worst.Cycles.Worst() {
			worst, ok = f, true
		}
	}
	return worst, ok
}

func promised(p metrics.Promises) string {
	var words []string
	for _, promise := range []struct {
		name string
		made bool
	}{{"durable", p.Durable}, {"converges", p.Converges}, {"catches-up", p.CatchesUp}, {"linearizable", p.Linearizable}} {
		if promise.made {
			words = append(words, promise.name)
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ",")
}

// Quoted quotes a word for a shell when it has to be.
func Quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,+@%", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return fmt.Sprintf("'%s'", strings.ReplaceAll(word, "'", `'\''`))
}
