package server

import (
	"context"
	"fmt"
	"slices"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// lots imports any number of memories, in lots that are each stored whole or not at all, and the links between
// them once all are there.
type lots struct {
	to    *Memories
	agent string

	rows  []memory.Memory   // of the next lot
	ids   map[string]string // of memories that are stored under another id than theirs
	count int               // of memories that were imported
	errs  []string          // one for each that was not, beginning with its id
}

// add imports a memory with its lot.
func (l *lots) add(ctx context.Context, row memory.Memory) error {
	l.rows = append(l.rows, row)
	if len(l.rows) < service.MaxBulk {
		return nil
	}
	return l.flush(ctx)
}

// finish imports what is left of the memories, and the links.
func (l *lots) finish(ctx context.Context, links []memory.Link) error {
	if err := l.flush(ctx); err != nil {
		return err
	}
	for some := range slices.Chunk(links, service.MaxBulk) {
		renamed := make([]memory.Link, len(some))
		for i, link := range some {
			link.SourceID, link.TargetID = l.stored(link.SourceID), l.stored(link.TargetID)
			renamed[i] = link
		}
		if _, err := l.to.Import(ctx, service.Import{Links: renamed, Caller: l.agent}); err != nil {
			return fmt.Errorf("%d memories are imported, but not all links between them: %w", l.count, err)
		}
	}
	return nil
}

// stored is the id that a memory is stored under.
func (l *lots) stored(id string) string {
	if now, other := l.ids[id]; other {
		return now
	}
	return id
}

func (l *lots) flush(ctx context.Context) error {
	if len(l.rows) == 0 {
		return nil
	}
	done, err := l.to.Import(ctx, service.Import{Memories: l.rows, Caller: l.agent})
	if err != nil && l.count > 0 {
		return fmt.Errorf("%d memories are imported, then: %w", l.count, err)
	} else if err != nil {
		return err
	}
	l.rows = l.rows[:0]
	l.count, l.errs = l.count+done.Count, append(l.errs, done.Errors...)
	for was, now := range done.IDs {
		if l.ids == nil {
			l.ids = map[string]string{}
		}
		l.ids[was] = now
	}
	return nil
}
