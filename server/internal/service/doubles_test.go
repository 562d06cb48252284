package service_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
	"chaosctl/server/internal/store"
)

var (
	now   = time.Now
	quiet = slog.New(slog.DiscardHandler)
)

// counted notes what is asked of a store.
type counted struct {
	store.Store
	mu    sync.Mutex
	asked []string
}

func (c *counted) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, what)
}

func (c *counted) calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

func (c *counted) Create(ctx context.Context, m memory.Memory) (store.Change, error) {
	c.note("Create")
	return c.Store.Create(ctx, m)
}

func (c *counted) Write(ctx context.Context, do func(store.Tx) error) ([]store.Change, error) {
	c.note("Write")
	return c.Store.Write(ctx, do)
}

func (c *counted) Get(ctx context.Context, id string) (memory.Memory, error) {
	c.note("Get")
	return c.Store.Get(ctx, id)
}

func (c *counted) List(ctx context.Context, q store.Query) ([]memory.Memory, error) {
	c.note("List")
	return c.Store.List(ctx, q)
}

func (c *counted) Record(ctx context.Context, kind memory.RecordKind, key string) (memory.Record, error) {
	c.note("Record")
	return c.Store.Record(ctx, kind, key)
}

func (c *counted) Records(ctx context.Context, q store.RecordQuery) ([]memory.Record, error) {
	c.note("Records")
	return c.Store.Records(ctx, q)
}

func (c *counted) Similar(ctx context.Context, namespace, title string) ([]string, error) {
	c.note("Similar")
	return c.Store.Similar(ctx, namespace, title)
}

// hooks keeps what is to be delivered.
type hooks struct {
	mu     sync.Mutex
	sent   []service.Delivery
	refuse error // of CheckURL
	full   error // of Send
}

func (h *hooks) CheckURL(string) error { return h.refuse }

func (h *hooks) Send(d service.Delivery) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.full == nil {
		h.sent = append(h.sent, d)
	}
	return h.full
}

func (h *hooks) deliveries() []service.Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.sent)
}
