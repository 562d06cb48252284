package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"chaosctl/server/internal/store"
)

// Healthy returns an error wrapping store.ErrUnhealthy when the database cannot be read or its
// newest row is not in the full-text index. Its cost does not grow with the rows.
func (s *Store) Healthy(ctx context.Context) error {
	err := s.readers.read(ctx, func(conn *connection) error {
		newest, err := rows(conn, "SELECT "+columns+" FROM memories ORDER BY rowid DESC LIMIT 1")
		if err != nil || len(newest) == 0 {
			return err
		}
		return indexed(conn, newest[0])
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", store.ErrUnhealthy, err)
	}
	return err
}

// indexed returns an error unless the full-text index knows a row and finds it by a word.
func indexed(conn *connection, r row) error {
	known, err := number(conn, "SELECT count(*) FROM memories_fts_docsize WHERE id = ?", r.rowid)
	if err != nil {
		return fmt.Errorf("asking the full-text index: %w", err)
	}
	// Of other words it is not certain that the index takes them for words too.
	words := split(r.Memory.Title)
	ascii := slices.IndexFunc(words, func(word string) bool {
		return !strings.ContainsFunc(word, func(c rune) bool { return c > unicode.MaxASCII })
	})
	if known > 0 && ascii >= 0 {
		const find = "SELECT count(*) FROM memories_fts WHERE memories_fts MATCH ? AND rowid = ?"
		if known, err = number(conn, find, anyOf(words[ascii:ascii+1]), r.rowid); err != nil {
			return fmt.Errorf("asking the full-text index: %w", err)
		}
	}
	if known == 0 {
		return fmt.Errorf("memory %s is not in the full-text index: stop the server and rebuild it with "+
			"INSERT INTO memories_fts(memories_fts) VALUES('rebuild')", r.Memory.ID)
	}
	return nil
}
