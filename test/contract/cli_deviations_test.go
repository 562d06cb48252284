package contract

import "slices"

// commandDeviations are the recorded commands and answers from which ours differ on purpose, and how; of
// each defect number of the original at least what is wanted instead. docs/compatibility.md tells what
// a user sees.
func commandDeviations() map[string]func(s *step) {
	kept := func(*step) {} // as recorded
	printed := func(s *step) map[string]any { return s.Stdout.(map[string]any) }
	inMemory := func(key string, value any) func(*step) {
		return func(s *step) {
			m, is := printed(s)["memory"].(map[string]any)
			if !is {
				m = printed(s)
			}
			if m[key] = value; value == nil {
				delete(m, key)
			}
		}
	}
	first := func(key string, value any) func(*step) {
		return func(s *step) { printed(s)["memories"].([]any)[0].(map[string]any)[key] = value }
	}
	aWeekStays := inMemory("expires_at", "<ts+168h>")
	firstWeekStays := first("expires_at", "<ts+168h>")
	return map[string]func(s *step){
		"update/all-fields":             inMemory("expires_at", nil), // H6: what is made long does not expire
		"update/lower-tier-ignored":     inMemory("expires_at", nil), // H6
		"recall/touched":                aWeekStays,                  // H7: a touch does not shorten a life
		"recall/touched-short":          inMemory("expires_at", "<ts+6h>"),
		"recall/touch-0":                firstWeekStays,
		"recall/touch-1":                firstWeekStays,
		"recall/touch-2":                firstWeekStays,
		"recall/touch-3":                firstWeekStays,
		"links/winner":                  aWeekStays,
		"recall/budget":                 relevantFirst, // H15: rank is not swamped by what is popular
		"recall/text":                   calledThrice,  // follows from it
		"stats-gc-archive/archived":     tagsAsList,    // H10
		"stats-gc-archive/restored":     restoredWhole,
		"stats-gc-archive/expire-again": inMemory("tier", "mid"), // H10
		"mine/chatgpt-rows": func(s *step) { // X7
			printed(s)["memories"].([]any)[1].(map[string]any)["created_at"] = "2023-11-14T22:13:20.250+00:00"
		},
		"sync-files/dry-bad-direction": func(s *step) { // X4
			exit := 1
			s.Exit, s.Stdout, s.Stderr = &exit, []any{}, "Error: invalid direction: sideways (use pull, push, merge)"
		},
		"globals/help": func(s *step) { // there is no migrate yet
			s.Match = slices.DeleteFunc(s.Match, func(word string) bool { return word == "migrate" })
		},
		"curator/once-empty":      kept, // U1: without a model the default report stays as it was
		"curator/once":            kept,
		"curator/dry":             kept,
		"curator/text":            kept,
		"curator/filters":         kept,
		"curator/nothing-written": kept,
		"curator/global-json":     kept,
		// No configuration file is written where there is none.
		"config-file/default-written": func(s *step) { s.Files = nil },
		// X11: what forget takes out is archived when the configuration says so, and only then.
		"config-file/forget-still-archives": kept,
		"config-file/archive-one": func(s *step) {
			printed(s)["archived_total"], printed(s)["by_namespace"] = 0.0, []any{}
		},
		"config-file/mcp-archive-stats": func(s *step) {
			content(s.Response)["text"] = map[string]any{"json": map[string]any{"archived_total": 0.0, "by_namespace": []any{}}}
		},
		"mcp-protocol/positional-array": func(s *step) { // X2
			s.Response = map[string]any{
				"jsonrpc": "2.0", "id": nil, "error": map[string]any{"code": -32700.0, "message": "parse error: <free>"},
			}
		},
		"mcp-protocol/duplicate-key": kept,
		"mcp-store/long-over-mid":    kept, // H6
		"mcp-store/get-long": func(s *step) { // H6: what is made long does not expire
			delete(toolJSON(s), "expires_at")
		},
		"mcp-inbox/same-title": func(s *step) { toolJSON(s)["id"] = "<again>" }, // H26: another message
		"mcp-inbox/bob": func(s *step) { // H26
			page := toolJSON(s)
			messages := page["messages"].([]any)
			page["count"], page["messages"] = 3.0, []any{messages[0], message("<again>", "replaced"), message("<m>", "text")}
		},
		"mcp-inbox/unread":     kept,
		"mcp-inbox/stored-row": ownTitle, // H26
		"mcp-model/capabilities": func(s *step) { // H25: what works is told, not what was asked for
			can := toolJSON(s)
			features, models := can["features"].(map[string]any), can["models"].(map[string]any)
			features["semantic_search"], features["hybrid_recall"] = false, false
			models["embedding"], models["embedding_dim"] = "none", 0.0
		},
	}
}

// toolJSON is the JSON in the text of a tool's answer.
func toolJSON(s *step) map[string]any {
	return content(s.Response)["text"].(map[string]any)["json"].(map[string]any)
}

// message is a message in an inbox.
func message(id, payload string) any {
	return map[string]any{
		"access_count": 0.0, "created_at": "<ts>", "from": "ai:sender", "id": id, "payload": payload, "priority": 5.0, "read": false,
		"tier": "mid", "title": "hi",
	}
}

// ownTitle is the row of a message: two messages of one subject are two rows (H26).
func ownTitle(s *step) {
	row := toolJSON(s)
	row["content"], row["title"] = "text", "hi [<free>"
	row["metadata"].(map[string]any)["subject"] = "hi"
}

// relevantFirst is a recall within a budget in which the better match comes first.
func relevantFirst(s *step) {
	s.Stdout = map[string]any{
		"budget_tokens": 8.0, "count": 1.0, "mode": "keyword", "tokens_used": 6.0,
		"memories": []any{map[string]any{
			"access_count": 1.0, "confidence": 1.0, "content": "flour and water", "created_at": "<ts>", "expires_at": "<ts+6h>", "id": "<c>",
			"last_accessed_at": "<ts>", "metadata": map[string]any{"agent_id": "host:<host>:pid-<pid>-<hex>"}, "namespace": "ns", "priority": 10.0,
			"score": "<score>", "source": "cli", "tags": []any{}, "tier": "short", "title": "bake bread", "updated_at": "<ts>",
		}},
	}
}

func calledThrice(s *step) {
	lines := s.Stdout.([]any)
	lines[0] = "[long/<a:8>] rotate keys █████░░░░░ score=<score> (ns=ns, 3x, just now)"
	s.Match = nil
}

// restoredWhole is a memory that came back from the archive as it was, its links too (H10); its expiry was past.
func restoredWhole(s *step) {
	got := s.Stdout.(map[string]any)
	m := got["memory"].(map[string]any)
	m["tier"], m["expires_at"] = "mid", "<ts+168h>"
	got["links"] = []any{map[string]any{"created_at": "<ts>", "relation": "related_to", "source_id": "<a>", "target_id": "<c>"}}
}

// tagsAsList has the tags of an archived memory as a list (H10).
func tagsAsList(s *step) {
	rows := s.Stdout.(map[string]any)["archived"].([]any)
	rows[0].(map[string]any)["tags"] = []any{}
}
