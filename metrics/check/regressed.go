package check

import (
	"slices"
	"time"

	"chaosctl/metrics"
)

// Regressed decides: what a node has shown of an acknowledged write it does not take back. A key regresses
// on a node when a reading shows a written value under it, and a later one, begun after the first
// ended, shows none; or when the later shows a value whose writes had all been acknowledged
// before one that the earlier showed was begun. What a delete may have undone, and writes without
// acknowledgement, are not judged. Readings in several pages beside other writes are left out. It gates
// when the system promises durability; a copy that a node lost in a kill is reported only, since
// W copies are promised and not which (OwnDisk and UnderReplicated judge those).
type Regressed struct{}

// Name is regressed.
func (Regressed) Name() string { return "regressed" }

// Check compares each node's readings with its later ones.
func (c Regressed) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (Regressed) judge(v *views) metrics.Finding { return v.each(regressed) }

func regressed(h *view) metrics.Finding {
	gates := h.Question.Promises.Durable
	p := newPresence(h)
	ages := newAges(h)
	alive, across := map[int32]struct{}{}, map[int32]struct{}{}
	compared := 0
	for node := range h.Question.Nodes {
		readings := states(h.History, node)
		compared += max(0, len(readings)-1)
		for _, life := range lives(h.History, node, readings) {
			p.regressions(life, ages, alive)
		}
		p.regressions(readings, ages, across)
	}
	if keys := p.names(alive); len(keys) > 0 {
		return broken(gates, keys, "%d acknowledged writes were shown by a node and then not any more, or an older value was", len(keys))
	}
	if keys := p.names(across); len(keys) > 0 {
		return broken(false, keys, "%d acknowledged writes that a node had shown before it was killed were not on it afterwards", len(keys))
	}
	if compared == 0 || len(h.owed) == 0 {
		return notTested("no node was read twice after a write was acknowledged")
	}
	return pass(gates)
}

// regressions adds the keys that regress within readings.
func (p *presence) regressions(readings []metrics.Observation, ages ages, into map[int32]struct{}) {
	if len(readings) < 2 {
		return
	}
	for _, n := range p.absent(readings, p.firstShown(readings)) {
		into[n] = struct{}{}
	}
	if len(ages.of) == 0 {
		return
	}
	ended := slices.Clone(readings)
	slices.SortStableFunc(ended, func(a, b metrics.Observation) int { return int(a.Ended - b.Ended) })
	newest := map[string]time.Duration{} // when the newest acknowledged write that was shown began
	for _, o := range readings {
		for len(ended) > 0 && ended[0].Ended <= o.Began {
			for _, r := range ended[0].Rows {
				if age, known := ages.of[metrics.Copy{Key: r.Key, Hash: r.Hash}]; known {
					newest[r.Key] = max(newest[r.Key], age.began)
				}
			}
			ended = ended[1:]
		}
		for _, r := range o.Rows {
			age, known := ages.of[metrics.Copy{Key: r.Key, Hash: r.Hash}]
			if n := p.number[r.Key]; known && p.from[n] != metrics.Forever && age.over < newest[r.Key] {
				into[n] = struct{}{}
			}
		}
	}
}

// lives parts a node's readings at the moments it was killed.
func lives(h *metrics.History, node int, readings []metrics.Observation) [][]metrics.Observation {
	var deaths []time.Duration
	for _, w := range h.Windows {
		if w.Killed && slices.Contains(w.Nodes, node) {
			deaths = append(deaths, w.Began)
		}
	}
	slices.Sort(deaths)
	var parts [][]metrics.Observation
	for _, at := range deaths {
		i := slices.IndexFunc(readings, func(o metrics.Observation) bool { return o.Began >= at })
		if i < 0 {
			i = len(readings)
		}
		parts, readings = append(parts, readings[:i]), readings[i:]
	}
	return append(parts, readings)
}

// ages tells of the values of keys that were written more than once how old they are.
type ages struct{ of map[metrics.Copy]age }

// age places a value among the writes of its key.
type age struct {
	began time.Duration // when the last acknowledged write of it was begun; Never without one
	over  time.Duration // the latest moment at which a write of it may have taken effect
}

func newAges(h *view) ages {
	a := ages{map[metrics.Copy]age{}}
	for i := range h.Operations {
		op := &h.Operations[i]
		if op.Kind != metrics.Write || op.Outcome == metrics.Failed || h.keys[h.number[op.Key]].writes < 2 {
			continue
		}
		c := metrics.Copy{Key: op.Key, Hash: op.Hash}
		value, known := a.of[c]
		if !known {
			value = age{metrics.Never, metrics.Never}
		}
		value.over = max(value.over, op.EffectUntil())
		if op.Outcome == metrics.OK {
			value.began = max(value.began, op.Invoked)
		}
		a.of[c] = value
	}
	return a
}
