package server_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"chaosctl/server"
)

// record keeps what was logged.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// TestFollow has two servers that know nothing of each other kept the same by a third process's
// worth of work: rows by the page, a deletion, and what a peer that is away missed.
func TestFollow(t *testing.T) {
	t.Parallel()
	a, b := startOne(t), startOne(t)
	var first string
	for i := range 25 {
		id := a.create(t, fmt.Sprint("a", i)).decode(t)["id"].(string)
		if i == 0 {
			first = id
		}
		b.create(t, fmt.Sprint("b", i))
	}
	logged := &record{}
	config := server.Config{
		DB: a.config.DB, QuorumWrites: 1, QuorumPeers: &b.base, Logger: slog.New(slog.NewTextHandler(logged, nil)),
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Follow(ctx, config, 20*time.Millisecond, 7) }()
	wantEqual(t, soon, 50, a, b)
	if got := a.call(t, http.MethodDelete, "/api/v1/memories/"+first, "", nil, nil); got.status != http.StatusOK {
		t.Errorf("delete: %d %s", got.status, got.body)
	}
	wantEqual(t, soon, 49, a, b)
	b.shutDown(t)
	a.create(t, "while b is away")
	within(t, soon, "a failed cycle is logged", func() bool { return strings.Contains(logged.String(), "cycle failed") })
	b.start(t)
	wantEqual(t, soon, 50, a, b)
	within(t, soon, "a cycle without news is logged", func() bool { return strings.Contains(logged.String(), "pulled=0 pushed=0") })
	stop()
	if err := <-ended; err != nil {
		t.Errorf("follow: %v", err)
	}
	for _, want := range []string{`pulled=25 pushed=25`, `pulled=0 pushed=0`, "shutdown signal received"} {
		if !regexp.MustCompile(want).MatchString(logged.String()) {
			t.Errorf("nothing is logged like %q in\n%s", want, logged.String())
		}
	}
}
