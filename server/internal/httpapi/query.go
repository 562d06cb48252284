package httpapi

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"chaosctl/server/internal/memory"
)

// query is a query string whose values are read one by one. The first that does not fit is kept
// in err; what is read after it is zero.
type query struct {
	values map[string]string
	twice  map[string]bool
	err    error
}

// parseQuery splits a query string. What is no escape stays as it is.
func parseQuery(raw string) *query {
	q := &query{values: map[string]string{}, twice: map[string]bool{}}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, value = unescape(key), unescape(value)
		if _, known := q.values[key]; known {
			q.twice[key] = true
		}
		q.values[key] = value
	}
	return q
}

func unescape(text string) string {
	plainText, err := url.QueryUnescape(text)
	if err != nil {
		plainText = strings.ReplaceAll(text, "+", " ")
	}
	if !utf8.ValidString(plainText) {
		return strings.ToValidUTF8(plainText, "\uFFFD")
	}
	return plainText
}

func (q *query) mismatch(key, what string) {
	if q.err == nil {
		q.err = &plain{http.StatusBadRequest, "Failed to deserialize query string: " + key + ": " + what}
	}
}

// text returns a value, nil when the key is absent.
func (q *query) text(key string) *string {
	if q.twice[key] {
		q.mismatch(key, "duplicate field")
	}
	value, there := q.values[key]
	if !there || q.err != nil {
		return nil
	}
	return &value
}

// count reads a number of rows; one too large for an int is the largest int.
func (q *query) count(key string, fallback int) int {
	value := q.text(key)
	if value == nil {
		return fallback
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(*value, "+"), 10, 64)
	if err != nil {
		q.mismatch(key, "invalid digit found in string")
		return 0
	}
	return int(min(n, math.MaxInt))
}

// priority reads a 32-bit integer.
func (q *query) priority(key string) *int32 {
	value := q.text(key)
	if value == nil {
		return nil
	}
	n, err := strconv.ParseInt(*value, 10, 32)
	if err != nil {
		q.mismatch(key, "invalid digit found in string")
		return nil
	}
	p := int32(n)
	return &p
}

// tier reads a tier.
func (q *query) tier(key string) *memory.Tier {
	value := q.text(key)
	if value == nil {
		return nil
	}
	t := memory.Tier(*value)
	if memory.ValidateTier(t) != nil {
		q.mismatch(key, "unknown variant `"+*value+"`, expected one of `short`, `mid`, `long`")
		return nil
	}
	return &t
}
