package sqlite

import (
	"encoding/json"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// filter is a condition on rows of memories.
type filter struct {
	where []string
	args  []any
}

func (f *filter) and(condition string, args ...any) {
	f.where, f.args = append(f.where, condition), append(f.args, args...)
}

func (f *filter) String() string { return strings.Join(f.where, " AND ") }

// newFilter selects the rows of a query that have not expired by an instant.
func newFilter(q store.Query, expired int64) *filter {
	f := &filter{}
	f.and(unexpired, expired)
	if q.Namespace != nil {
		f.and("namespace = ?", *q.Namespace)
	}
	if q.Tier != nil {
		f.and("tier = ?", string(*q.Tier))
	}
	if q.MinPriority != nil {
		f.and("priority >= ?", int64(*q.MinPriority))
	}
	f.created(">=", q.Since)
	f.created("<=", q.Until)
	if q.Tag != nil {
		f.tagged(*q.Tag)
	}
	if q.AgentID != nil {
		f.and("json_extract(metadata, '$.agent_id') = ?", *q.AgentID)
	}
	return f
}

// newSearchFilter is newFilter, but that the namespaces above count too in a recall.
func newSearchFilter(q store.SearchQuery, expired int64) *filter {
	among := q.Query
	if q.Recall {
		among.Namespace = nil
	}
	f := newFilter(among, expired)
	if q.Recall && q.Namespace != nil {
		f.and("namespace IN (SELECT value FROM json_each(?))", list(namespaces(q)))
	}
	return f
}

// namespaces are those a search looks among; nil: all.
func namespaces(q store.SearchQuery) []string {
	switch {
	case q.Namespace == nil:
		return nil
	case q.Recall:
		return memory.Ancestors(*q.Namespace)
	default:
		return []string{*q.Namespace}
	}
}

// created compares created_at with a time, as instants where both are times, else as texts.
func (f *filter) created(operator string, limit *string) {
	if limit == nil {
		return
	}
	at, err := memory.ParseTime(*limit)
	if err != nil {
		f.and("created_at "+operator+" ?", *limit)
		return
	}
	f.and(fmt.Sprintf("coalesce(instant(created_at) %[1]s ?, created_at %[1]s ?)", operator), at.Format(sortable), *limit)
}

// tagged selects rows with a tag, or, where there are commas in it, with all tags between them.
func (f *filter) tagged(tags string) {
	const one = "EXISTS (SELECT 1 FROM json_each(memories.tags) WHERE value = ?)"
	var all []string
	for tag := range strings.SplitSeq(tags, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			all = append(all, tag)
		}
	}
	if !strings.Contains(tags, ",") || len(all) == 0 || len(all) > memory.MaxTags {
		f.and(one, tags)
		return
	}
	const every = "NOT EXISTS (SELECT 1 FROM json_each(?) AS wanted WHERE wanted.value NOT IN (SELECT value FROM json_each(memories.tags)))"
	f.and("("+one+" OR "+every+")", tags, list(all))
}

// list is texts as one parameter, for json_each.
func list(texts []string) string {
	text, err := json.Marshal(texts)
	if err != nil { // never, for texts
		return "[]"
	}
	return string(text)
}

// sortable is a layout of times in UTC whose texts sort as the times do.
const sortable = "2006-01-02T15:04:05.000000000"

// addFunctions defines what filters call: instant(text), the sortable text of an RFC 3339 time;
// NULL for what is none.
func addFunctions(conn *sqlite.Conn) error {
	err := conn.CreateFunction("instant", &sqlite.FunctionImpl{
		NArgs: 1, Deterministic: true, AllowIndirect: true,
		Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
			at, err := memory.ParseTime(args[0].Text())
			if err != nil {
				return sqlite.Value{}, nil //nolint:nilerr // NULL says it
			}
			return sqlite.TextValue(at.Format(sortable)), nil
		},
	})
	if err != nil {
		return fmt.Errorf("defining instant(): %w", err)
	}
	return nil
}
