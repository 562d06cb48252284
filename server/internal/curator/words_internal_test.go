package curator

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"The cat, the CAT and a dog": "and cat dog the",
		"go is é of ab éa":           "éa", // bytes count
		"Über3-x_42 v1.2.3 abc123":   "abc123 über3",
		"":                           "",
	} {
		if d := cmp.Diff(want, strings.Join(words(text), " ")); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
	}
}

func TestJaccard(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want string
	}{
		{"one two three", "three two one", "1.000"},
		{"one two three", "four five six", "0.000"},
		{"one two three", "two three four", "0.500"},
		{"one two", "one two three four", "0.500"},
		{"", "", "0.000"},
		{"", "one", "0.000"},
	} {
		for _, pair := range [][2]string{{test.a, test.b}, {test.b, test.a}} {
			if got := fmt.Sprintf("%.3f", jaccard(words(pair[0]), words(pair[1]))); got != test.want {
				t.Errorf("%q: %s, want %s", pair, got, test.want)
			}
		}
	}
}

func TestExtract(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		texts []string
		want  string
	}{
		{[]string{"One. Two.", "Two. Three."}, "One. Two.\nThree."},
		{[]string{"One.  Two!  ", "Two! One."}, "One.  Two!"},
		{[]string{"a\n  b\n", "  b\nc"}, "a\n  b\nc"},
		{[]string{"v1.2 is 3.5% faster? yes", "v1.2 is 3.5% faster? no"}, "v1.2 is 3.5% faster? yes\nno"},
		{[]string{"same", " same "}, "same"},
		{[]string{"", "  \n"}, ""},
	} {
		if d := cmp.Diff(test.want, extract(test.texts)); d != "" {
			t.Errorf("%q (-want +got):\n%s", test.texts, d)
		}
	}
}

// FuzzExtract holds that no sentence is lost, and none told twice.
func FuzzExtract(f *testing.F) {
	f.Add("One. Two.", "Two. Three.")
	f.Add("a\n\tb! ? .", ".. . \xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		all := func(text string) (out []string) {
			for line := range strings.SplitSeq(text, "\n") {
				parts := sentences(line)
				if strings.Join(parts, "") != line {
					t.Errorf("%q became %q", line, parts)
				}
				for _, s := range parts {
					if s = folded(s); s != "" {
						out = append(out, s)
					}
				}
			}
			return out
		}
		want := append(all(a), all(b)...)
		slices.Sort(want)
		want = slices.Compact(want)
		got := all(extract([]string{a, b}))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%q and %q became %q, want %q", a, b, got, want)
		}
	})
}

// jaccard is how much two sets of sorted words have in common: the size of their intersection over that of
// their union, from 0 to 1 (Jaccard, 1901). It is 0 when there are none.
func jaccard(a, b []string) float64 {
	common, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		switch strings.Compare(a[i], b[j]) {
		case 0:
			common, i, j = common+1, i+1, j+1
		case -1:
			i++
		default:
			j++
		}
	}
	if common == 0 {
		return 0
	}
	return float64(common) / float64(len(a)+len(b)-common)
}
