package aimemory_test

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
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// program is a process of ai-memory serve.
type program struct {
	*exec.Cmd
	base   string
	output *output
	exited chan error
}

// output collects what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// command returns the program with arguments, in an empty home that is its only environment.
func command(t *testing.T, home string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, args...) // it must not outlive a test that goes wrong
	cmd.Env = []string{asProgram + "=1", "HOME=" + home, "AI_MEMORY_NO_CONFIG=1"}
	cmd.Dir = home
	return cmd
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// serve starts a server and waits until it is healthy.
func serve(t *testing.T, port int, db string, args ...string) *program {
	t.Helper()
	return started(t, command(t, t.TempDir(), append([]string{"serve", "--db", db, "--port", fmt.Sprint(port)}, args...)...), port)
}

// started starts a server that a command describes and waits until it is healthy.
func started(t *testing.T, cmd *exec.Cmd, port int) *program {
	t.Helper()
	p := &program{
		Cmd:    cmd,
		base:   fmt.Sprintf("http://127.0.0.1:%d", port),
		output: &output{},
		exited: make(chan error, 1),
	}
	p.Stdout, p.Stderr = p.output, p.output
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.exited <- p.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.Process.Kill()
		<-p.exited
	})
	p.healthy(t)
	return p
}

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

// healthy waits for the first 200, asking every half millisecond.
func (p *program) healthy(t *testing.T) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		if resp, err := client.Get(p.base + "/api/v1/health"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-p.exited:
			t.Fatalf("it ended: %v\n%s", err, p.output)
		case <-limit:
			t.Fatalf("it is not healthy after 10 s:\n%s", p.output)
		case <-time.After(500 * time.Microsecond):
		}
	}
}

// create writes one memory and returns the status, 0 when there was no answer.
func (p *program) create(title string) int {
	body, _ := json.Marshal(map[string]any{
		"title": title, "content": "content of " + title, "namespace": "n", "source": "chaos",
	})
	resp, err := client.Post(p.base+"/api/v1/memories", "application/json", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// rows reads all rows of namespace n: id to title and content.
func (p *program) rows(t *testing.T) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for offset := 0; ; offset += 200 {
		resp, err := client.Get(fmt.Sprintf("%s/api/v1/memories?namespace=n&limit=200&offset=%d", p.base, offset))
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Count    int
			Memories []struct{ ID, Title, Content string }
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Memories {
			rows[m.ID] = m.Title + "|" + m.Content
		}
		if page.Count < 200 {
			return rows
		}
	}
}

// status ends a process with a signal and returns its exit status.
func (p *program) status(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.exited:
		return exitStatus(t, err)
	case <-time.After(10 * time.Second):
		t.Fatalf("it lives 10 s after %v:\n%s", sig, p.output)
		return -1
	}
}

func exitStatus(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	default:
		t.Fatal(err)
		return -1
	}
}

// TestStartStop measures how soon a fresh server is healthy, and has it end in good order.
func TestStartStop(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		dir := t.TempDir()
		db := filepath.Join(dir, "memory.db")
		port := freePort(t)
		p := serve(t, port, db)
		if got := p.create("one"); got != http.StatusCreated {
			t.Fatalf("create: %d\n%s", got, p.output)
		}
		home := p.Dir
		if got := p.status(t, sig); got != 0 {
			t.Errorf("%v: exit status %d, want 0", sig, got)
		}
		for _, line := range []string{"database: " + db, fmt.Sprintf("ai-memory listening on http://127.0.0.1:%d", port)} {
			if !strings.Contains(p.output.String(), line+"\n") {
				t.Errorf("no line %q in\n%s", line, p.output)
			}
		}
		if diff := cmp.Diff([]string{"memory.db"}, names(t, dir)); diff != "" {
			t.Errorf("beside the database (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string(nil), names(t, home)); diff != "" {
			t.Errorf("in the home directory (-want +got):\n%s", diff)
		}
		if rows := serve(t, port, db).rows(t); len(rows) != 1 {
			t.Errorf("after the restart: %v", rows)
		}
	}
}

