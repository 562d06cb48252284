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

// state is content by key, as readings show it.
type state struct {
	number map[string]int32 // of a key
	hashes []string
	last   []int32        // the reading that was compared last and shows the key, from 1
	known  map[*Row]shown // lists of rows that were compared, by their first row
	looked int32          // readings that were compared
}

// shown is what a comparison of a list of rows gave.
type shown struct {
	rows int
	same bool
}

// settledState is the content by key that all readings together show, or nil when they
// contradict each other or lack an acknowledged write.
func settledState(h *History, readings []Observation) *state {
	most := 0
	for _, o := range readings {
		most = max(most, len(o.Rows))
	}
	s := &state{number: make(map[string]int32, most), hashes: make([]string, 0, most), known: map[*Row]shown{}}
	for i, o := range readings {
		if i > 0 && sameList(o, readings[i-1]) {
			continue
		}
		for _, r := range o.Rows {
			n, known := s.number[r.Key]
			switch {
			case !known:
				s.number[r.Key] = int32(len(s.hashes))
				s.hashes = append(s.hashes, r.Hash)
			case s.hashes[n] != r.Hash:
				return nil
			}
		}
	}
	s.last = make([]int32, len(s.hashes))
	var values Values
	for _, op := range h.Owed() {
		n, known := s.number[op.Key]
		if known && s.hashes[n] == op.Hash {
			continue
		}
		if values == nil {
			values = h.Values()
		}
		if !known {
			return nil
		}
		if _, written := values[Copy{op.Key, s.hashes[n]}]; !written {
			return nil
		}
	}
	return s
}

// settledAfter measures from a moment until a node showed the state for good.
func settledAfter(h *History, last Observation, settled *state, from time.Duration) *float64 {
	if from == Never || settled == nil {
		return nil
	}
	since := Never
	for _, o := range h.Observations {
		settling := o.Stage == DuringPoll || o.Stage == last.Stage
		if o.Node != last.Node || !settling || !o.Readable() || o.Began < from || o.Began > last.Began {
			continue
		}
		switch {
		case !settled.shows(o):
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

// sameList reports whether two readings share their rows.
func sameList(a, b Observation) bool {
	return len(a.Rows) == len(b.Rows) && (len(a.Rows) == 0 || &a.Rows[0] == &b.Rows[0])
}

// shows reports whether a reading shows exactly a state.
func (s *state) shows(o Observation) bool {
	if len(o.Rows) == 0 {
		return len(s.hashes) == 0
	}
	if before, known := s.known[&o.Rows[0]]; known && before.rows == len(o.Rows) {
		return before.same
	}
	same := s.compare(o)
	s.known[&o.Rows[0]] = shown{len(o.Rows), same}
	return same
}

func (s *state) compare(o Observation) bool {
	s.looked++
	keys := 0
	for _, r := range o.Rows {
		n, known := s.number[r.Key]
		if !known || s.hashes[n] != r.Hash {
			return false
		}
		if s.last[n] != s.looked {
			s.last[n] = s.looked
			keys++
		}
	}
	return keys == len(s.hashes)
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
