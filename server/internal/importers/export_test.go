package importers_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/importers"
	"chaosctl/server/internal/memory"
)

// row is a memory as it is exported, with a field changed.
func row(old, changed string) string {
	const text = `{"id":"i","tier":"mid","namespace":"n","title":"t","content":"c","tags":["x"],"priority":5,"confidence":0.5,"source":"cli",` +
		`"access_count":3,"created_at":"2024-01-01T00:00:00+00:00","updated_at":"2024-01-02T00:00:00Z"}`
	if !strings.Contains(text, old) {
		panic(old + " is not in a row")
	}
	return strings.Replace(text, old, changed, 1)
}

func read(text string) (rows []memory.Memory, links []memory.Link, err error) {
	links, err = importers.ReadExport(strings.NewReader(text), func(m memory.Memory) error { rows = append(rows, m); return nil })
	return rows, links, err
}

// TestReadExport takes all there is of a memory, and neither order nor other keys count.
func TestReadExport(t *testing.T) {
	t.Parallel()
	full := row(`"id":"i"`, `"id":"j","last_accessed_at":"x","expires_at":null,"metadata":{"a":[1]},"more":{"b":2}`)
	rows, links, err := read(`{"links":[{"source_id":"i","target_id":"j","relation":"supersedes","created_at":"x"}],"count":7,"memories":[` +
		row("i", "i") + "," + full + "]}\n")
	if err != nil {
		t.Fatal(err)
	}
	accessed := "x"
	first := memory.Memory{
		ID: "i", Tier: "mid", Namespace: "n", Title: "t", Content: "c", Tags: []string{"x"}, Priority: 5, Confidence: 0.5, Source: "cli",
		AccessCount: 3, CreatedAt: "2024-01-01T00:00:00+00:00", UpdatedAt: "2024-01-02T00:00:00Z", Metadata: []byte("{}"),
	}
	second := first
	second.ID, second.LastAccessedAt, second.Metadata = "j", &accessed, []byte(`{"a":[1]}`)
	if diff := cmp.Diff([]memory.Memory{first, second}, rows); diff != "" {
		t.Errorf("memories (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]memory.Link{{SourceID: "i", TargetID: "j", Relation: "supersedes", CreatedAt: "x"}}, links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	for _, malformed := range []string{`null`, `{}`, `7`, `[7]`, `[{"source_id":"i"}]`, `[{"source_id":"i","target_id":"j","relation":null,"created_at":"x"}]`} {
		if _, links, err := read(`{"memories":[],"links":` + malformed + `}`); len(links) != 0 || err != nil {
			t.Errorf("links %s: %v, %v, want none", malformed, links, err)
		}
	}
}

// TestMalformedExport is refused, whatever comes before what is wrong with it.
func TestMalformedExport(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		``: "not JSON: unexpected EOF", `nope`: "not JSON: ", `{`: "not JSON: ", `{"memories":[`: "not JSON: ", `{"memories":[]`: "not JSON: ",
		`{"memories":[]} {}`: "something behind", `{"memories":[]} x`: "not JSON: ", `{"memories":[],"links":[}`: "not JSON: ",
		`[]`: "no object with a list", `5`: "no object with a list", `{}`: "no object with a list", `{"Memories":[]}`: "no object with a list",
		`{"memories":null}`: "no object with a list", `{"memories":{}}`: "no object with a list", `{"memories":"x"}`: "no object with a list",
		`{"memories":[],"memories":[]}`: "two lists",
		`{"memories":[7]}`:              "memory 1 of the export: json: cannot unmarshal number",
		`{"memories":[null]}`:           "memory 1 of the export: missing field `id`",
		`{"memories":[` + row("i", "i") + "," + row(`"c"`, "\"\xff\"") + `]}`: "memory 2 of the export: invalid UTF-8",
		`{"memories":[` + row(`"c"`, `"\ud800"`) + `]}`:                       "memory 1 of the export: lone surrogate",
		`{"memories":[` + row(`"c"`, `"c`) + `]}`:                             "memory 1 of the export: ",
	}
	for field, values := range map[string]string{
		`"id":"i"`: `5`, `"tier":"mid"`: `"huge" 5`, `"namespace":"n"`: `[]`, `"title":"t"`: `{}`, `"content":"c"`: `true`, `"tags":["x"]`: `"x" [5] {}`,
		`"priority":5`: `"5" 5.5 2147483648`, `"confidence":0.5`: `"x" 1e999`, `"source":"cli"`: `5`, `"access_count":3`: `3.5 9223372036854775808`,
		`"created_at":"2024-01-01T00:00:00+00:00"`: `5`, `"updated_at":"2024-01-02T00:00:00Z"`: `5`,
	} {
		name, _, _ := strings.Cut(field, ":")
		cases[`{"memories":[`+row(field, `"x":1`)+`]}`] = "missing field `" + strings.Trim(name, `"`) + "`"
		cases[`{"memories":[`+row(field, strings.ToUpper(name)+":5")+`]}`] = "missing field `" + strings.Trim(name, `"`) + "`"
		for _, value := range append(strings.Fields(values), "null") {
			cases[`{"memories":[`+row(field, name+":"+value)+`]}`] = "memory 1 of the export: "
		}
	}
	cases[`{"memories":[`+row(`"id":"i"`, `"id":"i","expires_at":5`)+`]}`] = "field `expires_at`"
	for text, want := range cases {
		if _, _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// TestExportCallerStops has the function that is told end the reading.
func TestExportCallerStops(t *testing.T) {
	t.Parallel()
	stop, told := errors.New("enough"), 0
	rest := strings.Repeat(","+row("i", "i"), 9)
	_, err := importers.ReadExport(strings.NewReader(`{"memories":[`+row("i", "i")+rest+`]}`), func(memory.Memory) error {
		if told++; told == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || told != 3 {
		t.Errorf("told %d, then %v", told, err)
	}
}

// FuzzExport has anything for an export: it is taken or refused, and what is taken are memories of a known tier.
func FuzzExport(f *testing.F) {
	f.Add([]byte(`{"memories":[` + row("i", "i") + `],"links":[{"source_id":"i","target_id":"j","relation":"supersedes","created_at":"x"}]}`))
	f.Add([]byte(`{"links":7,"memories":[]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, _, err := read(string(text))
		if err != nil {
			return
		}
		for _, m := range rows {
			if memory.ValidateTier(m.Tier) != nil || m.Metadata == nil {
				t.Errorf("%+v", m)
			}
		}
	})
}

// fuzz has anything for an export of a format: it is read or refused, and what is read can be stored.
func fuzz(f *testing.F, format importers.Format, seeds ...string) {
	f.Helper()
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := conversations(t, format, export(t, format, string(text)))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		for _, c := range found {
			if err := storable(c.Heading(), c.Content()); err != nil || len(c.Messages) == 0 {
				t.Errorf("%v of %d messages: %+v", err, len(c.Messages), c)
			}
			if c.CreatedAt != "" && format != importers.Claude {
				if _, err := memory.ParseTime(c.CreatedAt); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func FuzzClaude(f *testing.F) {
	const messages = `"chat_messages":[{"sender":"human","text":"hi"},{"role":"assistant","content":[{"text":"a"},"b"]}]`
	fuzz(f, importers.Claude, fmt.Sprintf(`{"name":"n","created_at":"2024-03-01T10:00:00Z",%s}`, messages)+"\n\n{}",
		`{"mapping":{"b":{"message":{"role":"user","content":"hi","create_time":1.5}}}}`, `[{`+messages+`}]`)
}

func FuzzChatGPT(f *testing.F) {
	fuzz(f, importers.ChatGPT, `[{"title":"Soup","create_time":1700000000.25,"mapping":{"z":{"message":{"author":{"role":"user"},`+
		`"content":{"parts":["a",{"image":1},"b"]},"create_time":2}},"w":{"message":null}}}]`, `[]`)
}

func FuzzSlack(f *testing.F) {
	fuzz(f, importers.Slack, `[{"user":"U1","text":"hello","ts":"1704100000.000100"},{"username":"bot","text":"beep"},{"text":""},5]`)
}
