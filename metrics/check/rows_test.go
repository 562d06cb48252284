package check_test

import (
	"testing"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

// show adds a row to a reading.
func show(h *metrics.History, stage metrics.Stage, node int, r metrics.Row) {
	o := at(h, stage, node)
	o.Rows = append(o.Rows, r)
}

// fail makes a write one that definitely failed.
func fail(h *metrics.History, i int) {
	h.Operations[i].Outcome, h.Operations[i].Code = metrics.Failed, 400
}

func TestPhantom(t *testing.T) {
	checkGolden(t, check.Phantom{}, map[string]golden{
		"none":                   {want: yes()},
		"none, nothing promised": {change: silent, want: yes()},
		"never written":          {change: func(h *metrics.History) { show(h, metrics.AtFinal, 1, metrics.Row{Key: "ghost"}) }, want: no("ghost")},
		"seen once is enough":    {base: killed, change: func(h *metrics.History) { show(h, metrics.AtFirst, 0, metrics.Row{Key: "ghost"}) }, want: no("ghost")},
		"refused and there":      {change: func(h *metrics.History) { fail(h, 5) }, want: no(key(5))},
		"refused and not there": {change: func(h *metrics.History) {
			fail(h, 5)
			lose(h, metrics.AtFinal, all, key(5))
			lose(h, metrics.AtSettleA, all, key(5))
		}, want: yes()},
		"refused value of a key written otherwise": {
			change: func(h *metrics.History) {
				refused := h.Operations[5]
				refused.Outcome, refused.Hash = metrics.Failed, "refused"
				h.Operations = append(h.Operations, refused)
				show(h, metrics.AtFinal, 1, metrics.Row{Key: key(5), Hash: "refused"})
			},
			want: no(key(5)),
		},
		"other content is not its matter": {change: func(h *metrics.History) { at(h, metrics.AtFinal, 1).Rows[2].Hash = "x" }, want: yes()},
		"was there before": {
			change: func(h *metrics.History) {
				show(h, metrics.AtStart, 1, metrics.Row{Key: "old"})
				show(h, metrics.AtFinal, 1, metrics.Row{Key: "old"})
			},
			want: yes(),
		},
		"unread": {change: func(h *metrics.History) { unread(h, metrics.AtFinal, 1) }, want: doubt()},
	})
}

func TestCorrupted(t *testing.T) {
	checkGolden(t, check.Corrupted{}, map[string]golden{
		"none": {want: yes()},
		"truncated on one": {
			change: func(h *metrics.History) {
				silent(h)
				at(h, metrics.AtFinal, 1).Rows[2].Hash = metrics.ContentHash("c1-")
			},
			want: no(key(2)),
		},
		"truncated for a while": {
			change: func(h *metrics.History) { at(h, metrics.AtSettleA, 1).Rows[5].Hash = metrics.ContentHash("c1-") },
			want:   no(key(5)),
		},
		"value of another write": {
			change: func(h *metrics.History) { at(h, metrics.AtFinal, 1).Rows[2].Hash = h.Operations[3].Hash },
			want:   no(key(2)),
		},
		"a phantom is not its matter": {change: func(h *metrics.History) { show(h, metrics.AtFinal, 1, metrics.Row{Key: "ghost"}) }, want: yes()},
		"unread":                      {change: func(h *metrics.History) { unread(h, metrics.AtFinal, 1) }, want: doubt()},
	})
}

func TestDuplicate(t *testing.T) {
	drift := func(h *metrics.History) { at(h, metrics.AtFinal, 1).Rows[2].ID = "another" }
	checkGolden(t, check.Duplicate{}, map[string]golden{
		"none": {want: yes()},
		"twice on one node": {
			change: func(h *metrics.History) { silent(h); show(h, metrics.AtSettleA, 1, at(h, metrics.AtFinal, 1).Rows[2]) },
			want:   no(key(2)),
		},
		"different ids":               {change: drift, want: no(key(2))},
		"different ids, not promised": {change: func(h *metrics.History) { silent(h); drift(h) }, want: reported(no(key(2)))},
		"an id not known":             {change: func(h *metrics.History) { at(h, metrics.AtFinal, 1).Rows[2].ID = "" }, want: yes()},
		"different ids for a while":   {change: func(h *metrics.History) { at(h, metrics.AtSettleA, 1).Rows[2].ID = "another" }, want: yes()},
		"unread":                      {change: func(h *metrics.History) { unread(h, metrics.AtFinal, 1) }, want: doubt()},
	})
}
