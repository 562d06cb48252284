package mcp

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

// row is a memory; a change may spoil it.
func row(change func(*memory.Memory)) memory.Memory {
	m := memory.Memory{
		ID: "6f1c", Tier: memory.Long, Namespace: "ops/sec", Title: "rotate keys", Content: "every quarter", Tags: []string{}, Priority: 5,
		Confidence: 1, Source: "claude", CreatedAt: "2024-01-01T00:00:00+00:00", UpdatedAt: "2024-01-02T00:00:00+00:00",
		Metadata: json.RawMessage(`{"agent_id":"ai:planner@box1"}`),
	}
	if change != nil {
		change(&m)
	}
	return m
}

// TestTOON has pages in both forms of the notation (contract sections 11.4 and A6).
func TestTOON(t *testing.T) {
	t.Parallel()
	awkward := row(func(m *memory.Memory) {
		m.Title, m.Tags, m.Confidence = "a|b:c\\d\ne\rf", []string{"x", "y:z", "p|q"}, 0.25
		m.Metadata = json.RawMessage(`{"n":[1,2],"s":"a|b"}`)
	})
	bare := row(func(m *memory.Memory) { m.Tags, m.Metadata, m.Namespace = nil, json.RawMessage(`{}`), "ns" })
	for name, test := range map[string]struct {
		page    page
		compact bool
		want    []string
	}{
		"one recalled": {
			page{rows: []memory.Memory{row(nil)}, scores: []float64{8.5}, meta: []pair{{"count", 1}, {"mode", "keyword"}, {"tokens_used", uint64(6)}}}, true,
			[]string{
				"count:1|mode:keyword|tokens_used:6", "memories[id|title|tier|namespace|priority|score|tags|agent_id]:",
				`6f1c|rotate keys|long|ops/sec|5|8.5||ai\:planner@box1`, "",
			},
		},
		"within a budget": {
			page{meta: []pair{{"count", 0}, {"mode", "keyword"}, {"tokens_used", uint64(0)}, {"budget_tokens", uint64(math.MaxUint64)}}}, true,
			[]string{
				"count:0|mode:keyword|tokens_used:0|budget_tokens:18446744073709551615",
				"memories[id|title|tier|namespace|priority|score|tags|agent_id]:", "",
			},
		},
		"not scored, nothing to tell": {
			page{rows: []memory.Memory{bare}}, true,
			[]string{"memories[id|title|tier|namespace|priority|score|tags|agent_id]:", "6f1c|rotate keys|long|ns|5|||", ""},
		},
		"in full": {
			page{rows: []memory.Memory{awkward, bare}, scores: []float64{0, 10}, meta: []pair{{"count", 2}}}, false,
			[]string{
				"count:2",
				"memories[id|title|tier|namespace|priority|confidence|score|access_count|tags|source|created_at|updated_at|metadata]:",
				`6f1c|a\|b\:c\\d\ne\rf|long|ops/sec|5|0.25|0.0|0|x,y\:z,p\|q|claude|2024-01-01T00\:00\:00+00\:00|2024-01-02T00\:00\:00+00\:00|` +
					`{"n"\:[1,2],"s"\:"a\|b"}`,
				`6f1c|rotate keys|long|ns|5|1.0|10.0|0||claude|2024-01-01T00\:00\:00+00\:00|2024-01-02T00\:00\:00+00\:00|`, "",
			},
		},
		"with standards": {
			page{standards: []memory.Memory{awkward, bare}, meta: []pair{{"count", 0}}}, true,
			[]string{
				"count:0", "standards[id|title|content]:", `6f1c|a\|b\:c\\d\ne\rf|every quarter`, "6f1c|rotate keys|every quarter",
				"memories[id|title|tier|namespace|priority|score|tags|agent_id]:", "",
			},
		},
	} {
		if diff := cmp.Diff(test.want, strings.Split(test.page.toon(test.compact), "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestCell has values of every type.
func TestCell(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value any
		want  string
	}{
		{nil, ""}, {"", ""}, {"a:b", `a\:b`}, {0.0, "0.0"}, {12.125, "12.125"}, {1e21, "1e+21"}, {7, "7"}, {int32(-1), "-1"},
		{int64(1) << 40, "1099511627776"}, {uint64(3), "3"}, {true, "1"}, {false, "0"}, {math.NaN(), ""},
	} {
		if got := cell(test.value); got != test.want {
			t.Errorf("%#v: got %q, want %q", test.value, got, test.want)
		}
	}
}

// FuzzTOON has any title: its cell is one line, and what it says can be read back.
func FuzzTOON(f *testing.F) {
	f.Add("a|b:c\\d\ne\rf")
	f.Add(`\\n\|`)
	f.Fuzz(func(t *testing.T, title string) {
		got := cell(title)
		if strings.ContainsAny(strings.NewReplacer(`\\`, "", `\|`, "", `\:`, "").Replace(got), "|:\n\r") {
			t.Errorf("%q has separators in its cell %q", title, got)
		}
		if back := strings.NewReplacer(`\\`, `\`, `\|`, "|", `\:`, ":", `\n`, "\n", `\r`, "\r").Replace(got); back != title {
			t.Errorf("%q comes back as %q", title, back)
		}
	})
}
