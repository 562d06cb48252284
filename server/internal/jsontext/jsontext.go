// Package jsontext checks JSON texts that strangers send, more strictly than encoding/json does, which
// replaces silently what is no text.
package jsontext

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Check refuses what is no JSON text (RFC 8259): also bad UTF-8 and halves of surrogate pairs.
func Check(text []byte) error {
	if !json.Valid(text) {
		return json.Unmarshal(text, new(json.RawMessage)) // says what is wrong
	}
	if !utf8.Valid(text) {
		return errors.New("invalid UTF-8")
	}
	return checkSurrogates(text)
}

// checkSurrogates looks for \ud800 to \udfff escapes that are no pair, in valid JSON.
func checkSurrogates(text []byte) error {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		unit, ok := escapedUnit(text[i:])
		if !ok { // another escape: both bytes are done
			i++
			continue
		}
		i += 5
		switch {
		case unit >= 0xDC00 && unit <= 0xDFFF:
			return fmt.Errorf("lone surrogate at byte %d", i-5)
		case unit >= 0xD800 && unit <= 0xDBFF:
			low, ok := escapedUnit(text[i+1:])
			if !ok || low < 0xDC00 || low > 0xDFFF {
				return fmt.Errorf("lone surrogate at byte %d", i-5)
			}
			i += 6
		}
	}
	return nil
}

// escapedUnit reads a \uXXXX escape at the start of a text.
func escapedUnit(text []byte) (unit uint64, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return unit, err == nil
}
