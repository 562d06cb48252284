package contract

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// newPlayer sets a scenario up: one node unless it is listed here.
func newPlayer(t *testing.T, scenario string) *player {
	t.Helper()
	p := &player{t: t, ids: map[string]string{}}
	alone := func(flags ...string) {
		n := newNode(t, flags...)
		n.start(t)
		p.nodes = []*node{n}
	}
	stubbed := func(stubs int, flags ...string) {
		var peers []string
		for range stubs {
			s := newStub(t)
			p.stubs, peers = append(p.stubs, s), append(peers, s.URL)
		}
		alone(append([]string{"--quorum-peers", strings.Join(peers, ",")}, flags...)...)
	}
	switch scenario {
	case "quorum_mesh", "quorum_one_dead", "quorum_both_dead":
		p.nodes = mesh(t, 3, "--quorum-writes", "2")
	case "quorum_coordinator_killed":
		p.nodes = mesh(t, 2, "--quorum-writes", "2", "--quorum-timeout-ms", "3000")
	case "quorum_wire":
		stubbed(1, "--quorum-writes", "2")
	case "quorum_answers":
		stubbed(1, "--quorum-writes", "2", "--quorum-timeout-ms", "600")
	case "quorum_partial":
		stubbed(2, "--quorum-writes", "3", "--quorum-timeout-ms", "600")
	case "quorum_slow":
		stubbed(2, "--quorum-writes", "2", "--quorum-timeout-ms", "2500")
		p.stubs[1].answer(slowly(800 * time.Millisecond))
	case "sync_daemon":
		p.nodes = []*node{newNode(t), newNode(t)}
		for _, n := range p.nodes {
			n.start(t)
		}
	case "key_public":
		n := newNode(t)
		config := filepath.Join(filepath.Dir(n.db), ".config", "ai-memory")
		if err := os.MkdirAll(config, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(config, "config.toml"), []byte("api_key = \"s3cret+key\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		n.start(t)
		p.nodes = []*node{n}
	default:
		alone()
	}
	if scenario == "scopes" {
		scopes(t, p.nodes[0])
	}
	return p
}

// scopes stores a memory of every scope in every namespace, and one of a scope that is none.
func scopes(t *testing.T, n *node) {
	t.Helper()
	var rows []any
	for _, namespace := range []string{
		"acme", "acme/eng", "acme/eng/db", "acme/eng/db/amy", "acme/eng/db/bob", "acme/ops", "zeta",
	} {
		for _, scope := range []string{"None", "private", "team", "unit", "org", "collective", "galaxy"} {
			metadata := map[string]any{"scope": scope}
			if scope == "None" {
				metadata = map[string]any{}
			}
			rows = append(rows, map[string]any{
				"title": namespace + " " + scope, "content": "shared", "namespace": namespace, "metadata": metadata,
			})
		}
	}
	n.post(t, "/api/v1/memories/bulk", rows)
}

// arrange has the stubs answer as the name of a step says.
func (p *player) arrange(step string) {
	if step == "others are served while a write waits for its quorum" {
		ctx, cancel := context.WithCancel(context.Background())
		var waits sync.WaitGroup
		waits.Go(func() {
			_, _ = p.nodes[0].try(ctx, http.MethodPost, "/api/v1/memories", []byte(`{"title":"t3","content":"c"}`), nil)
		})
		p.t.Cleanup(func() { cancel(); waits.Wait() })
	}
	replies := map[string]func(){
		"peer answers 200 plain text":    func() { p.stubs[0].answer(plainly) },
		"peer answers 500":               func() { p.stubs[0].answer(failing) },
		"one acks, one fails":            func() { p.stubs[1].answer(failing) },
		"one acks, one hangs":            func() { p.stubs[1].answer(p.stubs[1].hang) },
		"both ack":                       func() { p.stubs[1].answer(acknowledging) },
		"quick one fails, slow one acks": func() { p.stubs[0].answer(failing) },
	}
	if arrange := replies[step]; arrange != nil {
		arrange()
	}
}

// before does what the recording tells in words.
func (p *player) before(t *testing.T, what string) {
	first := p.nodes[0]
	recall := func(times int) {
		for range times {
			first.get(t, "/api/v1/recall?context=touch")
		}
	}
	switch what {
	case "three memories created":
		for i := range 3 {
			first.create(t, map[string]any{"title": fmt.Sprint("t", i)})
		}
	case "25 memories t0..t24 created in order in namespace n; t3 has priority 9, t4 priority 1":
		for i := range 25 {
			priority := map[int]int{3: 9, 4: 1}[i]
			if priority == 0 {
				priority = 5
			}
			first.create(t, map[string]any{"title": fmt.Sprint("t", i), "namespace": "n", "priority": priority})
		}
	case "a fresh mid row 'quokka', priority 5, confidence 1":
		first.create(t, map[string]any{"title": "quokka"})
	case "recalled three more times":
		recall(3)
	case "recalled a fifth time":
		recall(1)
	case "a row u of tier long, priority 9 by ann exists":
		first.create(t, map[string]any{"title": "u", "namespace": "n", "tier": "long", "priority": 9, "agent_id": "ann"})
	case "node 2 is killed (SIGKILL)":
		p.nodes[2].kill()
	case "nodes 1 and 2 are killed (SIGKILL)":
		p.nodes[1].kill()
		p.nodes[2].kill()
	case "node 2 is started again":
		p.nodes[2].start(p.t)
	case "bulk, import, update, forget, gc, links, agents, consolidate called":
		p.everyOtherWrite(t)
	case "the node is started again on the same database":
		first.start(p.t)
	case "the daemon is started (flag --peers URL of node 1 --interval 1)":
		p.syncDaemon(t)
	case "a moment later", "0.3 s later", "0.8 s later", "1.5 s later": // what is waited for is in the step
	default:
		switch {
		case strings.HasPrefix(what, "tools/call memory_namespace_set_standard {namespace: gov"):
			p.govern(t)
		case strings.HasPrefix(what, "node 1 is stopped; a create of title t in n is sent to node 0"):
			p.killCoordinator(t)
		default:
			t.Fatalf("no one knows how to do %q", what)
		}
	}
}

// govern has all of namespace gov approved by a human.
func (p *player) govern(t *testing.T) {
	t.Helper()
	id := p.nodes[0].create(t, map[string]any{"title": "rules", "namespace": "gov", "tier": "long", "agent_id": "owner1"})
	p.nodes[0].post(t, "/api/v1/namespaces/gov/standard", map[string]any{
		"id":         id,
		"governance": map[string]any{"write": "approve", "promote": "approve", "delete": "approve", "approver": "human"},
	})
}

// killCoordinator kills a node in the middle of a write for which it waits.
func (p *player) killCoordinator(t *testing.T) {
	t.Helper()
	coordinator, peer := p.nodes[0], p.nodes[1]
	peer.signal(t, syscall.SIGSTOP)
	ctx, cancel := context.WithCancel(t.Context())
	unanswered := make(chan error, 1)
	go func() {
		_, err := coordinator.try(ctx, http.MethodPost, "/api/v1/memories",
			[]byte(`{"title":"t","content":"c","namespace":"n","agent_id":"x"}`), nil)
		unanswered <- err
	}()
	within(t, 20*time.Second, "the write is stored", func() bool {
		return coordinator.get(t, "/api/v1/search?q=t").object(t)["count"] == 1.0
	})
	coordinator.kill()
	if err := <-unanswered; err == nil {
		t.Error("the write was answered although its peer stood still")
	}
	cancel()
	peer.signal(t, syscall.SIGCONT)
	coordinator.start(p.t)
}

// everyOtherWrite calls what the original tells no peer of.
func (p *player) everyOtherWrite(t *testing.T) {
	t.Helper()
	n := p.nodes[0]
	p.stubs[0].forget()
	for _, title := range []string{"x", "y", "z"} {
		n.post(t, "/api/v1/memories/bulk", []any{map[string]any{"title": title, "content": "c", "namespace": "n"}})
	}
}

// syncDaemon has a daemon of node 0 follow node 1.
func (p *player) syncDaemon(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	daemon := p.nodes[0].command(ctx, "sync-daemon", "--peers", p.nodes[1].base(), "--interval", "1")
	var out bytes.Buffer
	daemon.Stdout, daemon.Stderr = &out, &out
	daemon.Cancel = func() error { return daemon.Process.Signal(syscall.SIGINT) }
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	p.t.Cleanup(func() {
		cancel()
		if err := daemon.Wait(); daemon.ProcessState.ExitCode() != 0 {
			t.Errorf("the daemon ended with %v\n%s", err, out.String())
		}
	})
}

// observe checks a fact that is not an answer.
func (p *player) observe(t *testing.T, e exchange) {
	t.Helper()
	switch e.Request.Observed {
	case "exit code of the server after SIGINT":
		p.want(t, e, float64(p.nodes[0].interrupt(t)))
	case "wall time of the previous request":
		var from, to float64
		if _, err := fmt.Sscanf(e.Body.(string), "between %f and %f s", &from, &to); err != nil {
			t.Fatal(err)
		}
		if took := p.last.took.Seconds(); took < from || took > to {
			t.Errorf("it took %.3f s, want %v", took, e.Body)
		}
	case "the request received by the peer for the previous create", "the body received by the peer for the previous upsert":
		got := p.stubs[0].pushed(t, e)
		if e.Request.Observed == "the body received by the peer for the previous upsert" {
			p.want(t, e, got["body"])
			return
		}
		p.want(t, e, got)
	case "headers of that request":
		p.want(t, e, p.stubs[0].headers())
	case "number of requests the peer received for those":
		if _, is := e.Body.(float64); !is {
			within(t, 20*time.Second, "the peer is told", func() bool { return p.stubs[0].count() > 0 })
			return
		}
		p.want(t, e, float64(p.stubs[0].count()))
	case "titles received by the slow peer":
		within(t, 20*time.Second, "the slow peer is sent the row", func() bool { return len(p.stubs[1].titles()) > 0 })
		p.want(t, e, p.stubs[1].titles())
	default:
		t.Fatalf("no one knows how to observe %q", e.Request.Observed)
	}
}

func (p *player) want(t *testing.T, e exchange, got any) {
	t.Helper()
	if diff := cmp.Diff(e.Body, p.withPlaceholders(e.Body, got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", e.Request.Observed, diff)
	}
}
