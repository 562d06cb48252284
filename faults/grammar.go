package faults

import (
	"fmt"
	"strings"
)

// SyntaxError says where a text is not a fault value.
type SyntaxError struct {
	Text   string
	Offset int    // in bytes, from 0
	Want   string // what would be right there
}

// Error points at the place and shows the form of a fault value.
func (s *SyntaxError) Error() string {
	return fmt.Sprintf("fault value %q: want %s at offset %d: write name or name(key=value,key=value)",
		s.Text, s.Want, s.Offset)
}

// call is a fault value as it was written, with names and values unchecked.
type call struct {
	name      string
	arguments []argument
}

// argument is one key=value of a call.
type argument struct{ key, value string }

// parseCall splits a fault value into its name and arguments:
//
//	value    = name [ "(" [ argument { "," argument } ] ")" ] .
//	argument = word "=" word .
//	name     = word .
//
// A word is letters, digits and any of "_-+.µ", the last for Go's microseconds; blanks around
// words do not count.
func parseCall(text string) (call, error) {
	s := scanner{text: text}
	var c call
	var err error
	if c.name, err = s.word("the name of a fault"); err != nil {
		return call{}, err
	}
	if s.done() {
		return c, nil
	}
	if !s.accept('(') {
		return call{}, s.wanted(`"(" or the end`)
	}
	for !s.accept(')') {
		if len(c.arguments) > 0 && !s.accept(',') {
			return call{}, s.wanted(`"," or ")"`)
		}
		a, err := s.argument()
		if err != nil {
			return call{}, err
		}
		c.arguments = append(c.arguments, a)
	}
	if !s.done() {
		return call{}, s.wanted("the end")
	}
	return c, nil
}

// scanner reads a fault value from left to right.
type scanner struct {
	text string
	at   int
}

func (s *scanner) argument() (argument, error) {
	key, err := s.word("the name of a parameter")
	if err != nil {
		return argument{}, err
	}
	if !s.accept('=') {
		return argument{}, s.wanted(`"="`)
	}
	value, err := s.word("a value for " + key)
	if err != nil {
		return argument{}, err
	}
	return argument{key, value}, nil
}

func (s *scanner) word(want string) (string, error) {
	s.skipBlanks()
	rest := s.text[s.at:]
	end := strings.IndexFunc(rest, func(r rune) bool { return !isWordRune(r) })
	if end < 0 {
		end = len(rest)
	}
	if end == 0 {
		return "", s.wanted(want)
	}
	s.at += end
	return rest[:end], nil
}

func (s *scanner) accept(b byte) bool {
	s.skipBlanks()
	if s.at < len(s.text) && s.text[s.at] == b {
		s.at++
		return true
	}
	return false
}

func (s *scanner) done() bool {
	s.skipBlanks()
	return s.at == len(s.text)
}

func (s *scanner) skipBlanks() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
}

func (s *scanner) wanted(what string) error {
	return &SyntaxError{Text: s.text, Offset: s.at, Want: what}
}

func isWordRune(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	}
	return strings.ContainsRune("_-+.µ", r)
}

// format prints a fault in full: every parameter of its spec, in the spec's order.
func format(s Spec, values ...any) string {
	if len(s.Params) == 0 {
		return s.Name
	}
	pairs := make([]string, len(s.Params))
	for i, p := range s.Params {
		pairs[i] = fmt.Sprintf("%s=%v", p.Name, values[i])
	}
	return s.Name + "(" + strings.Join(pairs, ",") + ")"
}
