package importers

import (
	"encoding/json"
	"strings"
)

// Exports come from programs that change: a field of another type than it should be counts as absent
// and spoils nothing else.

// text is a text, empty for anything else.
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if data[0] == '"' && json.Unmarshal(data, &s) == nil {
		*t = text(s)
	}
	return nil
}

// number is a number, NaN-free; nil for anything else.
type number struct{ value *float64 }

// UnmarshalJSON never fails.
func (n *number) UnmarshalJSON(data []byte) error {
	var f *float64
	if json.Unmarshal(data, &f) == nil {
		n.value = f
	}
	return nil
}

// list is a list; elements that are none of its type are left out.
type list[T any] []T

// UnmarshalJSON never fails.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	var raw []json.RawMessage
	if json.Unmarshal(data, &raw) != nil {
		return nil //nolint:nilerr // what is none counts as absent
	}
	for _, element := range raw {
		var v T
		if json.Unmarshal(element, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}

// anyOfText is a text, a list of texts and objects with a text, or an object with parts or a text; parts
// that are no text are left out, the others joined by line feeds.
type anyOfText string

// UnmarshalJSON never fails.
func (a *anyOfText) UnmarshalJSON(data []byte) error {
	switch data[0] { // a value has at least one byte, and no blanks before it
	case '"':
		return (*text)(a).UnmarshalJSON(data)
	case '[':
		var parts list[anyText]
		if json.Unmarshal(data, &parts) == nil {
			*a = joined(parts)
		}
	case '{':
		var whole struct {
			Parts list[anyText] `json:"parts"`
			Text  text          `json:"text"`
		}
		if json.Unmarshal(data, &whole) == nil {
			if *a = joined(whole.Parts); len(whole.Parts) == 0 {
				*a = anyOfText(whole.Text)
			}
		}
	}
	return nil
}

func joined(parts list[anyText]) anyOfText {
	var texts []string
	for _, p := range parts {
		if p != "" {
			texts = append(texts, string(p))
		}
	}
	return anyOfText(strings.Join(texts, "\n"))
}

// anyText is a text, or an object with one.
type anyText string

// UnmarshalJSON never fails.
func (a *anyText) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		return (*text)(a).UnmarshalJSON(data)
	case '{':
		var object struct {
			Text text `json:"text"`
		}
		if json.Unmarshal(data, &object) == nil {
			*a = anyText(object.Text)
		}
	}
	return nil
}
