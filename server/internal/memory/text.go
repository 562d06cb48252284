package memory

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean is a text without what no memory may hold: control characters but for line feeds and tabs, and what is
// no UTF-8 (contract section 3.1).
func Clean(text string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\t' {
			return c
		}
		if c == utf8.RuneError || unicode.IsControl(c) {
			return -1
		}
		return c
	}, text)
}

// FirstBytes is as much of a text as some bytes hold, whole characters only.
func FirstBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// FirstRunes is the first characters of a text, at most n.
func FirstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
