package aimemory

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

const defaultPriority = 5

func storeCommand() *cli.Command {
	return &cli.Command{
		Name:  "store",
		Usage: "store a memory; one of the same title and namespace is changed",
		Flags: []cli.Flag{
			titleFlag("`TITLE` of the memory"),
			&cli.StringFlag{Name: "content", Aliases: []string{"c"}, Usage: "`CONTENT` of the memory; - reads it from standard input"},
			&cli.StringFlag{Name: "tier", Aliases: []string{"t"}, Usage: "how long it lives: `TIER` is short, mid or long", Value: string(server.TierMid)},
			namespaceFlag("`NAMESPACE` of the memory; without it that of the git repository, or of the directory"),
			&cli.StringFlag{Name: "tags", Usage: "`TAGS`, a comma list"},
			priorityFlag("`PRIORITY`, 1 to 10", defaultPriority),
			confidenceFlag("`CONFIDENCE`, 0 to 1", &decimal{f: 1, there: true}),
			&cli.StringFlag{Name: "source", Aliases: []string{"S"}, Usage: "`SOURCE` of the memory: " + strings.Join(server.Sources(), ", "), Value: server.SourceCLI},
			&cli.StringFlag{Name: "expires-at", Usage: "when it expires: `TIME`, RFC 3339"},
			integerFlag("ttl-secs", "`SECONDS` until it expires"),
			&cli.StringFlag{Name: "scope", Usage: "who may see it: `SCOPE` is " + strings.Join(server.Scopes(), ", ")},
		},
		Action: store,
	}
}

func store(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	if err := required(c, "title", "content"); err != nil {
		return err
	}
	draft, err := readDraft(c)
	if err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		if !validTier(draft.Tier) {
			return invalidTier(draft.Tier)
		}
		draft.Caller = s.agent
		if _, err := s.Collect(c.Context); err != nil {
			return err
		}
		created, err := s.Create(c.Context, draft)
		if err != nil {
			return failed(err)
		}
		if created.Queued != nil {
			return printQueued(c, *created.Queued)
		}
		return printStored(c, created.Requested, created.Contradictions)
	})
}

func invalidTier(tier server.Tier) error {
	return plainf("Error: invalid tier: %s (use short, mid, long)", tier)
}

func validTier(tier server.Tier) bool {
	for _, t := range server.Tiers() {
		if tier == t {
			return true
		}
	}
	return false
}

// readDraft reads the flags of store.
func readDraft(c *cli.Context) (d server.Draft, err error) {
	d = server.Draft{
		Title: c.String("title"), Content: c.String("content"), Tier: server.Tier(c.String("tier")), Namespace: c.String("namespace"),
		Tags: commaList(c.String("tags")), Source: c.String("source"), ExpiresAt: optional(c, "expires-at"), Scope: optional(c, "scope"),
		Priority: priority(c), Confidence: *fraction(c, "confidence"), TTLSecs: optionalInteger(c, "ttl-secs"),
		Metadata: json.RawMessage("{}"),
	}
	if !c.IsSet("namespace") {
		d.Namespace = defaultNamespace(c.Context)
	}
	if d.Content == "-" {
		d.Content, err = readContent(c.App.Reader)
	}
	return d, err
}

// maxStdin bounds what is read of a content, in bytes: far beyond what a memory may hold, so that a longer one is refused.
const maxStdin = 1 << 20

// readContent reads a content to its end.
func readContent(from io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxStdin))
	if err != nil {
		return "", wrapped("reading standard input", err)
	}
	if len(text) < maxStdin && !utf8.Valid(text) { // one that was cut may end within a character
		return "", plainf("Error: standard input is not valid UTF-8")
	}
	return string(text), nil
}

// printStored prints a memory as it was asked for, and what may say something else.
func printStored(c *cli.Context, m server.Memory, contradictions []string) error {
	if asJSON(c) {
		return printJSON(c, struct {
			server.Memory
			Contradictions []string `json:"potential_contradictions,omitempty"`
		}{m, contradictions})
	}
	if n := len(contradictions); n > 0 {
		note(c, "warning: %d similar memories found in same namespace (potential contradictions)", n)
	}
	return printf(c, "stored: %s [%s] (ns=%s)", m.ID, m.Tier, m.Namespace)
}

// printQueued tells that an action waits for approval.
func printQueued(c *cli.Context, q server.Queued) error {
	if !asJSON(c) {
		line := fmt.Sprintf("%s queued for approval: pending_id=%s ", q.Action, q.PendingID)
		if q.MemoryID != "" {
			return printLine(c, line+"id="+q.MemoryID)
		}
		return printLine(c, line+"ns="+q.Namespace)
	}
	return printJSON(c, q.Answer())
}
