package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wantEqual waits until all nodes hold the same rows, and a number of them.
func wantEqual(t *testing.T, limit time.Duration, want int, nodes ...*node) time.Duration {
	t.Helper()
	return within(t, limit, fmt.Sprintf("all nodes hold the same %d rows", want), func() bool {
		first := nodes[0].rows(t)
		for _, n := range nodes[1:] {
			if !maps.Equal(first, n.rows(t)) {
				return false
			}
		}
		return len(first) == want
	})
}

// TestConcurrentWrites writes through all nodes at once.
func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 3, 2, 2*time.Second)
	for _, n := range nodes {
		n.start(t)
	}
	const each, writers = 20, 6
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if a := nodes[w%3].create(t, fmt.Sprintf("t%d-%d", w, i)); a.status != http.StatusCreated {
					t.Errorf("create: %d %s", a.status, a.body)
				}
			}
		})
	}
	all.Wait()
	wantEqual(t, soon, each*writers, nodes...)
}

// TestSameTitleEverywhere has all nodes create the same memory at once: one row with one id is
// left, the same on all.
func TestSameTitleEverywhere(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 3, 1, time.Second)
	for _, n := range nodes {
		n.start(t)
	}
	var all sync.WaitGroup
	for _, n := range nodes {
		all.Go(func() {
			for range 5 {
				n.create(t, "same")
			}
		})
	}
	all.Wait()
	wantEqual(t, soon, 1, nodes...)
}

// TestHandoff stops a peer, writes without it, and starts it again: on its own data, and on
// none.
func TestHandoff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		empty bool
	}{{"on its data", false}, {"empty", true}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			nodes := mesh(t, 3, 2, time.Second)
			for _, n := range nodes {
				n.start(t)
			}
			nodes[0].create(t, "before")
			wantEqual(t, soon, 1, nodes...)
			nodes[2].shutDown(t)
			for i := range 30 {
				if a := nodes[i%2].create(t, fmt.Sprint("during ", i)); a.status != http.StatusCreated {
					t.Fatalf("create: %d %s", a.status, a.body)
				}
			}
			if test.empty {
				nodes[2].config.DB = t.TempDir() + "/memory.db"
			}
			nodes[2].start(t)
			wantEqual(t, soon, 31, nodes...)
			nodes[1].create(t, "after")
			wantEqual(t, soon, 32, nodes...)
		})
	}
}

// TestSurvivorsConverge has a primary die for good when only one of its peers has its rows.
func TestSurvivorsConverge(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 3, 2, time.Second)
	nodes[0].start(t)
	nodes[1].start(t)
	for i := range 20 {
		if a := nodes[0].create(t, fmt.Sprint("t", i)); a.status != http.StatusCreated {
			t.Fatalf("create: %d %s", a.status, a.body)
		}
	}
	nodes[0].shutDown(t)
	nodes[2].start(t)
	wantEqual(t, soon, 20, nodes[1], nodes[2])
}

// TestManyRowsCatchUp starts a peer that lacks more than goes into one page or one body.
func TestManyRowsCatchUp(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 2, 1, time.Second)
	nodes[0].start(t)
	const rows = 1200
	big := string(make([]byte, 0)) + fmt.Sprintf("%060000d", 7)
	for batch := range rows / 100 {
		var memories []map[string]any
		for i := range 100 {
			content := "c"
			if batch == 0 && i < 60 {
				content = big // 3.6 MB in all: no single body takes it
			}
			memories = append(memories, map[string]any{
				"id": fmt.Sprintf("m-%d-%d", batch, i), "title": fmt.Sprintf("t %d %d", batch, i), "content": content,
				"namespace": "n", "source": "chaos", "tier": "mid", "tags": []string{}, "priority": 5, "confidence": 1,
				"access_count": 0, "created_at": "2026-01-01T00:00:00+00:00", "updated_at": "2026-01-01T00:00:00+00:00",
			})
			if content == big && len(memories) == 30 {
				break
			}
		}
		a := nodes[0].post(t, "/api/v1/sync/push", map[string]any{"sender_agent_id": "seed", "memories": memories})
		if a.decode(t)["applied"] != float64(len(memories)) {
			t.Fatalf("seed: %d %s", a.status, a.body)
		}
	}
	nodes[1].start(t)
	wantEqual(t, 20*time.Second, rows-70, nodes...) // under the race detector it takes 5 s on an idle machine
}

// TestReconnectTimes prints how long a peer that was away takes to be caught up. It bounds
// them loosely: the machine may be busy.
func TestReconnectTimes(t *testing.T) {
	nodes := mesh(t, 3, 2, time.Second)
	for _, n := range nodes {
		n.start(t)
	}
	var times []time.Duration
	for round := range 20 {
		nodes[2].shutDown(t)
		for i := range 10 {
			nodes[i%2].create(t, fmt.Sprintf("round %d, %d", round, i))
		}
		nodes[2].start(t)
		times = append(times, wantEqual(t, soon, 10*(round+1), nodes...))
	}
	slices.Sort(times)
	t.Logf("caught up after a restart: median %v, p95 %v, worst %v", times[10], times[18], times[19])
	if times[10] > time.Second {
		t.Errorf("the median is %v", times[10])
	}
}

// TestReplicationMetrics looks at the counters that tell of all this.
func TestReplicationMetrics(t *testing.T) {
	t.Parallel()
	peer := newStub(t, acks)
	n := newNode(t)
	n.peer(2, time.Second, peer.URL)
	n.start(t)
	n.create(t, "one")
	want := map[string]string{
		`ai_memory_quorum_total{result="met"}`:                                               "1",
		`ai_memory_quorum_total{result="unreachable"}`:                                       "0",
		`ai_memory_quorum_waiting`:                                                           "0",
		`ai_memory_peer_acks_total{peer="` + peer.URL + `"}`:                                 "1",
		`ai_memory_peer_up{peer="` + peer.URL + `"}`:                                         "1",
		`ai_memory_store_total{result="ok",tier="mid"}`:                                      "1",
		`ai_memory_http_requests_total{method="POST",route="/api/v1/memories",status="201"}`: "1",
	}
	metrics := samples(n.get(t, "/metrics").body)
	got := map[string]string{}
	for name := range want {
		got[name] = metrics[name]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}
