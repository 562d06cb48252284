package chaosctl

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"chaosctl/runner"
)

// bar is the progress of a campaign on a terminal. What it cannot draw it leaves out: a terminal
// that is gone is no reason to end a campaign.
type bar struct{ drawn *progressbar.ProgressBar }

func newBar(out io.Writer, cycles int, colour bool) *bar {
	return &bar{progressbar.NewOptions(cycles,
		progressbar.OptionSetWriter(out),
		progressbar.OptionEnableColorCodes(colour),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionClearOnFinish(),
	)}
}

func (b *bar) show(done, acked int, at *runner.Progress) {
	text := fmt.Sprintf("acked %d", acked)
	if at != nil {
		text = fmt.Sprintf("%s cycle %d %-8s acked %d", at.Fault, at.Cycle, at.Stage, acked)
	}
	b.drawn.Describe(text)
	_ = b.drawn.Set(done)
}

func (b *bar) clear() { _ = b.drawn.Clear() }

func (b *bar) close() {
	_ = b.drawn.Clear()
	_ = b.drawn.Exit()
}
