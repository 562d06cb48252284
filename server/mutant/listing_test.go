package main

import (
	"slices"
	"strings"
	"testing"
)

func TestTruncating(t *testing.T) {
	t.Parallel()
	s := truncating{open(t)}
	for content, want := range map[string]int{
		strings.Repeat("a", 128): 128, strings.Repeat("a", 129): 128, strings.Repeat("a", 127) + "é": 127, "short": 5,
	} {
		m := row(1)
		m.Content = content
		c, err := s.Create(t.Context(), m)
		if err != nil || len(c.Memory.Content) != want {
			t.Errorf("%d bytes became %d, want %d: %v", len(content), len(c.Memory.Content), want, err)
		}
	}
}

func TestDoubling(t *testing.T) {
	t.Parallel()
	s := doubling{open(t)}
	fill(t, s, 4)
	got := titles(t, s, namespace("here", 100, 0))
	slices.Sort(got)
	same(t, "titles", []string{"c1-w0", "c1-w0", "c1-w1", "c1-w2", "c1-w3", "c1-w3"}, got)
	ids := map[string]bool{}
	for offset := 0; offset < 8; offset += 2 {
		rows, err := s.List(t.Context(), namespace("here", 2, offset))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range rows {
			ids[m.ID] = true
		}
	}
	same(t, "ids on all pages", 6, len(ids))
	same(t, "a twin", []string{"ab1", "ab0", "z0"}, []string{twin("ab0"), twin("ab1"), twin("z")})
}

func TestStale(t *testing.T) {
	t.Parallel()
	s := newStale(open(t))
	here := namespace("here", 100, 0)
	same(t, "nothing yet", 0, len(titles(t, s, here)))
	fill(t, s, 2)
	same(t, "first listed", 2, len(titles(t, s, here)))
	fill(t, s, 4)
	same(t, "listed again", 2, len(titles(t, s, here)))
	same(t, "a page of it", 1, len(titles(t, s, namespace("here", 100, 1))))
	all := here
	all.Namespace = nil
	same(t, "without a namespace", 4, len(titles(t, s, all)))
}

func TestLeaking(t *testing.T) {
	t.Parallel()
	s := leaking{open(t)}
	fill(t, s, 4)
	there := row(5)
	there.Namespace = "there"
	if _, err := s.Create(t.Context(), there); err != nil {
		t.Fatal(err)
	}
	rows, err := s.List(t.Context(), namespace("there", 100, 0))
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, m := range rows {
		got = append(got, m.Namespace+" "+m.Title)
	}
	slices.Sort(got)
	same(t, "shown there", []string{"there c1-w0", "there c1-w3", "there c1-w5"}, got)
	same(t, "shown here", 4, len(titles(t, s, namespace("here", 100, 0))))
}

func TestHiding(t *testing.T) {
	t.Parallel()
	s := hiding{open(t)}
	fill(t, s, 25)
	for _, c := range []struct{ limit, offset, want int }{{200, 0, 20}, {5, 0, 5}, {200, 15, 5}, {200, 20, 0}, {200, 24, 0}} {
		same(t, "rows", c.want, len(titles(t, s, namespace("here", c.limit, c.offset))))
	}
}
