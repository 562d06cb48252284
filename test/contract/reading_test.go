package contract

import (
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// additions are the keys that our answers have and the recorded ones have not, by method and path;
// "*" stands for one segment. Whoever ignores unknown keys sees no difference.
func additions() map[string][]string {
	ofMemory := []string{
		"access_count", "confidence", "content", "created_at", "expires_at", "last_accessed_at", "metadata", "namespace",
		"priority", "source", "tags", "title", "updated_at",
	}
	return map[string][]string{
		"POST /api/v1/sync/push":          {"have", "ids", "node"},
		"GET /api/v1/memories/*":          append([]string{"id", "tier"}, ofMemory...),
		"POST /api/v1/memories/*/promote": append([]string{"quorum_acks"}, ofMemory...),
		"POST /api/v1/memories/bulk":      {"count", "sent", "ids", "quorum_acks"},
		"GET /api/v1/search":              {"memories"},
		"POST /api/v1/links":              {"source_id", "target_id", "relation", "created_at", "quorum_acks"},
		"GET /api/v1/links/*":             {"count"},
		"DELETE /api/v1/memories/*":       {"quorum_acks"},
		"POST /api/v1/memories":           {},
	}
}

// withoutAdditions takes out of an answer what is an addition and not wanted.
func withoutAdditions(e exchange, v any) any {
	answer, is := v.(map[string]any)
	if !is {
		return v
	}
	wanted, _ := e.Body.(map[string]any)
	path, _, _ := strings.Cut(e.Request.Path, "?")
	for pattern, keys := range additions() {
		method, segments, _ := strings.Cut(pattern, " ")
		if method != e.Request.Method || !like(segments, path) {
			continue
		}
		for _, key := range keys {
			if _, is := wanted[key]; !is || e.BodyMeans != "" {
				delete(answer, key)
			}
		}
	}
	return answer
}

func like(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == "*" || w == g })
}

// reading is what of an answer is compared: all of it, or what body_means says.
func (p *player) reading(t *testing.T, e exchange, a answer) any {
	t.Helper()
	if got, _, _ := strings.Cut(a.header.Get("Content-Type"), ";"); got != "application/json" {
		if strings.HasPrefix(e.BodyMeans, "the families") || e.BodyMeans == "as above" {
			return families(t, e, a.body)
		}
		return string(a.body)
	}
	if e.Request.Method == http.MethodHead {
		return string(a.body)
	}
	v := withoutAdditions(e, a.value(t))
	if e.BodyMeans == "" {
		return v
	}
	answer := v.(map[string]any)
	if read := readings()[e.BodyMeans]; read != nil {
		return read(answer)
	}
	if regexp.MustCompile(`^[a-z_.]+$`).MatchString(e.BodyMeans) {
		var at any = answer
		for key := range strings.SplitSeq(e.BodyMeans, ".") {
			inner, is := at.(map[string]any)
			if !is {
				return at
			}
			at = inner[key]
		}
		return at
	}
	t.Fatalf("no one knows how to read %q", e.BodyMeans)
	return nil
}

// list is the rows of an answer, whatever they are called there.
func list(v map[string]any) []any {
	for _, key := range []string{"results", "memories", "archived", "pending"} {
		if rows, is := v[key].([]any); is {
			return rows
		}
	}
	return nil
}

// column is one field of each row.
func column(v map[string]any, key string) []any {
	out := []any{}
	for _, row := range list(v) {
		out = append(out, row.(map[string]any)[key])
	}
	return out
}

// fields are some fields of each row.
func fields(v map[string]any, keys ...string) []any {
	out := []any{}
	for _, row := range list(v) {
		var values []any
		for _, key := range keys {
			values = append(values, row.(map[string]any)[key])
		}
		out = append(out, values)
	}
	return out
}

func keys(v map[string]any) []any {
	var names []string
	for key := range v {
		names = append(names, key)
	}
	slices.Sort(names)
	out := make([]any, len(names))
	for i, name := range names {
		out[i] = name
	}
	return out
}

