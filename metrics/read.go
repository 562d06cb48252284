package metrics

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// TornError says that the last line of a file of records was not written to its end.
type TornError struct {
	Line int // from 1
}

// Error says what that means and what to do.
func (t *TornError) Error() string {
	return fmt.Sprintf("line %d is torn: its writing was interrupted; "+
		"the lines before it are whole, remove it to go on", t.Line)
}

// LineError says that a line is not a record.
type LineError struct {
	Line int // from 1
	Err  error
}

// Error names the line and what is wrong with it.
func (l *LineError) Error() string { return fmt.Sprintf("line %d is not a record: %v", l.Line, l.Err) }

// Unwrap returns what is wrong with the line.
func (l *LineError) Unwrap() error { return l.Err }

// ReadRecords reads lines of records of any length, ours and those of the shell harness, whose
// counts were strings, "ERR" or empty. Keys it does not know are passed over, empty lines too.
// With a *TornError or a *LineError it returns the records of the lines before.
func ReadRecords(in io.Reader) ([]Record, error) {
	lines := bufio.NewReader(in)
	records := []Record{}
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return records, fmt.Errorf("read line %d: %w", number, err)
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			r, err := decodeRecord(text)
			switch {
			case err != nil && last:
				return records, &TornError{Line: number}
			case err != nil:
				return records, &LineError{Line: number, Err: err}
			}
			records = append(records, r)
		}
		if last {
			return records, nil
		}
	}
}

// plain is a record without its methods and with them its way of being decoded.
type plain Record

// anyShape reads a record whose counts may have an old shape.
type anyShape struct {
	plain
	CountNode0 oldCount `json:"count_node0"`
	CountNode1 oldCount `json:"count_node1"`
	CountNode2 oldCount `json:"count_node2"`
}

func decodeRecord(line []byte) (Record, error) {
	var shape anyShape
	if line[0] != '{' {
		return Record{}, fmt.Errorf("it is no JSON object")
	}
	if err := json.Unmarshal(line, &shape); err != nil {
		return Record{}, err
	}
	r := Record(shape.plain)
	r.CountNode0, r.CountNode1, r.CountNode2 = shape.CountNode0.n, shape.CountNode1.n, shape.CountNode2.n
	return r, nil
}

// oldCount is a count as a number, a string of digits, or anything else for unknown.
type oldCount struct{ n *int }

// UnmarshalJSON reads a number and a numeric string; null and other strings are unknown.
func (c *oldCount) UnmarshalJSON(text []byte) error {
	var word string
	if err := json.Unmarshal(text, &word); err != nil {
		word = string(text)
	}
	if n, err := strconv.Atoi(strings.TrimSpace(word)); err == nil && n >= 0 {
		c.n = &n
	}
	return nil
}
