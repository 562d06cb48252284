package memory_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

var rankNow = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TestPoints has contract section 5.2 by numbers, and what it leaves open.
func TestPoints(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for _, test := range []struct {
		priority   int32
		accesses   int64
		confidence float64
		age        time.Duration
		want       float64
	}{
		{5, 0, 1, 0, 5.5},
		{1, 0, 0, 10 * day, 1},
		{10, 50, 1, 0, 13},
		{10, 1_000_000, 1, 0, 13},
		{1, 7, 0.5, 90 * day, 2.3},
		{5, 0, 1, -time.Minute, 5.5},            // a clock that is a little ahead
		{5, 0, 1, -9 * day, 4.5},                // H30: this would be 14.5
		{5, 0, 1, -10 * day, 4.5},               // and this anything
		{5, 0, 1, -math.MaxInt64, 4.5},          // 292 years ahead
		{1, 0, 0, math.MaxInt64, 0.5 + 9.37e-5}, // and 292 years ago
	} {
		got := memory.Points(test.priority, test.accesses, test.confidence, rankNow.Add(-test.age), rankNow)
		if math.Abs(got-test.want) > 1e-7 {
			t.Errorf("%+v: %v points", test, got)
		}
	}
	if got := memory.Points(5, 0, 1, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), rankNow); got != 4.5 {
		t.Errorf("a row of the year 9999 has %v points", got)
	}
	got := []float64{memory.TierPoints(memory.Short), memory.TierPoints(memory.Mid), memory.TierPoints(memory.Long)}
	if diff := cmp.Diff([]float64{0, 1, 3}, got); diff != "" {
		t.Errorf("points of tiers (-want +got):\n%s", diff)
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		standings []memory.Standing
		limit     int
		want      []memory.Ranked
	}{
		"none":     {nil, 10, []memory.Ranked{}},
		"limit 0":  {[]memory.Standing{{Match: 1}}, 0, []memory.Ranked{}},
		"negative": {[]memory.Standing{{Match: 1}}, -1, []memory.Ranked{}},
		"the better match first": {
			[]memory.Standing{{Match: 1e-6, Points: 5}, {Match: 1.1e-6, Points: 5}}, 10,
			[]memory.Ranked{{Index: 1, Score: 5 + 1.1e-6}, {Index: 0, Score: 5 + 1e-6}},
		},
		"equal matches by points": {
			[]memory.Standing{{Match: 1, Points: 5}, {Match: 1, Points: 5.001}, {Match: 1, Points: 4}}, 2,
			[]memory.Ranked{{Index: 1, Score: 6.001}, {Index: 0, Score: 6}},
		},
		"alike: as they came": {
			[]memory.Standing{{Match: 1, Points: 5}, {Match: 1, Points: 5}}, 10,
			[]memory.Ranked{{Index: 0, Score: 6}, {Index: 1, Score: 6}},
		},
		"three points are worth more than a place": {
			[]memory.Standing{{Match: 2, Points: 4}, {Match: 1, Points: 7}}, 10,
			[]memory.Ranked{{Index: 1, Score: 8}, {Index: 0, Score: 6}},
		},
		"one point is not; a score is lowered": {
			[]memory.Standing{{Match: 0.2, Points: 4}, {Match: 0.1, Points: 5}}, 10,
			[]memory.Ranked{{Index: 0, Score: 4.2}, {Index: 1, Score: 4.2}},
		},
	} {
		if diff := cmp.Diff(test.want, memory.Rank(test.standings, test.limit)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// drawn is a memory by what its rank depends on.
type drawn struct {
	match      float64
	priority   int32
	accesses   int64
	confidence float64
	tier       memory.Tier
	age        time.Duration
}

func (d drawn) standing() memory.Standing {
	return memory.Standing{
		Match:  d.match,
		Points: memory.Points(d.priority, d.accesses, d.confidence, rankNow.Add(-d.age), rankNow) + memory.TierPoints(d.tier),
	}
}

// draw draws memories whose matches all differ.
func draw(r *rand.Rand) []drawn {
	all := make([]drawn, 2+r.IntN(60))
	for i := range all {
		all[i] = drawn{
			match:    float64(1+i) * math.Pow(10, float64(r.IntN(3)-6)*float64(r.IntN(2))),
			priority: 1 + r.Int32N(10), accesses: r.Int64N(60), confidence: r.Float64(),
			tier: memory.Tiers()[r.IntN(3)], age: time.Duration(r.Int64N(int64(1000 * time.Hour))),
		}
		for slices.ContainsFunc(all[:i], func(d drawn) bool { return d.match == all[i].match }) {
			all[i].match *= 1 + 1e-9
		}
	}
	return all
}

// place is where one of them comes to stand.
func place(all []drawn, one int) int {
	standings := make([]memory.Standing, len(all))
	for i, d := range all {
		standings[i] = d.standing()
	}
	return slices.IndexFunc(memory.Rank(standings, len(all)), func(r memory.Ranked) bool { return r.Index == one })
}

// TestRankIsBounded draws memories: nothing but the match moves one of them further than
// docs/search.md says.
func TestRankIsBounded(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // it must be the same each time
	most := map[string]int{}
	moved := func(what string, all []drawn, one int, change func(*drawn)) {
		t.Helper()
		before := place(all, one)
		changed := slices.Clone(all)
		change(&changed[one])
		after := place(changed, one)
		most[what] = max(most[what], after-before, before-after)
	}
	for range 3000 {
		all := draw(r)
		one := r.IntN(len(all))
		better := 0
		for _, d := range all {
			if d.match > all[one].match {
				better++
			}
		}
		all[one].priority = 1
		moved("priority", all, one, func(d *drawn) { d.priority = 10 })
		all[one].age = 100 * 365 * 24 * time.Hour
		moved("recency", all, one, func(d *drawn) { d.age = 0 })
		moved("future", all, one, func(d *drawn) { d.age = -10 * 24 * time.Hour })
		most["all"] = max(most["all"], better-place(all, one), place(all, one)-better)

		alike := make([]drawn, len(all))
		for i := range alike {
			alike[i] = all[one]
			alike[i].match = all[i].match
		}
		moved("priority among those alike", alike, one, func(d *drawn) { d.priority = 10 })
		moved("recency among those alike", alike, one, func(d *drawn) { d.age = 0 })
		if got := place(alike, one); got != better {
			t.Fatalf("of memories alike but for the match one is at %d, and %d match better", got, better)
		}
	}
	for what, bound := range map[string]int{
		"priority": 10, "recency": 8, "future": 8, "all": memory.MaxPlaces,
		"priority among those alike": 2, "recency among those alike": 0,
	} {
		if most[what] > bound {
			t.Errorf("%s: moved a memory by %d places, want at most %d", what, most[what], bound)
		}
	}
	if most["priority"] < 3 || most["all"] < 4 {
		t.Errorf("the draws are too tame: %v", most)
	}
}

// TestFutureGainsNothing compares a memory that is dated ahead with the same, dated now or long ago.
func TestFutureGainsNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2)) //nolint:gosec // it must be the same each time
	for range 100 {
		all := draw(r)
		all[1] = all[0]
		all[0].age = time.Duration(r.Int64N(int64(10 * 365 * 24 * time.Hour)))
		all[1].age = -2*time.Minute - time.Duration(r.Int64N(int64(20*24*time.Hour)))
		if a, b := place(all, 0), place(all, 1); a > b {
			t.Fatalf("dated right at %d, dated ahead at %d", a, b)
		}
	}
}

