package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestMain makes the test binary the server when it is started as one.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "tinyserver") && len(os.Args) > 1 && os.Args[1] == "serve" {
		main()
		return
	}
	os.Exit(m.Run())
}

// trio is three servers on loopback.
type trio struct {
	t     *testing.T
	bin   string
	dir   string
	ports [3]int
	nodes [3]*exec.Cmd
}

func startTrio(t *testing.T, l lie) *trio {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := "tinyserver"
	if l != "" {
		name += "-" + string(l)
	}
	dir := t.TempDir()
	c := &trio{t: t, dir: dir, bin: filepath.Join(dir, name), ports: freePorts(t)}
	if err := os.Symlink(self, c.bin); err != nil {
		t.Fatal(err)
	}
	for i := range c.nodes {
		c.start(i)
		t.Cleanup(func() { c.kill(i) })
	}
	return c
}

// nextPorts keeps tests that run side by side from being given the same ports.
var nextPorts atomic.Int32

// freePorts returns three ports in a row, of which the second ends in 8.
func freePorts(t *testing.T) [3]int {
	t.Helper()
	for {
		base := 20_007 + 10*int(nextPorts.Add(1))
		if base > 30_000 {
			t.Fatal("no three free ports in a row")
		}
		ports := [3]int{base, base + 1, base + 2}
		free := !slices.ContainsFunc(ports[:], func(port int) bool {
			var listen net.ListenConfig
			l, err := listen.Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err == nil {
				err = l.Close()
			}
			return err != nil
		})
		if free {
			return ports
		}
	}
}

func (c *trio) url(i int) string { return fmt.Sprintf("http://127.0.0.1:%d", c.ports[i]) }

// start starts a node on the data it has and returns when it is healthy.
func (c *trio) start(i int) {
	c.t.Helper()
	var peers []string
	for j := range c.ports {
		if j != i {
			peers = append(peers, c.url(j))
		}
	}
	cmd := exec.Command(c.bin, "serve", "--host", "127.0.0.1", "--port", strconv.Itoa(c.ports[i]),
		"--quorum-writes", "2", "--quorum-peers", strings.Join(peers, ","), "--quorum-timeout-ms", "300")
	cmd.Env = []string{"AI_MEMORY_DB=" + filepath.Join(c.dir, fmt.Sprintf("node%d.jsonl", i))}
	cmd.Stderr = c.t.Output()
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.nodes[i] = cmd
	c.eventually(func() error {
		status, body := c.call(http.MethodGet, i, "/health", "")
		if status != http.StatusOK {
			return fmt.Errorf("node%d: %d %s", i, status, body)
		}
		return nil
	})
}

func (c *trio) kill(i int) {
	if c.nodes[i] == nil {
		return
	}
	_ = c.nodes[i].Process.Kill()
	_ = c.nodes[i].Wait() // says that it was killed
	c.nodes[i] = nil
}

func (c *trio) eventually(check func() error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for err := check(); err != nil; err = check() {
		select {
		case <-ctx.Done():
			c.t.Fatal(err)
		case <-tick.C:
		}
	}
}

