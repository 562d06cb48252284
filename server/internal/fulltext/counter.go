package fulltext

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Counter counts how often texts hold terms. Letters are compared but for their case; what the
// index folds beyond that, such as accents, counts as another letter here. It is safe for
// concurrent use.
type Counter struct {
	forms map[string][]form // by their first word
	first [256]uint64       // by the first byte of their first words: the lengths of those, bit by bit
}

// form is one form of a term, as words in lower case.
type form struct {
	term int
	rest []string // the words after the first
}

// NewCounter returns a counter of terms.
func NewCounter(terms []Term) *Counter {
	c := &Counter{forms: map[string][]form{}}
	for i, t := range terms {
		var before []string
		for _, text := range t.Forms {
			words := split(text)
			if len(words) == 0 || slices.Equal(words, before) {
				continue
			}
			before = words
			c.forms[words[0]] = append(c.forms[words[0]], form{i, words[1:]})
			c.first[words[0][0]] |= lengthBit(len(words[0]))
		}
	}
	return c
}

func lengthBit(n int) uint64 { return 1 << min(n, 63) }

// split returns the words of a text in lower case.
func split(text string) (words []string) {
	for s := (scanner{text: []byte(text)}); s.next(); {
		words = append(words, s.lower())
	}
	return words
}

// Count adds to counts, by term, how often a text holds each, and returns how many words it has.
// There must be a count a term.
func (c *Counter) Count(counts []int, text []byte) (words int) {
	var lower [64]byte
	for s := (scanner{text: text}); s.next(); words++ {
		first, length := text[s.begin], s.end-s.begin
		if lowered := asciiLower[first]; lowered != 0 {
			first = lowered
		}
		switch {
		case s.foreign: // in lower case it may begin otherwise, and have another length
			c.count(counts, s.lower(), s)
		case c.first[first]&lengthBit(length) == 0:
		case length > len(lower):
			c.count(counts, s.lower(), s)
		default:
			for i := range length {
				lower[i] = asciiLower[text[s.begin+i]]
			}
			for _, f := range c.forms[string(lower[:length])] {
				if follows(s, f.rest) {
					counts[f.term]++
				}
			}
		}
	}
	return words
}

// count counts the forms that begin with a word, which the scanner is at.
func (c *Counter) count(counts []int, word string, s scanner) {
	for _, f := range c.forms[word] {
		if follows(s, f.rest) {
			counts[f.term]++
		}
	}
}

// follows tells whether some words come next.
func follows(s scanner, want []string) bool {
	for _, word := range want {
		if !s.next() || s.lower() != word {
			return false
		}
	}
	return true
}

// scanner cuts a text into words: runs of letters, digits and marks.
type scanner struct {
	text       []byte
	begin, end int  // of the word it is at
	foreign    bool // the word has more than ASCII
}

// lower is the word it is at, in lower case.
func (s *scanner) lower() string { return strings.ToLower(string(s.text[s.begin:s.end])) }

// next goes to the next word; false when there is none.
func (s *scanner) next() bool {
	i := s.end
	for i < len(s.text) && asciiLower[s.text[i]] == 0 {
		if s.text[i] >= utf8.RuneSelf {
			c, size := utf8.DecodeRune(s.text[i:])
			if inWord(c) {
				break
			}
			i += size
			continue
		}
		i++
	}
	s.begin, s.foreign = i, false
	for i < len(s.text) {
		if asciiLower[s.text[i]] != 0 {
			i++
			continue
		}
		if s.text[i] < utf8.RuneSelf {
			break
		}
		c, size := utf8.DecodeRune(s.text[i:])
		if !inWord(c) {
			break
		}
		s.foreign = true
		i += size
	}
	s.end = i
	return s.begin < s.end
}

// inWord tells whether a character beyond ASCII belongs to a word.
func inWord(c rune) bool { return unicode.In(c, unicode.L, unicode.N, unicode.M, unicode.Co) }

// asciiLower is the lower case of ASCII letters and digits; 0 for all other bytes.
var asciiLower = func() (lower [256]byte) {
	for c := range byte(utf8.RuneSelf) {
		switch {
		case asciiWord(c) && c >= 'A' && c <= 'Z':
			lower[c] = c + 'a' - 'A'
		case asciiWord(c):
			lower[c] = c
		}
	}
	return lower
}()
