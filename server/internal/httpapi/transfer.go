package httpapi

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strconv"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// transferBuffer is how much of an export is gathered before it is sent, in bytes.
const transferBuffer = 64 << 10

// export answers GET /api/v1/export (contract section 2.10). It is sent while it is read.
func (a *api) export(w http.ResponseWriter, r *http.Request) error {
	e, err := a.service.Export(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	sent := &sending{to: w}
	if err := writeExport(r, bufio.NewWriterSize(sent, transferBuffer), e); err != nil {
		if !sent.begun {
			return err
		}
		if r.Context().Err() == nil {
			a.logger.Error("an export was cut off", "error", err)
		}
		panic(http.ErrAbortHandler) // so that nobody takes half of it for all
	}
	return nil
}

// sending is where an answer goes, and whether any of it has.
type sending struct {
	to    http.ResponseWriter
	begun bool
}

// Write sends.
func (s *sending) Write(text []byte) (int, error) {
	s.begun = true
	return s.to.Write(text)
}

func writeExport(r *http.Request, out *bufio.Writer, e *service.Export) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	before, count := `{"memories":[`, 0
	// Errors of the writer stay until Flush returns them.
	each := func(value any) error {
		_, _ = out.WriteString(before)
		before = ","
		return enc.Encode(value)
	}
	err := e.Memories(r.Context(), func(m memory.Memory) error {
		count++
		return each(m)
	})
	if err != nil {
		return err
	}
	if count == 0 {
		_, _ = out.WriteString(before)
	}
	before = ""
	_, _ = out.WriteString(`],"links":[`)
	if err := e.Links(r.Context(), func(l memory.Link) error { return each(l) }); err != nil {
		return err
	}
	_, _ = out.WriteString(`],"count":` + strconv.Itoa(count) + `,"exported_at":"` + memory.FormatTime(e.At) + `"}`)
	return out.Flush()
}

// imports answers POST /api/v1/import (contract section 2.10).
func (a *api) imports(w http.ResponseWriter, r *http.Request) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	i := service.Import{Caller: caller(r), Memories: readMemories(o), Links: readLinks(o)}
	if o.err != nil {
		return o.err
	}
	done, err := a.service.Import(r.Context(), i)
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{
		"errors": done.Errors, "imported": done.Count,
	}, done.Quorum, "errors", "imported")
}

// readMemories reads a list of complete memories.
func readMemories(o *object) []memory.Memory {
	items := o.list("memories")
	rows := make([]memory.Memory, len(items))
	for i, text := range items {
		m, err := readMemory(text, "memories["+strconv.Itoa(i)+"].")
		if err != nil && o.err == nil {
			o.err = err
		}
		rows[i] = m
	}
	return rows
}

// readLinks reads a list of links that may be absent or null.
func readLinks(o *object) []memory.Link {
	if !o.has("links") || isNull(o.take("links")) {
		return nil
	}
	items := o.list("links")
	links := make([]memory.Link, len(items))
	for i, text := range items {
		l := parseObject(text, "links["+strconv.Itoa(i)+"].")
		links[i] = memory.Link{
			SourceID:  must[string](l, "source_id"),
			TargetID:  must[string](l, "target_id"),
			Relation:  must[string](l, "relation"),
			CreatedAt: must[string](l, "created_at"),
		}
		if l.err != nil && o.err == nil {
			o.err = l.err
		}
	}
	return links
}
