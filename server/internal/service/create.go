package service

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Draft is a memory to be created, as a client gave it, defaults filled in (contract 2.4).
type Draft struct {
	Title      string
	Content    string
	Tier       memory.Tier
	Namespace  string
	Tags       []string
	Priority   int32
	Confidence float64
	Source     string
	ExpiresAt  *string
	TTLSecs    *int64
	Metadata   json.RawMessage // a JSON value, compact
	AgentID    string          // from the body; empty: not given
	Caller     string          // from the transport; empty: not given
	Scope      *string
}

// Created is what became of a draft.
type Created struct {
	ID             string
	AgentID        string              // the requester's, even where the row keeps another
	Requested      memory.Memory       // as it was asked for, with its id; the row may keep more of what it was
	Contradictions []string            // ids of memories that may say something else
	Queued         *Queued             // not nil: nothing else has happened
	Quorum         *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the memory.
func (c Created) Met() bool { return met(c.Quorum) }

func met(o *federation.Outcome) bool { return o == nil || o.Reason == "" }

// Create stores a memory and waits for its copies. The checks come in the order of contract
// section 2.4; a failed one is *Invalid and nothing is stored. A policy may deny it (*Denied) or
// have it queued. When the copies are too few, the memory is stored here all the same and goes on
// to spread. A caller that goes away does not stop any of it.
func (s *Service) Create(ctx context.Context, d Draft) (Created, error) {
	now := s.clock.Now()
	m, agent, err := s.draft(d, now)
	if err != nil {
		return Created{}, err
	}
	queued, err := s.admit(ctx, Act{Action: ActionStore, Caller: agent, Memory: m})
	if err != nil || queued != nil {
		return Created{Queued: queued}, err
	}
	similar := make(chan []string, 1)
	go func() { similar <- s.similar(ctx, d.Namespace, d.Title) }()
	// Once it is asked for, a write is done and spreads, whether or not someone waits for it.
	change, err := s.put(context.WithoutCancel(ctx), m, agent)
	if err != nil {
		<-similar
		return Created{}, fmt.Errorf("store the memory: %w", err)
	}
	s.announce(EventStore, change.Memory, agent)
	created := Created{ID: change.Memory.ID, AgentID: agent, Requested: m, Quorum: s.await(ctx, change)}
	created.Requested.ID = created.ID
	for _, id := range <-similar {
		if id != created.ID {
			created.Contradictions = append(created.Contradictions, id)
		}
	}
	return created, nil
}

// put stores a memory, but not over one that holds a policy and is another's.
func (s *Service) put(ctx context.Context, m memory.Memory, agent string) (store.Change, error) {
	if !s.governs() {
		return s.store.Create(ctx, m)
	}
	changes, err := s.store.Write(ctx, func(tx store.Tx) error {
		if err := guard(tx, Act{Action: ActionStore, Caller: agent, Memory: m}); err != nil {
			return err
		}
		_, err := tx.Create(m)
		return err
	})
	if err != nil {
		return store.Change{}, err
	}
	return changes[len(changes)-1], nil // a create always changes its row, and nothing else
}

// await waits for the copies of a change; nil when this node stands alone.
func (s *Service) await(ctx context.Context, c store.Change) *federation.Outcome {
	if s.replication == nil {
		return nil
	}
	outcome := s.replication.Await(ctx, c)
	return &outcome
}

// draft checks a draft and makes the row of it.
func (s *Service) draft(d Draft, now time.Time) (m memory.Memory, agent string, err error) {
	m = d.row(now)
	if err := memory.ValidateNew(m, d.TTLSecs, now); err != nil {
		return m, "", invalid(err)
	}
	if agent, err = requester(d); err != nil {
		return m, "", err
	}
	if d.Scope != nil {
		if err := memory.ValidateScope(*d.Scope); err != nil {
			return m, "", invalid(err)
		}
	}
	if m.Metadata, err = attribute(d.Metadata, agent, d.Scope); err != nil {
		return m, "", err
	}
	m.ExpiresAt = s.expiry(d, now)
	m.ID = memory.NewID()
	return m.Normalized(), agent, nil
}

// row is the row of a draft, without what the server gives it but its times.
func (d Draft) row(now time.Time) memory.Memory {
	return memory.Memory{
		Tier:       d.Tier,
		Namespace:  d.Namespace,
		Title:      d.Title,
		Content:    d.Content,
		Tags:       d.Tags,
		Priority:   d.Priority,
		Confidence: d.Confidence,
		Source:     d.Source,
		ExpiresAt:  d.ExpiresAt,
		Metadata:   d.Metadata,
		CreatedAt:  memory.FormatTime(now),
		UpdatedAt:  memory.FormatTime(now),
	}
}

// requester is the agent a draft is attributed to: the one in the body, else the caller, else
// a made-up one (contract section 2.1).
func requester(d Draft) (string, error) {
	agent := d.AgentID
	if agent == "" {
		agent = d.Caller
	}
	if agent == "" {
		return anonymous(), nil
	}
	if err := memory.ValidateAgentID(agent); err != nil {
		return "", &Invalid{"invalid agent_id: " + err.Error()}
	}
	return agent, nil
}

func anonymous() string {
	var b [4]byte
	rand.Read(b[:]) //nolint:errcheck // it never fails
	return "anonymous:req-" + hex.EncodeToString(b[:])
}

// attribute writes agent and scope into metadata, over what is there.
func attribute(metadata json.RawMessage, agent string, scope *string) (json.RawMessage, error) {
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(metadata, &keys); err != nil {
		return nil, &Invalid{"metadata must be a JSON object"}
	}
	set := func(key, value string) {
		text, err := json.Marshal(value)
		if err == nil { // always, for a string
			keys[key] = text
		}
	}
	set("agent_id", agent)
	if scope != nil {
		set("scope", *scope)
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return nil, fmt.Errorf("write metadata: %w", err)
	}
	return text, nil
}

// expiry is when a draft expires: as given, else by its ttl, else by its tier; nil for never.
func (s *Service) expiry(d Draft, now time.Time) *string {
	switch {
	case d.ExpiresAt != nil:
		return d.ExpiresAt
	case d.TTLSecs != nil:
		at := memory.FormatTime(now.Add(time.Duration(*d.TTLSecs) * time.Second))
		return &at
	default:
		return s.options.Lifetimes.Expiry(d.Tier, now)
	}
}

// similar looks for possible contradictions. They are advice: when the look-up fails, the
// write is none the worse.
func (s *Service) similar(ctx context.Context, namespace, title string) []string {
	ids, err := s.store.Similar(ctx, namespace, title)
	if err != nil && ctx.Err() == nil {
		s.logger.Warn("service: contradictions were not looked up", "error", err)
	}
	return ids
}
