package metrics

import (
	"slices"
	"time"
)

// Flags mark what a reader of a line should know at a glance; docs/records.md tells of each.
const (
	FlagLostAcked       = "lost_acked"         // an acknowledged write is on no node
	FlagUnderCount      = "under_count"        // a living node had fewer rows at settle A than keys were acknowledged
	FlagOverCount       = "over_count"         // a node had more rows than writes were begun
	FlagZeroAcked       = "zero_acked"         // nothing was acknowledged
	FlagCountEqPageSize = "count_eq_page_size" // the last page of a reading was full: there may be more
	FlagCountError      = "count_error"        // a node could not be read in full at settle A or at the end
	FlagFaultNoEffect   = "fault_no_effect"    // no fault was seen to act
	FlagHealLate        = "heal_late"          // the fault lasted longer than asked, by more than healLate
	FlagClockBack       = "clock_back"         // times are out of order
	FlagSumMismatch     = "sum_mismatch"       // not all planned writes were begun
)

// healLate is how much longer than asked a fault may last unmarked. What a heal takes itself is
// a few milliseconds.
const healLate = 250 * time.Millisecond

// flags returns the flags of a cycle in the order above.
func flags(h *History, r *Record) []string {
	c := countsOf(h)
	marks := []struct {
		name string
		set  bool
	}{
		{FlagLostAcked, len(r.LostAcked) > 0},
		{FlagUnderCount, c.under},
		{FlagOverCount, c.over},
		{FlagZeroAcked, r.Acked == 0},
		{FlagCountEqPageSize, c.full},
		{FlagCountError, c.unknown},
		{FlagFaultNoEffect, !slices.ContainsFunc(h.Windows, func(w Window) bool { return w.Effective })},
		{FlagHealLate, slices.ContainsFunc(h.Windows, healedLate)},
		{FlagClockBack, h.ClockBack() != ""},
		{FlagSumMismatch, len(h.Operations) != h.Question.Writes},
	}
	set := []string{}
	for _, m := range marks {
		if m.set {
			set = append(set, m.name)
		}
	}
	return set
}

// counts is what the numbers of rows at settle A and at the end show.
type counts struct{ under, over, full, unknown bool }

// countsOf compares them in each namespace.
func countsOf(h *History) counts {
	var c counts
	for _, space := range h.ByNamespace() {
		begun, owed := 0, keysOwed(space)
		for i := range space.Operations {
			begun += one(space.Operations[i].Kind == Write)
		}
		settled, finals := space.Latest(AtSettleA), space.Latest(AtFinal)
		for i, o := range slices.Concat(settled, finals) {
			c.under = c.under || i < len(settled) && o.Readable() && len(o.Rows) < owed
			c.over = c.over || len(o.Rows) > begun
			c.full = c.full || lastPageFull(o)
			c.unknown = c.unknown || !o.Readable()
		}
		c.unknown = c.unknown || len(finals) < h.Question.Nodes
	}
	return c
}

// keysOwed counts the keys that must be there.
func keysOwed(h *History) int {
	owed := h.Owed()
	keys := make(map[string]struct{}, len(owed))
	for _, op := range owed {
		keys[op.Key] = struct{}{}
	}
	return len(keys)
}

func lastPageFull(o Observation) bool {
	return o.Readable() && o.PageSize > 0 && len(o.Rows) > 0 && len(o.Rows) >= o.Pages*o.PageSize
}

func healedLate(w Window) bool {
	return w.Active != Never && w.Healed != Never && w.Healed-w.Active > w.Asked+healLate
}