// TestStartTime prints how long it takes from exec to the first 200. It is bounded loosely: the
// machine may be busy.
func TestStartTime(t *testing.T) {
	var times []time.Duration
	for range 15 {
		dir, port := t.TempDir(), freePort(t)
		began := time.Now()
		p := serve(t, port, filepath.Join(dir, "memory.db"))
		times = append(times, time.Since(began))
		p.status(t, syscall.SIGKILL)
	}
	slices.Sort(times)
	t.Logf("exec to healthy, fresh database: fastest %v, median %v, slowest %v", times[0], times[len(times)/2], times[len(times)-1])
	if times[0] > time.Second {
		t.Errorf("the fastest start took %v", times[0])
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	return found
}

// TestThreeProcesses writes at W=2 from many writers, kills a node while they write, and starts
// it again: all that was acknowledged is on every node.
func TestThreeProcesses(t *testing.T) {
	ports := []int{freePort(t), freePort(t), freePort(t)}
	dir := t.TempDir()
	start := func(i int) *program {
		var peers []string
		for j, port := range ports {
			if j != i {
				peers = append(peers, fmt.Sprintf("http://127.0.0.1:%d", port))
			}
		}
		return serve(t, ports[i], filepath.Join(dir, fmt.Sprintf("%d.db", i)),
			"--quorum-writes", "2", "--quorum-peers", strings.Join(peers, ","), "--quorum-timeout-ms", "1000")
	}
	nodes := []*program{start(0), start(1), start(2)}

	const writes, writers = 100, 8
	load := func(name string) []string {
		var (
			mu    sync.Mutex
			acked []string
			all   sync.WaitGroup
		)
		next := make(chan int)
		for range writers {
			all.Go(func() {
				for i := range next {
					title := fmt.Sprint(name, " ", i)
					if nodes[0].create(title) == http.StatusCreated {
						mu.Lock()
						acked = append(acked, title)
						mu.Unlock()
					}
				}
			})
		}
		for i := range writes {
			if name == "kill" && i == writes/2 {
				nodes[2].status(t, syscall.SIGKILL)
			}
			next <- i
		}
		close(next)
		all.Wait()
		return acked
	}

	began := time.Now()
	acked := load("calm")
	t.Logf("%d writes, %d acknowledged at W=2, from %d writers: %v", writes, len(acked), writers, time.Since(began))
	if len(acked) != writes {
		t.Errorf("%d of %d acknowledged", len(acked), writes)
	}
	acked = append(acked, load("kill")...)
	if len(acked) != 2*writes {
		t.Errorf("%d of %d acknowledged although two nodes were always there", len(acked), 2*writes)
	}
	nodes[2] = start(2)
	began = time.Now()
	for len(nodes[2].rows(t)) < len(acked) {
		if time.Since(began) > 5*time.Second {
			t.Fatalf("after 5 s the restarted node has %d of %d rows", len(nodes[2].rows(t)), len(acked))
		}
	}
	t.Logf("the killed node is caught up %v after it was healthy again", time.Since(began))
	want := nodes[0].rows(t)
	for i, n := range nodes {
		if diff := cmp.Diff(want, n.rows(t)); diff != "" {
			t.Errorf("node %d differs (-node 0 +node %d):\n%s", i, i, diff)
		}
	}
	held := map[string]bool{}
	for _, row := range want {
		title, _, _ := strings.Cut(row, "|")
		held[title] = true
	}
	for _, title := range acked {
		if !held[title] {
			t.Errorf("acknowledged and lost: %s", title)
		}
	}
}

// TestUsage calls the program wrongly and in vain.
func TestUsage(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { busy.Close() }) // the subtests go on after this function
	taken := fmt.Sprint(busy.Addr().(*net.TCPAddr).Port)
	for _, test := range []struct {
		args   []string
		status int
		stdout string
		stderr string // how it begins
	}{
		{nil, 2, "", "error: 'ai-memory' requires a subcommand but one was not provided"},
		{[]string{"conquer"}, 2, "", "error: unrecognized subcommand 'conquer'"},
		{[]string{"--nothing"}, 2, "", "error: unexpected argument '--nothing' found"},
		{[]string{"serve", "--nothing"}, 2, "", "error: unexpected argument '--nothing' found"},
		{[]string{"serve", "--port", "x"}, 2, "", "error: "},
		{[]string{"serve", "--port", "70000"}, 2, "", "error: port 70000"},
		{[]string{"serve", "--quorum-writes", "-1"}, 2, "", "error: "},
		{[]string{"serve", "here"}, 2, "", "error: unexpected argument 'here'"},
		{[]string{"serve", "--quorum-writes", "2", "--quorum-peers", ""}, 2, "", `error: quorum peer 1 (""): it is empty`},
		{[]string{"serve", "--quorum-writes", "2", "--quorum-peers", "http://a,nonsense"}, 2, "", `error: quorum peer 2 ("nonsense")`},
		{[]string{"serve", "--db", "no/such/folder/x.db"}, 1, "", "Error: failed to open database"},
		{[]string{"serve", "--db", "x.db", "--port", taken}, 1, "", "Error: listen tcp 127.0.0.1:" + taken},
		{[]string{"--version"}, 0, "ai-memory 0.6.0\n", ""},
		{[]string{"-V"}, 0, "ai-memory 0.6.0\n", ""},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			cmd := command(t, t.TempDir(), test.args...)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if got := exitStatus(t, cmd.Run()); got != test.status {
				t.Errorf("exit status %d, want %d", got, test.status)
			}
			if !strings.HasPrefix(stderr.String(), test.stderr) {
				t.Errorf("stderr %q, want it to begin with %q", stderr.String(), test.stderr)
			}
			if test.status != 1 && stdout.String() != test.stdout {
				t.Errorf("stdout %q, want %q", stdout.String(), test.stdout)
			}
		})
	}
}

// TestDatabaseFlag gives --db in each place at which it may stand.
func TestDatabaseFlag(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, after []string
		env           string
		want          string
	}{
		"before":              {before: []string{"--db", "a.db"}, want: "a.db"},
		"after":               {after: []string{"--db", "a.db"}, want: "a.db"},
		"both":                {before: []string{"--db", "b.db"}, after: []string{"--db", "a.db"}, want: "a.db"},
		"environment":         {env: "e.db", want: "e.db"},
		"before, environment": {before: []string{"--db", "a.db"}, env: "e.db", want: "a.db"},
		"after, environment":  {after: []string{"--db", "a.db"}, env: "e.db", want: "a.db"},
		"nowhere":             {want: "ai-memory.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			cmd := command(t, home, slices.Concat(test.before, []string{"serve", "--host", "no.such.host.invalid"}, test.after)...)
			if test.env != "" {
				cmd.Env = append(cmd.Env, "AI_MEMORY_DB="+test.env)
			}
			if err := cmd.Run(); exitStatus(t, err) != 1 {
				t.Errorf("a host that does not exist: %v", err)
			}
			if diff := cmp.Diff([]string{test.want}, names(t, home)); diff != "" {
				t.Errorf("files made (-want +got):\n%s", diff)
			}
		})
	}
}
