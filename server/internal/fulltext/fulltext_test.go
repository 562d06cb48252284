package fulltext_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"chaosctl/server/internal/fulltext"
)

func term(forms ...string) fulltext.Term { return fulltext.Term{Forms: forms} }

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]fulltext.Term{
		"":                           nil,
		" \t\r\n\x00 ":               nil,
		"Rotate keys":                {term("Rotate"), term("keys")},
		"one  one\u00a0ONE two":      {term("one"), term("two")},
		"AND or Not nEaR":            nil,
		"salt AND pepper":            {term("salt"), term("pepper")},
		"ANDy NEAR/2":                {term("ANDy"), term("NEAR/2")},
		"well-known":                 {term("well-known", "wellknown")},
		"-well -known- --":           {term("well"), term("known")},
		`"alpha beta"`:               {term("alpha"), term("beta")},
		`al"pha ""`:                  {term("al pha", "alpha")},
		"title:alpha":                {term("title:alpha", "titlealpha")},
		"c++ (x) {y} ^z w* |":        {term("c"), term("x"), term("y"), term("z"), term("w")},
		"foo.bar 'x' a;b":            {term("foo.bar"), term("'x'"), term("a;b")},
		"zero\u200bwidth":            {term("zero\u200bwidth", "zerowidth")},
		"\u200e\ufeff":               nil,
		"日本語 Ünïcode":                {term("日本語"), term("Ünïcode")},
		"\xff\xfeabc\xff":            {term("abc")},
		"🙂 alpha":                    {{Forms: []string{"🙂"}, Doubtful: true}, term("alpha")},
		"... !":                      {{Forms: []string{"..."}, Doubtful: true}, {Forms: []string{"!"}, Doubtful: true}},
		"A\u200bND":                  nil, // AND, for who sees it
		strings.Repeat("a.", 40):     {term(strings.TrimSuffix(strings.Repeat("a.", 16), "."))},
		strings.Repeat("y ", 40_000): {term("y")},
	} {
		if diff := cmp.Diff(want, fulltext.Parse(text)); diff != "" {
			t.Errorf("terms of %.40q (-want +got):\n%s", text, diff)
		}
	}
}

