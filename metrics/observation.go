package metrics

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// ContentHash names a value: the first 16 bytes of its SHA-256 in hex. Values are compared by
// it, never by length or count.
func ContentHash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:16])
}

// Stage tells at which moment of a cycle a node was read in full.
type Stage string

// The moments at which nodes are read.
const (
	AtStart    Stage = "start"      // before the first write: must be empty
	AtSettleA  Stage = "settle_a"   // survivors after heal, when they were equal or the limit was reached
	AtFirst    Stage = "first_read" // a restarted node, still cut off: what its own disk kept
	AtSettleB  Stage = "settle_b"   // all nodes, when they were equal or the limit was reached
	AtFinal    Stage = "final"      // all nodes once more, for the verdict
	DuringPoll Stage = "poll"       // while waiting to settle
	DuringLoad Stage = "load"       // a client's read of all rows beside the writes
)

// Row is one row of a node as it was read: its identity, its id and the hash of its content.
type Row struct {
	Key  string `json:"key"`
	ID   string `json:"id"`
	Hash string `json:"hash"`
}

// Observation is one full read of one node. A node that could not be read in full has a
// non-empty Error and is unknown, never empty.
type Observation struct {
	Node      int           `json:"node"`
	Stage     Stage         `json:"stage"`
	Namespace string        `json:"ns,omitempty"` // empty: the history's own
	Began     time.Duration `json:"began"`
	Ended     time.Duration `json:"ended"`
	Rows      []Row         `json:"rows"`
	Pages     int           `json:"pages"`
	PageSize  int           `json:"page_size"` // the limit asked for
	Error     string        `json:"error,omitempty"`
}

// Readable reports whether the node was read in full.
func (o Observation) Readable() bool { return o.Error == "" }

// Count returns the number of rows, or nil when the node could not be read in full.
func (o Observation) Count() *int {
	if !o.Readable() {
		return nil
	}
	n := len(o.Rows)
	return &n
}

// ByKey maps identities to the rows that carry them; more than one row means a duplicate.
func (o Observation) ByKey() map[string][]Row {
	rows := make(map[string][]Row, len(o.Rows))
	for _, r := range o.Rows {
		rows[r.Key] = append(rows[r.Key], r)
	}
	return rows
}
