package metrics

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"unicode/utf8"
)

// chunkSize is how many operations or observations a line tells of at most.
const chunkSize = 4096

// EncodeHistory writes the history of a cycle with its facts, so that DecodeHistory returns both
// as they are, except that empty lists come back nil, the wall clock in UTC, and text beside
// operations and rows that is not UTF-8 with the replacement character. The form is compressed JSON lines,
// described in docs/records.md. The same history gives the same bytes.
func EncodeHistory(w io.Writer, facts CycleFacts, h *History) error {
	zip, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return fmt.Errorf("compress a history: %w", err)
	}
	e := &historyEncoder{
		out:   json.NewEncoder(zip),
		texts: map[string]int64{"": 0},
		rows:  map[Row]int64{},
		lists: map[uint64][]packedList{},
		seed:  maphash.MakeSeed(),
	}
	e.out.SetEscapeHTML(false)
	if err := e.history(facts, h); err != nil {
		return fmt.Errorf("write a history: %w", err)
	}
	if err := zip.Close(); err != nil {
		return fmt.Errorf("write the end of a history: %w", err)
	}
	return nil
}

// historyEncoder numbers what was written already, and gathers the next line.
type historyEncoder struct {
	out   *json.Encoder
	texts map[string]int64
	rows  map[Row]int64
	lists map[uint64][]packedList // by hash
	made  int64                   // lists
	seed  maphash.Seed
	line  historyChunk
	fresh []Row // rows of this line
}

// packedList is a list of rows that has a number.
type packedList struct {
	runs   []int64
	number int64
}

func (e *historyEncoder) history(facts CycleFacts, h *History) error {
	facts.StartedAt = facts.StartedAt.UTC()
	err := e.out.Encode(historyHeader{
		Schema: HistorySchema, Facts: facts, Question: h.Question, Namespace: h.Namespace, Others: h.Others,
		Windows: h.Windows, Exits: h.Exits, Rejoins: h.Rejoins, Stages: h.Stages, Integrity: h.Integrity,
		Panics: h.Panics, Errors: h.Errors, Interrupted: h.Interrupted,
		Operations: len(h.Operations), Readings: len(h.Observations),
	})
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(h.Operations, chunkSize) {
		e.line.Operations = e.operations(chunk)
		if err := e.flush(); err != nil {
			return err
		}
	}
	for from := 0; from < len(h.Observations); {
		to, rows := from, 0
		for to < len(h.Observations) && to-from < chunkSize && rows < chunkSize { // no line of more than one long list
			rows += len(h.Observations[to].Rows)
			to++
		}
		e.line.Readings = e.readings(h.Observations[from:to])
		if err := e.flush(); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// flush writes the line.
func (e *historyEncoder) flush() error {
	if n := len(e.fresh); n > 0 {
		fresh := e.fresh
		e.line.Rows = &rowColumns{
			N:    n,
			Key:  pack(n, func(i int) int64 { return e.text(fresh[i].Key) }),
			ID:   pack(n, func(i int) int64 { return e.text(fresh[i].ID) }),
			Hash: pack(n, func(i int) int64 { return e.text(fresh[i].Hash) }),
		}
	}
	err := e.out.Encode(e.line)
	e.line, e.fresh = historyChunk{}, nil
	return err
}

// text numbers a text.
func (e *historyEncoder) text(s string) int64 {
	if number, known := e.texts[s]; known {
		return number
	}
	number := int64(len(e.texts))
	e.texts[s] = number
	if !utf8.ValidString(s) {
		if e.line.Raw == nil {
			e.line.Raw = map[int][]byte{}
		}
		e.line.Raw[len(e.line.Text)], s = []byte(s), ""
	}
	e.line.Text = append(e.line.Text, s)
	return number
}

// list numbers a list of rows. A run is how far its first row is from the one after the last
// run's end, and how many rows it has; rows are numbered as they are first shown.
func (e *historyEncoder) list(rows []Row) int64 {
	if len(rows) == 0 {
		return 0
	}
	var runs []int64
	next := int64(0)
	for _, r := range rows {
		number, known := e.rows[r]
		if !known {
			number = int64(len(e.rows))
			e.rows[r] = number
			e.fresh = append(e.fresh, r)
		}
		if number == next && len(runs) > 0 {
			runs[len(runs)-1]++
		} else {
			runs = append(runs, number-next, 1)
		}
		next = number + 1
	}
	var hash maphash.Hash
	hash.SetSeed(e.seed)
	for _, n := range runs {
		maphash.WriteComparable(&hash, n)
	}
	sum := hash.Sum64()
	for _, l := range e.lists[sum] {
		if slices.Equal(l.runs, runs) {
			return l.number
		}
	}
	e.made++
	e.lists[sum] = append(e.lists[sum], packedList{runs, e.made})
	e.line.Lists = append(e.line.Lists, runs)
	return e.made
}

func (e *historyEncoder) operations(ops []Operation) *operationColumns {
	n := len(ops)
	return &operationColumns{
		N:         n,
		Index:     pack(n, func(i int) int64 { return int64(ops[i].Index) }),
		Process:   pack(n, func(i int) int64 { return int64(ops[i].Process) }),
		Node:      pack(n, func(i int) int64 { return int64(ops[i].Node) }),
		Kind:      pack(n, func(i int) int64 { return int64(ops[i].Kind) }),
		Namespace: pack(n, func(i int) int64 { return e.text(ops[i].Namespace) }),
		Key:       pack(n, func(i int) int64 { return e.text(ops[i].Key) }),
		Hash:      pack(n, func(i int) int64 { return e.text(ops[i].Hash) }),
		Scheduled: pack(n, func(i int) int64 { return int64(ops[i].Scheduled) }),
		Invoked:   pack(n, func(i int) int64 { return int64(ops[i].Invoked) }),
		Sent:      pack(n, func(i int) int64 { return int64(ops[i].Sent - ops[i].Invoked) }),
		Returned:  pack(n, func(i int) int64 { return int64(ops[i].Returned - ops[i].Invoked) }),
		Outcome:   pack(n, func(i int) int64 { return int64(ops[i].Outcome) }),
		Code:      pack(n, func(i int) int64 { return int64(ops[i].Code) }),
		ID:        pack(n, func(i int) int64 { return e.text(ops[i].ID) }),
		Acks:      pack(n, func(i int) int64 { return int64(ops[i].Acks) }),
		Error:     pack(n, func(i int) int64 { return e.text(ops[i].Error) }),
	}
}

func (e *historyEncoder) readings(all []Observation) *readingColumns {
	n := len(all)
	return &readingColumns{
		N:         n,
		Node:      pack(n, func(i int) int64 { return int64(all[i].Node) }),
		Stage:     pack(n, func(i int) int64 { return e.text(string(all[i].Stage)) }),
		Namespace: pack(n, func(i int) int64 { return e.text(all[i].Namespace) }),
		Began:     pack(n, func(i int) int64 { return int64(all[i].Began) }),
		Ended:     pack(n, func(i int) int64 { return int64(all[i].Ended - all[i].Began) }),
		List:      pack(n, func(i int) int64 { return e.list(all[i].Rows) }),
		Pages:     pack(n, func(i int) int64 { return int64(all[i].Pages) }),
		PageSize:  pack(n, func(i int) int64 { return int64(all[i].PageSize) }),
		Error:     pack(n, func(i int) int64 { return e.text(all[i].Error) }),
	}
}
