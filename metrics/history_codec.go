package metrics

import (
	"bytes"
	"errors"
	"strconv"
)

// HistorySchema names the form in which EncodeHistory writes; a change that old readers cannot
// take renames it. docs/records.md describes it.
const HistorySchema = "chaosctl-history/1"

// What DecodeHistory cannot read. Nothing of such a history may be judged.
var (
	// ErrTornHistory: it ends before its end; its writing was interrupted.
	ErrTornHistory = errors.New("the history is torn: its writing was interrupted; run the cycle again")
	// ErrHistorySchema: it has another schema, of a newer version maybe.
	ErrHistorySchema = errors.New("the history has a schema that this version does not read; use the version that wrote it")
	// ErrBadHistory: it is no history, or was changed after it was written.
	ErrBadHistory = errors.New("this is no history, or it was damaged")
)

// historyHeader is the first line: all that there is little of, and how much follows.
type historyHeader struct {
	Schema      string           `json:"schema"`
	Facts       CycleFacts       `json:"facts"`
	Question    Question         `json:"question"`
	Namespace   string           `json:"namespace"`
	Others      []string         `json:"others,omitempty"`
	Windows     []Window         `json:"windows"`
	Exits       []Exit           `json:"exits"`
	Rejoins     []Rejoin         `json:"rejoins"`
	Stages      []StageSpan      `json:"stages"`
	Integrity   []IntegrityCheck `json:"integrity,omitempty"`
	Panics      []LogFinding     `json:"panics,omitempty"`
	Errors      []string         `json:"errors,omitempty"`
	Interrupted bool             `json:"interrupted,omitempty"`
	Operations  int              `json:"operations"`   // how many follow
	Readings    int              `json:"observations"` // how many follow
}

// historyChunk is any later line. Its tables go on where those of the lines before ended; what it
// says refers to them.
type historyChunk struct {
	Text       []string          `json:"text,omitempty"`       // texts; the text 0 is empty and not listed
	Raw        map[int][]byte    `json:"raw,omitempty"`        // texts of this line that are not UTF-8, by place in it
	Rows       *rowColumns       `json:"rows,omitempty"`       // distinct rows
	Lists      []integers        `json:"lists,omitempty"`      // distinct lists of rows as runs; the list 0 is empty and not listed
	Operations *operationColumns `json:"operations,omitempty"` //
	Readings   *readingColumns   `json:"observations,omitempty"`
}

// column holds one field of many things: of the first its value, of the others the difference
// from the one before. Zeros at the end are left out.
type column = integers

// integers are read without reflection: most of a history is this.
type integers []int64

// UnmarshalJSON reads an array of whole numbers, or null.
func (c *integers) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return bad("numbers that are no array")
	}
	text = bytes.TrimSpace(text[1 : len(text)-1])
	if len(text) == 0 {
		*c = nil
		return nil
	}
	numbers := make(integers, 0, 1+bytes.Count(text, []byte{','}))
	for more := true; more; {
		var word []byte
		word, text, more = bytes.Cut(text, []byte{','})
		number, err := strconv.ParseInt(string(bytes.TrimSpace(word)), 10, 64)
		if err != nil {
			return bad("%.20q is no whole number", word)
		}
		numbers = append(numbers, number)
	}
	*c = numbers
	return nil
}

// rowColumns are rows by field; all are numbers of texts.
type rowColumns struct {
	N    int    `json:"n"`
	Key  column `json:"key,omitempty"`
	ID   column `json:"id,omitempty"`
	Hash column `json:"hash,omitempty"`
}

// operationColumns are operations by field. Times are nanoseconds; sent and returned count from
// invoked.
type operationColumns struct {
	N         int    `json:"n"`
	Index     column `json:"i,omitempty"`
	Process   column `json:"p,omitempty"`
	Node      column `json:"node,omitempty"`
	Kind      column `json:"kind,omitempty"` // 0 write, 1 delete, 2 read
	Namespace column `json:"ns,omitempty"`   // text
	Key       column `json:"key,omitempty"`  // text
	Hash      column `json:"hash,omitempty"` // text
	Scheduled column `json:"scheduled,omitempty"`
	Invoked   column `json:"invoked,omitempty"`
	Sent      column `json:"sent,omitempty"`
	Returned  column `json:"returned,omitempty"`
	Outcome   column `json:"outcome,omitempty"` // 0 unknown, 1 ok, 2 fail
	Code      column `json:"code,omitempty"`
	ID        column `json:"id,omitempty"` // text
	Acks      column `json:"acks,omitempty"`
	Error     column `json:"error,omitempty"` // text
}

// readingColumns are observations by field. Times are nanoseconds; ended counts from began.
type readingColumns struct {
	N         int    `json:"n"`
	Node      column `json:"node,omitempty"`
	Stage     column `json:"stage,omitempty"` // text
	Namespace column `json:"ns,omitempty"`    // text
	Began     column `json:"began,omitempty"`
	Ended     column `json:"ended,omitempty"`
	List      column `json:"list,omitempty"`
	Pages     column `json:"pages,omitempty"`
	PageSize  column `json:"page_size,omitempty"`
	Error     column `json:"error,omitempty"` // text
}

// pack makes a column of what a field of n things is.
func pack(n int, field func(i int) int64) column {
	c := make(column, n)
	used, before := 0, int64(0)
	for i := range n {
		value := field(i)
		if c[i] = value - before; c[i] != 0 {
			used = i + 1
		}
		before = value
	}
	return c[:used:used]
}

// unpacked reads a column from its beginning.
type unpacked struct {
	rest  column
	value int64
}

func unpack(c column) *unpacked { return &unpacked{rest: c} }

func (u *unpacked) next() int64 {
	if len(u.rest) > 0 {
		u.value += u.rest[0]
		u.rest = u.rest[1:]
	}
	return u.value
}
