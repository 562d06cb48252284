// Package fulltext turns what people type into words to look for, and counts them in a text. It
// takes any input. Words are those of SQLite's FTS5 with its tokenizer unicode61; the package
// knows no database and does not ask one.
package fulltext

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Bounds of a query.
const (
	MaxTerms = 32       // of more, the longest are looked for: the rarest as a rule
	maxText  = 64 << 10 // bytes; what comes behind is not looked at
	maxForm  = 1 << 10  // bytes of a term
	maxParts = 16       // of a term, between signs
)

// Term is what stood between blanks: a word, or several in a row where there are signs between
// them. A row holds the term when it holds one of its forms.
type Term struct {
	// Forms are texts without quotes, one or two: as it was typed, and with the signs left out
	// that contract section 5.1 leaves out, so that "well-known" is also found as "wellknown".
	Forms []string
	// Doubtful is set where there is neither a letter nor a digit: the index may or may not take
	// an emoji for a word. A doubtful term that no row holds is to be ignored.
	Doubtful bool
}

// Parse cuts a text into distinct terms, at most MaxTerms (contract section 5.1).
// The words AND, OR, NOT and NEAR, in any case, are left out. Of a text that has no words there
// are none.
func Parse(text string) []Term {
	if len(text) > maxText { // the last word is likely to be cut
		text = text[:maxText]
		if end := strings.LastIndexFunc(text, blank); end > 0 {
			text = text[:end]
		}
	}
	text = strings.ToValidUTF8(text, " ")
	var terms []Term
	seen := map[string]bool{}
	for _, token := range strings.FieldsFunc(text, blank) {
		if operator(strings.Map(visible, token)) {
			continue
		}
		t, ok := parseTerm(token)
		key := strings.ToLower(strings.Join(t.Forms, " "))
		if !ok || seen[key] {
			continue
		}
		seen[key] = true
		terms = append(terms, t)
	}
	if len(terms) <= MaxTerms {
		return terms
	}
	byLength := slices.Clone(terms)
	slices.SortStableFunc(byLength, func(a, b Term) int { return cmp.Compare(len(b.Forms[0]), len(a.Forms[0])) })
	return byLength[:MaxTerms]
}

// parseTerm returns the term of a token; false when nothing is left of it.
func parseTerm(token string) (Term, bool) {
	typed := strings.Trim(strings.ReplaceAll(token, `"`, " "), dropped+" ")
	joined := strings.Map(visible, typed)
	joined = strings.Map(func(c rune) rune {
		if c == ' ' || strings.ContainsRune(dropped, c) {
			return -1
		}
		return c
	}, joined)
	if joined == "" {
		return Term{}, false
	}
	t := Term{
		Forms:    []string{cut(typed)},
		Doubtful: !strings.ContainsFunc(joined, certain),
	}
	if joined = cut(joined); joined != t.Forms[0] {
		t.Forms = append(t.Forms, joined)
	}
	return t, true
}

// dropped are the signs that contract section 5.1 leaves out of a word.
const dropped = `"*^{}():|+-`

// blank tells whether words end at a character.
func blank(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }

func operator(word string) bool {
	switch strings.ToUpper(word) {
	case "AND", "OR", "NOT", "NEAR":
		return true
	default:
		return false
	}
}

// visible maps what nobody sees to nothing: joiners, marks of direction, variation selectors.
func visible(c rune) rune {
	if unicode.In(c, unicode.Cf, unicode.Variation_Selector) || c == '\u034F' {
		return -1
	}
	return c
}

// certain tells whether the index takes a character for part of a word, whatever its edition of
// Unicode. It knows neither the letters of New Tai Lue, which have moved, nor two Vedic ones.
func certain(c rune) bool {
	if c >= 0x19B0 && c <= 0x19C9 || c == 0x1CF2 || c == 0x1CF3 {
		return false
	}
	return unicode.In(c, unicode.L, unicode.N, unicode.Co)
}

// cut bounds a form, where words certainly end if that can be: what is left of a phrase is found
// where the whole phrase is.
func cut(form string) string {
	parts, end, within := 0, 0, false
	for i, c := range form {
		switch {
		case !sign(c):
			within = true
		case within:
			parts++
			end, within = i, false
		}
		if parts == maxParts || i >= maxForm && end > 0 {
			return form[:end]
		}
	}
	return strings.ToValidUTF8(form[:min(len(form), maxForm)], "")
}

// sign tells whether the index certainly takes a character for the end of a word, whatever its
// edition of Unicode: signs of ASCII, and the usual ones of other scripts.
func sign(c rune) bool {
	switch {
	case c < 0x80:
		return !asciiWord(byte(c))
	case c >= 0x2010 && c <= 0x205E, c >= 0x3001 && c <= 0x303D, c >= 0xFF01 && c <= 0xFF65:
		return unicode.Is(unicode.P, c)
	default:
		return false
	}
}

func asciiWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z'
}

// Match is an FTS5 expression for the rows that hold the term.
func (t Term) Match() string {
	if len(t.Forms) == 1 {
		return quoted(t.Forms[0])
	}
	return "(" + quoted(t.Forms[0]) + " OR " + quoted(t.Forms[1]) + ")"
}

func quoted(form string) string { return `"` + form + `"` }

// Any is an FTS5 expression for the rows that hold at least one term; empty when there is none,
// which no row matches.
func Any(terms []Term) string { return join(terms, " OR ") }

// All is an FTS5 expression for the rows that hold all terms; empty when there is none.
func All(terms []Term) string { return join(terms, " AND ") }

func join(terms []Term, operator string) string {
	matches := make([]string, len(terms))
	for i, t := range terms {
		matches[i] = t.Match()
	}
	return strings.Join(matches, operator)
}
