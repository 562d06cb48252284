package main

import (
	"context"
	"errors"
	"testing"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/store"
)

// peerDouble is a peer that holds all it is sent.
type peerDouble struct {
	pushed []string // titles
	pulled int
}

func (*peerDouble) String() string { return "double" }
func (*peerDouble) Reset()         {}

func (p *peerDouble) Push(_ context.Context, push federation.Push) (federation.PushAnswer, error) {
	a := federation.PushAnswer{Node: "double", Have: store.Vector{}, IDs: []string{}}
	for _, c := range push.Changes {
		p.pushed = append(p.pushed, c.Memory.Title)
		if c.Memory.Title != "c1-w2" {
			a.IDs = append(a.IDs, c.Memory.ID)
		}
	}
	return a, nil
}

func (p *peerDouble) Pull(context.Context, federation.Pull) (federation.PullAnswer, error) {
	p.pulled++
	return federation.PullAnswer{Node: "double"}, nil
}

func changes(numbers ...int) []store.Change {
	var all []store.Change
	for _, n := range numbers {
		all = append(all, store.Change{Memory: row(n), Event: store.Event{Origin: "elsewhere", Seq: int64(n + 1)}})
	}
	return all
}

func names(changes []store.Change) []string {
	all := []string{}
	for _, c := range changes {
		all = append(all, c.Memory.Title)
	}
	return all
}

func TestUnsent(t *testing.T) {
	t.Parallel()
	u := unsent{open(t)}
	for i := range 7 {
		c, err := u.Create(t.Context(), row(i))
		if err != nil {
			t.Fatal(err)
		}
		if atOnce := c.Event.Seq == 0; atOnce != (i%3 == 0) {
			t.Errorf("row %d is waited for: %v", i, !atOnce)
		}
	}
	if got := len(titles(t, u, namespace("here", 100, 0))); got != 7 {
		t.Errorf("%d rows are stored, want 7", got)
	}
	own, upto, err := u.Own(t.Context(), 0, 100)
	if err != nil || upto != 7 {
		t.Errorf("up to %d, %v", upto, err)
	}
	want := []string{"c1-w1", "c1-w2", "c1-w4", "c1-w5"}
	same(t, "own", want, names(own))
	for _, limit := range []int{1, 2, 3, 100} {
		var got []string
		after := store.Event{}
		for {
			page, _, err := u.Lacking(t.Context(), store.Vector{}, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, names(page)...)
			if len(page) < limit {
				break
			}
			after = page[len(page)-1].Event
		}
		same(t, "lacking", want, got)
	}
}

func TestRefusing(t *testing.T) {
	t.Parallel()
	r := refusing{open(t)}
	merged, err := r.Merge(t.Context(), store.Batch{
		Changes: changes(0, 1, 2, 3), Span: &store.Span{Origin: "elsewhere", Upto: 4},
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "ids", []string{"", row(1).ID, row(2).ID, ""}, merged.IDs)
	for i, err := range merged.Errs {
		if errors.Is(err, errRefused) != (i%3 == 0) {
			t.Errorf("row %d: %v", i, err)
		}
	}
	if merged.Vector["elsewhere"] != 4 {
		t.Errorf("the refused rows would be sent again: %v", merged.Vector)
	}
	same(t, "stored", 2, len(titles(t, r, namespace("here", 100, 0))))
}

func TestCredulous(t *testing.T) {
	t.Parallel()
	a, err := credulous{&peerDouble{}}.Push(t.Context(), federation.Push{Changes: changes(1, 2)})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "ids", []string{row(1).ID, row(2).ID}, a.IDs)
}

func TestDropping(t *testing.T) {
	t.Parallel()
	sent := changes(4, 5, 6, 15)
	for index, want := range [][]string{{"c1-w4", "c1-w6"}, {"c1-w4", "c1-w5", "c1-w15"}} {
		below := &peerDouble{}
		d := dropping{below, index}
		a, err := d.Push(t.Context(), federation.Push{Changes: sent})
		if err != nil || a.Have != nil || len(a.IDs) != len(want) {
			t.Errorf("answer %+v, %v", a, err)
		}
		same(t, "pushed", want, below.pushed)
		if _, err := d.Pull(t.Context(), federation.Pull{Limit: 1}); !errors.Is(err, federation.ErrCannotPull) || below.pulled != 0 {
			t.Errorf("it pulls: %v", err)
		}
		if a, err := d.Pull(t.Context(), federation.Pull{}); err != nil || a.Node != "double" {
			t.Errorf("it does not greet: %v", err)
		}
	}
	below := &peerDouble{}
	a, err := dropping{below, 0}.Push(t.Context(), federation.Push{Changes: changes(5)})
	if err != nil || a.IDs == nil || len(a.IDs) > 0 || len(below.pushed) > 0 {
		t.Errorf("nothing is left to push, and the answer is %+v, %v", a, err)
	}
}
