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
	maxSimilar    = 5  // ids returned
	maxWords      = 16 // words of a title looked for; of more, the longest
	maxRanked     = 32 // matches up to which all are ranked
	maxCandidates = 64 // newest matches looked at when there are more
)

// Similar returns ids of at most five rows of a namespace that share words with a title. While
// few rows match in all they are ranked as contract section 4.9 has it, by bm25. Ranking must
// look at every match, so when there are more than that, only the newest matches are looked at,
// and those that share more words come first.
func (s *Store) Similar(ctx context.Context, namespace, title string) (ids []string, err error) {
	sought := words(title)
	if len(sought) == 0 {
		return nil, nil
	}
	query := anyOf(sought)
	err = s.readers.read(ctx, func(conn *sqlite.Conn) error {
		const upTo = "SELECT count(*) FROM (SELECT 1 FROM memories_fts WHERE memories_fts MATCH ? LIMIT ?)"
		matches, err := number(conn, upTo, query, maxRanked+1)
		if err != nil || matches == 0 {
			return err
		}
		if matches <= maxRanked {
			ids, err = best(conn, namespace, query)
			return err
		}
		ids, err = newest(conn, namespace, query, sought)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for similar memories: %w", err)
	}
	return ids, nil
}

// best ranks all matches.
func best(conn *sqlite.Conn, namespace, query string) (ids []string, err error) {
	const ranked = `SELECT id FROM memories_fts CROSS JOIN memories ON memories.rowid = memories_fts.rowid
		WHERE memories_fts MATCH ? AND namespace = ? ORDER BY rank LIMIT ?`
	err = run(conn, ranked, func(stmt *sqlite.Stmt) error {
		ids = append(ids, stmt.ColumnText(0))
		return nil
	}, query, namespace, maxSimilar)
	if err != nil {
		return nil, fmt.Errorf("ranking matches: %w", err)
	}
	return ids, nil
}

// newest looks at the newest matches only.
func newest(conn *sqlite.Conn, namespace, query string, sought []string) ([]string, error) {
	const candidates = `SELECT id, title FROM (
			SELECT rowid AS match FROM memories_fts WHERE memories_fts MATCH ? ORDER BY rowid DESC LIMIT ?
		) CROSS JOIN memories ON memories.rowid = match WHERE namespace = ? ORDER BY match DESC`
	type candidate struct {
		id     string
		shared int
	}
	var found []candidate
	err := run(conn, candidates, func(stmt *sqlite.Stmt) error {
		c := candidate{id: stmt.ColumnText(0)}
		for _, word := range words(stmt.ColumnText(1)) {
			if slices.Contains(sought, word) {
				c.shared++
			}
		}
		found = append(found, c)
		return nil
	}, query, maxCandidates, namespace)
	if err != nil {
		return nil, fmt.Errorf("reading the newest matches: %w", err)
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(b.shared, a.shared) })
	var ids []string
	for _, c := range found[:min(len(found), maxSimilar)] {
		ids = append(ids, c.id)
	}
	return ids, nil
}

// split cuts a text at least where the full-text index does: between runs of letters, digits
// and marks.
func split(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool {
		return !unicode.In(c, unicode.L, unicode.N, unicode.M, unicode.Co)
	})
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
