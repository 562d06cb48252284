package openapi

import (
	"fmt"
	"net/http"

	"chaosctl/server/internal/service"
)

// bulk is storing many memories in one request.
func bulk() part {
	return part{
		routes: []route{{
			method: http.MethodPost, path: "/api/v1/memories/bulk", id: "storeBulk", tag: tagMemories, agent: true,
			summary: fmt.Sprintf("Store up to %d memories", service.MaxBulk),
			about:   "Each one that breaks a rule is named in errors; the others are stored.",
			body:    ref("BulkRequest"),
			answers: []answer{{http.StatusOK, "BulkAnswer", "How many were stored."}, tooFew},
		}},
		schemas: map[string]*Schema{
			"BulkRequest": anyOf("Memories to store, as a list or as an object that has one.",
				list(ref("CreateRequest"), "").items(0, service.MaxBulk),
				object("", must("memories", list(ref("CreateRequest"), "").items(0, service.MaxBulk)))),
			"BulkAnswer": object("What became of the memories.",
				must("created", count("How many were stored.")),
				must("errors", list(text(""), "One text for each that was not, beginning with its title.")),
				must("count", count("As created.")),
				must("sent", count("How many the request had.")),
				must("ids", list(text(""), "Of the stored memories, in order.")),
				acks()),
		},
	}
}
