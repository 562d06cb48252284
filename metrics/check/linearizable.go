package check

import (
	"maps"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"chaosctl/metrics"
)

// Linearizable decides: the operations on each key have an order that agrees with real time and in which
// every read tells the value written last (Herlihy and Wing, ACM TOPLAS 12, 1990), found by
// porcupine's search. An operation whose fate is not known may have taken effect at any time after
// it began, or never; reads without an answer and what definitely failed are left out. A key with
// more than linearizableOps operations, and a search of more than linearizableLimit, are
// inconclusive. It is asked, and gates, only when the system promises it.
type Linearizable struct{}

// Bounds of the search, which is exponential at worst.
const (
	linearizableOps   = 5000
	linearizableLimit = 5 * time.Second
)

// Name is linearizable.
func (Linearizable) Name() string { return "linearizable" }

// Check searches an order of the operations on each key.
func (c Linearizable) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (Linearizable) judge(v *views) metrics.Finding {
	if !v.whole.Question.Promises.Linearizable {
		return notTested("the system does not promise it")
	}
	return v.each(linearizable)
}

func linearizable(h *view) metrics.Finding {
	byKey := map[string][]porcupine.Operation{}
	read := map[string]struct{}{}
	for i := range h.Operations {
		op := &h.Operations[i]
		if op.Outcome == metrics.Failed || op.Kind == metrics.Read && op.Outcome != metrics.OK {
			continue
		}
		o := porcupine.Operation{
			ClientId: op.Process, Input: op.Kind, Call: int64(op.Invoked), Output: op.Hash, Return: int64(op.EffectUntil()),
		}
		byKey[op.Key] = append(byKey[op.Key], o)
		if op.Kind == metrics.Read {
			read[op.Key] = struct{}{}
		}
	}
	if len(read) == 0 {
		return notTested("no read was answered")
	}
	until := time.Now().Add(linearizableLimit)
	var broke, unknown []string
	for _, key := range slices.SortedFunc(maps.Keys(read), byNumber) {
		result := porcupine.Unknown
		left := time.Until(until)
		if len(byKey[key]) <= linearizableOps && left > 0 {
			result = porcupine.CheckOperationsTimeout(register(), byKey[key], left)
		}
		switch result {
		case porcupine.Illegal:
			broke = append(broke, key)
		case porcupine.Unknown:
			unknown = append(unknown, key)
		}
	}
	switch {
	case len(broke) > 0:
		return broken(true, broke, "the operations on %d of %d keys have no order that real time allows", len(broke), len(read))
	case len(unknown) > 0:
		return naming(inconclusive(true, "whether the operations on %d of %d keys have an order was not found out within %v",
			len(unknown), len(read), linearizableLimit), unknown)
	}
	return number(pass(true), "keys_read", len(read))
}

// register is a key: a write sets its value, a delete empties it, a read tells it. Input is the
// kind of the operation, Output the value written or read.
func register() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, output any) (bool, any) {
			switch input {
			case metrics.Read:
				return output == state, state
			case metrics.Delete:
				return true, ""
			}
			return true, output
		},
	}
}
