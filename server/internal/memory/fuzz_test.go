package memory_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"chaosctl/server/internal/memory"
)

// FuzzNamespace checks that what is taken for a namespace is safe wherever it goes: as a path of at
// most eight segments, none of them empty or a step up, without control characters.
func FuzzNamespace(f *testing.F) {
	for _, seed := range []string{"a/b", " a ", "/", "a//b", "..", "a/../b", "a\\b", "*", "日本/語", "a b", "a\x00", strings.Repeat("a/", 9)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if memory.ValidateNamespace(text) != nil {
			return
		}
		name := strings.TrimSpace(text)
		segments := strings.Split(name, "/")
		if len(segments) > 8 || utf8.RuneCountInString(name) > 512 || strings.ContainsAny(name, "\\\x00 \r") {
			t.Errorf("%q is a namespace", text)
		}
		for _, s := range segments {
			if s == "" || s == "." || s == ".." {
				t.Errorf("%q is a namespace and has a segment %q", text, s)
			}
		}
		// One by one: to take the allowed ones out could join the bytes of a character that is none.
		if strings.ContainsFunc(name, func(c rune) bool { return c != '\n' && c != '\t' && unicode.IsControl(c) }) {
			t.Errorf("%q is a namespace and has a control character", text)
		}
	})
}

// FuzzAgentID checks that an agent's id can stand in a header and in a log line as it is.
func FuzzAgentID(f *testing.F) {
	for _, seed := range []string{"ai:one@host:pid-1", "a b", "a\n", "é", "", strings.Repeat("a", 129), "host:x.y/z_"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:@./"
		want := text != "" && len(text) <= 128 && strings.Trim(text, allowed) == ""
		if got := memory.ValidateAgentID(text) == nil; got != want {
			t.Errorf("%q: valid %v, want %v", text, got, want)
		}
	})
}

// FuzzMetadata normalizes what was found valid: the same value, in a form that is its own.
func FuzzMetadata(f *testing.F) {
	for _, seed := range []string{`{}`, `{"b":1,"a":[{}]}`, `{"a":1e400}`, `{"a":"\ud800"}`, `[]`, `{"a":1,"a":2}`, `{"é":"\u00e9"}`, `{"n":1.50}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) || memory.ValidateMetadata(raw) != nil {
			return
		}
		once := memory.Memory{Metadata: raw}.Normalized()
		again := memory.Memory{Metadata: once.Metadata}.Normalized()
		if string(once.Metadata) != string(again.Metadata) || !json.Valid(once.Metadata) {
			t.Errorf("%q becomes %q, and that %q", raw, once.Metadata, again.Metadata)
		}
	})
}

// FuzzRecord checks that what is kept of a record is kept as it is when it comes again.
func FuzzRecord(f *testing.F) {
	link := memory.Link{SourceID: "a", TargetID: "b", Relation: memory.RelatedTo, CreatedAt: "2026-01-01T00:00:00+00:00"}
	f.Add("link", link.Key(), int64(1), false, []byte(link.Record(1).Value))
	f.Add("archived", "id", int64(2), false, []byte(`{"id":"id"}`))
	f.Add("pending", "p", int64(3), false, []byte(`{}`))
	f.Add("nothing", "", int64(-1), true, []byte(nil))
	f.Fuzz(func(t *testing.T, kind, key string, stamp int64, gone bool, value []byte) {
		r := memory.Record{Kind: memory.RecordKind(kind), Key: key, Stamp: stamp, Gone: gone, Value: value}
		first, refs, err := r.Checked()
		if err != nil {
			return
		}
		again, sameRefs, err := first.Checked()
		if err != nil || !memory.EqualRecords(first, again) || refs != sameRefs {
			t.Errorf("%+v is kept as %+v, and that as %+v (%v)", r, first, again, err)
		}
		if joined := memory.JoinRecords(first, first); !memory.EqualRecords(joined, first) {
			t.Errorf("joined with itself %+v becomes %+v", first, joined)
		}
	})
}
