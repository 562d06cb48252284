package cluster_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/cluster"
)

func TestClusterStartsAndEnds(t *testing.T) {
	c := newCluster(t, serves, serves, serves)
	began := time.Now()
	start(t, c.Start)
	t.Logf("measured: start of %d nodes %v", nodeCount, time.Since(began))
	if err := c.Start(t.Context()); !errors.Is(err, cluster.ErrRunning) {
		t.Errorf("second start: error = %v, want ErrRunning", err)
	}
	for _, n := range c.Nodes() {
		if !n.Running() {
			t.Errorf("the second start ended node %d", n.Config().Index)
		}
	}
	for range 2 { // idempotent
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range c.Nodes() {
		exits := n.Exits()
		if n.Running() || len(exits) != 1 || !exits[0].Ours || exits[0].Status != "signal: killed" {
			t.Errorf("node %d: running = %v, exits = %+v, want one killed by us", n.Config().Index, n.Running(), exits)
		}
		if err := n.Start(t.Context()); !errors.Is(err, cluster.ErrClosed) {
			t.Errorf("start of a closed node: error = %v, want ErrClosed", err)
		}
	}
}

func TestNodeThatDiesAtStart(t *testing.T) {
	c := newCluster(t, serves, dies, idles)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began := time.Now()
	err := c.Start(ctx)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a death was noticed after %v", took)
	}
	var died *cluster.DiedError
	if !errors.As(err, &died) {
		t.Fatalf("error = %v, want a *DiedError", err)
	}
	want := &cluster.DiedError{Node: 1, Status: "exit status 3", Tail: []string{"starting", "the disk is on fire"}}
	if diff := cmp.Diff(want, died); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "on fire") {
		t.Errorf("error = %q, want status and last words", err)
	}
	for _, n := range c.Nodes() {
		if n.Running() {
			t.Errorf("node %d runs after a start that failed", n.Config().Index)
		}
	}
	if exits := c.Nodes()[1].Exits(); len(exits) != 1 || exits[0].Ours {
		t.Errorf("exits = %+v, want one that is not ours", exits)
	}
}

func TestNodeThatIsNeverReady(t *testing.T) {
	c := newCluster(t, idles)
	impatient := errors.New("impatient")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, impatient)
	defer cancel()
	err := c.Nodes()[0].Start(ctx)
	var notReady *cluster.NotReadyError
	if !errors.As(err, &notReady) || !errors.Is(err, impatient) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("error = %v, want a *NotReadyError with the cause and the last answer", err)
	}
	if c.Nodes()[0].Running() {
		t.Error("the node runs on")
	}
}

func TestRestartKeepsTheData(t *testing.T) {
	c := newCluster(t, serves)
	n := c.Nodes()[0]
	start(t, c.Start)
	first := n.Process()
	start(t, n.Kill)
	start(t, n.Start)
	if first == n.Process() || first.PID() == n.Process().PID() || !n.Running() {
		t.Error("the node was not restarted")
	}
	starts, err := os.ReadFile(filepath.Join(n.Config().Dir, "starts"))
	if err != nil {
		t.Fatal(err)
	}
	if string(starts) != "start\nstart\n" {
		t.Errorf("starts on the data = %q, want two", starts)
	}
	if exits := n.Exits(); len(exits) != 1 || !exits[0].Ours {
		t.Errorf("exits = %+v, want one, ours", exits)
	}
}

func TestLogAndTail(t *testing.T) {
	c := newCluster(t, talks)
	n := c.Nodes()[0]
	start(t, c.Start)
	start(t, n.Kill)
	tail := n.Tail()
	if len(tail) != 40 || tail[0] != "line 60" || tail[39] != "line 99" {
		t.Errorf("tail = %d lines from %q, want 40 from line 60", len(tail), tail[0])
	}
	log, err := os.ReadFile(n.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(log), "\n"); got != 100 {
		t.Errorf("the log has %d lines, want 100", got)
	}
}

func TestSample(t *testing.T) {
	c := newCluster(t, serves)
	n := c.Nodes()[0]
	if _, err := n.Sample(t.Context()); !errors.Is(err, cluster.ErrNotRunning) {
		t.Errorf("sample before the start: error = %v, want ErrNotRunning", err)
	}
	start(t, c.Start)
	s, err := n.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.RSSBytes < 1<<20 || s.OpenFiles < 4 || s.CPUSeconds < 0 {
		t.Errorf("sample = %+v", s)
	}
	start(t, n.Kill)
	if _, err := n.Sample(t.Context()); !errors.Is(err, cluster.ErrNotRunning) {
		t.Errorf("sample of a dead node: error = %v, want ErrNotRunning", err)
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	for name, configs := range map[string][]cluster.NodeConfig{
		"no nodes":    nil,
		"wrong index": {{Index: 1}},
	} {
		if _, err := cluster.New(system{}, host{}, configs, cluster.Options{}); err == nil {
			t.Errorf("%s: a cluster was made", name)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.New(system{}, host{}, []cluster.NodeConfig{{}}, cluster.Options{LogDir: file}); err == nil {
		t.Error("a cluster was made with a log directory that is a file")
	}
}
