package aimemory_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chaosctl/internal/cli/aimemory"
)

// maxArguments bounds a fuzzed command line.
const maxArguments = 24

// runnable tells whether a command line may be run for a fuzz test: none that goes on until it is
// stopped, speaks to another machine, or names files outside of its folder.
func runnable(args []string) bool {
	return len(args) <= maxArguments && !slices.ContainsFunc(args, func(arg string) bool {
		switch arg {
		case "serve", "mcp":
			return true
		}
		path := arg[strings.Index(arg, "=")+1:]
		return strings.Contains(arg, "daemon") || strings.Contains(arg, "://") || strings.Contains(arg, "..") ||
			strings.HasPrefix(arg, "/") || strings.HasPrefix(path, "/")
	})
}

// FuzzArguments runs command lines, their arguments with bars between, on an empty database: whatever they
// are, the program ends with a status it is said to end with, says why when that is not 0, and prints nothing
// when it was called wrongly.
func FuzzArguments(f *testing.F) {
	for _, line := range []string{
		"", "--help", "--version", "help|store", "nonsense", "--json", "--json|stats", "stats|--db|x.db", "--db=|stats",
		"store|-T|a title|-c|content|--tags|a,b|-p|7|--confidence|0.5|--ttl-secs|60|--scope|team|--json", "store|-T|t|-c|-|-n|a/b",
		"store|-T|t|-c|c|-t|eternal", "store|-T|t|-c|c|--expires-at|2030-01-01T00:00:00Z|--confidence|NaN",
		"update|x|-T|t|--expires-at||--tags|", "recall|words|--limit|3|--budget-tokens|10|--since|2024-01-01T00:00:00Z", "search|\"*|-n|n",
		"list|--offset|-1", "list|--limit|99999999999999999999", "get|a", "delete|--|-x", "promote|a|--to-namespace|n/", "forget|-p|x",
		"forget", "link|a|b|-r|supersedes", "consolidate|a,b|-T|t|-s|s", "resolve|a|b", "gc", "namespaces", "export", "import|--trust-source",
		"sync|r.db|-d|pull|--dry-run", "sync|r.db|-d|sideways", "sync|r.db", "mine|.|-f|slack|--min-messages|0", "mine|m.db|-f|claude|--dry-run",
		"mine|x|-f|CHATGPT|--min-messages|-1", "auto-consolidate|--min-count|0|--dry-run", "archive", "archive|list|--limit|0",
		"archive|restore|x|--json", "archive|purge|--older-than-days|-1", "agents|register|--agent-id|a|--agent-type|human", "agents",
		"pending|list|--status|x", "pending|approve|x", "backup|--to|b|--keep|1", "restore|--from|b", "curator|--once|--dry-run|--json",
		"curator", "curator|--rollback-last|0", "shell", "completions|bash", "completions|sh", "man", "--agent-id|a b|store|-T|t|-c|c",
		"--db-passphrase-file|nowhere|stats", "store|-T|\xff|-c|c", "-|--|---|-=|--=", "store|-T|-c|-p|-n",
	} {
		f.Add(line, "help\nlist\nget x\nquit\n")
	}
	f.Add("import", `{"memories":[]}`)
	f.Fuzz(func(t *testing.T, line, stdin string) {
		args := strings.Split(line, "|")
		if !runnable(args) {
			return
		}
		home := t.TempDir()
		t.Chdir(home)
		for name, value := range map[string]string{
			"HOME": home, "AI_MEMORY_DB": filepath.Join(home, "m.db"), "AI_MEMORY_DB_PASSPHRASE": "", "AI_MEMORY_AGENT_ID": "",
		} {
			t.Setenv(name, value)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var out, complaints bytes.Buffer
		exit := aimemory.Main(ctx, append([]string{"ai-memory"}, args...), strings.NewReader(stdin), &out, &complaints)
		switch {
		case exit < 0 || exit > 2:
			t.Errorf("%q: exit status %d", args, exit)
		case exit != 0 && complaints.Len() == 0:
			t.Errorf("%q: exit status %d without a word", args, exit)
		case exit == 2 && (out.Len() > 0 || !strings.HasPrefix(complaints.String(), "error: ")):
			t.Errorf("%q: exit status 2, printed %q and said %q", args, out.String(), complaints.String())
		case ctx.Err() != nil:
			t.Errorf("%q: not done within 30 s", args)
		}
	})
}
