package openapi

import (
	"net/http"

	"chaosctl/server/internal/service"
)

// cluster is how the other nodes are seen from here.
func cluster() part {
	return part{
		routes: []route{
			{
				method: http.MethodGet, path: "/api/v1/cluster", id: "cluster", tag: tagNodes,
				summary: "This node and its peers",
				answers: []answer{{http.StatusOK, "Cluster", "As seen from here."}},
			},
			{
				method: http.MethodPost, path: "/api/v1/cluster", id: "clusterAction", tag: tagNodes,
				summary: "The same, asked by an action",
				about:   "list and status answer as GET; join and leave are refused: who the nodes are is decided at the start of a server.",
				body:    ref("ClusterRequest"), bodyOptional: true,
				answers: []answer{{http.StatusOK, "Cluster", "As seen from here."}},
			},
		},
		schemas: map[string]*Schema{
			"ClusterRequest": object("", may("action", words("", []string{"list", "status", "join", "leave"}).byDefault("status").orNull())),
			"NodeStatus":     words("", []string{service.NodeHealthy, service.NodeDegraded, service.NodeUnreachable}),
			"ClusterNode": object("A node.", must("agent_id", text("")), must("endpoint", text("")),
				must("last_seen_at", text("").orNull()), must("status", ref("NodeStatus"))),
			"Cluster": object("This node and its peers.", must("self", ref("ClusterNode")), must("peers", list(ref("ClusterNode"), ""))),
		},
	}
}
