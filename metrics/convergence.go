package metrics

import "slices"

// Convergence is what the nodes that were alive at settle A held of the acknowledged writes.
type Convergence struct {
	Acked   int              // acknowledged writes that no delete may have undone
	Nodes   []int            // alive at settle A, in order
	Unread  []int            // of those, not read in full
	Missing map[int][]string // the acknowledged keys each node that was read lacked
}

// Converged reads the convergence of a cycle off its history.
func Converged(h *History) Convergence {
	c := Convergence{Missing: map[int][]string{}}
	for _, space := range h.ByNamespace() {
		owed := space.Owed()
		held := newHolding(space, owed)
		c.Acked += len(owed)
		for _, o := range space.Latest(AtSettleA) {
			c.Nodes = append(c.Nodes, o.Node)
			if !o.Readable() {
				c.Unread = append(c.Unread, o.Node)
				continue
			}
			c.Missing[o.Node] = slices.Clip(c.Missing[o.Node]) // it was read, also when it lacks nothing
			for _, key := range held.missing(o) {
				c.Missing[o.Node] = append(c.Missing[o.Node], h.Qualified(space.Namespace, key))
			}
		}
	}
	for _, nodes := range []*[]int{&c.Nodes, &c.Unread} {
		slices.Sort(*nodes)
		*nodes = slices.Compact(*nodes)
	}
	for _, node := range c.Unread { // in one of its namespaces
		delete(c.Missing, node)
	}
	return c
}

// Bound is the convergence bound: the least fraction, over the nodes alive at settle A, of the
// acknowledged writes a node holds by key and content. It is nil when it is not known: nothing
// was acknowledged, nobody was alive, or a living node could not be read.
func (c Convergence) Bound() *float64 {
	if len(c.Unread) > 0 {
		return nil
	}
	return c.Ceiling()
}

// Ceiling is the bound over the nodes that could be read: the bound is at most this. It is nil
// when nothing was acknowledged or no node was read.
func (c Convergence) Ceiling() *float64 {
	if c.Acked == 0 || len(c.Missing) == 0 {
		return nil
	}
	most := 0
	for _, missing := range c.Missing {
		most = max(most, len(missing))
	}
	bound := float64(c.Acked-most) / float64(c.Acked)
	return &bound
}

// holding tells which owed writes a reading shows.
type holding struct {
	history *History
	owed    []*Operation
	number  map[string]int32 // of a key among the owed: its first write
	values  Values           // once a value is not that of the first write
}

func newHolding(h *History, owed []*Operation) *holding {
	k := &holding{history: h, owed: owed, number: make(map[string]int32, len(owed))}
	for i, op := range owed {
		if _, known := k.number[op.Key]; !known {
			k.number[op.Key] = int32(i)
		}
	}
	return k
}

// missing returns the keys of the owed writes whose key a reading does not show with a value that
// was written, in the order of writes.
func (k *holding) missing(o Observation) []string {
	shown := make([]bool, len(k.owed)) // by the first write of a key
	for _, r := range o.Rows {
		if n, owed := k.number[r.Key]; owed && (k.owed[n].Hash == r.Hash || k.written(r)) {
			shown[n] = true
		}
	}
	var missing []string
	for _, op := range k.owed {
		if !shown[k.number[op.Key]] {
			missing = append(missing, op.Key)
		}
	}
	return missing
}

// written reports whether a row's value was written.
func (k *holding) written(r Row) bool {
	if k.values == nil {
		k.values = k.history.Values()
	}
	_, written := k.values[Copy{r.Key, r.Hash}]
	return written
}
