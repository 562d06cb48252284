package importers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/importers"
	"chaosctl/server/internal/memory"
)

// write writes files by their paths within a new folder, and returns that.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// export writes an export of one file, or, for Slack, a channel of one day.
func export(t testing.TB, f importers.Format, text string) string {
	t.Helper()
	if f == importers.Slack {
		return write(t, map[string]string{"general/2024-01-01.json": text})
	}
	return filepath.Join(write(t, map[string]string{"export": text}), "export")
}

// conversations reads an export.
func conversations(t testing.TB, f importers.Format, path string) ([]importers.Conversation, error) {
	t.Helper()
	var found []importers.Conversation
	err := f.Read(path, func(c importers.Conversation) { found = append(found, c) })
	return found, err
}

func one(title, created string, messages ...importers.Message) []importers.Conversation {
	return []importers.Conversation{{Title: title, CreatedAt: created, Messages: messages}}
}

// TestRead reads the shapes that contract section 7.2 names, and what programs have made of them.
func TestRead(t *testing.T) {
	t.Parallel()
	type message = importers.Message
	hi := message{Role: "user", Text: "hi"}
	for name, test := range map[string]struct {
		format importers.Format
		text   string
		want   []importers.Conversation
	}{
		"sender and text": {
			importers.Claude, `{"name":"n","created_at":"2024-03-01T10:00:00Z","chat_messages":[{"sender":"human","text":"hi"},{"sender":"assistant","text":"ho"}]}`,
			one("n", "2024-03-01T10:00:00Z", hi, message{"assistant", "ho"}),
		},
		"role and content": {
			importers.Claude, `{"title":"n","chat_messages":[{"role":"human","content":[{"type":"text","text":"a"},"b",{"type":"image"},null,3]},{"role":"x","content":"c"}]}`,
			one("n", "", message{"user", "a\nb"}, message{"x", "c"}),
		},
		"blank lines, CRLF and no last line feed": {
			importers.Claude, "\r\n \n" + `{"chat_messages":[{"text":"hi","sender":"human"}]}` + "\r\n\n" + `{"chat_messages":[{"text":"x"}]}`,
			append(one("", "", hi), one("", "", message{"unknown", "x"})...),
		},
		"a byte order mark": {importers.Claude, "\ufeff" + `{"chat_messages":[{"text":"hi","sender":"human"}]}`, one("", "", hi)},
		"an array, as newer exports are": {
			importers.Claude, `[{"name":"n","chat_messages":[{"text":"hi","sender":"human"}]}, 7, {"name":"empty","chat_messages":[]}]`, one("n", "", hi),
		},
		"a tree in place of a list": {
			importers.Claude, `{"name":"n","mapping":{"b":{"message":{"author":{"role":"assistant"},"content":{"parts":["2"]},"create_time":2}},` +
				`"a":{"message":{"role":"human","content":"hi","create_time":1.5}},"s":{"message":{"role":"system","content":"x"}}}}`,
			one("n", "", hi, message{"assistant", "2"}),
		},
		"fields of other types are none": {
			importers.Claude, `{"name":5,"created_at":[],"chat_messages":[7,null,{"sender":{},"text":"x"},{"sender":"human","text":5,"content":{}}]}`,
			one("", "", message{"unknown", "x"}),
		},
		"nobody said anything": {importers.Claude, `{"chat_messages":[{"sender":"human","text":" \n\u0007"}]}` + "\n{}", nil},
		"nothing at all":       {importers.Claude, "", nil},

		"chatgpt": {
			importers.ChatGPT, `[{"title":"Soup","create_time":1700000000,"mapping":{"z":{"message":{"author":{"role":"user"},"content":{"parts":["a",{"image":1},"","b"]},"create_time":2}},` +
				`"y":{"message":{"author":{"role":"user"},"content":{"text":"hi"},"create_time":1}},"x":{"message":{"author":{"role":"system"},"content":{"parts":["s"]}}},"w":{"message":null},"v":{},"u":5}},` +
				`{"title":"empty"}, 5, null]`,
			one("Soup", "2023-11-14T22:13:20+00:00", hi, message{"user", "a\nb"}),
		},
		"messages of one time, and of none, by their node": {
			importers.ChatGPT, `[{"mapping":{"b":{"message":{"role":"r","content":"3","create_time":1}},"a":{"message":{"role":"r","content":"2","create_time":1}},"c":{"message":{"role":"r","content":"1"}}}}]`,
			one("", "", message{"r", "1"}, message{"r", "2"}, message{"r", "3"}),
		},
		"a fraction of a second (X7)": {
			importers.ChatGPT, `[{"create_time":1700000000.123456,"mapping":{"a":{"message":{"role":"user","content":"hi"}}}}]`, one("", "2023-11-14T22:13:20.123456+00:00", hi),
		},
		"times that are none": {
			importers.ChatGPT, `[{"create_time":-1,"mapping":{"a":{"message":{"role":"user","content":"hi"}}}},{"create_time":1e300,"mapping":{"a":{"message":{"role":"user","content":"hi"}}}},` +
				`{"create_time":"1700000000","mapping":{"a":{"message":{"role":"user","content":"hi","create_time":"x"}}}}]`,
			append(append(one("", "", hi), one("", "", hi)...), one("", "", hi)...),
		},
		"no conversations": {importers.ChatGPT, " [] \n", nil},

		"slack": {
			importers.Slack, `[{"user":"U1","text":"hello","ts":"1704100000.000100"},{"username":"bot","text":"beep"},{"text":""},{"text":"who","ts":"x"},5]`,
			one("#general", "2024-01-01T09:06:40+00:00", message{"U1", "hello"}, message{"bot", "beep"}, message{"unknown", "who"}),
		},
		"slack without times": {importers.Slack, `[{"user":"U1","text":"a"},{"user":"U1","text":"b","ts":"1704100000"}]`, one("#general", "", message{"U1", "a"}, message{"U1", "b"})},
		"an empty day":        {importers.Slack, `[]`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := conversations(t, test.format, export(t, test.format, test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSlackFolder has channels by name, days by name, and what is none of both.
func TestSlackFolder(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"users.json": "not JSON", "b/2024-01-02.json": `[{"user":"u","text":"second"}]`, "b/2024-01-01.json": `[{"user":"u","text":"first"}]`,
		"b/notes.txt": "ignored", "b/thread.json/x": "ignored", "a/2024-01-01.json": `[{"user":"u","text":"alone"}]`, "empty/x.json": "[]",
	})
	got, err := conversations(t, importers.Slack, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := append(one("#a", "", importers.Message{Role: "u", Text: "alone"}),
		one("#b", "", importers.Message{Role: "u", Text: "first"}, importers.Message{Role: "u", Text: "second"})...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUnreadable names what is wrong, and where.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	const good = `{"chat_messages":[{"text":"hi"}]}` + "\n"
	for name, test := range map[string]struct {
		format     importers.Format
		text, want string
	}{
		"a broken line":            {importers.Claude, good + "\n" + good + "{nope\n", "invalid JSON on line 4: invalid character"},
		"half a line":              {importers.Claude, good + good[:9], "invalid JSON on line 2: unexpected end"},
		"a line that is no object": {importers.Claude, "7", "invalid JSON on line 1: "},
		"a line without an end":    {importers.Claude, good + strings.Repeat(" ", 64<<20), "line 2 has more than 67108864 bytes"},
		"a broken array":           {importers.Claude, `[{"name":"n"},`, "invalid JSON in Claude export: unexpected EOF"},
		"an object":                {importers.ChatGPT, `{}`, "expected JSON array at top level"},
		"nothing":                  {importers.ChatGPT, ``, "invalid JSON in ChatGPT export: unexpected EOF"},
		"no JSON":                  {importers.ChatGPT, `nope`, "invalid JSON in ChatGPT export: invalid character"},
		"half of it":               {importers.ChatGPT, `[{"title":"x"}`, "invalid JSON in ChatGPT export: unexpected EOF"},
		"half a conversation":      {importers.ChatGPT, `[{"title":`, "invalid JSON in ChatGPT export: unexpected EOF"},
		"something behind it":      {importers.ChatGPT, `[] []`, "invalid JSON in ChatGPT export: there is something behind the end"},
		"something else behind":    {importers.ChatGPT, `[] x`, "invalid JSON in ChatGPT export: invalid character"},
		"nested without end":       {importers.ChatGPT, strings.Repeat("[", 20_000), "invalid JSON in ChatGPT export: "},
		"a day that is no list":    {importers.Slack, `{}`, "general/2024-01-01.json: json: cannot unmarshal object"},
		"a broken day":             {importers.Slack, `[`, "general/2024-01-01.json: unexpected end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := conversations(t, test.format, export(t, test.format, test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestNoExport names a path at which there is none.
func TestNoExport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	for _, test := range []struct {
		format     importers.Format
		path, want string
	}{
		{importers.Claude, missing, "failed to read Claude export: " + missing},
		{importers.Claude, dir, "failed to read Claude export: " + dir},
		{importers.ChatGPT, missing, "failed to read ChatGPT export: " + missing},
		{importers.ChatGPT, dir, "failed to read ChatGPT export: " + dir},
		{importers.Slack, missing, "Slack export path must be a directory: " + missing},
		{importers.Slack, export(t, importers.Claude, "x"), "Slack export path must be a directory: "},
		{"mbox", dir, "invalid format: mbox (use claude, chatgpt, slack)"},
	} {
		if _, err := conversations(t, test.format, test.path); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s %s: got %v, want %q", test.format, test.path, err, test.want)
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]importers.Format{"claude": importers.Claude, "ChatGPT": importers.ChatGPT, "SLACK": importers.Slack} {
		if got, err := importers.ParseFormat(name); got != want || err != nil {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "claude ", "gpt"} {
		if got, err := importers.ParseFormat(name); err == nil || err.Error() != "invalid format: "+name+" (use claude, chatgpt, slack)" {
			t.Errorf("%q: got %q, %v", name, got, err)
		}
	}
	for _, f := range importers.Formats() {
		if got, want := f.Source()+" "+f.Namespace(), fmt.Sprintf("mine-%s %s-export", f, f); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestMemory is what becomes of a conversation: nothing that a memory may not hold.
func TestMemory(t *testing.T) {
	t.Parallel()
	type message = importers.Message
	long := strings.Repeat("é", 60)
	for name, test := range map[string]struct {
		of            importers.Conversation
		title, prefix string
		size          int // 0: that of the prefix
	}{
		"as it is":         {importers.Conversation{Title: "t", Messages: []message{{"user", "a\nb"}, {"x", "c"}}}, "t", "[user]: a\nb\n[x]: c\n", 0},
		"the first user":   {importers.Conversation{Messages: []message{{"assistant", "a"}, {"user", " b "}}}, "b", "[assistant]: a\n[user]:  b \n", 0},
		"nobody is one":    {importers.Conversation{Title: " \u0007", Messages: []message{{"u1", "first\nline"}}}, "first line", "[u1]: first\nline\n", 0},
		"100 bytes":        {importers.Conversation{Title: "x" + long, Messages: []message{{"u", "a"}}}, "x" + strings.Repeat("é", 49), "[u]: a\n", 0},
		"control and junk": {importers.Conversation{Title: "a\tb\r\x00c", Messages: []message{{"u\x1b", "a\r\n\x85b\xff\t"}}}, "a\tbc", "[u]: a\nb\t\n", 0},
		"65536 bytes": {
			importers.Conversation{Title: "t", Messages: []message{{"u", strings.Repeat("é", 40_000)}, {"u", "not any more"}}}, "t", "[u]: éé", 65_535,
		},
	} {
		title, content := test.of.Heading(), test.of.Content()
		if test.size == 0 {
			test.size = len(test.prefix)
		}
		if title != test.title || !strings.HasPrefix(content, test.prefix) || len(content) != test.size {
			t.Errorf("%s: got %q, %d bytes %.40q, want %q, %d bytes %q", name, title, len(content), content, test.title, test.size, test.prefix)
		}
		if err := storable(title, content); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for created, want := range map[string]string{
		"": "2026-01-02T03:04:05+00:00", "yesterday": "2026-01-02T03:04:05+00:00",
		"2024-03-01T10:00:00Z": "2024-03-01T10:00:00Z", "2024-03-01T10:00:00.5+02:00": "2024-03-01T10:00:00.5+02:00",
	} {
		if got := (importers.Conversation{CreatedAt: created}).Time(now); got != want {
			t.Errorf("%q: got %q, want %q", created, got, want)
		}
	}
}

// storable tells why a title and content could not be stored.
func storable(title, content string) error {
	if err := memory.ValidateTitle(title); err != nil {
		return err
	}
	return memory.ValidateContent(content)
}
