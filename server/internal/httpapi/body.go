package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"chaosctl/server/internal/jsontext"
	"chaosctl/server/internal/memory"
)

// maxBody is the largest request body, in bytes.
const maxBody = 2 << 20

// object is a JSON object whose fields are read one by one, with the strictness that the
// contract asks for: keys exact, known keys once, null only where it means absent. The first
// thing that does not fit is kept in err; what is read after it is zero.
type object struct {
	fields map[string]json.RawMessage
	twice  map[string]bool
	path   string // of the object in the body, for messages
	err    error
}

// readObject reads the body of a JSON route that is an object (contract section 2.1: 415, 413, 400,
// 422).
func readObject(w http.ResponseWriter, r *http.Request) (*object, error) {
	body, err := readJSON(w, r)
	if err != nil {
		return nil, err
	}
	o := parseObject(body, "")
	return o, o.err
}

// readJSON reads the body of a JSON route, of whatever shape.
func readJSON(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	if err := jsontext.Check(body); err != nil {
		return nil, &plain{http.StatusBadRequest, "Failed to parse the request body as JSON: " + err.Error()}
	}
	return body, nil
}

// readBody reads what is said to be JSON, and not too much of it.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if !isJSON(r.Header.Get("Content-Type")) {
		drain(r.Body)
		return nil, &plain{http.StatusUnsupportedMediaType, "Expected request with `Content-Type: application/json`"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		drain(r.Body)
		return nil, &plain{http.StatusRequestEntityTooLarge, "Failed to buffer the request body: length limit exceeded"}
	case err != nil:
		return nil, &plain{http.StatusBadRequest, "Failed to buffer the request body: " + err.Error()}
	}
	return body, nil
}

// maxDrained bounds what is read of a body that is refused, in bytes.
const maxDrained = 16 << 20

// drain reads a body that is refused: a client that is still sending when the connection is closed
// might see a reset in place of the answer.
func drain(body io.Reader) { _, _ = io.CopyN(io.Discard, body, maxDrained) }

// isJSON tells whether a body of a content type is read as JSON. So is one of none: clients forget
// to name it.
func isJSON(contentType string) bool {
	if contentType == "" || contentType == "application/json" {
		return true
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	major, minor, _ := strings.Cut(kind, "/")
	return major == "application" && (minor == "json" || strings.HasSuffix(minor, "+json"))
}

// parseObject splits a valid JSON text into its fields.
func parseObject(text []byte, path string) *object {
	o := &object{fields: make(map[string]json.RawMessage, 16), twice: map[string]bool{}, path: path}
	ok := members(text, func(name string, value json.RawMessage) {
		if _, known := o.fields[name]; known {
			o.twice[name] = true
		}
		o.fields[name] = value
	})
	if !ok {
		o.mismatch("", "invalid type, expected an object")
	}
	return o
}

// mismatch keeps the first thing that is well-formed but of the wrong shape: 422.
func (o *object) mismatch(field, what string) {
	if o.err != nil {
		return
	}
	where := o.path + field
	if where != "" {
		where += ": "
	}
	o.err = &plain{
		http.StatusUnprocessableEntity,
		"Failed to deserialize the JSON body into the target type: " + where + what,
	}
}

// malformed keeps the first thing that counts as no JSON at all: 400.
func (o *object) malformed(field, what string) {
	if o.err == nil {
		o.err = &plain{http.StatusBadRequest, "Failed to parse the request body as JSON: " + o.path + field + ": " + what}
	}
}

// take returns a field, nil when it is absent.
func (o *object) take(field string) json.RawMessage {
	if o.twice[field] {
		o.mismatch(field, "duplicate field")
	}
	if o.err != nil {
		return nil
	}
	return o.fields[field]
}

// has tells whether a field is there, null included.
func (o *object) has(field string) bool {
	_, there := o.fields[field]
	return there
}

// required complains when a field is absent.
func (o *object) required(field string) {
	if !o.has(field) {
		o.mismatch("", "missing field `"+field+"`")
	}
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

// read decodes a field into a value; false when it is absent or does not fit. Null does not.
func read[T any](o *object, field string) (value T, ok bool) {
	text := o.take(field)
	if text == nil {
		return value, false
	}
	if into, is := any(&value).(*string); is {
		if *into, ok = unescaped(text); ok {
			return value, true
		}
	}
	err := json.Unmarshal(text, &value)
	if err == nil && isNull(text) {
		err = errors.New("invalid type: null")
	}
	if err != nil {
		o.mismatch(field, err.Error())
		var zero T
		return zero, false
	}
	return value, true
}

// or reads a field that has a default.
func or[T any](o *object, field string, fallback T) T {
	if value, ok := read[T](o, field); ok {
		return value
	}
	return fallback
}

// optional reads a field for which null means absent.
func optional[T any](o *object, field string) *T {
	if isNull(o.take(field)) {
		return nil
	}
	if value, ok := read[T](o, field); ok {
		return &value
	}
	return nil
}

// must reads a field that has to be there.
func must[T any](o *object, field string) T {
	o.required(field)
	value, _ := read[T](o, field)
	return value
}

// list reads the elements of a list that has to be there.
func (o *object) list(field string) []json.RawMessage {
	o.required(field)
	text := o.take(field)
	if text == nil {
		return nil
	}
	items, ok := elements(text)
	if !ok {
		o.mismatch(field, "invalid type, expected a list")
	}
	return items
}

// tier reads a tier that has a default; null means absent.
func (o *object) tier(field string, fallback *memory.Tier) *memory.Tier {
	t := optional[memory.Tier](o, field)
	switch {
	case t == nil:
		return fallback
	case memory.ValidateTier(*t) != nil:
		o.mismatch(field, fmt.Sprintf("unknown variant `%s`, expected one of `short`, `mid`, `long`", *t))
	}
	return t
}