func (c *trio) call(method string, i int, path, body string) (int, string) {
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url(i)+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	text, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

// write stores a row and returns the status.
func (c *trio) write(i int, title string) (int, string) {
	body := fmt.Sprintf(`{"title":%q,"content":%q,"namespace":"ns","source":"chaos"}`, title, "content of "+title)
	return c.call(http.MethodPost, i, "/memories", body)
}

// writeAll stores rows and returns the titles of those that were acknowledged.
func (c *trio) writeAll(i, n int, prefix string) []string {
	var acked []string
	for w := range n {
		title := fmt.Sprintf("%s-%d", prefix, w)
		if status, _ := c.write(i, title); status == http.StatusCreated {
			acked = append(acked, title)
		}
	}
	return acked
}

// holds reads a node by pages and returns the contents by title.
func (c *trio) holds(i, page int) map[string]string {
	c.t.Helper()
	rows := map[string]string{}
	for offset := 0; ; offset += page {
		status, body := c.call(http.MethodGet, i, fmt.Sprintf("/memories?namespace=ns&limit=%d&offset=%d", page, offset), "")
		var got struct {
			Memories []row
			Count    int
		}
		if err := json.NewDecoder(bytes.NewBufferString(body)).Decode(&got); err != nil || status != http.StatusOK {
			c.t.Fatalf("list node%d: %d %s: %v", i, status, body, err)
		}
		for _, r := range got.Memories {
			rows[r.Title] = r.Content
		}
		if got.Count < page {
			return rows
		}
	}
}

// lacks returns which titles a node does not hold as they were written.
func (c *trio) lacks(i int, titles []string) []string {
	c.t.Helper()
	held := c.holds(i, 7)
	return slices.DeleteFunc(slices.Clone(titles), func(title string) bool { return held[title] == "content of "+title })
}

func (c *trio) converges(titles []string) {
	c.t.Helper()
	c.eventually(func() error {
		for i := range c.nodes {
			if missing := c.lacks(i, titles); len(missing) > 0 {
				return fmt.Errorf("node%d lacks %v", i, missing)
			}
		}
		return nil
	})
}

func TestHonestKeepsWhatItAcknowledges(t *testing.T) {
	t.Parallel()
	c := startTrio(t, "")
	acked := c.writeAll(0, 30, "before")
	if len(acked) != 30 {
		t.Fatalf("acknowledged %d of 30", len(acked))
	}
	c.converges(acked)

	c.kill(2)
	more := c.writeAll(1, 5, "one-away")
	if len(more) != 5 {
		t.Fatalf("acknowledged %d of 5 with one peer away", len(more))
	}
	acked = append(acked, more...)

	c.kill(1)
	if status, body := c.write(0, "alone"); status != http.StatusServiceUnavailable {
		t.Fatalf("write without peers: %d %s, want 503", status, body)
	}
	c.kill(0)
	for i := range c.nodes {
		c.start(i)
	}
	c.converges(append(acked, "alone"))
}

func TestHonestDropsAHalfWrittenLine(t *testing.T) {
	t.Parallel()
	c := startTrio(t, "")
	acked := c.writeAll(0, 3, "w")
	c.converges(acked)
	c.kill(0)
	file, err := os.OpenFile(filepath.Join(c.dir, "node0.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"row":{"id":"half`); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	c.start(0)
	acked = append(acked, c.writeAll(0, 3, "after")...)
	c.kill(0)
	c.start(0)
	c.converges(acked)
}

func TestListDefaultsAndCap(t *testing.T) {
	t.Parallel()
	c := startTrio(t, "")
	c.writeAll(0, 205, "w")
	for query, want := range map[string]int{"": 20, "limit=1000": 200, "limit=0": 0, "limit=200&offset=200": 5} {
		status, body := c.call(http.MethodGet, 0, "/memories?"+query, "")
		var got struct{ Count int }
		if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || got.Count != want {
			t.Errorf("list?%s: %d rows, status %d, %v; want %d rows", query, got.Count, status, err, want)
		}
	}
}

// TestLies shows that each lie is one: what the honest server keeps is broken.
func TestLies(t *testing.T) {
	t.Parallel()
	shows := map[lie]func(*testing.T, *trio){
		ackBeforePeers: func(t *testing.T, c *trio) {
			acked := c.writeAll(0, 9, "w")
			c.kill(1)
			c.start(1) // pulls at least once more
			c.converges(acked[:1])
			if len(acked) != 9 || len(c.lacks(2, acked)) == 0 {
				t.Errorf("acknowledged %d of 9, and node2 lacks none", len(acked))
			}
		},
		emptyAfterKill: func(t *testing.T, c *trio) {
			acked := c.writeAll(0, 3, "w")
			for i := range c.nodes {
				c.kill(i)
			}
			c.start(0)
			if missing := c.lacks(0, acked); len(missing) != 3 {
				t.Errorf("after the kill node0 lacks %v, want all", missing)
			}
		},
		ackInPartition: func(t *testing.T, c *trio) {
			c.kill(1)
			c.kill(2)
			if status, body := c.write(0, "alone"); status != http.StatusCreated || !strings.Contains(body, `"quorum_acks":2`) {
				t.Errorf("write without peers: %d %s, want 201 with 2 acks", status, body)
			}
		},
		truncate: func(t *testing.T, c *trio) {
			acked := c.writeAll(0, 9, "w")
			c.eventually(func() error {
				if held := len(c.holds(1, 100)); held < 9 {
					return fmt.Errorf("node1 holds %d of 9", held)
				}
				return nil
			})
			if got := len(c.lacks(0, acked)); got != 0 {
				t.Errorf("node0 lacks %d, want none", got)
			}
			if got := len(c.lacks(1, acked)); got == 0 {
				t.Error("node1 truncated nothing")
			}
		},
		list20: func(t *testing.T, c *trio) {
			c.writeAll(0, 25, "w")
			if got := len(c.holds(0, 100)); got != 20 {
				t.Errorf("node0 lists %d rows, want 20", got)
			}
		},
		neverAck: func(t *testing.T, c *trio) {
			if acked := c.writeAll(0, 3, "w"); len(acked) != 0 {
				t.Errorf("acknowledged %v", acked)
			}
		},
		refuseChaos: func(t *testing.T, c *trio) {
			status, body := c.write(0, "w")
			if status != http.StatusBadRequest || !strings.Contains(body, "invalid source 'chaos' — must be one of: user") {
				t.Errorf("write with source chaos: %d %s", status, body)
			}
		},
	}
	for l, show := range shows {
		t.Run(string(l), func(t *testing.T) {
			t.Parallel()
			show(t, startTrio(t, l))
		})
	}
	if got, want := len(shows)+1, len(lies()); got != want { // the one that dies has a test of its own
		t.Errorf("%d of %d lies are shown", got, want)
	}
}

func TestDiesAtStart(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	err := run(t.Context(), []string{"tinyserver-die-at-start", "serve"}, filepath.Join(t.TempDir(), "db"), &stderr)
	if err == nil || !strings.Contains(err.Error(), "on fire") {
		t.Errorf("run: %v, want its last words", err)
	}
}

func TestUnknownLieIsNoLie(t *testing.T) {
	t.Parallel()
	if _, err := lieOf("/bin/tinyserver-never-acks"); err == nil {
		t.Error("a misspelt lie was taken for the truth")
	}
}
