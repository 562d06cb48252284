package curator

import (
	"slices"

	"chaosctl/server/internal/memory"
)

// likes finds memories of one namespace and scope whose contents are the same, or have much in common.
type likes struct {
	home   []place // of each memory
	number []int   // within that
	words  map[place]*near
	behind map[place][]int // the memories of a place
	same   map[text][]int  // memories by what they say
	texts  []text
}

type (
	place struct{ namespace, scope string }
	text  struct {
		place
		content string
	}
)

func newLikes(all []memory.Memory, least float64) *likes {
	l := &likes{words: map[place]*near{}, behind: map[place][]int{}, same: map[text][]int{}}
	sets := map[place][][]string{}
	for i, m := range all {
		at := place{m.Namespace, scopeOf(m)}
		says := text{at, folded(m.Content)}
		l.home, l.number, l.texts = append(l.home, at), append(l.number, len(l.behind[at])), append(l.texts, says)
		l.behind[at], l.same[says] = append(l.behind[at], i), append(l.same[says], i)
		sets[at] = append(sets[at], words(m.Content))
	}
	for at, s := range sets {
		l.words[at] = newNear(s, least)
	}
	return l
}

// after returns the numbers of the memories behind one that are like it, ascending.
func (l *likes) after(i int) []int {
	at := l.home[i]
	var found []int
	for _, n := range l.words[at].after(l.number[i]) {
		found = append(found, l.behind[at][n])
	}
	for _, j := range l.same[l.texts[i]] {
		if j > i {
			found = append(found, j)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
