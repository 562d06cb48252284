package curator

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNear holds what is found to a comparison of all with all.
func TestNear(t *testing.T) {
	t.Parallel()
	found := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var sets [][]string
		for range 40 {
			text := ""
			for range r.IntN(12) {
				text += fmt.Sprintf(" word%d", r.IntN(4+r.IntN(20)))
			}
			sets = append(sets, words(text))
		}
		for _, least := range []float64{similar, alike, 0.5, 1} {
			n := newNear(sets, least)
			for i := range sets {
				var want []int
				for j := i + 1; j < len(sets); j++ {
					if jaccard(sets[i], sets[j]) >= least {
						want = append(want, j)
					}
				}
				found += len(want)
				if d := cmp.Diff(want, n.after(i)); d != "" {
					t.Fatalf("seed %d, least %v, set %d (-want +got):\n%s", seed, least, i, d)
				}
			}
		}
	}
	if found < 1000 {
		t.Errorf("only %d pairs were to be found", found)
	}
}
