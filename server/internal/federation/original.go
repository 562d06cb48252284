package federation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// maxSince is the most rows that a server gives at once, whatever it is asked for (contract section 6.7).
const maxSince = 10_000

// Original is a peer that does not number its changes (contract sections 6.6 and 6.7): it is asked for rows by
// their time, and tells of no deletions.
type Original interface {
	Peer
	// Since returns rows with an updated_at after a time (empty: all), by the text of it.
	Since(ctx context.Context, after string, limit int) ([]memory.Memory, error)
}

// Notes keeps how far a peer has been seen, in a way that lasts: as store.Store does.
type Notes interface {
	NoteSync(ctx context.Context, agentID, peerID, seen string) error
	SyncClock(ctx context.Context, agentID string) (map[string]string, error)
}

// ExchangeOriginal is Exchange with an original: it fetches what was changed there since the last time, then
// sends what was changed here. How far both are is noted after every page under this node's name, which does not
// change, so that another process goes on from there. What an original does not tell is not fetched: rows that
// reach it late with an old time, and deletions. The page is of at most 1000 rows.
func ExchangeOriginal(ctx context.Context, log Whole, notes Notes, peer Original, page int) (Exchanged, error) {
	clock, err := notes.SyncClock(ctx, log.Origin())
	if err != nil {
		return Exchanged{}, err
	}
	o := original{log: log, notes: notes, peer: peer, page: page, clock: clock}
	if err := o.pull(ctx); err != nil {
		return o.done, fmt.Errorf("pull from %s: %w", peer, err)
	}
	if err := o.push(ctx); err != nil {
		return o.done, fmt.Errorf("push to %s: %w", peer, err)
	}
	return o.done, nil
}

// original is an exchange with one.
type original struct {
	log   Whole
	notes Notes
	peer  Original
	page  int
	clock map[string]string // what is noted, by the name of the note
	done  Exchanged
}

// note notes how far something is. Notes never go back.
func (o *original) note(ctx context.Context, name, seen string) error {
	if seen <= o.clock[name] {
		return nil
	}
	o.clock[name] = seen
	return o.notes.NoteSync(ctx, o.log.Origin(), name, seen)
}

func (o *original) pull(ctx context.Context) error {
	name, limit := o.peer.String(), o.page
	for {
		after := o.clock[name]
		rows, err := o.peer.Since(ctx, after, limit)
		if err != nil {
			return err
		}
		last := len(rows) < limit
		if !last {
			whole := withoutLastMoment(rows)
			if len(whole) == 0 && limit < maxSince {
				limit = maxSince
				continue
			}
			if len(whole) > 0 { // else these are all of the moment that can be had
				rows = whole
			}
		}
		if len(rows) == 0 {
			return nil
		}
		if err := o.take(ctx, rows); err != nil {
			return err
		}
		if err := o.note(ctx, name, latest(rows)); err != nil {
			return err
		}
		if last || o.clock[name] == after {
			return nil
		}
		limit = o.page
	}
}

// withoutLastMoment leaves out the rows of the last time of a page: there may be more of it, and the next page
// begins after it.
func withoutLastMoment(rows []memory.Memory) []memory.Memory {
	at := rows[len(rows)-1].UpdatedAt
	return rows[:slices.IndexFunc(rows, func(m memory.Memory) bool { return m.UpdatedAt == at })]
}

// latest is the last time of a page that can be asked for.
func latest(rows []memory.Memory) string {
	for _, m := range slices.Backward(rows) {
		if _, err := memory.ParseTime(m.UpdatedAt); err == nil {
			return m.UpdatedAt
		}
	}
	return ""
}

// take stores rows. One that is refused is so for good: it breaks a rule, or was deleted here.
func (o *original) take(ctx context.Context, rows []memory.Memory) error {
	batch := store.Batch{Changes: make([]store.Change, len(rows))}
	for i, m := range rows {
		batch.Changes[i] = store.Change{Memory: m}
	}
	merged, err := o.log.Merge(ctx, batch)
	if err != nil {
		return err
	}
	o.done.Pulled += merged.Changed
	for _, refused := range merged.Errs {
		if refused != nil && !errors.Is(refused, store.ErrDeleted) {
			o.done.Refused++
		}
	}
	return nil
}

// push sends what was changed here since the last time, whoever changed it: also what has just been fetched.
func (o *original) push(ctx context.Context) error {
	sent, err := o.sent(ctx)
	if err != nil {
		return err
	}
	var (
		after store.Event
		first store.Vector
	)
	for {
		changes, now, err := o.log.Lacking(ctx, sent, after, o.page)
		if err != nil {
			return err
		}
		if first == nil { // see store.Store.Lacking
			first = now
		}
		more := len(changes) == o.page
		if n := Fitting(changes, pushBytes); n < len(changes) {
			changes, more = changes[:n], true
		}
		if len(changes) > 0 {
			after = changes[len(changes)-1].Event
		}
		if err := o.send(ctx, changes); err != nil {
			return err
		}
		if err := o.noteSent(ctx, first, after, more); err != nil || !more {
			return err
		}
	}
}

// send sends a page, unless there is nothing in it that an original knows.
func (o *original) send(ctx context.Context, changes []store.Change) error {
	changes = slices.DeleteFunc(changes, func(c store.Change) bool { return c.Record != nil || c.Deletion != nil && c.Deletion.ID == "" })
	if len(changes) == 0 {
		return nil
	}
	a, err := o.peer.Push(ctx, Push{Node: o.log.Origin(), Changes: changes})
	if err != nil {
		return err
	}
	o.done.Pushed += a.Applied
	o.done.Skipped += a.Skipped
	return nil
}

// noteSent notes that all up to an event was sent, or everything that a vector covers. Pages are in the order of
// the events, but what came from another node is only noted as far as this node has followed it without a gap.
func (o *original) noteSent(ctx context.Context, first store.Vector, upto store.Event, more bool) error {
	for origin, seq := range first {
		switch {
		case !more, origin < upto.Origin:
		case origin == upto.Origin:
			seq = min(seq, upto.Seq)
		default:
			continue
		}
		if err := o.note(ctx, o.sentName(origin), fmt.Sprintf("%020d", seq)); err != nil {
			return err
		}
	}
	return nil
}

// sentName is the name of the note of how far the events of an origin were sent. No URL has a blank.
func (o *original) sentName(origin string) string { return o.peer.String() + " " + origin }

// sent is how far the events of each origin were sent.
func (o *original) sent(ctx context.Context) (store.Vector, error) {
	followed, err := o.log.Vector(ctx)
	if err != nil {
		return nil, err
	}
	sent := store.Vector{}
	for origin := range followed {
		if seq, err := strconv.ParseInt(o.clock[o.sentName(origin)], 10, 64); err == nil {
			sent[origin] = seq
		}
	}
	return sent, nil
}
