package contract

import (
	"bufio"
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
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// node is a process of ai-memory serve, on its own database and a port that stays its own.
type node struct {
	db    string
	port  int
	flags []string // of serve, beyond the address
	env   []string

	process *exec.Cmd
	ended   chan struct{}
}

func newNode(t testing.TB, flags ...string) *node {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &node{
		db:    filepath.Join(t.TempDir(), "memory.db"),
		port:  l.Addr().(*net.TCPAddr).Port,
		flags: flags,
	}
}

func (n *node) base() string { return fmt.Sprintf("http://127.0.0.1:%d", n.port) }

// command is the program with this node's database and no configuration but its own.
func (n *node) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, append([]string{"--db", n.db}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(n.db), "NO_COLOR=1")
	cmd.Env = append(cmd.Env, n.env...)
	return cmd
}

// start runs the node until it is ready; it is killed at the end of the test.
func (n *node) start(t testing.TB) {
	t.Helper()
	args := append([]string{"serve", "--host", "127.0.0.1", "--port", strconv.Itoa(n.port)}, n.flags...)
	n.process = n.command(context.Background(), args...)
	out, err := n.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	n.process.Stderr = &complaints
	if err := n.process.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	n.ended = ended
	process := n.process
	go func() {
		defer close(ended)
		told := false
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if !told && strings.Contains(lines.Text(), "listening on") {
				told = true
				close(ready)
			}
		}
		_ = process.Wait() // whoever ends it looks at its state
	}()
	t.Cleanup(func() { n.kill() })
	select {
	case <-ready:
	case <-ended:
		t.Fatalf("the node ended: %v\n%s", process.ProcessState, complaints.String())
	case <-time.After(20 * time.Second):
		t.Fatal("the node is not ready after 20 s")
	}
}

// kill ends the node at once. It may be called again.
func (n *node) kill() {
	if n.process != nil {
		_ = n.process.Process.Kill() // it may be gone
		<-n.ended
	}
}

func (n *node) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := n.process.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// interrupt ends the node by SIGINT and returns its exit code.
func (n *node) interrupt(t testing.TB) int {
	t.Helper()
	n.signal(t, syscall.SIGINT)
	select {
	case <-n.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the node goes on after SIGINT")
	}
	return n.process.ProcessState.ExitCode()
}

// mesh returns running nodes that are each other's peers.
func mesh(t testing.TB, size int, flags ...string) []*node {
	t.Helper()
	nodes := make([]*node, size)
	for i := range nodes {
		nodes[i] = newNode(t)
	}
	for i, n := range nodes {
		var peers []string
		for j, other := range nodes {
			if i != j {
				peers = append(peers, other.base())
			}
		}
		n.flags = append([]string{"--quorum-peers", strings.Join(peers, ",")}, flags...)
		n.start(t)
	}
	return nodes
}

// client keeps no connections, so that none outlives a test.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

// value reads the body as JSON.
func (a answer) value(t testing.TB) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("answer %d %q is no JSON: %v", a.status, a.body, err)
	}
	return v
}

// object reads the body as a JSON object.
func (a answer) object(t testing.TB) map[string]any {
	t.Helper()
	o, is := a.value(t).(map[string]any)
	if !is {
		t.Fatalf("answer %d %q is no JSON object", a.status, a.body)
	}
	return o
}

// call sends a request and reads the answer. A body that is not nil is JSON unless headers say
// otherwise.
func (n *node) call(t testing.TB, method, path string, body []byte, headers map[string]string) answer {
	t.Helper()
	a, err := n.try(t.Context(), method, path, body, headers)
	if err != nil {
		t.Fatal(err)
	}
	described.check(t, method, path, a)
	return a
}

// try is call for a request that may fail.
func (n *node) try(ctx context.Context, method, path string, body []byte, headers map[string]string) (answer, error) {
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, method, n.base()+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != nil && headers["Content-Type"] == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for key, value := range headers {
		if value != "" {
			req.Header.Set(key, value)
		}
	}
	if value, given := headers["Content-Type"]; given && value == "" {
		req.Header.Del("Content-Type")
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, text, time.Since(began)}, errors.Join(err, resp.Body.Close())
}

// get reads a path.
func (n *node) get(t testing.TB, path string) answer {
	t.Helper()
	return n.call(t, http.MethodGet, path, nil, nil)
}

// send sends a value as JSON, as an agent unless that is empty.
func (n *node) send(t testing.TB, method, path, agent string, value any) answer {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return n.call(t, method, path, text, map[string]string{"X-Agent-Id": agent})
}

// post is send by POST that must succeed.
func (n *node) post(t testing.TB, path string, value any) map[string]any {
	t.Helper()
	a := n.send(t, http.MethodPost, path, "", value)
	if a.status/100 != 2 {
		t.Fatalf("POST %s: %d %s", path, a.status, a.body)
	}
	return a.object(t)
}

// create stores a memory and returns its id.
func (n *node) create(t testing.TB, fields map[string]any) string {
	t.Helper()
	if fields["content"] == nil {
		fields["content"] = "c"
	}
	return n.post(t, "/api/v1/memories", fields)["id"].(string)
}

// memory reads a memory's own fields.
func (n *node) memory(t testing.TB, id string) map[string]any {
	t.Helper()
	a := n.get(t, "/api/v1/memories/"+id)
	if a.status != http.StatusOK {
		t.Fatalf("GET %s: %d %s", id, a.status, a.body)
	}
	return a.object(t)["memory"].(map[string]any)
}

// within waits until something holds.
func within(t testing.TB, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", limit, what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
