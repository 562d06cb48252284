package metrics

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// DecodeHistory reads what EncodeHistory wrote, to its end. Readings that show the same rows in
// the same order share them; they are not to be changed in place. Errors wrap ErrTornHistory,
// ErrHistorySchema, ErrBadHistory, or what reading gave; with an error nothing is returned.
func DecodeHistory(r io.Reader) (CycleFacts, History, error) {
	facts, h, err := decodeHistory(r)
	if err != nil {
		return CycleFacts{}, History{}, fmt.Errorf("read a history: %w", err)
	}
	return facts, h, nil
}

func decodeHistory(r io.Reader) (CycleFacts, History, error) {
	from := &source{Reader: r}
	zip, err := gzip.NewReader(bufio.NewReader(from))
	if err != nil {
		return CycleFacts{}, History{}, from.damage(err)
	}
	in := json.NewDecoder(zip)
	var header historyHeader
	if err := in.Decode(&header); err != nil {
		return CycleFacts{}, History{}, from.damage(err)
	}
	if header.Schema != HistorySchema {
		return CycleFacts{}, History{}, fmt.Errorf("%w: %q", ErrHistorySchema, header.Schema)
	}
	d := &historyDecoder{header: header, texts: []string{""}, lists: [][]Row{nil}, history: History{
		Question: header.Question, Namespace: header.Namespace, Others: header.Others,
		Windows: header.Windows, Exits: header.Exits, Rejoins: header.Rejoins, Stages: header.Stages,
		Integrity: header.Integrity, Panics: header.Panics, Errors: header.Errors, Interrupted: header.Interrupted,
	}}
	for {
		var line historyChunk
		err := in.Decode(&line)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = d.add(line)
		}
		if err != nil {
			return CycleFacts{}, History{}, from.damage(err)
		}
	}
	if ops, readings := len(d.history.Operations), len(d.history.Observations); ops != header.Operations || readings != header.Readings {
		return CycleFacts{}, History{}, fmt.Errorf("%w: %d of %d operations and %d of %d observations are there",
			ErrTornHistory, ops, header.Operations, readings, header.Readings)
	}
	return header.Facts, d.history, nil
}

// source notes what reading failed with, to tell it from what is wrong with what was read.
type source struct {
	io.Reader
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// damage tells what an error of a layer above means to a history.
func (s *source) damage(err error) error {
	switch {
	case s.err != nil:
		return s.err
	case errors.Is(err, ErrBadHistory):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ErrTornHistory, err)
	}
	return fmt.Errorf("%w: %w", ErrBadHistory, err)
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBadHistory, fmt.Sprintf(format, args...))
}

// historyDecoder holds the tables of the lines so far.
type historyDecoder struct {
	header  historyHeader
	history History
	texts   []string
	rows    []Row
	lists   [][]Row
	problem error // the first number that refers to nothing
}

func (d *historyDecoder) add(line historyChunk) error {
	for place, raw := range line.Raw {
		if place < 0 || place >= len(line.Text) {
			return bad("raw text %d of %d", place, len(line.Text))
		}
		line.Text[place] = string(raw)
	}
	d.texts = append(d.texts, line.Text...)
	d.addRows(line.Rows)
	for _, runs := range line.Lists {
		if err := d.addList(runs); err != nil {
			return err
		}
	}
	d.addOperations(line.Operations)
	d.addReadings(line.Readings)
	return d.problem
}

// text returns a text by its number.
func (d *historyDecoder) text(u *unpacked) string {
	number := u.next()
	if number < 0 || number >= int64(len(d.texts)) {
		d.problem = bad("text %d of %d", number, len(d.texts))
		return ""
	}
	return d.texts[number]
}

// small returns a number that is less than a limit.
func (d *historyDecoder) small(u *unpacked, what string, limit int) int {
	number := u.next()
	if number < 0 || number >= int64(limit) {
		d.problem = bad("%s %d of %d", what, number, limit)
		return 0
	}
	return int(number)
}

// sized reports whether a number of things is one that a line may have. A long column tells how
// many rows a line has at least; operations and observations are counted in the header.
func (d *historyDecoder) sized(n, limit int) bool {
	if n < 0 || n > limit {
		d.problem = bad("%d things in a line that has room for %d", n, limit)
	}
	return d.problem == nil
}

