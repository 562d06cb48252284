package server_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"chaosctl/server"
)

// original is a server with the sync routes of ai-memory 0.6.0 and no others: rows by title and namespace,
// the later text of updated_at wins, and no deletions.
type original struct {
	t *testing.T

	mu     sync.Mutex
	rows   map[string]server.Memory // by namespace and title
	asked  []string                 // the times after which rows were asked for
	pushed int                      // rows that were sent to it
	refuse string                   // a title that it skips
	limit  int                      // rows after which pushes fail; 0: none
}

func startOriginal(t *testing.T) (o *original, base string) {
	t.Helper()
	o = &original{t: t, rows: map[string]server.Memory{}}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /api/v1/sync/since", o.since)
	routes.HandleFunc("POST /api/v1/sync/push", o.push)
	served := httptest.NewServer(routes)
	t.Cleanup(served.Close)
	return o, served.URL
}

func (o *original) since(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	after, limit := r.FormValue("since"), 500
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil {
		limit = min(n, 10_000)
	}
	o.asked = append(o.asked, after)
	found := []server.Memory{}
	for _, m := range o.rows {
		if m.UpdatedAt > after {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b server.Memory) int { return cmp.Compare(a.UpdatedAt, b.UpdatedAt) })
	found = found[:min(limit, len(found))]
	_ = json.NewEncoder(w).Encode(map[string]any{"count": len(found), "limit": limit, "memories": found})
}

func (o *original) push(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var body struct {
		Sender   string          `json:"sender_agent_id"`
		Memories []server.Memory `json:"memories"`
	}
	switch err := json.NewDecoder(r.Body).Decode(&body); {
	case err != nil || body.Sender == "" || body.Memories == nil:
		o.t.Errorf("a push of %v, %v", body, err)
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	case len(body.Memories) > 1000:
		w.WriteHeader(http.StatusBadRequest)
		return
	case o.limit > 0 && o.pushed >= o.limit:
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	skipped := 0
	for _, m := range body.Memories {
		if o.pushed++; m.Title == o.refuse {
			skipped++
			continue
		}
		if here, there := o.rows[m.Namespace+"/"+m.Title]; !there || m.UpdatedAt > here.UpdatedAt {
			o.rows[m.Namespace+"/"+m.Title] = m
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"applied": len(body.Memories) - skipped, "noop": 0, "skipped": skipped, "dry_run": false,
		"receiver_agent_id": "anonymous:req-1", "receiver_clock": map[string]any{"entries": map[string]any{}},
	})
}

// put stores a row as a client of the original does.
func (o *original) put(title, content, at string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rows["n/"+title] = server.Memory{
		ID: "id-of-" + title, Tier: server.TierLong, Namespace: "n", Title: title, Content: content, Tags: []string{}, Priority: 5,
		Confidence: 1, Source: "api", CreatedAt: at, UpdatedAt: at, Metadata: json.RawMessage("{}"),
	}
}

// contents are the rows of the original, by title.
func (o *original) contents() map[string]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := map[string]string{}
	for _, m := range o.rows {
		found[m.Title] = m.Content
	}
	return found
}

// moved returns what was asked and sent since the last call.
func (o *original) moved() (asked []string, pushed int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	asked, pushed = o.asked, o.pushed
	o.asked, o.pushed = nil, 0
	return asked, pushed
}

// following runs Follow until a number of exchanges has been logged from then on, and returns the log.
func following(t *testing.T, db, peer string, page, exchanges int) string {
	t.Helper()
	logged := &record{}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	config := server.Config{DB: db, QuorumWrites: 1, QuorumPeers: &peer, Logger: slog.New(slog.NewTextHandler(logged, nil))}
	go func() { ended <- server.Follow(ctx, config, 20*time.Millisecond, page) }()
	within(t, 10*time.Second, fmt.Sprint(exchanges, " exchanges"), func() bool {
		return strings.Count(logged.String(), "pulled=") >= exchanges || strings.Contains(logged.String(), "failed")
	})
	stop()
	if err := <-ended; err != nil {
		t.Errorf("follow: %v", err)
	}
	return logged.String()
}

