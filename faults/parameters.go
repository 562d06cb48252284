package faults

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// How long a fault may stay in force: shorter than a millisecond it would be over before it
// was observed, and ten minutes outlast every timeout of the systems under test.
const (
	minFor = time.Millisecond
	maxFor = 10 * time.Minute
)

// BadParameter says what is wrong with one parameter of a fault.
type BadParameter struct {
	Fault     string   // the name that was asked for
	Parameter string   // the parameter's name as given
	Value     string   // the value as given; may be empty
	Problem   string   // what is wrong
	Range     string   // what the parameter accepts; empty when there is no such parameter
	Accepted  []string // the parameters the fault accepts; empty when it has none
}

// Error says what is wrong and what is accepted.
func (b *BadParameter) Error() string {
	if b.Range != "" {
		return fmt.Sprintf("fault %s: %s=%s %s: give %s", b.Fault, b.Parameter, b.Value, b.Problem, b.Range)
	}
	if len(b.Accepted) == 0 {
		return fmt.Sprintf("fault %s: parameter %q %s: it takes no parameters", b.Fault, b.Parameter, b.Problem)
	}
	return fmt.Sprintf("fault %s: parameter %q %s: it takes %s",
		b.Fault, b.Parameter, b.Problem, strings.Join(b.Accepted, ", "))
}

// parameters reads the parameters of one fault value. It keeps what was wrong, so that a
// constructor reads them all and every mistake is named at once.
type parameters struct {
	asked string
	spec  Spec
	given map[string]string
	wrong []error
}

// newParameters takes the arguments of a call. Those that the fault does not know, that were
// given twice, or that the name asked for has already decided are noted as wrong.
func newParameters(c call, spec Spec, decided []string) *parameters {
	var accepted []string
	for _, p := range spec.Params {
		if !slices.Contains(decided, p.Name) {
			accepted = append(accepted, p.Name)
		}
	}
	v := &parameters{asked: c.name, spec: spec, given: make(map[string]string, len(c.arguments))}
	for _, a := range c.arguments {
		problem := ""
		switch _, twice := v.given[a.key]; {
		case twice:
			problem = "is given twice"
		case slices.Contains(decided, a.key):
			problem = "is decided by the name " + c.name
		case !slices.Contains(accepted, a.key):
			problem = "is not known"
		}
		if problem != "" {
			v.wrong = append(v.wrong, &BadParameter{
				Fault: c.name, Parameter: a.key, Value: a.value, Problem: problem, Accepted: accepted,
			})
			continue
		}
		v.given[a.key] = a.value
	}
	return v
}

// err returns everything that was wrong.
func (v *parameters) err() error { return errors.Join(v.wrong...) }

// text returns what was given for a parameter, or its default.
func (v *parameters) text(name string) string {
	if given, ok := v.given[name]; ok {
		return given
	}
	return v.param(name).Default
}

func (v *parameters) param(name string) Param {
	i := slices.IndexFunc(v.spec.Params, func(p Param) bool { return p.Name == name })
	return v.spec.Params[i]
}

func (v *parameters) reject(name, problem string) {
	v.wrong = append(v.wrong, badValue(v.asked, v.param(name), v.text(name), problem))
}

func badValue(fault string, p Param, value, problem string) *BadParameter {
	return &BadParameter{Fault: fault, Parameter: p.Name, Value: value, Problem: problem, Range: p.Range}
}

// inForce reads how long the fault stays in force.
func (v *parameters) inForce(name string) time.Duration {
	d, err := time.ParseDuration(v.text(name))
	switch {
	case err != nil:
		v.reject(name, "is not a duration")
	case d < minFor || d > maxFor:
		v.reject(name, "is out of range")
	}
	return d
}

// boolean reads true or false.
func (v *parameters) boolean(name string) bool {
	return v.word(name, "true", "false") == "true"
}

// word reads one of the words accepted.
func (v *parameters) word(name string, accepted ...string) string {
	text := v.text(name)
	if !slices.Contains(accepted, text) {
		v.reject(name, "is not accepted")
	}
	return text
}

// nodeSet reads a set of nodes, such as 0 or 0+2.
func (v *parameters) nodeSet(name string) nodeSet {
	var set nodeSet
	for number := range strings.SplitSeq(v.text(name), "+") {
		node, ok := nodeNumber(number)
		if !ok {
			v.reject(name, "is not a set of nodes")
			return 0
		}
		if set.has(node) {
			v.reject(name, "names a node twice")
			return 0
		}
		set |= 1 << node
	}
	return set
}

// nodeChoice reads peer, primary or a node's number.
func (v *parameters) nodeChoice(name string) nodeChoice {
	switch text := v.text(name); text {
	case "peer":
		return anyPeer
	case "primary":
		return primary
	default:
		node, ok := nodeNumber(text)
		if !ok {
			v.reject(name, "is not a node")
		}
		return nodeChoice(node)
	}
}