// TestLongest keeps as many terms as there may be: the longest.
func TestLongest(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 3 * fulltext.MaxTerms {
		fmt.Fprintf(&text, "%s%d ", strings.Repeat("x", i%7), 100+i)
	}
	terms := fulltext.Parse(text.String())
	if len(terms) != fulltext.MaxTerms {
		t.Fatalf("%d terms, want %d", len(terms), fulltext.MaxTerms)
	}
	for _, term := range terms {
		if len(term.Forms[0]) < 7 {
			t.Errorf("kept %q, and there are longer ones", term.Forms[0])
		}
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	terms := fulltext.Parse("well-known fact")
	for want, got := range map[string]string{
		`("well-known" OR "wellknown") AND "fact"`: fulltext.All(terms),
		`("well-known" OR "wellknown") OR "fact"`:  fulltext.Any(terms),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := fulltext.Any(nil) + fulltext.All(nil); got != "" {
		t.Errorf("of no terms: %q", got)
	}
}

func TestCounter(t *testing.T) {
	t.Parallel()
	counter := fulltext.NewCounter(fulltext.Parse("Key well-known foo.bar ÜBER 🙂"))
	long := strings.Repeat("z", 100)
	for text, want := range map[string][]int{
		"":                             {0, 0, 0, 0, 0, 0},
		"no such word, keys":           {4, 0, 0, 0, 0, 0},
		"key KEY [key]":                {3, 3, 0, 0, 0, 0},
		"well known wellknown, well":   {4, 0, 2, 0, 0, 0},
		"well-known well.known knownx": {5, 0, 2, 0, 0, 0},
		"foo bar foo foo-bar":          {5, 0, 0, 2, 0, 0},
		"über Über uber u\u0308ber":    {4, 0, 0, 0, 2, 0},
		"🙂":                            {0, 0, 0, 0, 0, 0},
		long + " key":                  {2, 1, 0, 0, 0, 0},
	} {
		got := make([]int, 5)
		words := counter.Count(got, []byte(text))
		if diff := cmp.Diff(want, append([]int{words}, got...)); diff != "" {
			t.Errorf("%.40q: words, then counts (-want +got):\n%s", text, diff)
		}
	}
	got := []int{0}
	fulltext.NewCounter(fulltext.Parse(strings.ToUpper(long))).Count(got, []byte("a "+long))
	if got[0] != 1 {
		t.Errorf("a word of 100 letters was counted %d times", got[0])
	}
}

// index is a full-text index as the store has it, of one row.
type index struct{ conn *sqlite.Conn }

func newIndex(tb testing.TB) *index {
	tb.Helper()
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenMemory)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	x := &index{conn}
	x.run(tb, "CREATE VIRTUAL TABLE fts USING fts5 (text)")
	return x
}

func (x *index) run(tb testing.TB, query string, args ...any) (n int) {
	tb.Helper()
	err := sqlitex.Execute(x.conn, query, &sqlitex.ExecOptions{
		Args:       args,
		ResultFunc: func(stmt *sqlite.Stmt) error { n = stmt.ColumnInt(0); return nil },
	})
	if err != nil {
		tb.Fatalf("%s with %.200q: %v", query, args, err)
	}
	return n
}

func (x *index) put(tb testing.TB, text string) {
	tb.Helper()
	x.run(tb, "DELETE FROM fts")
	x.run(tb, "INSERT INTO fts (rowid, text) VALUES (1, ?)", text)
}

func (x *index) finds(tb testing.TB, expression string) bool {
	tb.Helper()
	return x.run(tb, "SELECT count(*) FROM fts WHERE fts MATCH ?", expression) > 0
}

func TestFinds(t *testing.T) {
	t.Parallel()
	x := newIndex(t)
	for _, test := range []struct {
		stored, asked string
		want          bool
	}{
		{"a well-known fact", "well-known", true},
		{"a wellknown fact", "well-known", true},
		{"well and known", "well-known", false},
		{"known: well", "well known", true},
		{"naïve café", "CAFE naive", true},
		{"foo.bar", "foo.bar", true},
		{"foo and bar", "foo.bar", false},
		{"title", "title:alpha", false},
		{"ab", "a* b*", false},
		{"NOT", "NOT", false},
		{"日本語の本", "日本語の本", true},
	} {
		x.put(t, test.stored)
		all := fulltext.All(fulltext.Parse(test.asked))
		if got := all != "" && x.finds(t, all); got != test.want {
			t.Errorf("%q asked by %q: found %v, want %v", test.stored, test.asked, got, test.want)
		}
	}
}

// TestLarge asks for much: the index takes it, in a time that is no matter.
func TestLarge(t *testing.T) {
	t.Parallel()
	x := newIndex(t)
	for name, text := range map[string]string{
		"quotes":        strings.Repeat(`a"`, 5000),
		"words":         strings.Repeat("word ", 2500),
		"many words":    strings.ReplaceAll(fmt.Sprint(make([]struct{ a, b int }, 2000)), "0", "xy z"),
		"one word":      strings.Repeat("語", 300),
		"clauses":       strings.Repeat("言語、", 1000),
		"phrase":        strings.Repeat("a.", 5000),
		"marks":         strings.Repeat("हिन्दी", 600),
		"hyphens":       strings.Repeat("a-", 5000),
		"two megabytes": strings.Repeat("हिन्दी", 1<<20/18*2),
	} {
		x.put(t, text)
		terms := fulltext.Parse(text)
		if len(terms) == 0 {
			t.Fatalf("%s: no terms", name)
		}
		if found := x.finds(t, fulltext.Any(terms)); !found && len(text) < 1<<20 && name != "many words" {
			t.Errorf("%s: the text is not found by its own words", name)
		}
	}
}

// FuzzQuery asks an index of FTS5 whatever comes: it takes every query, and a text is found again
// by its own words.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "well-known", `"alpha" AND (beta OR NOT gamma) NEAR/3 title:x* ^y -z`, "c++ {a} | \x00 ''", "🙂 👩‍👩‍👧 日本語 हिन्दी u\u0308",
		"zero\u200bwidth \u2066isolated\u2069 \u202e", "\xff\xc0\x80", `a"b"c"`, "\u19b0\u1cf2", "foo.bar/baz_qux", "ﬁ ǅ İ ς",
	} {
		f.Add(seed, seed)
	}
	x := newIndex(f)
	f.Fuzz(func(t *testing.T, stored, asked string) {
		for _, text := range []string{asked, stored} {
			terms := fulltext.Parse(text)
			if len(terms) > fulltext.MaxTerms {
				t.Fatalf("%d terms", len(terms))
			}
			if len(terms) == 0 {
				continue
			}
			x.finds(t, fulltext.Any(terms))
			x.finds(t, fulltext.All(terms))
			fulltext.NewCounter(terms).Count(make([]int, len(terms)), []byte(stored))
		}
		if !utf8.ValidString(stored) || strings.Contains(stored, "\x00") {
			return // never stored
		}
		x.put(t, stored)
		for _, term := range fulltext.Parse(stored) {
			const bound = 1<<10 - utf8.UTFMax // of what is looked for
			if !term.Doubtful && len(term.Forms[0]) < bound && !x.finds(t, term.Match()) {
				t.Errorf("%q is not found by its own %q", stored, term.Forms)
			}
		}
	})
}
