package service

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// The events that subscribers are told of.
const (
	EventStore       = "memory_store"
	EventUpdate      = "memory_update"
	EventDelete      = "memory_delete"
	EventPromote     = "memory_promote"
	EventLink        = "memory_link"
	EventConsolidate = "memory_consolidate"
	EventArchive     = "memory_archive"
	EventRestore     = "memory_restore"
	EventDecision    = "pending_decision"
)

// Events returns the events, in the order messages name them.
func Events() []string {
	return []string{
		EventStore, EventUpdate, EventDelete, EventPromote, EventLink, EventConsolidate, EventArchive, EventRestore, EventDecision,
	}
}

// Delivery is one event for one subscriber.
type Delivery struct {
	SubscriptionID string
	URL            string
	Key            *[32]byte // of the signature; nil leaves it unsigned
	Body           []byte    // JSON
}

// Webhooks is what delivers to subscribers. Neither method waits for anyone.
type Webhooks interface {
	CheckURL(url string) error // why it cannot be subscribed to; its text is for the client
	Send(d Delivery) error
}

// maxNotices bounds the events that wait for Announce to look at them.
const maxNotices = 4096

// notices are events on their way to subscribers.
type notices struct {
	hooks Webhooks
	queue chan event

	mu    sync.Mutex
	tally map[string]Tally // by subscription
	total Tally
}

// Tally counts deliveries of this node since its start.
type Tally struct{ Dispatched, Failed int64 }

// UseWebhooks has subscribers told through hooks. It is called before the service is in use.
func (s *Service) UseWebhooks(hooks Webhooks) {
	s.notices = &notices{hooks: hooks, queue: make(chan event, maxNotices), tally: map[string]Tally{}}
}

// event is something that happened on this node.
type event struct {
	name, memoryID, namespace, agent string
	pendingID, status                string // of a decision
	at                               time.Time
}

// about is an event of a memory. Without an agent it is that of who wrote the memory.
func about(name string, m memory.Memory, agent string) event {
	if agent == "" {
		agent = m.AgentID()
	}
	return event{name: name, memoryID: m.ID, namespace: m.Namespace, agent: agent, at: time.Now()}
}

// decided is the event of a decision.
func decided(p memory.PendingAction, memoryID string) event {
	if memoryID == "" && p.MemoryID != nil {
		memoryID = *p.MemoryID
	}
	return event{
		name: EventDecision, memoryID: memoryID, namespace: p.Namespace, agent: p.DecidedBy,
		pendingID: p.ID, status: string(p.Status), at: time.Now(),
	}
}

// payload is what a subscriber is sent (contract section 1.3). Of a decision it says which.
func (e event) payload() ([]byte, error) {
	payload := map[string]any{
		"agent_id": nil, "delivered_at": memory.FormatTime(e.at), "event": e.name, "memory_id": e.memoryID, "namespace": e.namespace,
	}
	if e.agent != "" {
		payload["agent_id"] = e.agent
	}
	if e.pendingID != "" {
		payload["pending_id"], payload["status"] = e.pendingID, e.status
	}
	return json.Marshal(payload)
}

// announce tells subscribers of an event that was made on this node. It never waits, and costs
// nothing where nobody has ever subscribed. Agent is who did it, empty when that is not known.
func (s *Service) announce(name string, m memory.Memory, agent string) {
	if s.listened() {
		s.tell(about(name, m, agent))
	}
}

// listened is false when certainly nobody is to be told of anything.
func (s *Service) listened() bool { return s.notices != nil && s.store.Holds(memory.KindSubscription) }

// tell is announce for events that are made already.
func (s *Service) tell(events ...event) {
	if !s.listened() {
		return
	}
	for _, e := range events {
		select {
		case s.notices.queue <- e:
		default:
			s.notices.count("", false)
			s.logger.Warn("service: too many events wait for subscribers; one is lost", "event", e.name, "memory", e.memoryID)
		}
	}
}

// Announce hands events to the webhooks until ctx ends, and then those that are left.
func (s *Service) Announce(ctx context.Context) {
	if s.notices == nil {
		return
	}
	for {
		select {
		case e := <-s.notices.queue:
			s.deliver(context.WithoutCancel(ctx), s.notices.rest(e))
		case <-ctx.Done():
			s.deliver(context.WithoutCancel(ctx), s.notices.rest())
			return
		}
	}
}

// rest is what waits, behind what was taken.
func (n *notices) rest(taken ...event) []event {
	for {
		select {
		case e := <-n.queue:
			taken = append(taken, e)
		default:
			return taken
		}
	}
}

// deliver sends events to whom they are for.
func (s *Service) deliver(ctx context.Context, events []event) {
	if len(events) == 0 {
		return
	}
	subscriptions, err := s.subscriptions(ctx)
	if err != nil {
		s.logger.Error("service: events were not delivered", "events", len(events), "error", err)
		return
	}
	for _, e := range events {
		for _, to := range subscriptions {
			if !to.Wants(e.name, e.namespace, e.agent) {
				continue
			}
			if err := s.send(to, e); err != nil {
				s.notices.count(to.ID, false)
				s.logger.Warn("service: an event was not delivered", "event", e.name, "subscription", to.ID, "error", err)
			}
		}
	}
}

func (s *Service) send(to memory.Subscription, e event) error {
	body, err := e.payload()
	if err != nil {
		return err
	}
	return s.notices.hooks.Send(Delivery{SubscriptionID: to.ID, URL: to.URL, Key: to.Key(), Body: body})
}

// Delivered counts a delivery that has ended.
func (s *Service) Delivered(subscriptionID string, ok bool) { s.notices.count(subscriptionID, ok) }

func (n *notices) count(subscriptionID string, ok bool) {
	add := func(t Tally) Tally {
		t.Dispatched++
		if !ok {
			t.Failed++
		}
		return t
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.total = add(n.total)
	if subscriptionID != "" {
		n.tally[subscriptionID] = add(n.tally[subscriptionID])
	}
}

// Deliveries counts all deliveries of this node since its start, those that failed among them.
func (s *Service) Deliveries() Tally {
	if s.notices == nil {
		return Tally{}
	}
	s.notices.mu.Lock()
	defer s.notices.mu.Unlock()
	return s.notices.total
}

// tallyOf counts those of one subscription.
func (s *Service) tallyOf(subscriptionID string) Tally {
	if s.notices == nil {
		return Tally{}
	}
	s.notices.mu.Lock()
	defer s.notices.mu.Unlock()
	return s.notices.tally[subscriptionID]
}

// subscriptions returns what is subscribed, newest first.
func (s *Service) subscriptions(ctx context.Context) ([]memory.Subscription, error) {
	if !s.store.Holds(memory.KindSubscription) {
		return nil, nil
	}
	found, err := s.store.Records(ctx, store.RecordQuery{Kind: memory.KindSubscription})
	if err != nil {
		return nil, err
	}
	out := make([]memory.Subscription, 0, len(found))
	for _, r := range found {
		one, readErr := memory.SubscriptionOf(r)
		err = errors.Join(err, readErr)
		out = append(out, one)
	}
	return out, err
}
