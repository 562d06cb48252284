package reports

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"chaosctl/metrics"
)

// unknown stands for a number that is not known.
const unknown = "-"

// Table prints a line for each fault of a campaign: plain columns, numbers to the right, nothing
// ever cut short. LOST counts acknowledged writes that no node holds; BOUND is the least
// convergence bound of a cycle, by identity; CONVERGE is how long the slowest node of a
// cycle took to agree with the others.
func Table(w io.Writer, s metrics.Summary) error {
	rows := [][]string{}
	for _, f := range s.Faults {
		rows = append(rows, []string{
			printable(f.Fault),
			fmt.Sprintf("%d/%d", f.TotalCycles, max(f.Planned, f.TotalCycles)),
			f.Verdict.String(),
			fmt.Sprintf("%d/%d", f.Acked, f.TotalWrites),
			strconv.Itoa(f.Lost),
			boundText(f.WorstBound),
			convergeText(f),
		})
	}
	return columns(w,
		[]string{"FAULT", "CYCLES", "VERDICT", "ACKED", "LOST", "BOUND", "CONVERGE p50/p95"},
		tw.Alignment{tw.AlignLeft, tw.AlignRight, tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignRight},
		rows)
}

// boundText prints a fraction with three decimals, cut and not rounded, so that what is less
// than 1 never reads 1.000.
func boundText(bound *float64) string {
	if bound == nil {
		return unknown
	}
	const slack = 1e-9 // 0.29*1000 is a little less than 290
	return strconv.FormatFloat(math.Floor(*bound*1000+slack)/1000, 'f', 3, 64)
}

// convergeText tells how long nodes took to agree, and in how many cycles they never did.
func convergeText(f metrics.FaultSummary) string {
	text := timeText(f.ConvergeP50) + " / " + timeText(f.ConvergeP95)
	if f.NeverSettled > 0 {
		text += fmt.Sprintf(" (%d never)", f.NeverSettled)
	}
	return text
}

// timeText prints milliseconds as people read them.
func timeText(ms *float64) string {
	switch {
	case ms == nil:
		return unknown
	case *ms < 10:
		return fmt.Sprintf("%.1fms", *ms)
	case *ms < 1000:
		return fmt.Sprintf("%.0fms", *ms)
	}
	return fmt.Sprintf("%.1fs", *ms/1000)
}

// columns prints plain columns with two spaces between them.
func columns(w io.Writer, header []string, alignment tw.Alignment, rows [][]string) error {
	var text bytes.Buffer
	table := tablewriter.NewTable(&text,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithAlignment(alignment),
		tablewriter.WithPadding(tw.Padding{Right: "  ", Overwrite: true}),
		tablewriter.WithTrimSpace(tw.Off),
	)
	table.Header(header)
	if err := table.Bulk(rows); err != nil {
		return fmt.Errorf("lay the table out: %w", err)
	}
	if err := table.Render(); err != nil { // says nothing of a writer that fails, hence the buffer
		return fmt.Errorf("lay the table out: %w", err)
	}
	return printLines(w, text.Bytes())
}

// printLines prints lines without the spaces at their ends.
func printLines(w io.Writer, text []byte) error {
	var clean bytes.Buffer
	for line := range bytes.Lines(text) {
		clean.Write(bytes.TrimRight(line, " \n"))
		clean.WriteByte('\n')
	}
	_, err := w.Write(clean.Bytes())
	return err
}
