package curator

import (
	"cmp"
	"math"
	"slices"
)

// rounding is how far a bound may be off.
const rounding = 1e-9

// near finds the sets of words that have much in common with one, without comparing all with all: two sets of which
// this is so share a word among the first of each, when all have their rarest words first (Bayardo, Ma, Srikant,
// Scaling up all pairs similarity search, WWW 2007). Rare words are in few sets.
type near struct {
	least float64           // of jaccard
	sets  [][]int32         // words by their numbers, ascending; the rarest has the least
	first map[int32][]int32 // by word: the sets that have it among their first
}

// newNear returns what finds sets of which jaccard is at least some number above 0. Each set has its words once.
func newNear(sets [][]string, least float64) *near {
	n := &near{least: least, sets: make([][]int32, len(sets)), first: map[int32][]int32{}}
	numbers := byRarity(sets)
	for i, set := range sets {
		n.sets[i] = make([]int32, len(set))
		for j, word := range set {
			n.sets[i][j] = numbers[word]
		}
		slices.Sort(n.sets[i])
		for _, word := range n.sets[i][:n.prefix(len(set))] {
			n.first[word] = append(n.first[word], int32(i)) //nolint:gosec // so many do not fit into memory
		}
	}
	return n
}

// byRarity numbers words, the rarest first.
func byRarity(sets [][]string) map[string]int32 {
	in := map[string]int{}
	for _, set := range sets {
		for _, word := range set {
			in[word]++
		}
	}
	words := make([]string, 0, len(in))
	for word := range in {
		words = append(words, word)
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(in[a], in[b]), cmp.Compare(a, b)) })
	numbers := make(map[string]int32, len(words))
	for i, word := range words {
		numbers[word] = int32(i) //nolint:gosec // likewise
	}
	return numbers
}

// prefix is how many of the first words of a set count: any more must be in common already to reach the least.
func (n *near) prefix(size int) int {
	if size == 0 {
		return 0
	}
	return size - int(math.Ceil(n.least*float64(size)-rounding)) + 1
}

// reaches tells whether jaccard is at least so much, and stops where it cannot be any more.
func (n *near) reaches(a, b []int32) bool {
	common, i, j := 0, 0, 0
	needed := int(math.Ceil(n.least/(1+n.least)*float64(len(a)+len(b)) - rounding))
	for i < len(a) && j < len(b) {
		switch {
		case common+min(len(a)-i, len(b)-j) < needed:
			return false
		case a[i] == b[j]:
			common, i, j = common+1, i+1, j+1
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return common > 0 && float64(common)/float64(len(a)+len(b)-common) >= n.least
}

// after returns the numbers of the sets behind one that have so much in common with it, ascending.
func (n *near) after(i int) []int {
	set := n.sets[i]
	var found []int
	seen := map[int32]bool{}
	for _, word := range set[:n.prefix(len(set))] {
		with := n.first[word]
		from, _ := slices.BinarySearch(with, int32(i)+1) //nolint:gosec // likewise
		for _, j := range with[from:] {
			if !seen[j] {
				seen[j] = true
				if n.reaches(set, n.sets[j]) {
					found = append(found, int(j))
				}
			}
		}
	}
	slices.Sort(found)
	return found
}
