package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// Direction is which of two databases takes from the other.
type Direction string

// The directions (contract section 7.2).
const (
	SyncPull  Direction = "pull"  // this one takes what the other has, also what is older
	SyncPush  Direction = "push"  // the other takes what this one has, likewise
	SyncMerge Direction = "merge" // both take what is newer
)

// Validate returns an error for what is no direction.
func (d Direction) Validate() error {
	if d != SyncPull && d != SyncPush && d != SyncMerge {
		return fmt.Errorf("invalid direction: %s (use pull, push, merge)", d)
	}
	return nil
}

// FileSync says how this database and another file are made the same.
type FileSync struct {
	Remote    string // path of the other; it is made when it does not exist
	Direction Direction
	Agent     string // in whose name rows are pulled
	Trusted   bool   // pulled rows keep their agents
}

// Synced counts the rows that were offered to each side, also those that changed nothing.
type Synced struct {
	Pulled, Pushed int
	// Refused has a line for each row that one side did not take, beginning with its id: it breaks a rule, a policy
	// forbids it, or, when they are merged, it was deleted there.
	Refused []string
}

// SyncPlan is what would be changed on each side.
type SyncPlan struct{ Pull, Push SyncChanges }

// SyncChanges counts rows by what would become of them, by id, and all links of the side they come from.
type SyncChanges struct {
	New    int `json:"new"`
	Update int `json:"update"` // the row that is offered is newer
	Noop   int `json:"noop"`
	Links  int `json:"links"`
}

// withRemote opens the other database of a sync.
func (m *Memories) withRemote(ctx context.Context, f FileSync, do func(remote *Memories) error) error {
	if err := f.Direction.Validate(); err != nil {
		return err
	}
	if here, there := inode(m.path), inode(f.Remote); here != nil && there != nil && os.SameFile(here, there) {
		return fmt.Errorf("%s is this database itself: name another", f.Remote)
	}
	c := m.config
	c.DB = f.Remote
	return Use(ctx, c, do)
}

// inode is what a path leads to, nil for nothing.
func inode(path string) os.FileInfo {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return info
}

// SyncFile makes this database and another the same, as far as the direction says. Servers may be running on
// both. What each side has is decided before either is changed.
//
// Nobody's deletions are told the other side, but what was deleted on a side is not merged into it again,
// however much newer the other side's row is. Pulled and pushed, which overwrite everything, it comes back under
// another id.
func (m *Memories) SyncFile(ctx context.Context, f FileSync) (done Synced, err error) {
	err = m.withRemote(ctx, f, func(remote *Memories) error {
		theirs, err := remote.Export(ctx)
		if err != nil {
			return err
		}
		ours, err := m.Export(ctx)
		if err != nil {
			return err
		}
		if f.Direction != SyncPush {
			t := taking{to: m, caller: f.Agent, newer: f.Direction == SyncMerge}
			if !f.Trusted {
				t.restamp = f.Agent
			}
			err := t.all(ctx, theirs)
			done.Pulled, done.Refused = t.offered, t.refused
			if err != nil {
				return fmt.Errorf("pull from %s: %w", f.Remote, err)
			}
		}
		if f.Direction != SyncPull {
			t := taking{to: remote, caller: f.Agent, newer: f.Direction == SyncMerge}
			err := t.all(ctx, ours)
			done.Pushed, done.Refused = t.offered, append(done.Refused, t.refused...)
			if err != nil {
				return fmt.Errorf("push to %s: %w", f.Remote, err)
			}
		}
		return nil
	})
	return done, err
}

// taking is one side taking what the other has.
type taking struct {
	to      *Memories
	caller  string
	restamp string // the agent that rows are attributed to; empty: they keep theirs
	newer   bool   // only what is newer

	offered int             // rows
	rows    []memory.Memory // that are newer, to be merged together
	refused []string
}

// all takes an export.
func (t *taking) all(ctx context.Context, e *service.Export) error {
	in := lots{to: t.to, agent: t.caller}
	take := in.add
	if t.newer {
		take = t.merge
	}
	err := e.Memories(ctx, func(row memory.Memory) error {
		t.offered++
		if t.restamp != "" {
			restamp(&row, t.restamp)
		}
		return take(ctx, row)
	})
	if err == nil {
		err = t.flush(ctx)
	}
	if err != nil {
		return err
	}
	var links []memory.Link
	if err := e.Links(ctx, func(l memory.Link) error { links = append(links, l); return nil }); err != nil {
		return err
	}
	err = in.finish(ctx, links)
	t.refused = append(t.refused, in.errs...)
	return err
}

// merge takes a row if it is newer than what is here, or not here at all.
func (t *taking) merge(ctx context.Context, row memory.Memory) error {
	here, err := t.to.exactly(ctx, row.ID)
	switch {
	case errors.Is(err, service.ErrNotFound) || err == nil && memory.Newer(row, here):
		t.rows = append(t.rows, row)
	case err != nil:
		return err
	}
	if len(t.rows) < service.MaxPushRows {
		return nil
	}
	return t.flush(ctx)
}

// flush merges the rows that wait for it.
func (t *taking) flush(ctx context.Context) error {
	if len(t.rows) == 0 {
		return nil
	}
	refused, err := t.to.Receive(ctx, t.rows)
	t.rows, t.refused = t.rows[:0], append(t.refused, refused...)
	return err
}

// exactly returns the memory with exactly an id, or ErrNotFound.
func (m *Memories) exactly(ctx context.Context, id string) (memory.Memory, error) {
	found, err := m.Get(ctx, id)
	var several *service.AmbiguousPrefix
	if errors.As(err, &several) || err == nil && found.ID != id {
		return found, service.ErrNotFound
	}
	return found, err
}

// PlanSync tells what SyncFile would do, and changes nothing: a file that does not exist counts as an empty database.
func (m *Memories) PlanSync(ctx context.Context, f FileSync) (plan SyncPlan, err error) {
	if _, err := os.Stat(f.Remote); errors.Is(err, fs.ErrNotExist) {
		dir, err := os.MkdirTemp("", "ai-memory-sync-*")
		if err != nil {
			return plan, fmt.Errorf("no place for an empty database: %w", err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a leftover in the temporary directory is harmless
		f.Remote = filepath.Join(dir, "empty.db")
	}
	err = m.withRemote(ctx, f, func(remote *Memories) (err error) {
		if f.Direction != SyncPush {
			if plan.Pull, err = changes(ctx, remote, m); err != nil {
				return err
			}
		}
		if f.Direction != SyncPull {
			plan.Push, err = changes(ctx, m, remote)
		}
		return err
	})
	return plan, err
}

// changes counts what one database would change of another.
func changes(ctx context.Context, from, to *Memories) (c SyncChanges, err error) {
	e, err := from.Export(ctx)
	if err != nil {
		return c, err
	}
	err = e.Memories(ctx, func(row memory.Memory) error {
		there, err := to.exactly(ctx, row.ID)
		switch {
		case errors.Is(err, service.ErrNotFound):
			c.New++
		case err != nil:
			return err
		case memory.Newer(row, there):
			c.Update++
		default:
			c.Noop++
		}
		return nil
	})
	if err != nil {
		return c, err
	}
	err = e.Links(ctx, func(memory.Link) error { c.Links++; return nil })
	return c, err
}
