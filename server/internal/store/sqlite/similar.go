package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"zombiezen.com/go/sqlite"
)

// Bounds of Similar.
const (
	maxSimilar = 5  // ids returned
	maxWords   = 8  // words of a title looked for; of more, the longest
	maxRanked  = 16 // matches looked at
)

// Similar returns ids of at most five rows of a namespace that share words with a title. While
// at most maxRanked rows match in all, they are ranked as contract section 4.9 has it, by bm25.
// That must look at every match, so when there are more, only the newest of them are looked at,
// and those that share more words with the title come first. What the newest rows can tell comes
// from memory, and is the same.
func (s *Store) Similar(ctx context.Context, namespace, title string) ([]string, error) {
	sought := words(title)
	if len(sought) == 0 {
		return nil, nil
	}
	if err := s.readers.admit(ctx); err != nil {
		return nil, fmt.Errorf("looking for similar memories: %w", err)
	}
	if ids, ok := s.recent.similar(namespace, sought); ok {
		return ids, nil
	}
	return s.similar(ctx, namespace, sought)
}

// similar is Similar by the full-text index of the database.
func (s *Store) similar(ctx context.Context, namespace string, sought []string) (ids []string, err error) {
	err = s.readers.read(ctx, func(conn *connection) error {
		matches, err := newest(conn, anyOf(sought))
		switch {
		case err != nil:
			return err
		case len(matches) <= maxRanked:
			ids, err = best(conn, namespace, anyOf(sought))
			return err
		}
		ids = nearest(matches, namespace, sought)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for similar memories: %w", err)
	}
	return ids, nil
}

// match is a row that holds one of the words.
type match struct {
	id, namespace string
	titled        []string // the words of its title
}

// newest returns the newest matches of any namespace, one more than maxRanked if there are.
func newest(conn *connection, query string) ([]match, error) {
	const matching = `SELECT id, title, namespace FROM (
			SELECT rowid AS match FROM memories_fts WHERE memories_fts MATCH ? ORDER BY rowid DESC LIMIT ? + 1
		) CROSS JOIN memories ON memories.rowid = match ORDER BY match DESC`
	var found []match
	err := run(conn, matching, func(stmt *sqlite.Stmt) error {
		found = append(found, match{
			id: stmt.ColumnText(0), titled: words(stmt.ColumnText(1)), namespace: stmt.ColumnText(2),
		})
		return nil
	}, query, maxRanked)
	if err != nil {
		return nil, fmt.Errorf("reading the newest matches: %w", err)
	}
	return found, nil
}

// nearest returns the matches of a namespace that share the most words, newest first.
func nearest(matches []match, namespace string, sought []string) []string {
	type candidate struct {
		id     string
		shared int
	}
	found := make([]candidate, 0, maxRanked+1)
	for _, m := range matches {
		if m.namespace != namespace {
			continue
		}
		c := candidate{id: m.id}
		for _, word := range m.titled {
			if slices.Contains(sought, word) {
				c.shared++
			}
		}
		found = append(found, c)
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(b.shared, a.shared) })
	var ids []string
	for _, c := range found[:min(len(found), maxSimilar)] {
		ids = append(ids, c.id)
	}
	return ids
}

// best ranks all matches of a namespace.
func best(conn *connection, namespace, query string) (ids []string, err error) {
	const ranked = `SELECT id FROM memories_fts CROSS JOIN memories ON memories.rowid = memories_fts.rowid
		WHERE memories_fts MATCH ? AND namespace = ? ORDER BY rank LIMIT ? + 0`
	err = run(conn, ranked, func(stmt *sqlite.Stmt) error {
		ids = append(ids, stmt.ColumnText(0))
		return nil
	}, query, namespace, maxSimilar)
	if err != nil {
		return nil, fmt.Errorf("ranking matches: %w", err)
	}
	return ids, nil
}

// split cuts a text at least where the full-text index does: between runs of letters, digits
// and marks.
func split(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return !inWord(c) })
}

// inWord tells whether a character belongs to a word.
func inWord(c rune) bool {
	if c <= unicode.MaxASCII {
		return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z'
	}
	return unicode.In(c, unicode.L, unicode.N, unicode.M, unicode.Co)
}

// words are the distinct words of a text in lower case, at most maxWords. Of more, the longest
// stay, being the rarest as a rule.
func words(text string) []string {
	found := split(strings.ToLower(text))
	slices.Sort(found)
	found = slices.Compact(found)
	if len(found) > maxWords {
		slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
		found = found[:maxWords]
	}
	return found
}

// anyOf is a full-text query for rows that hold at least one of the words. Words have no quotes.
func anyOf(words []string) string {
	return `"` + strings.Join(words, `" OR "`) + `"`
}
