package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// The functions of this file cut a JSON text that is known to be valid. encoding/json would look
// at each byte several times more, which for a push is most of what receiving it costs.

// members calls a function with each name and value of an object, in order. It returns false
// for a text that is no object.
func members(text []byte, each func(name string, value json.RawMessage)) bool {
	i := blanks(text, 0)
	if i == len(text) || text[i] != '{' {
		return false
	}
	for i = blanks(text, i+1); i < len(text) && text[i] != '}'; {
		end := past(text, i)
		name, ok := unescaped(text[i:end])
		if !ok && json.Unmarshal(text[i:end], &name) != nil {
			return false
		}
		i = blanks(text, blanks(text, end)+1) // the colon
		end = past(text, i)
		each(name, json.RawMessage(text[i:end:end]))
		i = next(text, end)
	}
	return true
}

// elements returns the values of an array; false for a text that is none.
func elements(text []byte) (values []json.RawMessage, ok bool) {
	i := blanks(text, 0)
	if i == len(text) || text[i] != '[' {
		return nil, false
	}
	for i = blanks(text, i+1); i < len(text) && text[i] != ']'; {
		end := past(text, i)
		values = append(values, json.RawMessage(text[i:end:end]))
		i = next(text, end)
	}
	return values, true
}

// unescaped returns the text of a string that has no escapes; false for any other value.
func unescaped(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 {
		return "", false
	}
	return string(value[1 : len(value)-1]), true
}

// checkNumbers refuses numbers that no float64 holds.
func checkNumbers(text []byte) error {
	for i := 0; i < len(text); {
		end := i + 1
		switch c := text[i]; {
		case c == '"':
			end = past(text, i)
		case c == '-' || c >= '0' && c <= '9':
			end = past(text, i)
			if _, err := strconv.ParseFloat(string(text[i:end]), 64); err != nil {
				return errors.New("number out of range")
			}
		}
		i = end
	}
	return nil
}

// blanks returns the first index, from one on, that holds no white space.
func blanks(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// next returns where the next member or element begins, or the end of the object or array.
func next(text []byte, i int) int {
	i = blanks(text, i)
	if i < len(text) && text[i] == ',' {
		i = blanks(text, i+1)
	}
	return i
}

// past returns the index behind the value that begins at one.
func past(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			i = pastString(text, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\n', '\t', '\r': // within an object or array
			i++
		default:
			i = pastWord(text, i)
		}
		if depth == 0 {
			return i
		}
	}
	return len(text)
}

// pastString returns the index behind the string that begins at one.
func pastString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// pastWord returns the index behind the number, true, false or null that begins at one.
func pastWord(text []byte, i int) int {
	if n := bytes.IndexAny(text[i:], ",]} \n\t\r"); n >= 0 {
		return i + n
	}
	return len(text)
}
