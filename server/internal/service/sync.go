package service

import (
	"context"
	"fmt"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Limits of the sync routes (contract sections 6.6 and 6.7), in rows.
const (
	MaxPushRows       = 1000
	DefaultSinceLimit = 500
	MaxSinceLimit     = 10_000
)

const (
	maxPullRows  = 1000
	maxPullBytes = 8 << 20
)

// Push is what another server sends. Node, Events, Burials, Entries and Span are empty when it does not
// number its changes; Events has one mark a memory otherwise.
type Push struct {
	Sender   string
	Caller   string // from the transport; empty: not given
	Memories []memory.Memory
	Deleted  []string // ids, of a server that does not number its changes
	DryRun   bool
	Node     string
	Events   []Mark
	Burials  []Burial
	Entries  []Entry
	Span     *Span
	Have     Vector // see store.Batch
}

// Pushed is what became of a push.
type Pushed struct {
	Applied  int
	Noop     int // valid rows, of a dry run
	Skipped  int
	Receiver string            // the agent id that the answer is for
	Clock    map[string]string // how far senders are seen; nil for one that numbers its changes
	IDs      []string          // of the rows and deletions that are stored durably
	Node     string            // this node
	Have     Vector
}

// SyncPush merges rows of another server (contract section 6.6). What it returns is durable.
func (s *Service) SyncPush(ctx context.Context, p Push) (Pushed, error) {
	if err := memory.ValidateAgentID(p.Sender); err != nil {
		return Pushed{}, &Invalid{"invalid sender_agent_id: " + err.Error()}
	}
	if len(p.Memories) > MaxPushRows {
		return Pushed{}, &Invalid{fmt.Sprintf("sync_push limited to %d memories per request", MaxPushRows)}
	}
	if len(p.Burials)+len(p.Deleted) > MaxPushRows {
		return Pushed{}, &Invalid{fmt.Sprintf("sync_push limited to %d deletions per request", MaxPushRows)}
	}
	if len(p.Entries) > MaxPushRows {
		return Pushed{}, &Invalid{fmt.Sprintf("sync_push limited to %d records per request", MaxPushRows)}
	}
	receiver := p.Caller
	if receiver == "" {
		receiver = anonymous()
	}
	if err := memory.ValidateAgentID(receiver); err != nil {
		return Pushed{}, &Invalid{"invalid x-agent-id: " + err.Error()}
	}
	s.heard(p.Node)
	out := Pushed{Receiver: receiver, IDs: []string{}, Node: s.store.Origin()}
	var err error
	if p.DryRun {
		s.tryPush(p, &out)
		out.Have, err = s.store.Vector(ctx)
	} else {
		err = s.applyPush(ctx, p, &out)
	}
	if err != nil {
		return Pushed{}, fmt.Errorf("sync push: %w", err)
	}
	if p.Node != "" { // it goes by the vector
		return out, nil
	}
	if out.Clock, err = s.store.SyncClock(ctx, receiver); err != nil {
		return Pushed{}, fmt.Errorf("sync push: read the clock of %s: %w", receiver, err)
	}
	return out, nil
}

// tryPush tells what a push would come to.
func (s *Service) tryPush(p Push, out *Pushed) {
	for _, c := range s.changes(p) {
		if valid(c) == nil {
			out.Noop++
		} else {
			out.Skipped++
		}
	}
}

// valid returns why a change would be refused by itself.
func valid(c store.Change) error {
	switch {
	case c.Deletion != nil:
		return c.Deletion.Validate()
	case c.Record != nil:
		_, _, err := c.Record.Checked()
		return err
	default:
		return memory.ValidateStored(c.Memory)
	}
}

// changes are what a push holds.
func (s *Service) changes(p Push) []store.Change {
	if p.Events != nil {
		return Told{Rows: p.Memories, Marks: p.Events, Burials: p.Burials, Entries: p.Entries}.Changes()
	}
	changes := make([]store.Change, 0, len(p.Memories)+len(p.Deleted))
	for _, m := range p.Memories {
		changes = append(changes, store.Change{Memory: m})
	}
	for _, id := range p.Deleted {
		deletion := memory.Deletion{ID: id, Generation: 1, DeletedAt: memory.FormatTime(s.clock.Now())}
		changes = append(changes, store.Change{Deletion: &deletion})
	}
	return changes
}

func (s *Service) applyPush(ctx context.Context, p Push, out *Pushed) error {
	batch := store.Batch{Changes: s.changes(p)}
	if p.Events != nil {
		batch.Span, batch.Have = p.Span, p.Have
	}
	merged, err := s.store.Merge(context.WithoutCancel(ctx), batch)
	if err != nil {
		return err
	}
	s.passOn(merged)
	seen := ""
	for i, id := range merged.IDs {
		if merged.Errs[i] != nil {
			out.Skipped++
			s.logger.Debug("service: a pushed change was refused", "id", batch.Changes[i].ID(), "error", merged.Errs[i])
			continue
		}
		out.Applied++
		if id != "" { // not of a rename
			out.IDs = append(out.IDs, id)
		}
		seen = max(seen, batch.Changes[i].Memory.UpdatedAt)
	}
	out.Have = merged.Vector
	// A node of this make is followed by its events; the times of others are kept for them.
	if p.Node == "" && seen != "" {
		if err := s.store.NoteSync(ctx, out.Receiver, p.Sender, seen); err != nil {
			return fmt.Errorf("note how far %s is seen: %w", p.Sender, err)
		}
	}
	return nil
}

// passOn has what was merged sent on.
func (s *Service) passOn(merged store.Merged) {
	if merged.Changed > 0 && s.replication != nil {
		s.replication.Notify(merged.Vector[s.store.Origin()])
	}
}

// Receive merges memories that another database has, in one transaction: what is newer wins (contract section
// 6.5), and what was deleted here stays so. It returns a line for each that was refused, beginning with its id.
func (s *Service) Receive(ctx context.Context, memories []memory.Memory) (refused []string, err error) {
	merged, err := s.store.Merge(context.WithoutCancel(ctx), store.Batch{Changes: s.changes(Push{Memories: memories})})
	if err != nil {
		return nil, fmt.Errorf("receive %d memories: %w", len(memories), err)
	}
	s.passOn(merged)
	for i, why := range merged.Errs {
		if why != nil {
			refused = append(refused, fmt.Sprintf("%s: %v", memories[i].ID, why))
		}
	}
	return refused, nil
}

// Since is a page of rows that changed after a time.
type Since struct {
	After  string // RFC 3339; empty: from the beginning
	Limit  int    // rows; above MaxSinceLimit it is lowered to it
	Peer   string // the agent id that asks; empty or invalid: not recorded
	Caller string // from the transport; invalid: as if not given
}

// SyncSince returns rows by time (contract section 6.7), for servers that do not number their
// changes, and the limit that was applied.
func (s *Service) SyncSince(ctx context.Context, q Since) ([]memory.Memory, int, error) {
	if q.After != "" {
		if _, err := memory.ParseTime(q.After); err != nil {
			return nil, 0, &Invalid{"invalid `since` parameter — expected RFC 3339 timestamp"}
		}
	}
	limit := min(q.Limit, MaxSinceLimit)
	rows, err := s.store.UpdatedSince(ctx, q.After, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("sync since: %w", err)
	}
	if len(rows) > 0 && q.Peer != "" && memory.ValidateAgentID(q.Peer) == nil {
		caller := q.Caller
		if caller == "" || memory.ValidateAgentID(caller) != nil {
			caller = anonymous()
		}
		if err := s.store.NoteSync(ctx, caller, q.Peer, rows[len(rows)-1].UpdatedAt); err != nil {
			return nil, 0, fmt.Errorf("sync since: note how far %s is: %w", q.Peer, err)
		}
	}
	return rows, limit, nil
}

// Pull asks for a page of what a node lacks.
type Pull struct {
	Node  string // the node that asks
	Have  Vector // how far it has followed each origin
	After Event  // the last event of the page before; zero for the first page
	Limit int    // rows; 0 asks for name and vector only
}

// Pulled is a page of what a node lacks.
type Pulled struct {
	Node    string // this node
	Have    Vector // its vector, of the same moment as the changes
	Changes []Change
	More    bool // there are more than these
}

// SyncPull returns what another node lacks, in the order of the events. A page is cut where it
// would become large.
func (s *Service) SyncPull(ctx context.Context, q Pull) (Pulled, error) {
	s.heard(q.Node)
	out := Pulled{Node: s.store.Origin()}
	limit := max(0, min(q.Limit, maxPullRows))
	var err error
	if limit == 0 {
		out.Have, err = s.store.Vector(ctx)
	} else {
		out.Changes, out.Have, err = s.store.Lacking(ctx, q.Have, q.After, limit)
	}
	if err != nil {
		return Pulled{}, fmt.Errorf("sync pull: %w", err)
	}
	if s.replication != nil && ahead(q, out) {
		s.replication.Ahead(q.Node)
	}
	fits := federation.Fitting(out.Changes, maxPullBytes)
	out.More = limit > 0 && (len(out.Changes) == limit || fits < len(out.Changes))
	out.Changes = out.Changes[:fits]
	return out, nil
}

// Tell sorts changes by what they are, as nodes tell them each other.
func Tell(changes []Change) Told { return store.Tell(changes) }

// ahead reports whether a node that asks has followed a third node further than this one has.
func ahead(q Pull, here Pulled) bool {
	for origin, seq := range q.Have {
		if origin != q.Node && origin != here.Node && seq > here.Have[origin] {
			return true
		}
	}
	return false
}

// heard tells replication that a node has spoken.
func (s *Service) heard(node string) {
	if s.replication != nil {
		s.replication.Heard(node)
	}
}
