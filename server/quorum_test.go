package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// stub is a peer that answers pushes by a script and offers no pull, as ai-memory 0.6.0.
type stub struct {
	*httptest.Server
	mu     sync.Mutex
	pushes []pushed
}

// pushed is a push as a peer receives it.
type pushed struct {
	Header    http.Header `json:"-"`
	Memories  []map[string]any
	Sender    string `json:"sender_agent_id"`
	DryRun    *bool  `json:"dry_run"`
	Deletions []string
}

func (p pushed) ids() []string {
	ids := []string{}
	for _, m := range p.Memories {
		ids = append(ids, m["id"].(string))
	}
	return ids
}

func newStub(t *testing.T, script func(w http.ResponseWriter, p pushed)) *stub {
	t.Helper()
	s := &stub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/sync/push" {
			http.NotFound(w, r)
			return
		}
		p := pushed{Header: r.Header}
		text, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(text, &p) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.pushes = append(s.pushes, p)
		s.mu.Unlock()
		script(w, p)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *stub) received() []pushed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]pushed(nil), s.pushes...)
}

// acks answers as 0.6.0 does when it has stored all.
func acks(w http.ResponseWriter, p pushed) {
	fmt.Fprintf(w, `{"applied":%d,"skipped":0,"noop":0,"dry_run":false}`, len(p.Memories))
}

