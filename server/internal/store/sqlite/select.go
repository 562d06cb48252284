package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// selectRows runs a query for columns of the rows that a filter selects.
func selectRows[T any](
	conn *connection, columns, order string, f store.Filter, run func(*connection, string, ...any) ([]T, error),
) ([]T, error) {
	where, args := []string{"1"}, []any{}
	and := func(condition string, value any) {
		where, args = append(where, condition), append(args, value)
	}
	if f.Namespace != nil {
		and("namespace = ?", *f.Namespace)
	}
	if f.Tier != nil {
		and("tier = ?", string(*f.Tier))
	}
	if f.ExpiredBefore != nil {
		and("expires_ns < ?", *f.ExpiredBefore)
	}
	if f.LiveAt != nil {
		and(unexpired, *f.LiveAt)
	}
	if f.Match != nil {
		if *f.Match == "" {
			return nil, nil
		}
		and("rowid IN (SELECT rowid FROM memories_fts WHERE memories_fts MATCH ?)", *f.Match)
	}
	query := "SELECT " + columns + " FROM memories WHERE " + strings.Join(where, " AND ") + " ORDER BY " + order
	if f.Limit > 0 {
		query, args = query+" LIMIT ? + 0", append(args, f.Limit)
	}
	return run(conn, query, args...)
}

// IDs returns the ids of the rows that a filter selects, by created_at.
func (s *Store) IDs(ctx context.Context, f store.Filter) (ids []string, err error) {
	err = s.readers.read(ctx, func(conn *connection) error {
		ids, err = selectRows(conn, "id", "created_at, rowid", f, texts)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("selecting memories: %w", err)
	}
	return ids, nil
}

// texts runs a query for one column of text.
func texts(conn *connection, query string, args ...any) (found []string, err error) {
	err = run(conn, query, func(stmt *sqlite.Stmt) error {
		found = append(found, stmt.ColumnText(0))
		return nil
	}, args...)
	return found, err
}

// Pick returns the rows with some ids, in the order of these.
func (s *Store) Pick(ctx context.Context, ids []string) ([]memory.Memory, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("writing ids: %w", err)
	}
	const query = "SELECT " + columns + ` FROM (SELECT key AS place, value AS wanted FROM json_each(?))
		CROSS JOIN memories ON id = wanted ORDER BY place`
	return s.list(ctx, "picking memories", query, string(list))
}

// LinksFrom returns the links whose source is one of some memories.
func (s *Store) LinksFrom(ctx context.Context, ids []string) (links []memory.Link, err error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("writing ids: %w", err)
	}
	const query = "SELECT " + recordColumns + ` FROM records WHERE kind = 'link' AND gone = 0
		AND ref IN (SELECT value FROM json_each(?))` + linked + " ORDER BY stamp, key"
	err = s.readers.read(ctx, func(conn *connection) error {
		links, err = linksOf(records(conn, query, string(list)))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the links of %d memories: %w", len(ids), err)
	}
	return links, nil
}

// linksOf reads records that are links.
func linksOf(found []store.Change, err error) (links []memory.Link, _ error) {
	for _, c := range found {
		link, linkErr := memory.LinkOf(*c.Record)
		err = errors.Join(err, linkErr)
		links = append(links, link)
	}
	return links, err
}