func sorted(values []any) []any {
	slices.SortFunc(values, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	return values
}

// alone is the one value of a list, or what else there is.
func alone(values []any) any {
	if len(values) == 1 {
		return values[0]
	}
	return values
}

// readings is how each extract is made that the recording describes in words.
func readings() map[string]func(v map[string]any) any {
	return map[string]func(v map[string]any) any{
		"count, the keys of the answer, the titles in order": func(v map[string]any) any {
			return map[string]any{"count": v["count"], "keys": keys(v), "titles": column(v, "title")}
		},
		"count, limit, keys of the answer, ids in order": func(v map[string]any) any {
			return map[string]any{"count": v["count"], "limit": v["limit"], "keys": keys(v), "ids": column(v, "id")}
		},
		"count, query, ids in order, whether a score is given": func(v map[string]any) any {
			scored := slices.ContainsFunc(list(v), func(row any) bool { return row.(map[string]any)["score"] != nil })
			return map[string]any{"count": v["count"], "query": v["query"], "ids": column(v, "id"), "score": scored}
		},
		"count, query, ids in order": func(v map[string]any) any {
			return map[string]any{"count": v["count"], "query": v["query"], "ids": column(v, "id")}
		},
		"count, keys, ids in order, tokens_used, access counts": func(v map[string]any) any {
			return map[string]any{
				"count": v["count"], "keys": keys(v), "ids": column(v, "id"), "tokens_used": v["tokens_used"],
				"access_counts": column(v, "access_count"),
			}
		},
		"score to two places, and whether it has at most three decimals": func(v map[string]any) any {
			score, _ := alone(column(v, "score")).(float64)
			thousands := score * 1000
			return []any{math.Round(score*100) / 100, math.Abs(thousands-math.Round(thousands)) < 1e-6}
		},
		"count, budget_tokens, tokens_used": func(v map[string]any) any {
			return []any{v["count"], v["budget_tokens"], v["tokens_used"]}
		},
		"count":                                func(v map[string]any) any { return v["count"] },
		"sorted titles (namespace and scope)":  func(v map[string]any) any { return sorted(column(v, "title")) },
		"titles":                               func(v map[string]any) any { return column(v, "title") },
		"ids":                                  func(v map[string]any) any { return column(v, "id") },
		"title, metadata, source, tier":        func(v map[string]any) any { return byTitle(fields(v, "title", "metadata", "source", "tier")) },
		"title, metadata":                      func(v map[string]any) any { return alone(fields(v, "title", "metadata")) },
		"action_type, status, decided_by":      func(v map[string]any) any { return fields(v, "action_type", "status", "decided_by") },
		"number of links":                      func(v map[string]any) any { return float64(len(v["links"].([]any))) },
		"the answer, a reason given as <word>": func(v map[string]any) any { delete(v, withID(v)); return v },
		"the answer without potential_contradictions": func(v map[string]any) any {
			delete(v, "potential_contradictions")
			return v
		},
		"count and keys of the row": func(v map[string]any) any {
			return []any{v["count"], keys(list(v)[0].(map[string]any))}
		},
		"tier, priority, access_count, expires_at, last_accessed_at": func(v map[string]any) any {
			m := v["memory"].(map[string]any)
			out := map[string]any{}
			for _, key := range []string{"tier", "priority", "access_count", "expires_at", "last_accessed_at"} {
				out[key] = m[key]
			}
			return out
		},
		"whether memory.created_at has no, 3, 6 or 9 fraction digits and ends in +00:00": func(v map[string]any) any {
			text := v["memory"].(map[string]any)["created_at"].(string)
			return regexp.MustCompile(`T\d\d:\d\d:\d\d(\.(\d{3}|\d{6}|\d{9}))?\+00:00$`).MatchString(text)
		},
	}
}

// withID names the id of a 503, which the original does not tell (F18).
func withID(v map[string]any) string {
	if v["error"] != nil {
		return "id"
	}
	return ""
}

func byTitle(rows []any) []any {
	slices.SortFunc(rows, func(a, b any) int {
		return strings.Compare(a.([]any)[0].(string), b.([]any)[0].(string))
	})
	return rows
}

// families reads from metrics those families that are wanted, and the number of memories.
func families(t *testing.T, e exchange, text []byte) any {
	t.Helper()
	wanted := e.Body.(map[string]any)["types"].([]any)
	out := map[string]any{"types": []any{}}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		switch {
		case len(words) == 4 && words[1] == "TYPE" && slices.Contains(wanted, any(words[2]+" "+words[3])):
			out["types"] = append(out["types"].([]any), words[2]+" "+words[3])
		case len(words) == 2 && words[0] == "ai_memory_memories":
			n, err := strconv.ParseFloat(words[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			out["memories"] = n
		}
	}
	return out
}
