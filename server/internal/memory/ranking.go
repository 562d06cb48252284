package memory

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Standing is what the rank of a memory depends on (contract section 5.2).
type Standing struct {
	// Match is how well its text fits what is looked for, as the store measures it; not negative.
	Match  float64
	Points float64 // what speaks for the memory besides, as Points counts it
}

// maxAccesses is from how many touches on more of them count for nothing.
const maxAccesses = 50

// Points is what speaks for a memory besides its text: half its priority, a tenth of its access
// count up to 50, twice its confidence, and up to 1 for how recently it was updated. It is
// between 0.5 and 13. A time of update that is yet to come counts as now when it is at most
// MaxAhead ahead; beyond, it is wrong, and counts for nothing.
func Points(priority int32, accesses int64, confidence float64, updated, now time.Time) float64 {
	return 0.5*float64(priority) + 0.1*float64(min(accesses, maxAccesses)) + 2*confidence + recency(now.Sub(updated))
}

// recency is 1 for what is new, half of it after ten days.
func recency(age time.Duration) float64 {
	if age < -MaxAhead {
		return 0
	}
	const day = float64(24 * time.Hour)
	return 1 / (1 + 0.1*max(0, float64(age)/day))
}

// TierPoints is what speaks for a memory of a tier besides, in a recall: 3 for long, 1 for mid.
func TierPoints(t Tier) float64 {
	switch t {
	case Long:
		return 3
	case Mid:
		return 1
	default:
		return 0
	}
}

const (
	// placesPerPoint is how many places a point is worth.
	placesPerPoint = 0.5
	// MaxPlaces is how many places, at most, all points together move a memory up or down from the
	// one its match gives it: half of the 15.5 points between the most and the least of them.
	MaxPlaces = 7
)

// Ranked is a memory's place.
type Ranked struct {
	Index int     // of its standing
	Score float64 // by contract section 5.2, lowered where needed to that of the one before it
}

// Rank orders memories, and returns the first, at most limit of them. Each has a place by its
// match, the best match first; those that match equally well are placed by their points, and of
// those alike in both the one that was given first goes first. Then each goes up by half a place
// a point. So of two memories alike but for the match the better match is first; and however
// different the points, none ends more than MaxPlaces from its place.
func Rank(standings []Standing, limit int) []Ranked {
	order := make([]int, len(standings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := standings[a], standings[b]
		return cmp.Or(cmp.Compare(y.Match, x.Match), cmp.Compare(y.Points, x.Points))
	})
	// Those further back cannot come to the front.
	order = order[:min(len(order), max(limit, 0)+MaxPlaces+1)]
	at := make(map[int]float64, len(order))
	for place, i := range order {
		at[i] = float64(place) - placesPerPoint*standings[i].Points
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
	ranked := make([]Ranked, 0, min(len(order), max(limit, 0)))
	least := math.Inf(1)
	for _, i := range order[:cap(ranked)] {
		least = min(least, standings[i].Match+standings[i].Points)
		ranked = append(ranked, Ranked{Index: i, Score: least})
	}
	return ranked
}

// Near is the part of its score that a memory of a namespace keeps when it is recalled from
// another one: less the further above that it is (contract section 5.2).
func Near(from, namespace string) float64 {
	return 1 / (1 + 0.3*float64(max(0, segments(from)-segments(namespace))))
}

// RoundScore rounds a score to 3 decimals, half away from zero.
func RoundScore(score float64) float64 { return math.Round(score*1000) / 1000 }
