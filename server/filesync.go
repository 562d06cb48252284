package server

import (
	"context"
	"errors"
	"fmt"
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
type Synced struct{ Pulled, Pushed int }

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
func (m *Memories) withRemote(ctx context.Context, f FileSync, do func(remote *Memories) error) (err error) {
	if err := f.Direction.Validate(); err != nil {
		return err
	}
	here, errHere := filepath.EvalSymlinks(m.path)
	there, errThere := filepath.EvalSymlinks(f.Remote)
	if errHere == nil && errThere == nil && here == there {
		return fmt.Errorf("%s is this database itself: name another", f.Remote)
	}
	c := m.config
	c.DB = f.Remote
	remote, err := Open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remote.Close()) }()
	return do(remote)
}

// SyncFile makes this database and another the same, as far as the direction says. Servers may be running on
// both. Both are read before either is changed. A row that was deleted stays so when it is merged.
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
		newer := f.Direction == SyncMerge
		if f.Direction != SyncPush {
			agent := f.Agent
			if f.Trusted {
				agent = ""
			}
			if done.Pulled, err = m.take(ctx, theirs, agent, f.Agent, newer); err != nil {
				return fmt.Errorf("pull from %s: %w", f.Remote, err)
			}
		}
		if f.Direction != SyncPull {
			if done.Pushed, err = remote.take(ctx, ours, "", f.Agent, newer); err != nil {
				return fmt.Errorf("push to %s: %w", f.Remote, err)
			}
		}
		return nil
	})
	return done, err
}

// take takes all of an export: what is newer, or everything. Rows are attributed to an agent unless it is empty.
func (m *Memories) take(ctx context.Context, e *service.Export, agent, caller string, newer bool) (int, error) {
	count := 0
	var rows []memory.Memory
	flush := func() error {
		count += len(rows)
		err := m.takeLot(ctx, rows, caller, newer)
		rows = rows[:0]
		return err
	}
	err := e.Memories(ctx, func(row memory.Memory) error {
		if agent != "" {
			restamp(&row, agent)
		}
		if rows = append(rows, row); len(rows) == service.MaxBulk {
			return flush()
		}
		return nil
	})
	if err != nil {
		return count, err
	}
	if err := flush(); err != nil {
		return count, err
	}
	var links []memory.Link
	if err := e.Links(ctx, func(l memory.Link) error { links = append(links, l); return nil }); err != nil {
		return count, err
	}
	_, err = m.Import(ctx, service.Import{Links: links, Caller: caller})
	return count, err
}

func (m *Memories) takeLot(ctx context.Context, rows []memory.Memory, caller string, newer bool) error {
	if len(rows) == 0 {
		return nil
	}
	if newer {
		rows, err := m.newer(ctx, rows)
		if err == nil && len(rows) > 0 {
			_, err = m.SyncPush(ctx, service.Push{Sender: caller, Caller: caller, Memories: rows})
		}
		return err
	}
	_, err := m.Import(ctx, service.Import{Memories: rows, Caller: caller})
	return err
}

// newer are those of some rows that are newer than what is here, or not here at all.
func (m *Memories) newer(ctx context.Context, rows []memory.Memory) (found []memory.Memory, err error) {
	for _, row := range rows {
		here, err := m.exactly(ctx, row.ID)
		switch {
		case errors.Is(err, service.ErrNotFound) || err == nil && memory.Newer(row, here):
			found = append(found, row)
		case err != nil:
			return nil, err
		}
	}
	return found, nil
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

// PlanSync tells what SyncFile would do, and changes nothing but that it makes the other file when it does not exist.
func (m *Memories) PlanSync(ctx context.Context, f FileSync) (plan SyncPlan, err error) {
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
