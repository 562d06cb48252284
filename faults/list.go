package faults

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xrash/smetrics"
)

// Kind is one kind of fault: what it is, and how a value of it is made.
type Kind struct {
	Spec Spec
	// build reads every parameter of the spec and notes what is wrong with them.
	build func(*parameters) Fault
	// decided lists, by alias, the parameters whose defaults the alias promises.
	decided map[string][]string
}

// Builtin returns the faults that are built in, sorted by name. A new fault is one line here.
func Builtin() []Kind {
	return []Kind{
		{Spec: kill{}.Spec(), build: newKill},
		{Spec: partition{}.Spec(), build: newPartition},
		{Spec: pause{}.Spec(), build: newPause, decided: map[string][]string{"drop_random_acks": {"node"}}},
	}
}

// UnknownFault says that no fault has a name, and which names are near it.
type UnknownFault struct {
	Name    string
	Nearest []string // likely meant, the likeliest first; may be empty
	Known   []string // every accepted name, sorted
}

// Error names the likely faults, or all of them when none is near.
func (u *UnknownFault) Error() string {
	if len(u.Nearest) > 0 {
		return fmt.Sprintf("unknown fault %q: did you mean %s?", u.Name, strings.Join(u.Nearest, " or "))
	}
	return fmt.Sprintf("unknown fault %q: the faults are %s", u.Name, strings.Join(u.Known, ", "))
}

// refused returns the names that are refused on purpose, and why.
func refused() []*Unsupported {
	return []*Unsupported{{
		Fault: "clock_skew_peer",
		Reason: "no fault shifts the clock of one process yet, and a skew that only says so in the log " +
			"would count as tested",
		Remedy: "leave it out",
	}}
}

// Names returns every name that Parse accepts, aliases included, sorted.
func Names() []string {
	var names []string
	for _, k := range Builtin() {
		names = append(names, k.names()...)
	}
	slices.Sort(names)
	return names
}

// Named is a fault under the name it was asked for by. Its String is the fault's own: the kind
// and every parameter in full.
type Named struct {
	Asked string // the kind's name or one of its aliases
	Fault
}

// Fits returns nil when a cluster of that many nodes has the nodes the fault names, else a
// *BadParameter.
func (n Named) Fits(nodes int) error {
	if f, ok := n.Fault.(interface{ Fits(nodes int) error }); ok {
		return f.Fits(nodes)
	}
	return nil
}

// Parse reads a fault value: a name, or name(key=value,key=value) with durations as Go writes
// them, node sets as 0 or 0+2, and booleans as true or false. Parameters left out take their
// defaults. It returns a *SyntaxError, an *UnknownFault, an *Unsupported for a name refused on
// purpose, or one *BadParameter for each mistake, joined.
func Parse(text string) (Named, error) {
	c, err := parseCall(text)
	if err != nil {
		return Named{}, err
	}
	for _, u := range refused() {
		if u.Fault == c.name {
			return Named{}, u
		}
	}
	kinds := Builtin()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return slices.Contains(k.names(), c.name) })
	if i < 0 {
		known := Names()
		return Named{}, &UnknownFault{Name: c.name, Nearest: nearest(c.name, known), Known: known}
	}
	p := newParameters(c, kinds[i].Spec, kinds[i].decided[c.name])
	fault := kinds[i].build(p)
	if err := p.err(); err != nil {
		return Named{}, err
	}
	return Named{Asked: c.name, Fault: fault}, nil
}

func (k Kind) names() []string {
	return append([]string{k.Spec.Name}, k.Spec.Aliases...)
}

// nearest returns the names that were likely meant, at most three, the likeliest first: those
// within half of the letters by edit distance (Wagner and Fischer, 1974), and those that
// begin with what was written.
func nearest(written string, names []string) []string {
	written = strings.ToLower(written)
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, name := range names {
		distance := smetrics.WagnerFischer(written, name, 1, 1, 1)
		if distance <= len(name)/2 || len(written) > 1 && strings.HasPrefix(name, written) {
			near = append(near, candidate{name, distance})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var found []string
	for _, c := range near[:min(3, len(near))] {
		found = append(found, c.name)
	}
	return found
}