// TestFollowOriginal keeps a server the same as one that knows only the sync routes of 0.6.0: rows of one
// moment that are more than a page, what both change, a deletion here; and a second run begins where the
// first has ended.
func TestFollowOriginal(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	o, base := startOriginal(t)
	for i := range 25 {
		o.put(fmt.Sprint("moment-", i), "theirs", "2024-05-01T00:00:00+00:00")
	}
	for i := range 12 {
		o.put(fmt.Sprint("later-", i), "theirs", fmt.Sprintf("2024-05-02T00:00:%02d.5+00:00", i))
		n.create(t, fmt.Sprint("mine-", i))
	}
	log := following(t, n.config.DB, base, 7, 3)
	if strings.Contains(log, "failed") || !strings.Contains(log, "pulled=37") || !strings.Contains(log, "pulled=0 pushed=0") {
		t.Errorf("logged:\n%s", log)
	}
	if got := n.call(t, http.MethodGet, "/api/v1/stats", "", nil, nil).decode(t)["total"]; got != 49.0 || len(o.contents()) != 49 {
		t.Fatalf("%v rows here, %d there, want 49", got, len(o.contents()))
	}

	o.moved()
	log = following(t, n.config.DB, base, 7, 2)
	if asked, pushed := o.moved(); pushed != 0 || slices.Contains(asked, "") || strings.Contains(log, "failed") {
		t.Errorf("a second run asked for all after %q and sent %d rows again\n%s", asked, pushed, log)
	}

	if got := n.call(t, http.MethodDelete, "/api/v1/memories/id-of-later-4", "", nil, nil); got.status != http.StatusOK {
		t.Fatalf("delete: %d %s", got.status, got.body)
	}
	o.put("later-3", "changed there", "2100-06-01T00:00:00+00:00")
	o.put("later-4", "changed there", "2100-06-01T00:00:01+00:00")
	n.create(t, "mine-12")
	log = following(t, n.config.DB, base, 7, 2)
	if got := o.contents(); got["mine-12"] == "" || !strings.Contains(log, "pulled=1") || strings.Contains(log, "did not take") {
		t.Errorf("there are %q\n%s", got, log)
	}
	here := fmt.Sprint(n.rows(t))
	if strings.Contains(here, "later-4|") || !strings.Contains(here, "later-3|changed there") {
		t.Errorf("what was deleted here is back, or what was changed there is not: %s", here)
	}
}

// TestFollowOriginalThatRefuses tells what an original skips, or cannot be taken of it, and goes on.
func TestFollowOriginalThatRefuses(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	o, base := startOriginal(t)
	o.refuse = "unwanted"
	o.put("", "no title", "2024-05-01T00:00:00+00:00")
	o.put("fine", "theirs", "2024-05-01T00:00:01+00:00")
	n.create(t, "unwanted")
	n.create(t, "wanted")
	log := following(t, n.config.DB, base, 500, 2)
	for _, want := range []string{"pulled=1 ", "did not take 1 memories; 1 of its own", "pulled=0 pushed=0"} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not logged:\n%s", want, log)
		}
	}
	if got := o.contents(); len(got) != 3 || got["wanted"] == "" {
		t.Errorf("there are %q", got)
	}
}

// TestFollowOriginalThatFails sends the rest when a push has failed, and no page twice.
func TestFollowOriginalThatFails(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	o, base := startOriginal(t)
	for i := range 30 {
		n.create(t, fmt.Sprint("mine-", i))
	}
	o.limit = 14
	if log := following(t, n.config.DB, base, 7, 1); !strings.Contains(log, "cycle failed: push to "+base+": http status 500") {
		t.Errorf("no failed push is logged:\n%s", log)
	}
	o.limit = 0
	o.moved()
	following(t, n.config.DB, base, 7, 1)
	if _, pushed := o.moved(); pushed != 16 || len(o.contents()) != 30 {
		t.Errorf("%d rows were sent, and %d are there, want 16 and 30", pushed, len(o.contents()))
	}
}
