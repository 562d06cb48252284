package check

import (
	"time"

	"chaosctl/metrics"
)

// StaleThenRecovered decides: no node goes without an acknowledged write for longer than the settle limit
// and has it later. A write is stale on a node when a reading that began after it was
// acknowledged, every fault was healed and the node, if it was killed, could reach the others
// again does not show it, and the node's final reading does. It is stale at least from the last of
// these moments to the beginning of the last reading that does not show it. What a delete may
// have undone is not judged. Staleness within the limit is counted, and no fault: numbers give
// the keys and the longest (stale_ms, Jepsen's stable latency). It gates when the system promises
// to converge, and, where a node was away or killed, to catch up as well.
type StaleThenRecovered struct{}

// Name is stale_then_recovered.
func (StaleThenRecovered) Name() string { return "stale_then_recovered" }

// Check measures how long each node went without a write that it had in the end.
func (c StaleThenRecovered) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (StaleThenRecovered) judge(v *views) metrics.Finding { return v.each(staleThenRecovered) }

func staleThenRecovered(h *view) metrics.Finding {
	promises := h.Question.Promises
	gates := promises.Converges && (promises.CatchesUp || len(away(h.History))+len(killed(h.History)) == 0)
	p := newPresence(h)
	if len(h.owed) == 0 {
		return notTested(nothingOwed)
	}
	stale, tooLong := map[int32]struct{}{}, map[int32]struct{}{}
	longest := time.Duration(0)
	for node := range h.Question.Nodes {
		quiet := undisturbed(h.History, node)
		readings := states(h.History, node)
		if quiet == metrics.Forever || len(readings) == 0 || readings[len(readings)-1].Stage != metrics.AtFinal {
			continue
		}
		from := make([]time.Duration, len(p.from))
		for n := range from {
			from[n] = max(p.from[n], quiet)
		}
		for n, until := range p.recovered(readings, from) {
			stale[n] = struct{}{}
			longest = max(longest, until-from[n])
			if until-from[n] > h.Question.SettleLimit {
				tooLong[n] = struct{}{}
			}
		}
	}
	f := pass(gates)
	if keys := p.names(tooLong); len(keys) > 0 {
		f = broken(gates, keys, "%d writes were not on a node for up to %v, and then were: at most %v is promised",
			len(keys), longest.Round(time.Millisecond), h.Question.SettleLimit)
	}
	f = number(f, "stale", len(stale))
	return number(f, "stale_ms", inMilliseconds(longest))
}

// recovered returns, of the keys that some reading which began at or after from[key] does not
// show and the last one does, when the last that does not began.
func (p *presence) recovered(readings []metrics.Observation, from []time.Duration) map[int32]time.Duration {
	open := p.absent(readings, from)
	recovered := map[int32]time.Duration{}
	shownIn := make([]int32, len(p.from)) // the reading looked at last that shows the key, from 1
	for i := len(readings) - 1; i >= 0 && len(open) > 0; i-- {
		o := readings[i]
		for n := range p.shown(o) {
			shownIn[n] = int32(i + 1)
		}
		left := open[:0]
		for _, n := range open {
			switch {
			case shownIn[n] == int32(i+1):
				left = append(left, n)
			case i < len(readings)-1 && o.Began >= from[n]:
				recovered[n] = o.Began
			}
		}
		open = left
	}
	return recovered
}

// undisturbed is when every fault was healed and a node, if it was killed, could reach the others
// again, or Forever.
func undisturbed(h *metrics.History, node int) time.Duration {
	quiet := time.Duration(0)
	for _, w := range h.Windows {
		if w.Healed == metrics.Never {
			return metrics.Forever
		}
		quiet = max(quiet, w.Healed)
	}
	for _, dead := range killed(h) {
		if dead != node {
			continue
		}
		back := metrics.Forever
		for _, r := range h.Rejoins {
			if r.Node == node {
				back = r.At
			}
		}
		quiet = max(quiet, back)
	}
	return quiet
}