func (d *historyDecoder) addRows(c *rowColumns) {
	if c == nil || !d.sized(c.N, max(len(c.Key), len(c.ID), len(c.Hash), 1)) {
		return
	}
	key, id, hash := unpack(c.Key), unpack(c.ID), unpack(c.Hash)
	for range c.N {
		d.rows = append(d.rows, Row{Key: d.text(key), ID: d.text(id), Hash: d.text(hash)})
	}
}

// addList takes runs apart; historyEncoder.list tells what they are.
func (d *historyDecoder) addList(runs []int64) error {
	if len(runs)%2 != 0 {
		return bad("a list of rows has half a run")
	}
	next, all := int64(0), 0
	for i := 0; i < len(runs); i += 2 {
		from, n := next+runs[i], runs[i+1]
		if from < 0 || n < 1 || from > int64(len(d.rows)) || n > int64(len(d.rows))-from {
			return bad("a run of %d rows from %d of %d", n, from, len(d.rows))
		}
		next, all = from+n, all+int(n)
	}
	rows := make([]Row, 0, all)
	next = 0
	for i := 0; i < len(runs); i += 2 {
		from := next + runs[i]
		next = from + runs[i+1]
		rows = append(rows, d.rows[from:next]...)
	}
	d.lists = append(d.lists, rows)
	return nil
}

func (d *historyDecoder) addOperations(c *operationColumns) {
	ops := &d.history.Operations
	if c == nil || !d.sized(c.N, min(chunkSize, d.header.Operations-len(*ops))) {
		return
	}
	*ops = grown(*ops, c.N, d.header.Operations)
	index, process, node, kind := unpack(c.Index), unpack(c.Process), unpack(c.Node), unpack(c.Kind)
	namespace, key, hash, scheduled := unpack(c.Namespace), unpack(c.Key), unpack(c.Hash), unpack(c.Scheduled)
	invoked, sent, returned, outcome := unpack(c.Invoked), unpack(c.Sent), unpack(c.Returned), unpack(c.Outcome)
	code, id, acks, failure := unpack(c.Code), unpack(c.ID), unpack(c.Acks), unpack(c.Error)
	for range c.N {
		began := time.Duration(invoked.next())
		*ops = append(*ops, Operation{
			Index: int(index.next()), Process: int(process.next()), Node: int(node.next()),
			Kind:      OpKind(d.small(kind, "kind", len(kindNames))),
			Namespace: d.text(namespace), Key: d.text(key), Hash: d.text(hash),
			Scheduled: time.Duration(scheduled.next()), Invoked: began,
			Sent: began + time.Duration(sent.next()), Returned: began + time.Duration(returned.next()),
			Outcome: Outcome(d.small(outcome, "outcome", len(outcomeNames))),
			Code:    int(code.next()), ID: d.text(id), Acks: int(acks.next()), Error: d.text(failure),
		})
	}
}

func (d *historyDecoder) addReadings(c *readingColumns) {
	readings := &d.history.Observations
	if c == nil || !d.sized(c.N, min(chunkSize, d.header.Readings-len(*readings))) {
		return
	}
	*readings = grown(*readings, c.N, d.header.Readings)
	node, stage, namespace, began, ended := unpack(c.Node), unpack(c.Stage), unpack(c.Namespace), unpack(c.Began), unpack(c.Ended)
	list, pages, pageSize, failure := unpack(c.List), unpack(c.Pages), unpack(c.PageSize), unpack(c.Error)
	for range c.N {
		from := time.Duration(began.next())
		rows := d.lists[d.small(list, "list", len(d.lists))]
		*readings = append(*readings, Observation{
			Node: int(node.next()), Stage: Stage(d.text(stage)), Namespace: d.text(namespace),
			Began: from, Ended: from + time.Duration(ended.next()), Rows: slices.Clip(rows),
			Pages: int(pages.next()), PageSize: int(pageSize.next()), Error: d.text(failure),
		})
	}
}

// grown makes room for n more, with as few copies as a number that is only claimed allows.
func grown[T any](all []T, n, claimed int) []T {
	if cap(all)-len(all) >= n {
		return all
	}
	room := min(claimed, max(4*len(all), len(all)+n))
	return append(make([]T, 0, room), all...)
}
