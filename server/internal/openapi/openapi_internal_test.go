package openapi

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNothingIsWrittenTwice asks that no path and method, and no name, is in two parts.
func TestNothingIsWrittenTwice(t *testing.T) {
	t.Parallel()
	d := New()
	routes, schemas := 0, 0
	for _, p := range parts() {
		routes += len(p.routes)
		schemas += len(p.schemas)
	}
	if got := len(d.Operations()); got != routes {
		t.Errorf("%d operations of %d routes", got, routes)
	}
	if got := len(d.Components.Schemas); got != schemas {
		t.Errorf("%d schemas in the document, %d in its parts", got, schemas)
	}
}

// TestEveryNameIsUsed finds schemas that nothing points to, and pointers to nothing.
func TestEveryNameIsUsed(t *testing.T) {
	t.Parallel()
	d := New()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`"#/components/schemas/(\w+)"`).FindAllStringSubmatch(string(text), -1) {
		used[m[1]] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(d.Components.Schemas)), slices.Sorted(maps.Keys(used))); diff != "" {
		t.Errorf("names (-there +used):\n%s", diff)
	}
}
