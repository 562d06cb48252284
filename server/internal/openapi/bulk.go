package openapi

import "net/http"

// bulk is storing many memories in one request.
func bulk() part {
	return part{
		routes: []route{{
			method: http.MethodPost, path: "/api/v1/memories/bulk", id: "storeBulk", tag: tagMemories, agent: true,
			summary: "Store up to 1000 memories",
			about:   "Each one that breaks a rule is named in errors; the others are stored.",
			body:    ref("BulkRequest"),
			answers: []answer{{http.StatusOK, "BulkAnswer", "How many were stored."}, tooFew},
		}},
		schemas: map[string]*Schema{
			"BulkRequest": anyOf("Memories to store, as a list or as an object that has one.",
				list(ref("CreateRequest"), "").items(0, maxBulk),
				object("", must("memories", list(ref("CreateRequest"), "").items(0, maxBulk)))),
			"BulkAnswer": object("What became of the memories.",
				must("created", count("How many were stored.")),
				must("errors", list(text(""), "One text for each that was not, beginning with its title.")),
				may("count", count("As created.")),
				may("sent", count("How many the request had.")),
				may("ids", list(text(""), "Of the stored memories, in order.")),
				acks()),
		},
	}
}

// maxBulk bounds lists of memories in one request.
const maxBulk = 1000
