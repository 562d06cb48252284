package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/openapi"
)

// TestCommittedFilesAreThese finds what was edited by hand, or not generated anew.
func TestCommittedFilesAreThese(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "..", "..", "sdk", "typescript", "src", "generated")
	want := files(openapi.New())
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[entry.Name()] = string(text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run make generate (-made +committed):\n%s", diff)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "new", "folder")
	if got := run([]string{"-out", folder}, t.Output()); got != 0 {
		t.Fatalf("status %d", got)
	}
	for name, want := range files(openapi.New()) {
		got, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %v, %d bytes, want %d", name, err, len(got), len(want))
		}
	}
	if got := run(nil, t.Output()); got != 1 {
		t.Errorf("without a folder: status %d, want 1", got)
	}
	if got := run([]string{"-unknown"}, t.Output()); got != 2 {
		t.Errorf("an unknown flag: status %d, want 2", got)
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	text := &openapi.Schema{Type: "string"}
	for _, test := range []struct {
		schema *openapi.Schema
		want   string
	}{
		{&openapi.Schema{}, "unknown"},
		{&openapi.Schema{Ref: "#/components/schemas/Memory"}, "Memory"},
		{&openapi.Schema{Const: false}, "false"},
		{&openapi.Schema{Const: "a\"b"}, `"a\"b"`},
		{&openapi.Schema{Type: "string", Enum: []string{"a", "b"}}, `"a" | "b"`},
		{&openapi.Schema{Type: []string{"integer", "null"}}, "number | null"},
		{&openapi.Schema{Type: "array", Items: text}, "string[]"},
		{&openapi.Schema{Type: "array", Items: &openapi.Schema{Type: []string{"string", "null"}}}, "(string | null)[]"},
		{&openapi.Schema{AnyOf: []*openapi.Schema{{Ref: "x/Source"}, text}}, "Source | (string & {})"},
		{&openapi.Schema{Type: "string", Pattern: "^ai:x"}, "`ai:${string}`"},
		{&openapi.Schema{Type: "object", AdditionalProperties: &openapi.Schema{}}, "{\n  [key: string]: unknown;\n}"},
		{
			&openapi.Schema{Type: "object", Required: []string{"a"}, Properties: map[string]*openapi.Schema{
				"a": {Type: "boolean", Description: "Why."}, "b": {Type: "integer", Default: 5},
			}},
			"{\n  /** Why. */\n  a: boolean;\n  /** Default: 5. */\n  b?: number;\n}",
		},
	} {
		if diff := cmp.Diff(test.want, typeOf(test.schema, "")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
