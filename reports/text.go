package reports

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"chaosctl/metrics"
)

// Style is how text looks and what it points to.
type Style struct {
	Dir    string   // the campaign's folder; empty leaves out where the files are
	Colour bool     // red, green and yellow, never without a word or sign that says the same
	ASCII  bool     // no signs beyond ASCII
	Again  string   // the command that repeats the worst cycle; empty makes it of the summary
	Stored []string // how a stored run was judged, and what of it does not fit, a line each
}

// Text prints what a campaign amounts to: the verdict first, then which gates it met, the writes
// concerned, a table of numbers, where the files are, and for anything but a pass the command
// that repeats the worst cycle as the last line.
func Text(w io.Writer, s metrics.Summary, style Style) error {
	var out bytes.Buffer
	p := printer{&out, style}
	p.verdict(s)
	p.gates(s)
	p.doubts(s)
	p.stored()
	p.line("")
	if err := Table(&out, s); err != nil {
		return err
	}
	p.files(s)
	_, err := w.Write(out.Bytes())
	return err
}

// Block prints what someone must read who was called by cron: the verdict, why it is no pass,
// where to look and how to repeat it. It has no table and no gates that were met.
func Block(w io.Writer, s metrics.Summary, style Style) error {
	var out bytes.Buffer
	p := printer{&out, style}
	p.verdict(s)
	p.reasons(s)
	p.named(s)
	p.stored()
	p.files(s)
	_, err := w.Write(out.Bytes())
	return err
}

// printable replaces what would move a cursor or change colours: a text may be a server's.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// printer prints the parts of a text.
type printer struct {
	out   *bytes.Buffer
	style Style
}

func (p printer) line(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...)
}

// verdict is the first line.
func (p printer) verdict(s metrics.Summary) {
	took := time.Duration(s.DurationS * float64(time.Second))
	if took > 10*time.Second {
		took = took.Round(time.Second)
	}
	cycles := 0
	for _, f := range s.Faults {
		cycles += f.TotalCycles
	}
	word := strings.ToUpper(s.Verdict.String())
	p.line("%s  %s  %d of %d cycles  %v", p.coloured(s.Verdict, word), printable(s.CampaignID), cycles, max(s.Planned, cycles),
		took.Round(time.Millisecond))
}

// gates tells, fault by fault, the evidence and each check that was not passed.
func (p printer) gates(s metrics.Summary) {
	p.line("\nGATES")
	for _, f := range s.Faults {
		p.line("  %s %s: %d of %d cycles passed, %d acknowledged writes in %d cycles, %d lost, bound %s",
			p.sign(f.Verdict), printable(f.FaultSpec), f.Cycles.Pass, max(f.Planned, f.TotalCycles), f.Acked, f.TotalCycles, f.Lost,
			boundText(f.WorstBound))
		p.exercise(f)
		p.claim(f.LossClaim)
		for _, c := range f.Checks {
			worst := c.Cycles.Worst()
			switch {
			case worst == metrics.Pass, c.Gating == 0 && worst == metrics.Inconclusive:
				continue
			case c.Gating == 0:
				p.line("      reported only, not promised: %s %s: %s", printable(c.Checker), worst, printable(c.Why))
			default:
				p.line("    %s %s in %d of %d cycles: %s", p.sign(worst), printable(c.Checker), notPassed(c.Cycles), f.TotalCycles,
					printable(c.Why))
			}
			p.keys(c)
		}
	}
	if len(s.Faults) > 1 {
		p.line("  all faults: %s", s.Words)
	}
}

// exercise tells what the fault met.
func (p printer) exercise(f metrics.FaultSummary) {
	var met []string
	if f.MidWrite > 0 {
		met = append(met, fmt.Sprintf("a write caught mid-write in %d of %d cycles", f.MidWrite, f.TotalCycles))
	}
	if f.LeastInside != nil && *f.LeastInside > 0 {
		met = append(met, fmt.Sprintf("at least %d writes that began and ended inside the fault in each cycle", *f.LeastInside))
	}
	if len(met) > 0 {
		p.line("      met: %s", strings.Join(met, "; "))
	}
}

func notPassed(t metrics.Tally) int { return t.Fail + t.Error + t.Inconclusive }

// keys names the writes of a check and its cycles.
func (p printer) keys(c metrics.CheckSummary) {
	if len(c.Named) > 0 {
		more := ""
		if rest := c.Keys - len(c.Named); rest > 0 {
			more = fmt.Sprintf(" and %d more", rest)
		}
		p.line("      writes %s%s", printable(strings.Join(c.Named, " ")), more)
	}
	if len(c.Affected) > 0 {
		p.line("      cycles %s", strings.Trim(fmt.Sprint(c.Affected), "[]"))
	}
}

// named names the writes of every gating check that failed.
func (p printer) named(s metrics.Summary) {
	for _, f := range s.Faults {
		for _, c := range f.Checks {
			if c.Gating > 0 && len(c.Named) > 0 {
				p.line("  %s, %s:", printable(f.Fault), printable(c.Checker))
				p.keys(c)
			}
		}
	}
}

// doubts says what no check says: what of the campaign is missing.
func (p printer) doubts(s metrics.Summary) {
	if s.Stopped != "" {
		p.line("\n  %s the campaign ended early: %s", p.sign(metrics.Inconclusive), printable(s.Stopped))
	}
	for _, f := range s.Faults {
		if len(f.Repeated) > 0 {
			p.line("  %s %s: more than one line for cycles %v", p.sign(metrics.Inconclusive), printable(f.Fault), f.Repeated)
		}
		if missing := f.Planned - f.TotalCycles; missing > 0 {
			p.line("  %s %s: %d of %d cycles have no line", p.sign(metrics.Inconclusive), printable(f.Fault), missing, f.Planned)
		}
	}
}

// reasons says in words why it is no pass.
func (p printer) reasons(s metrics.Summary) {
	if len(s.Reasons) == 0 {
		return
	}
	p.line("\nWHY")
	for _, reason := range s.Reasons {
		p.line("  %s", printable(reason))
	}
}

// files tells where everything is and, when there is reason to, how to see it again.
func (p printer) files(s metrics.Summary) {
	if p.style.Dir != "" {
		p.line("\nRecords  %s", filepath.Join(p.style.Dir, RecordsFile))
		p.line("Summary  %s", filepath.Join(p.style.Dir, SummaryFile))
		if s.Verdict != metrics.Pass {
			p.line("Logs     %s", filepath.Join(p.style.Dir, "logs"))
		}
	}
	again := p.style.Again
	if again == "" {
		again = Again(s)
	}
	if s.Verdict != metrics.Pass && again != "" {
		p.line("Again    %s", again)
	}
}

// sign is a verdict as one sign.
func (p printer) sign(v metrics.Verdict) string {
	signs := map[metrics.Verdict]string{metrics.Pass: "✓", metrics.Fail: "✗", metrics.Error: "!", metrics.Inconclusive: "?"}
	if p.style.ASCII {
		signs = map[metrics.Verdict]string{metrics.Pass: "ok", metrics.Fail: "FAIL", metrics.Error: "ERROR", metrics.Inconclusive: "?"}
	}
	return p.coloured(v, signs[v])
}

// coloured colours a word by a verdict, where colours are wanted.
func (p printer) coloured(v metrics.Verdict, word string) string {
	if !p.style.Colour {
		return word
	}
	const green, yellow, red, plain = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"
	switch v {
	case metrics.Pass:
		return green + word + plain
	case metrics.Fail:
		return red + word + plain
	default:
		return yellow + word + plain
	}
}
