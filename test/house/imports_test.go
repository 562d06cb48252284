package house_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// room is a folder with the packages of ours that it may import, and why no others. A name that
// ends in /... stands for the packages below it, too. Packages of a room may import each other.
type room struct {
	path string
	may  []string
	why  string
}

// rooms are the arrows of the architecture, as docs/architecture.md draws them. The longest path
// that fits a package is its room.
func rooms() []room {
	return []room{
		{"cmd/ai-memory", []string{"internal/cli/aimemory"}, "a doorstep"},
		{"cmd/chaosctl", []string{"internal/cli/chaosctl"}, "a doorstep"},
		{"internal/buildinfo", nil, "facts about the binary"},
		{
			"internal/cli/chaosctl",
			[]string{"runner", "faults", "cluster/...", "metrics/...", "reports", "internal/buildinfo", "internal/cli/order"},
			"it wires the rooms of the framework; the server under test is reached by flags and HTTP only",
		},
		{"internal/cli/aimemory", []string{"server", "internal/buildinfo", "internal/cli/order"}, "it wires the server"},
		{"internal/cli/order", nil, "words of a command line, whatever they mean"},
		{
			"runner", []string{"faults", "cluster/...", "metrics/..."},
			"the order of things is where these meet; how they are shown is for others",
		},
		{"reports", []string{"metrics"}, "a report is a fold over records, however they came to be"},
		{"faults", nil, "a fault knows neither its caller nor what a campaign is"},
		{"faults/faultstest", []string{"faults"}, "the conformance suite of faults"},
		{"cluster", nil, "nodes are started and stopped by something that knows no fault and no verdict"},
		{"cluster/aimemory", []string{"cluster"}, "an adapter is known by its interface"},
		{"cluster/sandbox", []string{"cluster"}, "a place where nodes live"},
		{"metrics", nil, "the vocabulary of a verdict imports nobody"},
		{"metrics/check", []string{"metrics"}, "a checker decides from the history and nothing else"},
		{"server", []string{"server/internal/..."}, "the facade; the server does not know that chaos exists"},
		{
			"server/internal/httpapi",
			[]string{"server/internal/service", "server/internal/memory", "server/internal/openapi", "server/internal/jsontext"}, "outside in",
		},
		{
			"server/internal/openapi",
			[]string{"server/internal/service", "server/internal/memory", "test/openapitest"},
			"it describes with the words and limits of those who check them",
		},
		{
			"server/internal/backup", []string{"server/internal/store/...", "server/internal/memory"},
			"it copies and replaces files of a database and reads nothing in them",
		},
		{"server/internal/mcp", []string{"server/internal/service", "server/internal/memory", "server/internal/jsontext"}, "outside in"},
		{
			"server/internal/service",
			[]string{"server/internal/store/...", "server/internal/federation", "server/internal/memory", "server/internal/fulltext"},
			"the only caller of store and federation",
		},
		{"server/internal/store", []string{"server/internal/memory", "server/internal/fulltext"}, "inside out is not allowed"},
		{
			"server/internal/federation", []string{"server/internal/store", "server/internal/memory"},
			"it passes on changes in the store's words, and opens no store",
		},
		{"server/internal/memory", nil, "the domain"},
		{"server/internal/fulltext", nil, "words, and how they are cut"},
		{"server/internal/importers", []string{"server/internal/memory", "server/internal/jsontext"}, "it reads what others export, and stores nothing"},
		{"server/internal/curator", []string{"server/internal/service", "server/internal/memory"}, "it decides what is to be done, and the use cases do it"},
		{"server/internal/jsontext", nil, "it checks texts, whatever they say"},
		{"server/internal/llm", []string{"server/internal/memory"}, "it asks language models in the words of memories, and knows not why"},
		{"server/internal/webhook", nil, "it delivers bodies and knows not what they tell"},
		{"test/benchcycle", nil, "it runs programs and reads lines"},
		{"test/contract", []string{"test/openapitest"}, "it runs programs and speaks HTTP"},
		{"test/house", nil, "it looks from outside"},
		{"test/openapitest", nil, "it reads the document that it is given"},
		{"test/tinyserver", nil, "an independent server shares nothing"},
		{"test/e2e", []string{"metrics"}, "it runs programs and reads records"},
	}
}

// roomOf returns the room of a package.
func roomOf(name string) (room, bool) {
	var found room
	for _, r := range rooms() {
		if under(name, r.path) && len(r.path) > len(found.path) {
			found = r
		}
	}
	return found, found.path != ""
}

// forbidden returns the imports a package must not have.
func forbidden(name string, imports []string) []string {
	r, ok := roomOf(name)
	if !ok {
		return []string{name + " is in no room: add it to the table with what it may import"}
	}
	var wrong []string
	for _, path := range imports {
		imported, ours := strings.CutPrefix(path, module)
		allowed := func(to string) bool {
			tree, below := strings.CutSuffix(to, "/...")
			return imported == to || below && under(imported, tree)
		}
		if ours && !under(imported, r.path) && !slices.ContainsFunc(r.may, allowed) {
			wrong = append(wrong, fmt.Sprintf("%s imports %s: %s may import %v: %s", name, imported, r.path, r.may, r.why))
		}
	}
	return wrong
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, wrong := range forbidden(p.name(), slices.Concat(p.Imports, p.TestImports, p.XTestImports)) {
			t.Error(wrong)
		}
	}
}

// TestForbidden shows that the table catches what it is there for.
func TestForbidden(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from, to string
		want     bool
	}{
		{"faults", "runner", true},
		{"faults", "metrics", true},
		{"metrics", "faults", true},
		{"metrics", "metrics/check", false},
		{"cluster", "faults", true},
		{"cluster/sandbox", "runner", true},
		{"runner", "server", true},
		{"runner", "reports", true},
		{"runner", "cluster/sandbox", false},
		{"reports", "runner", true},
		{"server", "metrics", true},
		{"server/internal/store/sqlite", "server/internal/service", true},
		{"server/internal/store/sqlite", "server/internal/store", false},
		{"server/internal/federation", "server/internal/store", false},
		{"server/internal/federation", "server/internal/store/sqlite", true},
		{"server/internal/memory", "server/internal/store", true},
		{"internal/cli/chaosctl", "server", true},
		{"test/tinyserver", "server", true},
		{"cmd/chaosctl", "runner", true},
		{"newcomer", "fmt", true},
	} {
		got := len(forbidden(test.from, []string{module + test.to, "fmt"})) > 0
		if got != test.want {
			t.Errorf("%s imports %s: forbidden %v, want %v", test.from, test.to, got, test.want)
		}
	}
}
