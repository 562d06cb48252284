package memory

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
)

// RecordKind says what a Record is about.
type RecordKind string

// The kinds of records.
const (
	KindLink     RecordKind = "link"     // a Link
	KindArchived RecordKind = "archived" // an Archived
)

// maxRecordKey is the longest key, in bytes: three ids and room for more.
const maxRecordKey = 2048

// maxRecordValue bounds the value of a record, in bytes: the largest memory, escaped, and some more.
const maxRecordValue = 1 << 20

// Record is one thing that nodes keep beside memories and tell each other of. Its value is an
// object whose fields its kind defines. A record is a register of which the later state holds: a
// kind may say otherwise by a join of its own.
type Record struct {
	Kind  RecordKind      `json:"kind"`
	Key   string          `json:"key"`   // of all of its kind
	Stamp int64           `json:"stamp"` // when it came to be as it is, by a Clock, in Unix nanoseconds
	Gone  bool            `json:"gone,omitempty"`
	Value json.RawMessage `json:"value,omitempty"` // with sorted keys; nil when it is gone
}

// ID names the record among all records of all kinds.
func (r Record) ID() string { return string(r.Kind) + "/" + r.Key }

// kind is what the records of one kind have of their own.
type kind struct {
	// check returns why a value is none of this kind, and what records are looked up by.
	check func(r Record) (refs [2]string, err error)
	// join merges two states that are not gone; nil: the later one holds.
	join func(a, b Record) Record
}

// kinds is the list of what there is. (A function, as lists of functions are no constants.)
func kinds() map[RecordKind]kind {
	return map[RecordKind]kind{
		KindLink:     {check: checkLink},
		KindArchived: {check: checkArchived},

		KindPending:      {check: checkPending, join: joinPending},
		KindStandard:     {check: checkStandard},
		KindSubscription: {check: checkSubscription},
	}
}

// Ended returns the record as it is once it is gone, at a time in Unix nanoseconds; later than it
// was in any case.
func (r Record) Ended(at int64) Record {
	r.Stamp, r.Gone, r.Value = max(at, r.Stamp+1), true, nil
	return r
}

// Checked returns a record as it is stored, and what it is looked up by: of a link the source and
// the target, of what is archived the namespace. It returns an error for one that is none.
func (r Record) Checked() (Record, [2]string, error) {
	var none [2]string
	k, known := kinds()[r.Kind]
	switch {
	case !known:
		return r, none, fmt.Errorf("records of kind %q are not known here", r.Kind)
	case r.Key == "" || len(r.Key) > maxRecordKey:
		return r, none, invalid("key", "a record's key has between 1 and %d bytes (got %d)", maxRecordKey, len(r.Key))
	case r.Stamp <= 0:
		return r, none, invalid("stamp", "a record's stamp is positive (got %d)", r.Stamp)
	case r.Gone:
		r.Value = nil
		return r, none, nil
	case len(r.Value) > maxRecordValue:
		return r, none, invalid("value", "a record's value exceeds max size of %d bytes (got %d)", maxRecordValue, len(r.Value))
	}
	value, err := canonicalObject(r.Value)
	if err != nil {
		return r, none, fmt.Errorf("the value of record %s: %w", r.ID(), err)
	}
	r.Value = value
	refs, err := k.check(r)
	if err != nil {
		return r, none, fmt.Errorf("record %s: %w", r.ID(), err)
	}
	return r, refs, nil
}

// JoinRecords merges two states of one record, both as Checked returns them. As Merge, it is
// commutative, associative and idempotent.
func JoinRecords(a, b Record) Record {
	if join := kinds()[a.Kind].join; join != nil && !a.Gone && !b.Gone {
		return join(a, b)
	}
	return laterRecord(a, b)
}

// laterRecord is the later of two states; of one instant, what is gone, then by an order of what
// they hold.
func laterRecord(a, b Record) Record {
	gone := func(r Record) int {
		if r.Gone {
			return 1
		}
		return 0
	}
	if cmp.Or(
		cmp.Compare(a.Stamp, b.Stamp), cmp.Compare(gone(a), gone(b)), bytes.Compare(a.Value, b.Value),
	) >= 0 {
		return a
	}
	return b
}

// EqualRecords reports whether two states of one record are the same.
func EqualRecords(a, b Record) bool {
	return a.Stamp == b.Stamp && a.Gone == b.Gone && bytes.Equal(a.Value, b.Value)
}

// record makes a record of a value; values of this package can always be written as JSON.
func record(k RecordKind, key string, stamp int64, value any) Record {
	text, err := marshal(value)
	if err != nil {
		text = nil // Checked refuses it
	}
	return Record{Kind: k, Key: key, Stamp: stamp, Value: text}
}

// marshal writes a value without escaping what HTML would misread.
func marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return canonicalObject(bytes.TrimSpace(text.Bytes()))
}

// errNoValue is for a value that was asked of a record that is gone.
var errNoValue = errors.New("the record is gone")

// value reads a record's value.
func value[T any](r Record) (T, error) {
	var v T
	if r.Gone {
		return v, errNoValue
	}
	if err := json.Unmarshal(r.Value, &v); err != nil {
		return v, fmt.Errorf("the value of record %s: %w", r.ID(), err)
	}
	return v, nil
}
