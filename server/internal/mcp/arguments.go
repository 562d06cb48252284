package mcp

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
)

// arguments are those of a call. Schemas are not enforced: one of the wrong type counts as absent
// (contract section 11.4).
type arguments map[string]json.RawMessage

// readArguments reads an object; what is none has no arguments.
func readArguments(object json.RawMessage) arguments {
	var a arguments
	if json.Unmarshal(object, &a) != nil {
		return nil
	}
	return a
}

// text is a text; nil when it is absent.
func (a arguments) text(name string) *string {
	raw := bytes.TrimSpace(a[name])
	if len(raw) == 0 || raw[0] != '"' {
		return nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil
	}
	return &s
}

// or is a text, or what it is when it is absent.
func (a arguments) or(name, otherwise string) string {
	if s := a.text(name); s != nil {
		return *s
	}
	return otherwise
}

// given is a text that is not empty; nil otherwise.
func (a arguments) given(name string) *string {
	if s := a.text(name); s != nil && *s != "" {
		return s
	}
	return nil
}

// required is a text that must be there.
func (a arguments) required(names ...string) ([]string, error) {
	values := make([]string, len(names))
	for i, name := range names {
		s := a.text(name)
		if s == nil {
			return nil, said(name + " is required")
		}
		values[i] = *s
	}
	return values, nil
}

// integer is a number without fraction or exponent; nil when it is absent.
func (a arguments) integer(name string) *int64 {
	n, err := strconv.ParseInt(string(bytes.TrimSpace(a[name])), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

// count is an integer that is not negative, at most what an int holds.
func (a arguments) count(name string, otherwise int) int {
	if n := a.integer(name); n != nil && *n >= 0 {
		return int(min(*n, math.MaxInt32))
	}
	return otherwise
}

// priority is an integer of any size; one that has more than 32 bits is out of every range.
func (a arguments) priority(otherwise int32) (int32, error) {
	raw := bytes.TrimSpace(a["priority"])
	n, err := strconv.ParseInt(string(raw), 10, 32)
	if err == nil {
		return int32(n), nil
	}
	if isInteger(raw) {
		return 0, said("priority must be between 1 and 10 (got " + string(raw) + ")")
	}
	return otherwise, nil
}

func isInteger(raw []byte) bool {
	digits := bytes.TrimPrefix(raw, []byte("-"))
	return len(digits) > 0 && len(bytes.Trim(digits, "0123456789")) == 0
}

// number is any number; nil when it is absent.
func (a arguments) number(name string) *float64 {
	raw := bytes.TrimSpace(a[name])
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return nil
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return nil
	}
	return &f
}

// truth is a truth value, false when it is absent.
func (a arguments) truth(name string) bool { return string(bytes.TrimSpace(a[name])) == "true" }

// kind is a type of arguments.
type kind struct {
	name string
	is   func(a arguments, name string) bool
}

func aString() kind {
	return kind{"a string", func(a arguments, name string) bool { return a.text(name) != nil }}
}
func anInteger() kind {
	return kind{"an integer", func(a arguments, name string) bool { return a.integer(name) != nil }}
}

func aBoolean() kind {
	return kind{"a boolean", func(a arguments, name string) bool {
		return a.truth(name) || string(bytes.TrimSpace(a[name])) == "false"
	}}
}

// strictly refuses an argument of the wrong type where one that counts as absent would have more taken out than
// was meant.
func (a arguments) strictly(k kind, names ...string) error {
	for _, name := range names {
		raw := bytes.TrimSpace(a[name])
		if len(raw) > 0 && string(raw) != "null" && !k.is(a, name) {
			return said(name + " must be " + k.name)
		}
	}
	return nil
}

// texts are the texts of a list; nil when it is absent.
func (a arguments) texts(name string) []string {
	var raw []json.RawMessage
	if json.Unmarshal(a[name], &raw) != nil || raw == nil {
		return nil
	}
	list := []string{}
	for _, element := range raw {
		var s *string
		if json.Unmarshal(element, &s) == nil && s != nil {
			list = append(list, *s)
		}
	}
	return list
}

// object is an object, compact; nil when it is absent.
func (a arguments) object(name string) json.RawMessage {
	raw := bytes.TrimSpace(a[name])
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return nil
	}
	return b.Bytes()
}