func text(status int, body string) func(http.ResponseWriter, pushed) {
	return func(w http.ResponseWriter, _ pushed) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// refusing returns the address of a port at which nobody listens.
func refusing(t *testing.T) string {
	t.Helper()
	// A socket that is bound and does not listen keeps the port from tests that run beside this one.
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", at.(*unix.SockaddrInet4).Port)
}

// hanging returns the address of a listener that answers nothing.
func hanging(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return "http://" + l.Addr().String()
}

// TestAcknowledgement has a peer answer in every way it can, and looks at what a client is told.
func TestAcknowledgement(t *testing.T) {
	t.Parallel()
	const timeout = 5 * time.Second // which no busy machine reaches
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"applied":1,"skipped":0}`)
	}))
	t.Cleanup(elsewhere.Close)
	for _, test := range []struct {
		name   string
		script func(http.ResponseWriter, pushed)
		want   string // a reason, or "" for an acknowledgement
	}{
		{"ids hold it", func(w http.ResponseWriter, p pushed) {
			json.NewEncoder(w).Encode(map[string]any{"applied": 0, "skipped": 0, "ids": p.ids()})
		}, ""},
		{"ids lack it", text(200, `{"applied":1,"skipped":0,"ids":["another"]}`), "timeout"},
		{"ids are empty", text(200, `{"applied":1,"skipped":0,"ids":[]}`), "timeout"},
		{"applied", acks, ""},
		{"applied nothing", text(200, `{"applied":0,"skipped":0}`), "timeout"},
		{"skipped", text(200, `{"applied":0,"skipped":1}`), "timeout"},
		{"applied and skipped", text(200, `{"applied":1,"skipped":1}`), "timeout"},
		{"JSON of another shape", text(200, `{"ok":true}`), "timeout"},
		{"JSON that is no object", text(200, `[]`), "timeout"},
		{"HTML", text(200, `<html>ok</html>`), "timeout"},
		{"nothing", text(204, ""), "timeout"},
		{"server error", text(500, `{"applied":1,"skipped":0}`), "timeout"},
		{"unauthorized", text(401, `{"error":"missing or invalid API key"}`), "timeout"},
		{"redirect", func(w http.ResponseWriter, _ pushed) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, "timeout"},
		{"slow", func(w http.ResponseWriter, p pushed) {
			time.Sleep(100 * time.Millisecond) // this is the peer's slowness
			acks(w, p)
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			peer := newStub(t, test.script)
			n := newNode(t)
			n.peer(2, timeout, peer.URL)
			n.start(t)
			began := time.Now()
			a := n.create(t, "one")
			took := time.Since(began)
			if test.want == "" {
				if a.status != http.StatusCreated || a.decode(t)["quorum_acks"] != 2.0 {
					t.Fatalf("answer %d %s, want 201 with 2 acks", a.status, a.body)
				}
				return
			}
			wantShort(t, n, a, map[string]any{"got": 1.0, "needed": 2.0, "reason": test.want})
			if took > timeout {
				t.Errorf("it took %v although the peer had answered", took)
			}
		})
	}
}

// wantShort checks a 503, and that the row it names is stored.
func wantShort(t *testing.T, n *node, a answer, want map[string]any) {
	t.Helper()
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "2" {
		t.Fatalf("answer %d %s with Retry-After %q, want 503 and 2", a.status, a.body, a.header.Get("Retry-After"))
	}
	got := a.decode(t)
	id, _ := got["id"].(string)
	delete(got, "id")
	want["error"] = "quorum_not_met"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if found := n.get(t, "/api/v1/memories/"+id); found.status != http.StatusOK {
		t.Errorf("the row %q that may still spread: %d %s", id, found.status, found.body)
	}
}

// TestTooFewCopies has two peers of which at least one does not acknowledge.
func TestTooFewCopies(t *testing.T) {
	t.Parallel()
	// Who waits for it waits a short one; who must not has one that no busy machine reaches.
	deadlines := map[bool]time.Duration{true: 300 * time.Millisecond, false: 5 * time.Second}
	acking := func(t *testing.T) string { return newStub(t, acks).URL }
	failing := func(t *testing.T) string { return newStub(t, text(500, "")).URL }
	for _, test := range []struct {
		name     string
		writes   int
		peers    []func(*testing.T) string
		want     map[string]any // nil for 201
		acks     float64
		deadline bool // it waits for the deadline
	}{
		{"both refuse", 2, []func(*testing.T) string{refusing, refusing}, map[string]any{"got": 1.0, "needed": 2.0, "reason": "unreachable"}, 0, false},
		{"one refuses, one hangs", 2, []func(*testing.T) string{refusing, hanging}, map[string]any{"got": 1.0, "needed": 2.0, "reason": "unreachable"}, 0, true},
		{"both hang", 2, []func(*testing.T) string{hanging, hanging}, map[string]any{"got": 1.0, "needed": 2.0, "reason": "unreachable"}, 0, true},
		{"one acks, one refuses, all needed", 3, []func(*testing.T) string{acking, refusing}, map[string]any{"got": 2.0, "needed": 3.0, "reason": "timeout"}, 0, false},
		{"one acks, one hangs, all needed", 3, []func(*testing.T) string{acking, hanging}, map[string]any{"got": 2.0, "needed": 3.0, "reason": "timeout"}, 0, true},
		{"one fails, one refuses", 2, []func(*testing.T) string{failing, refusing}, map[string]any{"got": 1.0, "needed": 2.0, "reason": "timeout"}, 0, false},
		{"one acks, one hangs", 2, []func(*testing.T) string{acking, hanging}, nil, 2, false},
		{"more needed than there are", 9, []func(*testing.T) string{acking, acking}, nil, 3, false},
		{"only the local copy is needed", 1, []func(*testing.T) string{hanging, hanging}, nil, 1, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n, timeout := newNode(t), deadlines[test.deadline]
			var bases []string
			for _, peer := range test.peers {
				bases = append(bases, peer(t))
			}
			n.peer(test.writes, timeout, bases...)
			n.start(t)
			began := time.Now()
			a := n.create(t, "one")
			took := time.Since(began)
			if test.want != nil {
				wantShort(t, n, a, test.want)
			} else if a.status != http.StatusCreated || a.decode(t)["quorum_acks"] != test.acks {
				t.Errorf("answer %d %s, want 201 with %v acks", a.status, a.body, test.acks)
			}
			if waited := took >= timeout; waited != test.deadline {
				t.Errorf("it took %v; waiting for the deadline of %v was %v, want %v", took, timeout, waited, test.deadline)
			}
		})
	}
}

// TestOneNodeIsOneCopy has a node listed under two names: its two answers are one copy.
func TestOneNodeIsOneCopy(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 2, 2, 5*time.Second)
	alias := strings.Replace(nodes[1].base, "127.0.0.1", "localhost", 1)
	nodes[0].peer(3, 5*time.Second, nodes[1].base, alias)
	self := newNode(t)
	self.peer(2, 5*time.Second, self.base)
	for _, n := range []*node{nodes[0], nodes[1], self} {
		n.start(t)
	}
	wantShort(t, nodes[0], nodes[0].create(t, "one"), map[string]any{"got": 2.0, "needed": 3.0, "reason": "timeout"})
	wantShort(t, self, self.create(t, "one"), map[string]any{"got": 1.0, "needed": 2.0, "reason": "timeout"})
}

// TestPushOnTheWire looks at what a peer of another make receives.
func TestPushOnTheWire(t *testing.T) {
	t.Parallel()
	peer := newStub(t, acks)
	n := newNode(t)
	n.peer(2, time.Second, peer.URL)
	n.start(t)
	id := n.create(t, "one").decode(t)["id"]
	got := peer.received()
	if len(got) != 1 || len(got[0].Memories) != 1 {
		t.Fatalf("the peer received %+v, want one push of one row", got)
	}
	row := got[0].Memories[0]
	for _, key := range []string{"created_at", "updated_at", "expires_at"} {
		if _, err := time.Parse(time.RFC3339Nano, row[key].(string)); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		delete(row, key)
	}
	want := map[string]any{
		"id": id, "title": "one", "content": "content of one", "namespace": "n", "source": "chaos", "tier": "mid",
		"tags": []any{}, "priority": 5.0, "confidence": 1.0, "access_count": 0.0, "metadata": map[string]any{"agent_id": "x"},
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	if got[0].DryRun == nil || *got[0].DryRun || !strings.HasPrefix(got[0].Sender, "host:") {
		t.Errorf("dry_run %v, sender %q", got[0].DryRun, got[0].Sender)
	}
	if key := got[0].Header.Get("X-Api-Key"); key != "" {
		t.Errorf("the client's key %q went to the peer", key)
	}
}

// TestClientGoesAway closes the connection of a write that waits: it spreads all the same.
func TestClientGoesAway(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	peer := newStub(t, func(w http.ResponseWriter, p pushed) {
		<-release
		acks(w, p)
	})
	n := newNode(t)
	n.peer(2, 5*time.Second, peer.URL)
	n.start(t)
	for _, title := range []string{"one", "two"} {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.base+"/api/v1/memories",
			strings.NewReader(`{"title":"`+title+`","content":"c","namespace":"n"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			if resp, err := client.Do(req); err == nil {
				resp.Body.Close()
				t.Error("the write was answered although its peer had not")
			}
		}()
		within(t, soon, title+" is stored", func() bool { return strings.Contains(fmt.Sprint(n.rows(t)), title) })
		cancel()
		<-gone
	}
	close(release)
	within(t, soon, "both rows reach the peer", func() bool {
		got := fmt.Sprint(peer.received())
		return strings.Contains(got, "title:one") && strings.Contains(got, "title:two")
	})
}

