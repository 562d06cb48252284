package contract

import (
	"net/http"
)

// deviations are the recorded answers from which ours differ on purpose, and how; of each defect
// number of the original at least what is wanted instead. docs/compatibility.md tells what a
// client sees.
func deviations() map[string]func(e *exchange) {
	count := func(n float64) func(*exchange) { return func(e *exchange) { e.Body = n } }
	return map[string]func(e *exchange){
		"routes/no subscriptions over http": answered(http.StatusOK, map[string]any{"count": 0.0, "subscriptions": []any{}}), // 14.4
		"routes/no capabilities over http": func(e *exchange) { // 14.4
			e.Status, e.ContentType, e.BodyMeans, e.Body = http.StatusOK, "application/json", "version", "0.6.0"
		},
		"extractors/no content type": answered(http.StatusCreated, map[string]any{ // 14.4
			"id": "<id:no content type>", "agent_id": "x", "namespace": "global", "tier": "mid", "title": "e1",
		}),
		"extractors/forget without body": answered(http.StatusBadRequest, map[string]any{ // 14.4
			"error": "at least one of namespace, pattern, or tier is required",
		}),
		"extractors/null tier":       unprocessable, // H29
		"extractors/array as struct": unprocessable, // H29
		"upsert_public/second with the same title and namespace": func(e *exchange) { // H18
			delete(e.Body.(map[string]any), "potential_contradictions")
		},
		"bulk_public/wrapped in an object": answered(http.StatusOK, map[string]any{"created": 0.0, "errors": []any{}}), // 14.4
		"search_public/hyphen is deleted": func(e *exchange) { // H14
			body := e.Body.(map[string]any)
			body["count"], body["ids"] = 1.0, []any{"m-3"}
		},
		"touch_public/after one touch the week became a day": aWeek, // H7
		"touch_public/after four":                            aWeek, // H7
		"forget_public/archive":                              wholeArchive,
		"consolidate_public/unknown id":                      answered(http.StatusNotFound, map[string]any{"error": "memory not found: nope"}),        // H8
		"links_public/unknown target":                        answered(http.StatusNotFound, map[string]any{"error": "target memory not found: nope"}), // H8
		"gc_public/restored": func(e *exchange) { // H10: the tier stays; the old expiry is past, so it gets a fresh one
			m := e.Body.(map[string]any)["memory"].(map[string]any)
			m["tier"], m["expires_at"] = "mid", "<now+604800s>"
		},
		"transfer_public/a source that the server itself writes": func(e *exchange) { // F17
			e.Body = map[string]any{"errors": []any{}, "imported": 1.0}
		},
		// F2: of two ids the older memory's stays, which is the local one here.
		"push_public/local id and author kept": asRecorded,
		// F22: who may ask is decided by API key and certificate; without them everyone may.
		"since_public/are given to anyone": asRecorded,
		"quorum_mesh/peer has the old content": func(e *exchange) { // F3
			e.Body, e.BodyMeans = "changed", "memory.content"
		},
		"quorum_mesh/peer still has it":                   answered(http.StatusNotFound, map[string]any{"error": "not found"}), // F3
		"quorum_mesh/peer has no bulk row":                count(1),                                                            // F3
		"quorum_one_dead/the row it missed never arrives": count(1),                                                            // F8
		"quorum_both_dead/reason of a fast failure": func(e *exchange) { // F18, F19
			body := e.Body.(map[string]any)
			body["reason"], body["id"] = "unreachable", "<id:other>"
		},
		"quorum_wire/headers that it did not get": func(e *exchange) { // F6
			e.Body = map[string]any{"idempotency-key": nil, "x-agent-id": "host:<hostname>", "x-api-key": nil}
		},
		// A peer is sent the row as it is stored, so that no replica has less than its origin.
		"quorum_wire/the peer gets the request's values, with the stored id": func(e *exchange) {
			m := e.Body.(map[string]any)["memories"].([]any)[0].(map[string]any)
			m["tier"], m["priority"], m["metadata"] = "long", 9.0, map[string]any{"agent_id": "ann"}
			delete(m, "expires_at")
		},
		"quorum_wire/only create is sent to peers": func(e *exchange) { e.Body = "any" }, // F3
		"quorum_answers/peer answers 200 plain text": func(e *exchange) { // F1
			e.Status, e.Headers["retry-after"] = http.StatusServiceUnavailable, new("2")
			e.Body = map[string]any{"error": "quorum_not_met", "got": 1.0, "needed": 2.0, "reason": "<word>"}
		},
		// F18: a 503 tells the id of the row that is kept.
		"quorum_partial/one acks, one hangs":                   withKeptID,
		"quorum_coordinator_killed/and never reaches the peer": count(1), // F8
	}
}

// asRecorded says that the recorded answer is ours as well.
func asRecorded(*exchange) {}

// answered is another answer altogether.
func answered(status int, body any) func(e *exchange) {
	return func(e *exchange) {
		e.Status, e.ContentType, e.BodyMeans, e.Body = status, "application/json", "", body
	}
}

func unprocessable(e *exchange) {
	e.Status, e.ContentType = http.StatusUnprocessableEntity, "text/plain"
	e.Body = "Failed to deserialize the JSON body into the target type: <detail>"
}

// aWeek is an expiry that a touch does not shorten.
func aWeek(e *exchange) { e.Body.(map[string]any)["expires_at"] = "<now+604800s>" }

func withKeptID(e *exchange) { e.Body.(map[string]any)["id"] = "<id:kept>" }

// wholeArchive has what was forgotten as it was (H10): its metadata, and its tags as a list.
func wholeArchive(e *exchange) {
	for _, row := range e.Body.(map[string]any)["archived"].([]any) {
		m := row.(map[string]any)
		m["tags"] = []any{}
		if m["id"] == "m-1" {
			m["metadata"], m["tags"] = map[string]any{"agent_id": "ann", "k": 1.0}, []any{"x"}
		}
	}
}
