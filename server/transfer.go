package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"chaosctl/server/internal/importers"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// WriteExport writes all that has not expired as one indented JSON object (contract section 7.2), while it
// is read.
func (m *Memories) WriteExport(ctx context.Context, to io.Writer) error {
	e, err := m.Export(ctx)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(to)
	count, before := 0, "{\n  \"memories\": ["
	// Errors of the writer stay until Flush returns them.
	each := func(value any) error {
		text, err := indented(value)
		_, _ = out.WriteString(before + "\n    " + text)
		before = ","
		return err
	}
	if err := e.Memories(ctx, func(row memory.Memory) error { count++; return each(row) }); err != nil {
		return err
	}
	end := func(next string) {
		if strings.HasSuffix(before, "[") {
			_, _ = out.WriteString(before)
		} else {
			_, _ = out.WriteString("\n  ")
		}
		before = next
	}
	end("],\n  \"links\": [")
	if err := e.Links(ctx, func(l memory.Link) error { return each(l) }); err != nil {
		return err
	}
	end("")
	_, _ = fmt.Fprintf(out, "],\n  \"count\": %d,\n  \"exported_at\": %q\n}\n", count, memory.FormatTime(e.At))
	return out.Flush()
}

// indented is a value as it stands in a list of an indented object.
func indented(value any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("    ", "  ")
	err := enc.Encode(value)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// ImportDone is what became of an import.
type ImportDone struct {
	Imported  int      // rows
	Restamped int      // rows whose agent was another
	Errors    []string // one for each row that was not imported, beginning with its id
}

// ReadImport imports an export on behalf of an agent, who takes the place of the agents in it unless the
// source is trusted; who they were is kept beside (contract section 7.2). An export that is malformed is an
// error, and nothing of it is imported; rows that break a rule are told in ImportDone.
func (m *Memories) ReadImport(ctx context.Context, from io.Reader, agent string, trusted bool) (ImportDone, error) {
	e, err := importers.ReadExport(from)
	if err != nil {
		return ImportDone{}, err
	}
	done := ImportDone{Errors: []string{}}
	if !trusted {
		for i := range e.Memories {
			if restamp(&e.Memories[i], agent) {
				done.Restamped++
			}
		}
	}
	n, errs, err := m.importAll(ctx, e.Memories, e.Links, agent)
	done.Imported, done.Errors = n, append(done.Errors, errs...)
	return done, err
}

// restamp attributes a memory to an agent, and tells whether it was another's. Metadata that is no object stays,
// and is refused later.
func restamp(m *memory.Memory, agent string) bool {
	keys := map[string]json.RawMessage{}
	if json.Unmarshal(m.Metadata, &keys) != nil || keys == nil {
		return false
	}
	was := m.AgentID()
	if was == agent {
		return false
	}
	text := func(s string) json.RawMessage {
		b, _ := json.Marshal(s) // never fails for a text
		return b
	}
	keys["agent_id"] = text(agent)
	if was != "" {
		keys["imported_from_agent_id"] = text(was)
	}
	metadata, err := json.Marshal(keys)
	if err != nil {
		return false
	}
	m.Metadata = metadata
	return was != ""
}

// importAll imports memories in lots, and links once those they are between are there.
func (m *Memories) importAll(ctx context.Context, rows []memory.Memory, links []memory.Link, agent string) (n int, errs []string, err error) {
	lot := map[string]int{} // of each memory, by id
	for i, row := range rows {
		lot[row.ID] = i / service.MaxBulk
	}
	due := map[int][]memory.Link{}
	for _, l := range links {
		at := max(lot[l.SourceID], lot[l.TargetID])
		due[at] = append(due[at], l)
	}
	for i := 0; i*service.MaxBulk < len(rows) || i == 0; i++ {
		done, err := m.Import(ctx, service.Import{
			Memories: rows[min(i*service.MaxBulk, len(rows)):min((i+1)*service.MaxBulk, len(rows))], Links: due[i], Caller: agent,
		})
		if err != nil {
			return n, errs, err
		}
		n, errs = n+done.Count, append(errs, done.Errors...)
	}
	return n, errs, nil
}

// Mining says which conversations of an export become memories.
type Mining struct {
	Format      string // claude, chatgpt or slack, in upper or lower case
	Path        string
	Namespace   string // empty: that of the format
	Tier        Tier
	MinMessages int // conversations with fewer are left out
	Agent       string
}

// Mined is what an export holds, and what became of it.
type Mined struct {
	Namespace     string
	Conversations int           // with any message
	Chosen        []MinedMemory // of those, what is or would be stored
	Imported      int
	Skipped       int // those that wait for approval, or that a policy denies
	Errors        int // those that cannot be stored
}

// MinedMemory is a conversation that is to become a memory.
type MinedMemory struct {
	Title    string
	Content  string
	Messages int
	Source   string
	created  string // RFC 3339; empty: not known
}

// Prospect reads an export, and stores nothing (contract section 7.2). What is wrong with the export, or
// with the mining, is an error.
func (m *Memories) Prospect(mining Mining) (Mined, error) {
	format, err := importers.ParseFormat(mining.Format)
	if err != nil {
		return Mined{}, err
	}
	found, err := format.Read(mining.Path)
	if err != nil {
		return Mined{}, err
	}
	mined := Mined{Namespace: mining.Namespace, Conversations: len(found)}
	if mined.Namespace == "" {
		mined.Namespace = format.Namespace()
	}
	now := time.Now()
	for _, c := range found {
		if len(c.Messages) < mining.MinMessages {
			continue
		}
		mined.Chosen = append(mined.Chosen, MinedMemory{
			Title: c.Heading(), Content: c.Content(), Messages: len(c.Messages), Source: format.Source(), created: c.Time(now),
		})
	}
	return mined, nil
}

// Mine stores what Prospect has found. A conversation of a title that is there already changes that memory.
func (m *Memories) Mine(ctx context.Context, mining Mining) (Mined, error) {
	mined, err := m.Prospect(mining)
	if err != nil {
		return mined, err
	}
	var rows []memory.Memory
	now := time.Now() // one for all: they keep the order of the export
	for _, c := range mined.Chosen {
		row, err := m.mined(c, mined.Namespace, mining, now)
		if err != nil {
			return mined, err
		}
		rows = append(rows, row)
	}
	n, errs, err := m.importAll(ctx, rows, nil, mining.Agent)
	mined.Imported = n
	for _, e := range errs {
		if strings.Contains(e, "governance") || strings.Contains(e, "queued for approval") {
			mined.Skipped++
		} else {
			mined.Errors++
		}
	}
	return mined, err
}

// mined is the memory of a conversation.
func (m *Memories) mined(c MinedMemory, namespace string, mining Mining, now time.Time) (memory.Memory, error) {
	metadata, err := json.Marshal(map[string]string{"agent_id": mining.Agent, "mined_from": c.Source})
	if err != nil {
		return memory.Memory{}, fmt.Errorf("write metadata: %w", err)
	}
	return memory.Memory{
		ID: memory.NewID(), Tier: mining.Tier, Namespace: namespace, Title: c.Title, Content: c.Content, Tags: []string{c.Source},
		Priority: 5, Confidence: 0.8, Source: c.Source, Metadata: metadata,
		CreatedAt: c.created, UpdatedAt: memory.FormatTime(now), ExpiresAt: m.lifetimes.Expiry(mining.Tier, now),
	}, nil
}
