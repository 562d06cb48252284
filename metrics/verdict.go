package metrics

import "fmt"

// Verdict is what a cycle, a checker or a campaign amounts to. The zero value is
// Inconclusive: a judgement nobody made is never a pass.
type Verdict uint8

// The verdicts, in the order in which they outrank each other when merged.
const (
	Inconclusive Verdict = iota // the evidence does not allow a judgement
	Pass                        // every gating property was exercised and held
	Error                       // the harness, not the system, went wrong
	Fail                        // the system broke a promise, with evidence
)

var verdictNames = [...]string{Inconclusive: "inconclusive", Pass: "pass", Error: "error", Fail: "fail"}

// String returns pass, fail, error or inconclusive.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// ParseVerdict reads what String prints.
func ParseVerdict(text string) (Verdict, error) {
	for v, name := range verdictNames {
		if name == text {
			return Verdict(v), nil
		}
	}
	return Inconclusive, fmt.Errorf("verdict %q is none of pass, fail, error, inconclusive", text)
}

// MarshalText implements encoding.TextMarshaler with String's words.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; unknown words are an error.
func (v *Verdict) UnmarshalText(text []byte) (err error) {
	*v, err = ParseVerdict(string(text))
	return err
}

// rank orders verdicts for merging: fail > error > inconclusive > pass.
func (v Verdict) rank() int {
	switch v {
	case Fail:
		return 3
	case Error:
		return 2
	case Pass:
		return 0
	default:
		return 1
	}
}

// Merge returns the worst of the verdicts: fail > error > inconclusive > pass. Merging nothing
// is Inconclusive, because nothing was judged.
func Merge(verdicts ...Verdict) Verdict {
	if len(verdicts) == 0 {
		return Inconclusive
	}
	worst := verdicts[0]
	for _, v := range verdicts[1:] {
		if v.rank() > worst.rank() {
			worst = v
		}
	}
	return worst
}
