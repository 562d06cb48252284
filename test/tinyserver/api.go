package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// timeFormat has a fixed width, so that times compare as text.
const timeFormat = "2006-01-02T15:04:05.000000000-07:00"

const (
	defaultPage  = 20
	longestPage  = 200
	longestSince = 10_000
	longestBody  = 2 << 20
)

func sources() []string {
	return []string{"user", "claude", "hook", "api", "cli", "import", "consolidation", "system", "chaos"}
}

// routes are those of the contract that chaosctl and a peer use.
func (n *node) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/health", n.health)
	mux.HandleFunc("POST /api/v1/memories", n.create)
	mux.HandleFunc("GET /api/v1/memories", n.list)
	mux.HandleFunc("POST /api/v1/sync/push", n.receive)
	mux.HandleFunc("GET /api/v1/sync/since", n.since)
	return http.MaxBytesHandler(mux, longestBody)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone is told nothing
}

func refuse(w http.ResponseWriter, status int, err error) {
	answer(w, status, map[string]string{"error": err.Error()})
}

// health goes through the writer, as the original's does through its write lock.
func (n *node) health(w http.ResponseWriter, _ *http.Request) {
	if err := n.rows.put(); err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "error", "service": "ai-memory"})
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "ok", "service": "ai-memory"})
}

func (n *node) create(w http.ResponseWriter, r *http.Request) {
	now := time.Now().UTC().Format(timeFormat)
	m := row{
		ID: newID(), Tier: "mid", Namespace: "global", Tags: []string{}, Priority: 5, Confidence: 1,
		Source: "api", Metadata: map[string]any{},
	}
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	m.CreatedAt, m.UpdatedAt = now, now
	if err := n.validate(m); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	if id, ok := n.rows.id(m.key()); ok {
		m.ID = id
	}
	if n.lie == neverAck {
		n.notMet(w, 1)
		return
	}
	secret := n.lie == ackBeforePeers && n.strikes(0)
	if err := n.rows.put(n.entry(m, 0, secret)); err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	copies := n.quorum
	if !secret {
		copies = n.replicate(r.Context(), m)
	}
	if n.lie == ackInPartition {
		copies = max(copies, n.quorum)
	}
	if copies < n.quorum {
		n.notMet(w, copies)
		return
	}
	answer(w, http.StatusCreated, map[string]any{
		"id": m.ID, "tier": m.Tier, "namespace": m.Namespace, "title": m.Title, "agent_id": "anonymous",
		"quorum_acks": copies,
	})
}

func (n *node) notMet(w http.ResponseWriter, copies int) {
	w.Header().Set("Retry-After", "2")
	answer(w, http.StatusServiceUnavailable, map[string]any{
		"error": "quorum_not_met", "got": copies, "needed": n.quorum, "reason": "timeout",
	})
}

func (n *node) validate(m row) error {
	known := sources()
	if n.lie == refuseChaos {
		known = slices.DeleteFunc(known, func(s string) bool { return s == "chaos" })
	}
	switch {
	case strings.TrimSpace(m.Title) == "":
		return errors.New("title cannot be empty")
	case strings.TrimSpace(m.Content) == "":
		return errors.New("content cannot be empty")
	case !slices.Contains(known, m.Source):
		return fmt.Errorf("invalid source '%s' — must be one of: %s", m.Source, strings.Join(known, ", "))
	}
	return nil
}

// entry is a row as this node keeps it; ahead are the rows that are about to be stored before it.
func (n *node) entry(m row, ahead int, secret bool) entry {
	if n.lie == truncate && n.port%10 == 8 && n.strikes(ahead) {
		m.Content = m.Content[:len(m.Content)/2]
	}
	return entry{Row: m, Secret: secret}
}

// strikes reports whether a lie about rows strikes the next one.
func (n *node) strikes(ahead int) bool { return (n.rows.len()+ahead)%3 == 2 }

func (n *node) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit, limitErr := number(query.Get("limit"), defaultPage)
	offset, offsetErr := number(query.Get("offset"), 0)
	if err := errors.Join(limitErr, offsetErr); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	rows := n.rows.list(func(e entry) bool {
		return !query.Has("namespace") || e.Row.Namespace == query.Get("namespace")
	})
	if n.lie == list20 {
		rows = rows[:min(20, len(rows))]
	}
	rows = rows[min(offset, len(rows)):]
	rows = rows[:min(limit, longestPage, len(rows))]
	answer(w, http.StatusOK, map[string]any{"memories": rows, "count": len(rows)})
}

func (n *node) receive(w http.ResponseWriter, r *http.Request) {
	var push pushBody
	if err := json.NewDecoder(r.Body).Decode(&push); err != nil {
		refuse(w, http.StatusUnprocessableEntity, err)
		return
	}
	if err := n.keep(push.Memories); err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"applied": len(push.Memories), "noop": 0, "skipped": 0, "dry_run": false,
		"receiver_agent_id": "anonymous", "receiver_clock": map[string]any{"entries": map[string]string{}},
	})
}

func (n *node) since(w http.ResponseWriter, r *http.Request) {
	after := r.URL.Query().Get("since")
	limit, err := number(r.URL.Query().Get("limit"), 500)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	rows := n.rows.list(func(e entry) bool { return !e.Secret && e.Row.UpdatedAt > after })
	slices.Reverse(rows)
	rows = rows[:min(limit, longestSince, len(rows))]
	answer(w, http.StatusOK, map[string]any{"count": len(rows), "limit": limit, "memories": rows})
}

// number reads a query parameter that counts something.
func number(text string, absent int) (int, error) {
	if text == "" {
		return absent, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}

// newID makes a version 4 UUID (RFC 9562, section 5.4).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
