package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"chaosctl/server/internal/importers"
	"chaosctl/server/internal/memory"
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
// error, and nothing of it is imported; rows that break a rule are told in ImportDone. The export is read twice: one
// that comes through a pipe and is large is kept in a temporary file meanwhile.
func (m *Memories) ReadImport(ctx context.Context, from io.Reader, agent string, trusted bool) (done ImportDone, err error) {
	done.Errors = []string{}
	text, err := keep(from)
	if err != nil {
		return done, fmt.Errorf("reading the export: %w", err)
	}
	defer func() { err = errors.Join(err, text.Close()) }()
	if _, err := importers.ReadExport(text, func(memory.Memory) error { return ctx.Err() }); err != nil {
		return done, err
	}
	if err := text.rewind(); err != nil {
		return done, fmt.Errorf("reading the export: %w", err)
	}
	in := lots{to: m, agent: agent}
	links, err := importers.ReadExport(text, func(row memory.Memory) error {
		if !trusted && restamp(&row, agent) {
			done.Restamped++
		}
		return in.add(ctx, row)
	})
	if err == nil {
		err = in.finish(ctx, links)
	}
	done.Imported, done.Errors = in.count, append(done.Errors, in.errs...)
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