// TestRankOfTheFirst: what is left out changes nothing.
func TestRankOfTheFirst(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3)) //nolint:gosec // it must be the same each time
	for range 500 {
		var standings []memory.Standing
		for _, d := range draw(r) {
			d.match = math.Round(d.match) // some equal
			standings = append(standings, d.standing())
		}
		all := memory.Rank(standings, len(standings))
		for i, one := range all[1:] {
			if one.Score > all[i].Score {
				t.Fatalf("the score rises from %v to %v", all[i].Score, one.Score)
			}
		}
		limit := r.IntN(len(standings) + 5)
		if diff := cmp.Diff(all[:min(limit, len(all))], memory.Rank(standings, limit)); diff != "" {
			t.Fatalf("the first %d (-of all +got):\n%s", limit, diff)
		}
	}
}

func TestNearAndRounded(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]float64{
		{"a", "a"}: 1, {"a/b/c", "a/b/c"}: 1, {"a/b/c", "a/b"}: 1 / 1.3, {"a/b/c", "a"}: 1 / 1.6, {"a", "a/b"}: 1,
	} {
		if got := memory.Near(pair[0], pair[1]); math.Abs(got-want) > 1e-9 {
			t.Errorf("from %s, %s keeps %v, want %v", pair[0], pair[1], got, want)
		}
	}
	for score, want := range map[float64]float64{7.7438: 7.744, 0.0625: 0.063, -0.0625: -0.063, 8.4999: 8.5, 0: 0} {
		if got := memory.RoundScore(score); got != want {
			t.Errorf("%v is rounded to %v", score, got)
		}
	}
}

func TestAncestors(t *testing.T) {
	t.Parallel()
	for namespace, want := range map[string][]string{
		"a": {"a"}, "a/b/c": {"a/b/c", "a/b", "a"}, "": {""}, "/": {"/", ""}, "a//b": {"a//b", "a/", "a"},
	} {
		if diff := cmp.Diff(want, memory.Ancestors(namespace)); diff != "" {
			t.Errorf("of %q (-want +got):\n%s", namespace, diff)
		}
	}
	if got := memory.Ancestors("1/2/3/4/5/6/7/8/9/10/11"); len(got) != memory.MaxSegments {
		t.Errorf("%d ancestors", len(got))
	}
}

// TestVisible is contract section 4.10.
func TestVisible(t *testing.T) {
	t.Parallel()
	namespaces := []string{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e", "a/b/x", "a/x", "ab", "z", "a/b/c/dd"}
	for key, want := range map[string][]string{
		"collective a":     namespaces,
		"private a/b":      {"a/b"},
		" a/b":             {"a/b"},
		"team a":           nil,
		"unit a":           nil,
		"org a/b/c":        nil,
		"team a/b/c/d":     {"a/b/c", "a/b/c/d", "a/b/c/d/e", "a/b/c/dd"},
		"unit a/b/c/d":     {"a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e", "a/b/x", "a/b/c/dd"},
		"org a/b/c/d":      {"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e", "a/b/x", "a/x", "a/b/c/dd"},
		"org a/b/c/d/e":    {"a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e", "a/b/x", "a/b/c/dd"},
		"public a":         nil,
		"Team a/b/c/d":     nil,
		"team %/_":         nil,
		"collective z/y/x": namespaces,
	} {
		var scope, agent string
		if key[0] == ' ' {
			agent = key[1:]
		} else if _, err := fmt.Sscan(key, &scope, &agent); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, namespace := range namespaces {
			if memory.Visible(scope, namespace, agent) {
				got = append(got, namespace)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("scope %q as %s (-want +got):\n%s", scope, agent, diff)
		}
	}
}