// TestBatchIsSplitWhenCountsDoNotTell has a peer that skips one row of several.
func TestBatchIsSplitWhenCountsDoNotTell(t *testing.T) {
	t.Parallel()
	first := make(chan struct{})
	var once sync.Once
	peer := newStub(t, func(w http.ResponseWriter, p pushed) {
		once.Do(func() { <-first }) // until the others have gathered behind it
		skipped := 0
		for _, m := range p.Memories {
			if m["title"] == "bad" {
				skipped++
			}
		}
		fmt.Fprintf(w, `{"applied":%d,"skipped":%d}`, len(p.Memories)-skipped, skipped)
	})
	n := newNode(t)
	n.peer(2, 5*time.Second, peer.URL)
	n.start(t)
	titles := []string{"first", "good", "bad", "fine"}
	answers := make([]answer, len(titles))
	var writers sync.WaitGroup
	for i, title := range titles {
		writers.Go(func() { answers[i] = n.create(t, title) })
		within(t, soon, title+" is stored", func() bool { return len(n.rows(t)) == i+1 })
	}
	close(first)
	writers.Wait()
	for i, title := range titles {
		want := http.StatusCreated
		if title == "bad" {
			want = http.StatusServiceUnavailable
		}
		if answers[i].status != want {
			t.Errorf("%s: %d %s, want %d", title, answers[i].status, answers[i].body, want)
		}
	}
}
