package runner

import (
	"context"

	"chaosctl/cluster"
	"chaosctl/cluster/sandbox"
	"chaosctl/faults"
)

// faultProcess shows a node's process to a fault, with the pid that people see on the host.
type faultProcess struct{ *cluster.Process }

var _ faults.Process = faultProcess{}

// PID is the process id on the host.
func (p faultProcess) PID() int { return p.HostPID() }

// faultNetwork shows the sandbox's network to a fault.
type faultNetwork struct{ network *sandbox.Network }

var _ faults.Network = faultNetwork{}

// Cut drops every packet on the links.
func (n faultNetwork) Cut(ctx context.Context, links []faults.Link) (faults.Cut, error) {
	cut := make([]sandbox.Link, len(links))
	for i, l := range links {
		cut[i] = sandbox.Link(l)
	}
	made, err := n.network.Cut(ctx, cut)
	if err != nil {
		return nil, err // a nil *sandbox.Cut must not become a faults.Cut
	}
	return made, nil
}
