package metrics

import (
	"fmt"
	"time"
)

// Outcome is what the client learned about one operation. The zero value is Unknown: when in
// doubt, an operation may or may not have happened.
type Outcome uint8

// The outcomes of an operation.
const (
	Unknown Outcome = iota // its fate is not known: timeout, reset after sending, 503, other 5xx
	OK                     // acknowledged by the system
	Failed                 // definitely not done: refused, or nothing was ever sent
)

var outcomeNames = [...]string{Unknown: "unknown", OK: "ok", Failed: "fail"}

// String returns ok, fail or unknown.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// MarshalText implements encoding.TextMarshaler with String's words.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; unknown words are an error.
func (o *Outcome) UnmarshalText(text []byte) error {
	for v, name := range outcomeNames {
		if name == string(text) {
			*o = Outcome(v)
			return nil
		}
	}
	return fmt.Errorf("outcome %q is none of ok, fail, unknown", text)
}

// StatusQuorumNotMet is the code of a write that was stored on too few nodes in time: kept
// where it is, it may still spread (contract section 6.4).
const StatusQuorumNotMet = 503

// OpKind is what an operation asks for. The zero value is a write.
type OpKind uint8

// The kinds of operations.
const (
	Write  OpKind = iota // store a value under a key
	Delete               // remove the key
	Read                 // tell the key's value
)

var kindNames = [...]string{Write: "write", Delete: "delete", Read: "read"}

// String returns write, delete or read.
func (k OpKind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// MarshalText implements encoding.TextMarshaler with String's words.
func (k OpKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; unknown words are an error.
func (k *OpKind) UnmarshalText(text []byte) error {
	for v, name := range kindNames {
		if name == string(text) {
			*k = OpKind(v)
			return nil
		}
	}
	return fmt.Errorf("operation kind %q is none of write, delete, read", text)
}

// Operation is one request as its client saw it. Times are offsets from the cycle's start on
// the monotonic clock; Never marks what did not happen.
type Operation struct {
	Index     int           `json:"i"`                   // position in the cycle, from 0
	Process   int           `json:"p"`                   // the client that issued it, one operation at a time
	Node      int           `json:"node"`                // the node it was sent to
	Kind      OpKind        `json:"kind"`                //
	Namespace string        `json:"ns,omitempty"`        // empty: the history's own
	Key       string        `json:"key"`                 // the identity it concerns
	Hash      string        `json:"hash"`                // ContentHash of the value written, or read; empty: deleted, or absent
	Scheduled time.Duration `json:"scheduled,omitempty"` // when an open loop meant to begin it; 0 for a closed loop
	Invoked   time.Duration `json:"invoked"`             // when the client began
	Sent      time.Duration `json:"sent"`                // when the last byte was on the wire, or Never
	Returned  time.Duration `json:"returned"`            // when the client stopped waiting
	Outcome   Outcome       `json:"outcome"`             //
	Code      int           `json:"code,omitempty"`      // status of the answer, 0 when there was none
	ID        string        `json:"id,omitempty"`        // the id the system gave it
	Acks      int           `json:"acks,omitempty"`      // copies the answer claimed
	Error     string        `json:"error,omitempty"`     // what the client saw instead of an answer
}

// Never is the time of what did not happen.
const Never time.Duration = -1

// Latency is how long the client waited: in an open loop since the operation was to begin, so that
// a stall counts for all that had to wait for its end (no coordinated omission).
func (o Operation) Latency() time.Duration {
	if o.Scheduled > 0 {
		return o.Returned - o.Scheduled
	}
	return o.Returned - o.Invoked
}

// Within reports whether the operation began and ended inside [from, to].
func (o Operation) Within(from, to time.Duration) bool {
	return o.Invoked >= from && o.Returned != Never && o.Returned <= to
}

// Overlaps reports whether the operation was under way at some time of [from, to].
func (o Operation) Overlaps(from, to time.Duration) bool {
	return o.Invoked != Never && o.Invoked <= to && (o.Returned == Never || o.Returned >= from)
}
