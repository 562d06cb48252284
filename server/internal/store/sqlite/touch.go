package sqlite

import (
	"fmt"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// onlyTouched tells whether two states of a row differ in no more than the count of its touches,
// the time of the last, and when it expires.
func onlyTouched(was, now memory.Memory) bool {
	was.AccessCount, was.LastAccessedAt, was.ExpiresAt = now.AccessCount, now.LastAccessedAt, now.ExpiresAt
	return memory.Equal(was, now)
}

// touch is update for a row that was only touched. SQLite writes to every index of a column that
// a statement names, whether it changes or not: the eight of update cost a recall more than its
// rows do.
func (t *tx) touch(was row, c store.Change) error {
	const (
		touch  = "UPDATE memories SET access_count = ?, last_accessed_at = ?, origin = ?, seq = ?"
		expiry = ", expires_at = ?, expires_ns = ?"
		one    = " WHERE rowid = ?"
	)
	m := c.Memory
	statement, args := touch+one, []any{m.AccessCount, nullable(m.LastAccessedAt), c.Event.Origin, c.Event.Seq}
	if expires := m.ExpiresAt; expires != nil && (was.Memory.ExpiresAt == nil || *expires != *was.Memory.ExpiresAt) {
		statement, args = touch+expiry+one, append(args, *expires, nanos(*expires))
	} else if expires == nil && was.Memory.ExpiresAt != nil {
		statement, args = touch+expiry+one, append(args, nil, nil)
	}
	if err := run(t.conn, statement, nil, append(args, was.rowid)...); err != nil {
		return fmt.Errorf("touching a row: %w", err)
	}
	t.written = append(t.written, written{row: row{Change: c, rowid: was.rowid, tags: was.tags}, former: was.Event})
	return nil
}
