package cluster

import (
	"context"
	"os/exec"
)

// Place is where nodes live. It starts their processes there.
type Place interface {
	// Start starts the command as a process of a node, and returns as exec.Cmd.Start does.
	Start(ctx context.Context, node int, cmd *exec.Cmd) error
	// Address is where clients outside the cluster, and the other nodes, reach a node.
	Address(node int) string
}

// A hostPIDs is a Place with a pid namespace of its own, which can tell the pid a process has on
// the host.
type hostPIDs interface {
	HostPID(pidfd int) (int, error)
}
