package federation

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

const (
	dialTimeout = 100 * time.Millisecond
	// userTimeout ends a connection whose bytes the peer's kernel does not confirm, so that a
	// cut link is noticed; the kernel of a process that merely stands still confirms them.
	userTimeout = 200 * time.Millisecond
	idleTimeout = 90 * time.Second

	maxAnswer = 64 << 20 // what is read of an answer
)

// httpPeer speaks contract sections 6.3 and 6.6, with the keys that tell events, and the pull
// route that is ours.
type httpPeer struct {
	base      string
	sender    string
	key       func() string
	client    *http.Client
	transport *http.Transport
}

// Credentials are what this node shows its peers, and whom it takes for them.
type Credentials struct {
	APIKey func() string // asked for each request; nil, or an empty answer, for no key
	TLS    *tls.Config   // for peers at https; nil for Go's defaults
}

// NewHTTPPeer returns the peer at a base URL as ParsePeers gives it. Redirects are not
// followed and no proxy is used: an answer counts only when the peer itself gave it, and a key
// goes to nobody else.
func NewHTTPPeer(base string, c Credentials) Peer {
	dialer := &net.Dialer{
		Timeout: dialTimeout,
		Control: func(_, _ string, c syscall.RawConn) error {
			var set error
			if err := c.Control(func(fd uintptr) {
				set = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(userTimeout.Milliseconds()))
			}); err != nil {
				return err
			}
			return set
		},
	}
	transport := &http.Transport{
		DialContext:           dialer.DialContext,
		TLSClientConfig:       c.TLS,
		TLSHandshakeTimeout:   time.Second,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   2,
		IdleConnTimeout:       idleTimeout,
		DisableCompression:    true,
	}
	return &httpPeer{
		base:      base,
		sender:    senderID(),
		key:       c.APIKey,
		transport: transport,
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// senderID is host:<hostname>, with what an agent id may not hold replaced.
func senderID() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "unknown"
	}
	return "host:" + strings.Map(func(c rune) rune {
		if c < 0x80 && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.ContainsRune("-._", c)) {
			return c
		}
		return '-'
	}, name[:min(len(name), 120)])
}

// String returns the base URL.
func (h *httpPeer) String() string { return h.base }

// Reset closes idle connections.
func (h *httpPeer) Reset() { h.transport.CloseIdleConnections() }

// pushBody is a push on the wire. Servers of other makes ignore node, span, events,
// deletion_events and record_events; one that knows of deletions (ai-memory 0.6.1) takes the ids.
type pushBody struct {
	Burials   []store.Burial  `json:"deletion_events,omitempty"`
	Deletions []string        `json:"deletions,omitempty"`
	DryRun    bool            `json:"dry_run"`
	Events    []store.Mark    `json:"events"`
	Memories  []memory.Memory `json:"memories"`
	Node      string          `json:"node"`
	Entries   []store.Entry   `json:"record_events,omitempty"`
	Sender    string          `json:"sender_agent_id"`
	Span      *store.Span     `json:"span,omitempty"`
	Have      store.Vector    `json:"have,omitempty"`
}

// pushAnswer is the answer to a push; what is absent stays nil.
type pushAnswer struct {
	Applied *int         `json:"applied"`
	Have    store.Vector `json:"have"`
	IDs     []string     `json:"ids"`
	Node    string       `json:"node"`
	Skipped *int         `json:"skipped"`
}

