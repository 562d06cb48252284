package aimemory_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/cluster"
	"chaosctl/cluster/aimemory"
)

func TestCommand(t *testing.T) {
	t.Setenv("AI_MEMORY_AGENT", "the user's")
	a := aimemory.New(aimemory.Options{Binary: "/opt/ai-memory"})
	node := cluster.NodeConfig{Host: "198.18.0.1", Port: 19077, Dir: "/data/node0"}
	base := []string{"/opt/ai-memory", "serve", "--host", "198.18.0.1", "--port", "19077"}
	if diff := cmp.Diff(base, a.Command(node).Args); diff != "" {
		t.Errorf("arguments of a node alone (-want +got):\n%s", diff)
	}
	node.Peers, node.Quorum, node.QuorumTimeout = []string{"http://a:1", "http://b:2"}, 2, 200*time.Millisecond
	cmd := a.Command(node)
	want := append(base, "--quorum-writes", "2", "--quorum-peers", "http://a:1,http://b:2", "--quorum-timeout-ms", "200")
	if diff := cmp.Diff(want, cmd.Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/data/node0", "TMPDIR=/data/node0",
		"AI_MEMORY_DB=/data/node0/ai-memory.db", "AI_MEMORY_NO_CONFIG=1", "NO_COLOR=1",
	}
	if diff := cmp.Diff(env, cmd.Env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}
