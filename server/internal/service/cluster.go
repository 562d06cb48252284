package service

import (
	"context"
	"time"

	"chaosctl/server/internal/memory"
)

// The states of a node as another sees it.
const (
	NodeHealthy     = "healthy"
	NodeDegraded    = "degraded"    // it answers, but its store does not hold together
	NodeUnreachable = "unreachable" // the last exchange with it failed
)

// Node is a node of the cluster as this one sees it.
type Node struct {
	Name     string // in events; of a peer that has not told yet, its address
	Endpoint string // empty for this node, which does not know what clients call it
	Status   string
	Seen     *string // when it was last heard of; nil: not now
}

// Cluster returns this node and its peers. Who they are is decided at the start of a server.
func (s *Service) Cluster(ctx context.Context) (self Node, peers []Node) {
	now := memory.FormatTime(time.Now())
	self = Node{Name: s.store.Origin(), Status: NodeHealthy, Seen: &now}
	if s.Healthy(ctx) != nil {
		self.Status = NodeDegraded
	}
	status, _ := s.Replicated()
	for _, p := range status.Peers {
		peer := Node{Name: p.Node, Endpoint: p.Name, Status: NodeUnreachable}
		if peer.Name == "" {
			peer.Name = p.Name
		}
		if p.Up {
			peer.Status, peer.Seen = NodeHealthy, &now
		}
		peers = append(peers, peer)
	}
	return self, peers
}
