// Package service holds the use cases of the memory server: what a request means, whichever
// door it came through. It is the only caller of the store and of federation, and knows no
// HTTP.
package service

import (
	"context"
	"log/slog"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Words of the store that cross this door unchanged.
type (
	// Query selects a page of a list.
	Query = store.Query
	// AmbiguousPrefix says that more than one id begins with a prefix.
	AmbiguousPrefix = store.AmbiguousPrefix
	// Change is a row and the event that last changed it.
	Change = store.Change
	// TitleInUse says that another memory has a title and namespace.
	TitleInUse = store.TitleInUse
	// Event names one change of one row.
	Event = store.Event
	// Mark is an event, and what only nodes see of its row.
	Mark = store.Mark
	// Burial is a deletion and its event.
	Burial = store.Burial
	// Entry is a record and its event.
	Entry = store.Entry
	// Told is a list of changes as nodes tell it each other.
	Told = store.Told
	// Span is a run of one node's events.
	Span = store.Span
	// Vector tells how far a node has followed each origin.
	Vector = store.Vector
	// Outcome is how the wait for copies of a write ended.
	Outcome = federation.Outcome
	// Count is a number of rows by some name.
	Count = store.Count
	// Stats counts what is stored.
	Stats = store.Stats
)

// ErrNotFound says that no memory has the id.
var ErrNotFound = store.ErrNotFound

// Invalid says that a request breaks a rule; its text is for the client.
type Invalid struct{ Message string }

// Error returns the message.
func (i *Invalid) Error() string { return i.Message }

// Replication is what a service needs of federation.
type Replication interface {
	Await(ctx context.Context, c store.Change) federation.Outcome
	AwaitAll(ctx context.Context, changes []store.Change) federation.Outcome
	Notify(newest int64)
	Heard(node string)
	Ahead(node string)
	Status() federation.Status
}

// Service is the memory server without a door.
type Service struct {
	store       store.Store
	clock       *memory.Clock
	replication Replication // nil: this node stands alone
	options     Options
	logger      *slog.Logger
	notices     *notices // nil: nobody is told of anything
}

// New returns a service on a store that Observed gave. Without replication (nil) a write is
// stored here only.
func New(s store.Store, clock *memory.Clock, replication Replication, o Options, logger *slog.Logger) *Service {
	service := &Service{store: s, clock: clock, replication: replication, options: o, logger: logger}
	if watched, is := s.(*observed); is {
		watched.voted = service.settle
	}
	return service
}

// Healthy returns an error when the store does not hold together.
func (s *Service) Healthy(ctx context.Context) error { return s.store.Healthy(ctx) }

// Get returns the memory with an id, or with a unique prefix of one: ErrNotFound,
// *AmbiguousPrefix, or *Invalid for what cannot be an id.
func (s *Service) Get(ctx context.Context, idOrPrefix string) (memory.Memory, error) {
	if err := memory.ValidateID(idOrPrefix); err != nil {
		return memory.Memory{}, &Invalid{err.Error()}
	}
	return s.store.Get(ctx, idOrPrefix)
}

// Limits of a list (contract section 2.5), in rows.
const (
	DefaultListLimit = 20
	MaxListLimit     = 200
)

// List returns a page of unexpired memories; a limit above MaxListLimit is lowered to it. An
// agent filter that cannot be an agent id is *Invalid.
func (s *Service) List(ctx context.Context, q Query) ([]memory.Memory, error) {
	if q.AgentID != nil {
		if err := memory.ValidateAgentID(*q.AgentID); err != nil {
			return nil, &Invalid{"invalid agent_id filter: " + err.Error()}
		}
	}
	q.Limit = s.options.page(q.Limit, MaxListLimit)
	return s.store.List(ctx, q)
}

// Stats counts what is stored.
func (s *Service) Stats(ctx context.Context) (Stats, error) { return s.store.Stats(ctx) }

// Namespaces counts unexpired memories by namespace.
func (s *Service) Namespaces(ctx context.Context) ([]Count, error) { return s.store.Namespaces(ctx) }

// Size returns the number of memories, expired ones included.
func (s *Service) Size(ctx context.Context) (int64, error) { return s.store.Size(ctx) }

// Replicated returns how replication stands, and whether there is any.
func (s *Service) Replicated() (federation.Status, bool) {
	if s.replication == nil {
		return federation.Status{}, false
	}
	return s.replication.Status(), true
}

// invalid makes a client's mistake of a validation error.
func invalid(err error) error {
	if err == nil {
		return nil
	}
	return &Invalid{err.Error()}
}

// Observed is a store whose clock is shown the time of all that is merged into it, so that
// what is written here later is later.
func Observed(s store.Store, clock *memory.Clock) store.Store {
	return &observed{Store: s, clock: clock}
}

type observed struct {
	store.Store
	clock *memory.Clock
	voted func(ctx context.Context, pending []string) // called when actions were merged that wait, or waited
}

// Merge shows the clock the times of a batch and stores it.
func (o *observed) Merge(ctx context.Context, b store.Batch) (store.Merged, error) {
	var pending []string
	for _, c := range b.Changes {
		at := c.Memory.UpdatedAt
		switch {
		case c.Record != nil:
			if c.Record.Kind == memory.KindPending {
				pending = append(pending, c.Record.Key)
			}
			o.clock.Observe(time.Unix(0, c.Record.Stamp))
			continue
		case c.Deletion != nil:
			at = c.Deletion.DeletedAt
		}
		if t, err := memory.ParseTime(at); err == nil {
			o.clock.Observe(t)
		}
	}
	merged, err := o.Store.Merge(ctx, b)
	if err == nil && len(pending) > 0 && o.voted != nil {
		o.voted(ctx, pending)
	}
	return merged, err
}
