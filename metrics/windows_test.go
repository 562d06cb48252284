package metrics_test

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"chaosctl/metrics"
)

func TestLatencyByWindow(t *testing.T) {
	const ms = time.Millisecond
	op := func(scheduled, invoked, returned time.Duration, outcome metrics.Outcome) metrics.Operation {
		return metrics.Operation{Scheduled: scheduled, Invoked: invoked, Sent: invoked, Returned: returned, Outcome: outcome}
	}
	h := &metrics.History{
		Windows: []metrics.Window{{Began: 100 * ms, Active: 102 * ms, HealBegan: 600 * ms, Healed: 605 * ms, Effective: true}},
		Operations: []metrics.Operation{
			op(0, 10*ms, 20*ms, metrics.OK),
			op(0, 95*ms, 99*ms, metrics.OK),
			op(0, 99*ms, 300*ms, metrics.Unknown),
			op(200*ms, 590*ms, 610*ms, metrics.OK), // it was to begin 390 ms before
			op(0, 606*ms, 610*ms, metrics.OK),
			op(0, 607*ms, metrics.Never, metrics.Unknown),
		},
	}
	got := metrics.NewRecord(metrics.CycleFacts{}, h, metrics.Pass, nil).Windows
	for name, want := range map[string]struct {
		n, ok int
		max   float64
	}{
		metrics.BeforeFault: {2, 2, 10},
		metrics.DuringFault: {2, 1, 410},
		metrics.AfterFault:  {1, 1, 4},
	} {
		g := got[name]
		if g.N != want.n || g.OK != want.ok || g.Max < want.max*0.999 || g.Max > want.max*1.001 {
			t.Errorf("%s: %+v, want %+v", name, g, want)
		}
		decoded, err := hdrhistogram.Decode([]byte(g.HDR))
		if err != nil || decoded.TotalCount() != int64(want.n) {
			t.Errorf("%s: the histogram does not decode: %v", name, err)
		}
	}
	if len(got) != 3 {
		t.Errorf("windows %v", got)
	}
	if all := metrics.NewRecord(metrics.CycleFacts{}, &metrics.History{}, metrics.Pass, nil).Windows; all == nil || len(all) > 0 {
		t.Errorf("nothing happened: %v", all)
	}
}
