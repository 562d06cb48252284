package check_test

import (
	"slices"
	"testing"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

func nothingAcked(h *metrics.History) {
	for i := range h.Operations {
		h.Operations[i].Outcome = metrics.Unknown
	}
}

func TestAckedLost(t *testing.T) {
	checkGolden(t, check.AckedLost{}, map[string]golden{
		"all there":    {want: yes()},
		"on one node":  {change: func(h *metrics.History) { lose(h, metrics.AtFinal, []int{0, 1}, key(2)) }, want: yes()},
		"not promised": {change: silent, want: reported(yes())},
		"on no node": {
			change: func(h *metrics.History) { lose(h, metrics.AtFinal, all, key(7), key(1)) },
			want:   no(key(1), key(7)),
		},
		"on no node, not promised": {
			change: func(h *metrics.History) { silent(h); lose(h, metrics.AtFinal, all, key(1)) },
			want:   reported(no(key(1))),
		},
		"an unacknowledged write on no node": {
			change: func(h *metrics.History) { lose(h, metrics.AtFinal, all, key(5)) },
			want:   yes(),
		},
		"with other contents everywhere": {
			change: func(h *metrics.History) {
				for _, node := range all {
					at(h, metrics.AtFinal, node).Rows[3].Hash = "truncated"
				}
			},
			want: no(key(3)),
		},
		"perhaps on the unread node": {
			change: func(h *metrics.History) { lose(h, metrics.AtFinal, all, key(1)); unread(h, metrics.AtFinal, 2) },
			want:   doubt(key(1)),
		},
		"there although a node is unread": {change: func(h *metrics.History) { unread(h, metrics.AtFinal, 2) }, want: yes()},
		"no node read":                    {change: func(h *metrics.History) { h.Observations = nil }, want: doubt()},
		"nothing acknowledged":            {change: nothingAcked, want: doubt()},
	})
}

func TestUnderReplicated(t *testing.T) {
	checkGolden(t, check.UnderReplicated{}, map[string]golden{
		"three copies": {want: yes()},
		"two copies":   {change: func(h *metrics.History) { lose(h, metrics.AtFinal, []int{0}, key(1)) }, want: yes()},
		"one copy":     {change: func(h *metrics.History) { lose(h, metrics.AtFinal, []int{0, 2}, key(1)) }, want: no(key(1))},
		"one copy, not promised": {
			change: func(h *metrics.History) { silent(h); lose(h, metrics.AtFinal, []int{0, 2}, key(1)) },
			want:   reported(no(key(1))),
		},
		"none at all is not its matter": {change: func(h *metrics.History) { lose(h, metrics.AtFinal, all, key(1)) }, want: yes()},
		"one copy and perhaps another": {
			change: func(h *metrics.History) { lose(h, metrics.AtFinal, []int{0}, key(1)); unread(h, metrics.AtFinal, 2) },
			want:   doubt(key(1)),
		},
		"at most one copy, a node unread": {
			change: func(h *metrics.History) { lose(h, metrics.AtFinal, []int{0, 1}, key(1)); unread(h, metrics.AtFinal, 2) },
			want:   no(key(1)),
		},
		"more copies promised than nodes": {change: func(h *metrics.History) { h.Question.Quorum = 9 }, want: yes()},
		"quorum not known":                {change: func(h *metrics.History) { h.Question.Quorum = 0 }, want: doubt()},
		"nothing acknowledged":            {change: nothingAcked, want: doubt()},
	})
}

func TestOwnDisk(t *testing.T) {
	checkGolden(t, check.OwnDisk{}, map[string]golden{
		"kept everything":  {base: killed, want: yes()},
		"nobody killed":    {want: reported(doubt())},
		"lost one":         {base: killed, change: func(h *metrics.History) { lose(h, metrics.AtFirst, []int{0}, key(2)) }, want: no(key(2))},
		"began empty":      {base: killed, change: func(h *metrics.History) { at(h, metrics.AtFirst, 0).Rows = nil }, want: no(key(0), key(1), key(2), key(3))},
		"an unknown write": {base: killed, change: func(h *metrics.History) { lose(h, metrics.AtFirst, []int{0}, key(4)) }, want: yes()},
		"lost one, not promised": {
			base:   killed,
			change: func(h *metrics.History) { silent(h); lose(h, metrics.AtFirst, []int{0}, key(2)) },
			want:   reported(no(key(2))),
		},
		"acknowledged after the reading": {
			base: killed,
			change: func(h *metrics.History) {
				h.Operations[3].Returned = 390 * ms
				lose(h, metrics.AtFirst, []int{0}, key(3))
			},
			want: yes(),
		},
		"not readable": {base: killed, change: func(h *metrics.History) { unread(h, metrics.AtFirst, 0) }, want: doubt()},
		"not read": {
			base: killed,
			change: func(h *metrics.History) {
				h.Observations = slices.DeleteFunc(h.Observations, func(o metrics.Observation) bool { return o.Stage == metrics.AtFirst })
			},
			want: doubt(),
		},
		"had acknowledged nothing": {
			base: killed,
			change: func(h *metrics.History) {
				for i := range 4 {
					h.Operations[i].Node = 1
				}
			},
			want: reported(doubt()),
		},
	})
}

func lie(h *metrics.History) { h.Operations[5].Outcome, h.Operations[5].Code = metrics.OK, 201 }

func TestFalseAck(t *testing.T) {
	checkGolden(t, check.FalseAck{}, map[string]golden{
		"none":          {want: yes()},
		"one":           {change: lie, want: no(key(5))},
		"not promised":  {change: func(h *metrics.History) { silent(h); lie(h) }, want: reported(no(key(5)))},
		"of one copy":   {change: func(h *metrics.History) { lie(h); h.Question.Quorum = 1 }, want: reported(doubt())},
		"at other node": {change: func(h *metrics.History) { lie(h); h.Operations[5].Node = 1 }, want: yes()},
		"begun before":  {change: func(h *metrics.History) { lie(h); h.Operations[5].Invoked = 99 * ms }, want: yes()},
		"answered late": {change: func(h *metrics.History) { lie(h); h.Operations[5].Returned = 601 * ms }, want: yes()},
		"cut not proven": {
			change: func(h *metrics.History) { lie(h); h.Windows[0].Effective = false },
			want:   doubt(key(5)),
		},
		"clock went back": {
			change: func(h *metrics.History) { lie(h); h.Operations[0].Returned = 0 },
			want:   doubt(key(5)),
		},
		"nobody isolated": {change: func(h *metrics.History) { lie(h); h.Windows[0].Isolated = nil }, want: reported(doubt())},
		"a kill":          {base: killed, want: reported(doubt())},
	})
}

func TestConvergence(t *testing.T) {
	durable := metrics.Promises{Durable: true, Converges: true}
	checkGolden(t, check.Convergence{}, map[string]golden{
		"all on all": {want: yes()},
		"too few on one": {
			change: func(h *metrics.History) { lose(h, metrics.AtSettleA, []int{2}, key(3), key(0)) },
			want:   no(key(0), key(3)),
		},
		"too few, threshold lower": {
			change: func(h *metrics.History) { lose(h, metrics.AtSettleA, []int{2}, key(3)); h.Question.Threshold = 0.8 },
			want:   yes(),
		},
		"too few, not promised": {
			change: func(h *metrics.History) { silent(h); lose(h, metrics.AtSettleA, []int{2}, key(3)) },
			want:   reported(no(key(3))),
		},
		"too few, a node was away and no catch-up is promised": {
			change: func(h *metrics.History) { only(durable)(h); lose(h, metrics.AtSettleA, []int{0}, key(3)) },
			want:   reported(no(key(3))),
		},
		"too few after a kill, no catch-up promised": {
			base:   killed,
			change: func(h *metrics.History) { only(durable)(h); lose(h, metrics.AtSettleA, []int{2}, key(3)) },
			want:   no(key(3)),
		},
		"other content": {
			change: func(h *metrics.History) { at(h, metrics.AtSettleA, 1).Rows[0].Hash = "x" },
			want:   no(key(0)),
		},
		"unread": {change: func(h *metrics.History) { unread(h, metrics.AtSettleA, 1) }, want: doubt()},
		"too few, and one unread": {
			change: func(h *metrics.History) {
				lose(h, metrics.AtSettleA, []int{2}, key(3))
				unread(h, metrics.AtSettleA, 1)
			},
			want: no(key(3)),
		},
		"interrupted": {
			change: func(h *metrics.History) { lose(h, metrics.AtSettleA, []int{2}, key(3)); h.Interrupted = true },
			want:   doubt(key(3)),
		},
		"never settled":        {change: func(h *metrics.History) { h.Observations = h.Observations[:3] }, want: doubt()},
		"nothing acknowledged": {change: nothingAcked, want: doubt()},
	})
}

func TestCatchesUp(t *testing.T) {
	checkGolden(t, check.CatchesUp{}, map[string]golden{
		"after a cut":  {want: yes()},
		"after a kill": {base: killed, want: yes()},
		"lacks one after a cut": {
			change: func(h *metrics.History) { lose(h, metrics.AtSettleA, []int{0}, key(7)) },
			want:   no(key(7)),
		},
		"lacks one after a kill": {
			base:   killed,
			change: func(h *metrics.History) { lose(h, metrics.AtSettleB, []int{0}, key(6)) },
			want:   no(key(6)),
		},
		"all lack one after a kill": {
			base:   killed,
			change: func(h *metrics.History) { lose(h, metrics.AtSettleB, all, key(6)) },
			want:   no(key(6)),
		},
		"unacknowledged write on one": {
			base:   killed,
			change: func(h *metrics.History) { lose(h, metrics.AtSettleB, []int{1, 2}, key(4)) },
			want:   no(key(4)),
		},
		"lacks one, not promised": {
			change: func(h *metrics.History) { silent(h); lose(h, metrics.AtSettleA, []int{0}, key(7)) },
			want:   reported(no(key(7))),
		},
		"interrupted": {
			change: func(h *metrics.History) { h.Interrupted = true; lose(h, metrics.AtSettleA, []int{0}, key(7)) },
			want:   doubt(key(7)),
		},
		"unread":          {base: killed, change: func(h *metrics.History) { unread(h, metrics.AtSettleB, 0) }, want: doubt()},
		"never read":      {change: func(h *metrics.History) { h.Observations = h.Observations[:3] }, want: doubt()},
		"nobody was away": {change: func(h *metrics.History) { h.Windows = nil }, want: reported(doubt())},
	})
}

func TestDivergence(t *testing.T) {
	checkGolden(t, check.Divergence{}, map[string]golden{
		"equal":        {want: yes()},
		"not promised": {change: silent, want: reported(yes())},
		"unacknowledged write on one": {
			change: func(h *metrics.History) { lose(h, metrics.AtFinal, []int{1, 2}, key(5)) },
			want:   no(key(5)),
		},
		"other content": {
			change: func(h *metrics.History) { at(h, metrics.AtFinal, 1).Rows[2].Hash = "x" },
			want:   no(key(2)),
		},
		"a node away and no catch-up promised": {
			change: func(h *metrics.History) {
				only(metrics.Promises{Converges: true})(h)
				lose(h, metrics.AtFinal, []int{0}, key(5))
			},
			want: reported(no(key(5))),
		},
		"order does not matter": {
			change: func(h *metrics.History) { slices.Reverse(at(h, metrics.AtFinal, 1).Rows) },
			want:   yes(),
		},
		"unread": {change: func(h *metrics.History) { unread(h, metrics.AtFinal, 1) }, want: doubt()},
		"unread, and the others differ": {
			change: func(h *metrics.History) { unread(h, metrics.AtFinal, 1); lose(h, metrics.AtFinal, []int{2}, key(5)) },
			want:   no(key(5)),
		},
		"never read": {change: func(h *metrics.History) { h.Observations = nil }, want: doubt()},
	})
}
