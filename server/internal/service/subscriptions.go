package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// SubscriptionDraft is what somebody wants to be told of, as a client gave it.
type SubscriptionDraft struct {
	URL             string
	Events          []string // names, also several in one with commas; none: all
	Secret          string   // empty: nothing is signed
	NamespaceFilter string   // exact; empty: all
	AgentFilter     string   // exact; empty: all
	Caller          string   // from the transport; it has to be a registered agent
}

// Subscribed is a new subscription.
type Subscribed struct {
	Subscription memory.Subscription
	Quorum       *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the subscription.
func (s Subscribed) Met() bool { return met(s.Quorum) }

// Subscribe has events of this node and, as the subscription reaches them, of the others delivered
// to a URL, each by the node on which it happens. A caller who is not registered is *Forbidden; a
// URL that is refused and an unknown event are *Invalid.
func (s *Service) Subscribe(ctx context.Context, d SubscriptionDraft) (Subscribed, error) {
	agent, err := acting(d.Caller)
	if err != nil {
		return Subscribed{}, err
	}
	switch known, err := s.registered(ctx, agent); {
	case err != nil:
		return Subscribed{}, err
	case !known:
		return Subscribed{}, &Forbidden{fmt.Sprintf(
			"agent %q is not registered; register it with POST /api/v1/agents before subscribing", agent)}
	}
	if s.notices == nil {
		return Subscribed{}, &Invalid{"this server delivers no webhooks"}
	}
	if err := s.notices.hooks.CheckURL(d.URL); err != nil {
		return Subscribed{}, &Invalid{err.Error()}
	}
	events, err := eventList(d.Events)
	if err != nil {
		return Subscribed{}, err
	}
	now := s.clock.Now()
	out := memory.Subscription{
		ID: memory.NewID(), URL: d.URL, Events: events, CreatedBy: &agent, CreatedAt: memory.FormatTime(now),
		NamespaceFilter: filter(d.NamespaceFilter), AgentFilter: filter(d.AgentFilter),
	}
	if d.Secret != "" {
		out.SecretHash = memory.HashSecret(d.Secret)
	}
	quorum, err := s.write(ctx, func(tx store.Tx) error { return tx.Put(out.Record(now.UnixNano())) })
	if err != nil {
		return Subscribed{}, fmt.Errorf("subscribe: %w", err)
	}
	return Subscribed{out, quorum}, nil
}

func filter(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// eventList reads the names of events.
func eventList(names []string) (string, error) {
	alias := map[string]string{"memory.stored": EventStore, "memory.updated": EventUpdate, "memory.deleted": EventDelete}
	var out []string
	for name := range strings.SplitSeq(strings.Join(names, ","), ",") {
		name = strings.TrimSpace(name)
		if other, is := alias[name]; is {
			name = other
		}
		switch {
		case name == "" || slices.Contains(out, name):
		case name == memory.AllEvents || slices.Contains(Events(), name):
			out = append(out, name)
		default:
			return "", &Invalid{fmt.Sprintf("unknown event '%s' — must be %s or one of: %s",
				name, memory.AllEvents, strings.Join(Events(), ", "))}
		}
	}
	if len(out) == 0 || slices.Contains(out, memory.AllEvents) {
		return memory.AllEvents, nil
	}
	return strings.Join(out, ","), nil
}

// SubscriptionState is a subscription and what became of its deliveries by this node.
type SubscriptionState struct {
	memory.Subscription
	Tally
}

// Subscriptions returns what is subscribed, newest first.
func (s *Service) Subscriptions(ctx context.Context) ([]SubscriptionState, error) {
	found, err := s.subscriptions(ctx)
	if err != nil {
		return nil, fmt.Errorf("list subscriptions: %w", err)
	}
	out := make([]SubscriptionState, len(found))
	for i, one := range found {
		out[i] = SubscriptionState{one, s.tallyOf(one.ID)}
	}
	return out, nil
}

// Unsubscribed is what became of an end of a subscription.
type Unsubscribed struct {
	Removed bool                // there was one
	Quorum  *federation.Outcome // nil when this node stands alone, or nothing was changed
}

// Met tells whether enough nodes hold that it has ended.
func (u Unsubscribed) Met() bool { return met(u.Quorum) }

// Unsubscribe ends a subscription.
func (s *Service) Unsubscribe(ctx context.Context, id string) (Unsubscribed, error) {
	if err := memory.ValidateID(id); err != nil {
		return Unsubscribed{}, invalid(err)
	}
	quorum, err := s.write(ctx, func(tx store.Tx) error {
		r, err := tx.Record(memory.KindSubscription, id)
		if err != nil {
			return err
		}
		return tx.Put(r.Ended(s.clock.Now().UnixNano()))
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Unsubscribed{}, nil
	case err != nil:
		return Unsubscribed{}, fmt.Errorf("unsubscribe %s: %w", id, err)
	}
	return Unsubscribed{true, quorum}, nil
}
