package service

import (
	"context"
	"fmt"
	"strings"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Limits of the inbox (contract section 11.5, tool 33), in rows.
const (
	DefaultInboxLimit = 50
	MaxInboxLimit     = 500
)

// Notified is what became of a message.
type Notified struct {
	Memory memory.Memory
	Queued *Queued             // not nil: nothing else has happened
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the message.
func (n Notified) Met() bool { return met(n.Quorum) }

// Notify puts a message into an agent's inbox (contract section 4.17). A message whose subject was
// sent before is another message. From is set to the caller. Rules that are broken are *Invalid.
func (s *Service) Notify(ctx context.Context, m memory.Message, caller string) (Notified, error) {
	if err := memory.ValidateAgentID(m.To); err != nil {
		return Notified{}, invalid(err)
	}
	if err := memory.ValidateTitle(m.Subject); err != nil {
		return Notified{}, invalid(err)
	}
	from, err := acting(caller)
	if err != nil {
		return Notified{}, err
	}
	m.From = from
	row := m.Memory(memory.NewID())
	now := s.clock.Now()
	row.CreatedAt, row.UpdatedAt = memory.FormatTime(now), memory.FormatTime(now)
	row.ExpiresAt = s.options.Lifetimes.Expiry(row.Tier, now)
	if err := memory.ValidateStored(row); err != nil {
		return Notified{}, invalid(err)
	}
	queued, err := s.admit(ctx, Act{Action: ActionStore, Caller: from, Memory: row})
	if err != nil || queued != nil {
		return Notified{Queued: queued}, err
	}
	change, err := s.store.Create(context.WithoutCancel(ctx), row)
	if err != nil {
		return Notified{}, fmt.Errorf("notify %s: %w", m.To, err)
	}
	s.announce(EventStore, change.Memory, from)
	return Notified{Memory: change.Memory, Quorum: s.await(ctx, change)}, nil
}

// InboxQuery selects messages.
type InboxQuery struct {
	AgentID string // empty: the caller's
	Caller  string
	Unread  bool    // those only that were not read
	Since   *string // created_at from then on
	Limit   int     // of what is left by all that; above MaxInboxLimit it is lowered to it
}

// InboxPage is a page of an agent's inbox.
type InboxPage struct {
	AgentID  string
	Messages []memory.Memory
}

// Inbox returns messages in the order of a list. It marks none as read.
func (s *Service) Inbox(ctx context.Context, q InboxQuery) (InboxPage, error) {
	page := InboxPage{AgentID: q.AgentID}
	if page.AgentID == "" {
		var err error
		if page.AgentID, err = acting(q.Caller); err != nil {
			return page, err
		}
	}
	if err := memory.ValidateAgentID(page.AgentID); err != nil {
		return page, invalid(err)
	}
	namespace, limit := memory.Inbox(page.AgentID), min(q.Limit, MaxInboxLimit)
	for offset := 0; len(page.Messages) < limit; offset += MaxInboxLimit {
		rows, err := s.store.List(ctx, Query{Namespace: &namespace, Since: q.Since, Limit: MaxInboxLimit, Offset: offset})
		if err != nil {
			return page, fmt.Errorf("read the inbox of %s: %w", page.AgentID, err)
		}
		for _, m := range rows {
			if (!q.Unread || m.AccessCount == 0) && len(page.Messages) < limit {
				page.Messages = append(page.Messages, m)
			}
		}
		if len(rows) < MaxInboxLimit {
			break
		}
	}
	return page, nil
}

// MarkedRead is what became of a message that was marked as read.
type MarkedRead struct {
	ID     string
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold it.
func (m MarkedRead) Met() bool { return met(m.Quorum) }

// MarkRead marks a message as read, for whom it is to; for others it is *Forbidden. It returns
// ErrNotFound for what is no message.
func (s *Service) MarkRead(ctx context.Context, id, reader string) (MarkedRead, error) {
	if err := memory.ValidateID(id); err != nil {
		return MarkedRead{}, invalid(err)
	}
	agent, err := acting(reader)
	if err != nil {
		return MarkedRead{}, err
	}
	quorum, err := s.write(ctx, func(tx store.Tx) error {
		m, err := exactly(id, tx.Get)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(m.Namespace, memory.MessagesNamespace) {
			return ErrNotFound
		}
		if to := memory.MessageOf(m).To; to != agent {
			return &Forbidden{fmt.Sprintf("the message is to '%s'; got '%s'", to, agent)}
		}
		at := memory.FormatTime(s.clock.Now())
		m.AccessCount, m.LastAccessedAt = m.AccessCount+1, &at
		return tx.Amend(m)
	})
	if err != nil {
		return MarkedRead{}, fmt.Errorf("mark message %s as read: %w", id, err)
	}
	return MarkedRead{id, quorum}, nil
}