// Push posts to /api/v1/sync/push.
func (h *httpPeer) Push(ctx context.Context, p Push) (PushAnswer, error) {
	told := store.Tell(p.Changes)
	body := pushBody{
		Node: p.Node, Sender: h.sender, Have: p.Have,
		Memories: told.Rows, Events: told.Marks, Burials: told.Burials, Entries: told.Entries,
	}
	if p.Span.Origin != "" {
		body.Span = &p.Span
	}
	for _, b := range body.Burials {
		if b.ID != "" { // not of a rename
			body.Deletions = append(body.Deletions, b.ID)
		}
	}
	var a pushAnswer
	if err := h.post(ctx, "/api/v1/sync/push", body, &a); err != nil {
		return PushAnswer{}, err
	}
	if a.IDs == nil && (a.Applied == nil || a.Skipped == nil) {
		return PushAnswer{}, &ShapeError{Err: errors.New("it has neither ids nor applied and skipped")}
	}
	answer := PushAnswer{Node: a.Node, Have: a.Have, IDs: a.IDs}
	if a.Applied != nil {
		answer.Applied = *a.Applied
	}
	if a.Skipped != nil {
		answer.Skipped = *a.Skipped
	}
	return answer, nil
}

type pullBody struct {
	Node  string       `json:"node"`
	Have  store.Vector `json:"have"`
	After store.Event  `json:"after"`
	Limit int          `json:"limit"`
}

type pullAnswer struct {
	Burials  []store.Burial  `json:"deletion_events"`
	Entries  []store.Entry   `json:"record_events"`
	Events   []store.Mark    `json:"events"`
	Have     store.Vector    `json:"have"`
	Memories []memory.Memory `json:"memories"`
	More     bool            `json:"more"`
	Node     string          `json:"node"`
}

// Pull posts to /api/v1/sync/pull.
func (h *httpPeer) Pull(ctx context.Context, q Pull) (PullAnswer, error) {
	var a pullAnswer
	err := h.post(ctx, "/api/v1/sync/pull", pullBody(q), &a)
	var status *StatusError
	switch {
	case errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusMethodNotAllowed):
		return PullAnswer{}, ErrCannotPull
	case err != nil:
		return PullAnswer{}, err
	case a.Node == "" || len(a.Events) != len(a.Memories):
		return PullAnswer{}, &ShapeError{Err: errors.New("it names no node, or not one event a row")}
	}
	changes := store.Told{Rows: a.Memories, Marks: a.Events, Burials: a.Burials, Entries: a.Entries}.Changes()
	return PullAnswer{Node: a.Node, Have: a.Have, More: a.More, Changes: changes}, nil
}

// Since asks /api/v1/sync/since.
func (h *httpPeer) Since(ctx context.Context, after string, limit int) ([]memory.Memory, error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}, "peer": {h.sender}}
	if after != "" {
		q.Set("since", after)
	}
	var a struct {
		Memories *[]memory.Memory `json:"memories"`
	}
	switch err := h.send(ctx, http.MethodGet, "/api/v1/sync/since?"+q.Encode(), nil, &a); {
	case err != nil:
		return nil, err
	case a.Memories == nil:
		return nil, &ShapeError{Err: errors.New("it has no memories")}
	}
	return *a.Memories, nil
}

// post sends a body and reads a JSON answer. It tries once more, at once, when a connection
// turns out to be dead: the peer may just have been restarted.
func (h *httpPeer) post(ctx context.Context, path string, body, answer any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return fmt.Errorf("encode for %s: %w", path, err)
	}
	return h.send(ctx, http.MethodPost, path, text.Bytes(), answer)
}

func (h *httpPeer) send(ctx context.Context, method, path string, body []byte, answer any) error {
	err := h.exchange(ctx, method, path, body, answer)
	if err != nil && !answered(err) && !hanging(err) && !errors.Is(err, syscall.ECONNREFUSED) && ctx.Err() == nil {
		h.Reset()
		err = h.exchange(ctx, method, path, body, answer)
	}
	return err
}

func (h *httpPeer) exchange(ctx context.Context, method, path string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, h.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("X-Agent-Id", h.sender)
	if h.key != nil {
		if key := h.key(); key != "" {
			req.Header.Set("X-API-Key", key)
		}
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing more is wanted of it
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return &StatusError{Code: resp.StatusCode}
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return &ShapeError{Err: err}
	}
	return nil
}
