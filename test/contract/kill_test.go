package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// kills is how often TestKilledUnderLoad kills; CHAOSCTL_KILLS runs it longer.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("CHAOSCTL_KILLS")
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("CHAOSCTL_KILLS is %q, want a number of kills", text)
	}
	return n
}

// key is one title that one writer writes, and what it must hold: what was last acknowledged, or,
// after a write whose fate is unknown, that or what was to be written. Empty: no memory.
type key struct {
	title        string
	id           string
	acknowledged string
	attempted    *string
}

// TestKilledUnderLoad kills a server at random moments while all kinds of writes are under way:
// what it acknowledged is there when it is back, and nothing else that was never sent.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	const writers, keysEach = 6, 4
	held := make([][]*key, writers)
	for w := range held {
		for k := range keysEach {
			held[w] = append(held[w], &key{title: fmt.Sprintf("w%d-k%d", w, k)})
		}
	}
	acknowledged := 0
	for round := range kills(t) {
		n.start(t)
		verify(t, n, held, round)
		ctx, cancel := context.WithCancel(t.Context())
		counts := make([]int, writers)
		var load sync.WaitGroup
		for w := range writers {
			random := rand.New(rand.NewPCG(seed, uint64(round*writers+w)))
			load.Go(func() { counts[w] = write(ctx, n, held[w], random, round) })
		}
		pause := time.NewTimer(time.Duration(2+moments.IntN(60)) * time.Millisecond)
		<-pause.C
		n.kill()
		cancel()
		load.Wait()
		for _, count := range counts {
			acknowledged += count
		}
	}
	n.start(t)
	verify(t, n, held, -1)
	t.Logf("%d writes acknowledged over %d kills", acknowledged, kills(t))
	if acknowledged < kills(t) {
		t.Errorf("only %d writes were acknowledged over %d kills: this shows little", acknowledged, kills(t))
	}
}

// write writes until the server is gone and returns how many writes were acknowledged.
func write(ctx context.Context, n *node, keys []*key, random *rand.Rand, round int) (acknowledged int) {
	for i := 0; ; i++ {
		k := keys[random.IntN(len(keys))]
		content := fmt.Sprintf("r%d-i%d", round, i)
		row := map[string]any{"title": k.title, "content": content, "namespace": "kill", "source": "chaos", "tier": "long"}
		method, path, body := http.MethodPost, "/api/v1/memories", any(row)
		switch dice := random.IntN(10); {
		case k.acknowledged == "" || dice < 3:
		case dice < 5:
			method, path, body = http.MethodPut, path+"/"+k.id, map[string]any{"content": content}
		case dice < 7:
			method, path, body, content = http.MethodDelete, path+"/"+k.id, nil, ""
		default:
			path, body = path+"/bulk", []any{row}
		}
		text, err := json.Marshal(body)
		if err != nil {
			return acknowledged
		}
		k.attempted = &content
		a, err := n.try(ctx, method, path, text, nil)
		if err != nil || a.status/100 != 2 {
			return acknowledged
		}
		k.acknowledged, k.attempted = content, nil
		acknowledged++
		var answer struct{ ID string }
		if json.Unmarshal(a.body, &answer) == nil && answer.ID != "" {
			k.id = answer.ID
		}
	}
}

// verify reads all there is and checks every key; then what is there counts as acknowledged.
func verify(t *testing.T, n *node, held [][]*key, round int) {
	t.Helper()
	a := n.get(t, "/api/v1/memories?namespace=kill&limit=200")
	stored := map[string]map[string]any{}
	for _, row := range list(a.object(t)) {
		m := row.(map[string]any)
		title := m["title"].(string)
		if stored[title] != nil {
			t.Fatalf("round %d: %s is stored twice", round, title)
		}
		stored[title] = m
	}
	for _, keys := range held {
		for _, k := range keys {
			got, _ := stored[k.title]["content"].(string)
			if got != k.acknowledged && (k.attempted == nil || got != *k.attempted) {
				t.Fatalf("round %d: %s holds %q; acknowledged was %q, attempted %v", round, k.title, got, k.acknowledged, k.attempted)
			}
			k.acknowledged, k.attempted = got, nil
			if k.id, _ = stored[k.title]["id"].(string); got == "" {
				k.id = ""
			}
			delete(stored, k.title)
		}
	}
	if len(stored) > 0 {
		t.Fatalf("round %d: %d memories that nobody wrote: %v", round, len(stored), stored)
	}
	if h := n.get(t, "/api/v1/health"); h.status != http.StatusOK {
		t.Fatalf("round %d: health is %d %s", round, h.status, h.body)
	}
}
