package check_test

import (
	"testing"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

func TestHarness(t *testing.T) {
	checkGolden(t, check.Harness{}, map[string]golden{
		"went well": {want: yes()},
		"an error": {
			change: func(h *metrics.History) { h.Errors = []string{"restart node 0: no answer"}; h.Interrupted = true },
			want:   answer{metrics.Error, true, nil},
		},
		"interrupted": {change: func(h *metrics.History) { h.Interrupted = true }, want: doubt()},
	})
}

func TestAssumptions(t *testing.T) {
	checkGolden(t, check.Assumptions{}, map[string]golden{
		"hold":            {want: yes()},
		"hold for a kill": {base: killed, want: yes()},
		"hold when one write begins as another ends": {
			change: func(h *metrics.History) { h.Operations[1].Invoked = h.Operations[0].Returned },
			want:   yes(),
		},
		"no nodes":             {change: func(h *metrics.History) { h.Question.Nodes = 0 }, want: doubt()},
		"start not read":       {change: func(h *metrics.History) { h.Observations = h.Observations[1:] }, want: doubt()},
		"start not readable":   {change: func(h *metrics.History) { unread(h, metrics.AtStart, 2) }, want: doubt()},
		"not empty at start":   {change: func(h *metrics.History) { at(h, metrics.AtStart, 1).Rows = []metrics.Row{{Key: "old"}} }, want: doubt()},
		"writes never begun":   {change: func(h *metrics.History) { h.Question.Writes = 9 }, want: doubt()},
		"final not readable":   {change: func(h *metrics.History) { unread(h, metrics.AtFinal, 0) }, want: doubt()},
		"final not read":       {change: func(h *metrics.History) { h.Observations = h.Observations[:8] }, want: doubt()},
		"sent before invoked":  {change: func(h *metrics.History) { h.Operations[3].Sent = h.Operations[3].Invoked - 1 }, want: doubt()},
		"answered before sent": {change: func(h *metrics.History) { h.Operations[3].Returned = h.Operations[3].Sent - 1 }, want: doubt()},
		"healed before active": {change: func(h *metrics.History) { h.Windows[0].HealBegan = 99 * ms }, want: doubt()},
		"read backwards":       {change: func(h *metrics.History) { h.Observations[0].Ended = 0 }, want: doubt()},
		"stages out of order": {
			change: func(h *metrics.History) {
				h.Stages = []metrics.StageSpan{{Name: "boot", Began: 0, Ended: 9 * ms}, {Name: "load", Began: 8 * ms, Ended: 10 * ms}}
			},
			want: doubt(),
		},
		"a key written twice": {
			change: func(h *metrics.History) { h.Operations[2].Key = key(1) },
			want:   doubt(key(1)),
		},
		"two writes of a process at once": {
			change: func(h *metrics.History) { h.Operations[5].Process = h.Operations[4].Process },
			want:   doubt(key(4), key(5)),
		},
		"a write of a process that never ended": {
			change: func(h *metrics.History) { h.Operations[0].Returned = metrics.Never },
			want:   doubt(key(0), key(1)),
		},
	})
}

func TestEffect(t *testing.T) {
	checkGolden(t, check.Effect{}, map[string]golden{
		"proven":           {want: yes()},
		"proven kill":      {base: killed, want: yes()},
		"no fault":         {change: func(h *metrics.History) { h.Windows = nil }, want: doubt()},
		"not effective":    {change: func(h *metrics.History) { h.Windows[0].Effective = false }, want: doubt()},
		"not healed":       {change: func(h *metrics.History) { h.Windows[0].Healed = metrics.Never }, want: doubt()},
		"never active":     {change: func(h *metrics.History) { h.Windows[0].Active = metrics.Never }, want: doubt()},
		"without evidence": {change: func(h *metrics.History) { h.Windows[0].Facts = nil }, want: doubt()},
		"second not effective": {
			change: func(h *metrics.History) {
				h.Windows = append(h.Windows, metrics.Window{Fault: "pause", Why: "nothing stopped"})
			},
			want: doubt(),
		},
		"death not seen":      {base: killed, change: func(h *metrics.History) { h.Exits = nil }, want: doubt()},
		"death of its own":    {base: killed, change: func(h *metrics.History) { h.Exits[0].Ours = false }, want: doubt()},
		"death of other node": {base: killed, change: func(h *metrics.History) { h.Exits[0].Node = 1 }, want: doubt()},
	})
}

func TestExercised(t *testing.T) {
	checkGolden(t, check.Exercised{}, map[string]golden{
		"enough inside":       {want: yes()},
		"caught mid-write":    {base: killed, want: yes()},
		"too few inside":      {change: func(h *metrics.History) { h.Question.NeedInside = 4 }, want: doubt()},
		"too few under way":   {change: func(h *metrics.History) { h.Question.NeedOverlap = 4 }, want: doubt()},
		"window not in force": {change: func(h *metrics.History) { h.Windows[0].Effective = false }, want: doubt()},
		"nothing acknowledged": {
			change: func(h *metrics.History) {
				for i := range h.Operations {
					h.Operations[i].Outcome = metrics.Unknown
				}
			},
			want: doubt(),
		},
		"sent after the kill began": {base: killed, change: func(h *metrics.History) { h.Operations[4].Sent = 101 * ms }, want: doubt()},
		"never sent":                {base: killed, change: func(h *metrics.History) { h.Operations[4].Sent = metrics.Never }, want: doubt()},
		"failed for certain":        {base: killed, change: func(h *metrics.History) { h.Operations[4].Outcome = metrics.Failed }, want: doubt()},
		"answered 503":              {base: killed, change: func(h *metrics.History) { h.Operations[4].Code = 503 }, want: doubt()},
		"ended before the kill":     {base: killed, change: func(h *metrics.History) { h.Operations[4].Returned = 99 * ms }, want: doubt()},
		"at another node":           {base: killed, change: func(h *metrics.History) { h.Operations[4].Node = 1 }, want: doubt()},
	})
}

func TestUnexpectedExit(t *testing.T) {
	checkGolden(t, check.UnexpectedExit{}, map[string]golden{
		"none":     {want: yes()},
		"our kill": {base: killed, want: yes()},
		"a crash": {
			change: func(h *metrics.History) {
				h.Exits = append(h.Exits, metrics.Exit{Node: 2, At: 300 * ms, Status: "exit status 2"})
			},
			want: no(),
		},
	})
}
