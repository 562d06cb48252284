package metrics

import (
	"slices"
	"time"
)

// convergeTimes tells for each node that was to converge how long it took: from the end of the
// heal, or of the last write where that came later, for a restarted node from the moment it could
// reach the others again, to the end of the first reading that showed the state in which the
// stage settled and was not followed by another. That state is everything any node held at the end of the stage; a node that did not
// hold all of it has nil, and so have all when it lacks an acknowledged write or two nodes
// disagree on a content.
func convergeTimes(h *History) map[string]*float64 {
	spaces := h.ByNamespace()
	times := convergeTimesIn(spaces[0])
	for _, space := range spaces[1:] { // a node has converged when it has in every namespace
		for node, took := range convergeTimesIn(space) {
			if before, known := times[node]; !known || took == nil || before != nil && *before < *took {
				times[node] = took
			}
		}
	}
	return times
}

// convergeTimesIn are the times in one namespace.
func convergeTimesIn(h *History) map[string]*float64 {
	times := map[string]*float64{}
	survivors := h.Latest(AtSettleA)
	state := settledState(h, survivors)
	quiet := endOfDisturbance(h)
	for _, last := range survivors {
		times[NodeName(last.Node)] = settledAfter(h, last, state, quiet)
	}
	all := h.Latest(AtSettleB)
	state = settledState(h, all)
	for _, last := range all {
		if _, survived := times[NodeName(last.Node)]; !survived {
			times[NodeName(last.Node)] = settledAfter(h, last, state, rejoined(h, last.Node))
		}
	}
	return times
}

// settledState is the content by key that all readings together show, or nil when they
// contradict each other or lack an acknowledged write.
func settledState(h *History, readings []Observation) map[string]string {
	state := map[string]string{}
	for _, o := range readings {
		for _, r := range o.Rows {
			if hash, known := state[r.Key]; known && hash != r.Hash {
				return nil
			}
			state[r.Key] = r.Hash
		}
	}
	values := h.Values()
	for _, op := range h.Owed() {
		if _, written := values[Copy{op.Key, state[op.Key]}]; !written {
			return nil
		}
	}
	return state
}

// settledAfter measures from a moment until a node showed the state for good.
func settledAfter(h *History, last Observation, state map[string]string, from time.Duration) *float64 {
	if from == Never || state == nil {
		return nil
	}
	since := Never
	for _, o := range h.Observations {
		settling := o.Stage == DuringPoll || o.Stage == last.Stage
		if o.Node != last.Node || !settling || !o.Readable() || o.Began < from || o.Began > last.Began {
			continue
		}
		switch {
		case !shows(o, state):
			since = Never
		case since == Never:
			since = o.Ended
		}
	}
	if since == Never || !last.Readable() {
		return nil
	}
	took := milliseconds(since - from)
	return &took
}

// shows reports whether a reading shows exactly a state.
func shows(o Observation, state map[string]string) bool {
	seen := make(map[string]struct{}, len(o.Rows))
	for _, r := range o.Rows {
		if hash, ok := state[r.Key]; !ok || hash != r.Hash {
			return false
		}
		seen[r.Key] = struct{}{}
	}
	return len(seen) == len(state)
}

// endOfDisturbance is when the last fault was healed and the last write had ended: nobody can
// hold what was not written yet. It is Never when a fault was not healed.
func endOfDisturbance(h *History) time.Duration {
	end := Never
	for _, w := range h.Windows {
		if w.Healed == Never {
			return Never
		}
		end = max(end, w.Healed)
	}
	for i := range h.Operations {
		if op := &h.Operations[i]; op.Kind != Read {
			end = max(end, op.Returned)
		}
	}
	return end
}

// rejoined is when a restarted node could reach the others again, or Never.
func rejoined(h *History, node int) time.Duration {
	for _, r := range slices.Backward(h.Rejoins) {
		if r.Node == node {
			return r.At
		}
	}
	return Never
}
