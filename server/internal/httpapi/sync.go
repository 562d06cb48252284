package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// syncPush answers POST /api/v1/sync/push (contract section 6.6). Beyond the contract it reads
// node, span, events, deletion_events and record_events, or else deletions, which are ids; and it answers node,
// have and ids.
func (a *api) syncPush(w http.ResponseWriter, r *http.Request) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	p, err := readPush(o)
	if err != nil {
		return err
	}
	p.Caller = caller(r)
	done, err := a.service.SyncPush(r.Context(), p)
	if err != nil {
		return err
	}
	clock := done.Clock
	if clock == nil {
		clock = map[string]string{}
	}
	return reply(w, http.StatusOK, map[string]any{
		"applied":           done.Applied,
		"dry_run":           p.DryRun,
		"have":              vector(done.Have),
		"ids":               done.IDs,
		"node":              done.Node,
		"noop":              done.Noop,
		"receiver_agent_id": done.Receiver,
		"receiver_clock":    map[string]any{"entries": clock},
		"skipped":           done.Skipped,
	})
}

func readPush(o *object) (service.Push, error) {
	p := service.Push{
		Sender: must[string](o, "sender_agent_id"),
		DryRun: or(o, "dry_run", false),
	}
	if clock, ok := read[json.RawMessage](o, "sender_clock"); ok {
		readClock(o, clock)
	}
	rows, ok := elements(o.take("memories"))
	if !ok {
		must[[]json.RawMessage](o, "memories") // says what is wrong
	}
	p.Memories = make([]memory.Memory, 0, len(rows))
	for i, text := range rows {
		m, err := readMemory(text, "memories["+strconv.Itoa(i)+"].")
		if err != nil && o.err == nil {
			o.err = err
		}
		p.Memories = append(p.Memories, m)
	}
	if readEvents(o, &p); p.Events == nil {
		p.Deleted = readDeleted(o)
	}
	return p, o.err
}

// readDeleted reads the ids that a server which does not number its changes has deleted, as
// ai-memory does from 0.6.1 on. What is no list of texts is something else.
func readDeleted(o *object) (ids []string) {
	if text := o.fields["deletions"]; o.twice["deletions"] || text == nil || json.Unmarshal(text, &ids) != nil {
		return nil
	}
	return ids
}

// readClock checks the shape of a vector clock, which is otherwise not used.
func readClock(o *object, text json.RawMessage) {
	clock := parseObject(text, "sender_clock.")
	or(clock, "entries", map[string]string{})
	if clock.err != nil && o.err == nil {
		o.err = clock.err
	}
}

// readEvents reads what numbers the changes of a push. Another maker's server may use these keys
// for something else: what does not fit is not there.
func readEvents(o *object, p *service.Push) {
	fits := func(field string, into any) bool {
		return !o.twice[field] && o.fields[field] != nil && json.Unmarshal(o.fields[field], into) == nil
	}
	var (
		node    string
		marks   []service.Mark
		burials []service.Burial
		entries []service.Entry
		span    *service.Span
	)
	if !fits("node", &node) || node == "" || !fits("events", &marks) || len(marks) != len(p.Memories) ||
		o.has("deletion_events") && !fits("deletion_events", &burials) ||
		o.has("record_events") && !fits("record_events", &entries) {
		return
	}
	numbered := func(e service.Event) bool { return e.Origin != "" && e.Seq > 0 }
	for _, m := range marks {
		if !numbered(m.Event) {
			return
		}
	}
	for _, b := range burials {
		if !numbered(b.Event) {
			return
		}
	}
	for _, e := range entries {
		if !numbered(e.Event) {
			return
		}
	}
	if !fits("span", &span) || span == nil || span.Origin == "" {
		span = nil
	}
	if !fits("have", &p.Have) {
		p.Have = nil
	}
	if marks == nil { // null
		marks = []service.Mark{}
	}
	p.Node, p.Events, p.Burials, p.Entries, p.Span = node, marks, burials, entries, span
}

// syncSince answers GET /api/v1/sync/since (contract section 6.7).
func (a *api) syncSince(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	since := service.Since{Limit: q.count("limit", service.DefaultSinceLimit), Caller: caller(r)}
	if after := q.text("since"); after != nil {
		since.After = *after
	}
	if peer := q.text("peer"); peer != nil {
		since.Peer = *peer
	}
	if q.err != nil {
		return q.err
	}
	rows, limit, err := a.service.SyncSince(r.Context(), since)
	if err != nil {
		return err
	}
	if rows == nil {
		rows = []memory.Memory{}
	}
	return reply(w, http.StatusOK, map[string]any{"count": len(rows), "limit": limit, "memories": rows})
}

// syncPull answers POST /api/v1/sync/pull, which is ours: body node, have, after, limit; answer
// node, have, events (one a memory), memories, deletion_events, record_events, more.
func (a *api) syncPull(w http.ResponseWriter, r *http.Request) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	q := service.Pull{
		Node: must[string](o, "node"),
		// Seen from here, a vector that is absent has followed nobody.
		Have:  orNull[service.Vector](o, "have"),
		After: orNull[service.Event](o, "after"),
		Limit: or(o, "limit", 0),
	}
	if o.err != nil {
		return o.err
	}
	found, err := a.service.SyncPull(r.Context(), q)
	if err != nil {
		return err
	}
	told := service.Tell(found.Changes)
	return reply(w, http.StatusOK, map[string]any{
		"deletion_events": told.Burials,
		"events":          told.Marks,
		"have":            vector(found.Have),
		"memories":        told.Rows,
		"more":            found.More,
		"node":            found.Node,
		"record_events":   told.Entries,
	})
}

// orNull reads a field that is zero when absent or null.
func orNull[T any](o *object, field string) (value T) {
	if v := optional[T](o, field); v != nil {
		return *v
	}
	return value
}

// vector is never null on the wire.
func vector(v service.Vector) service.Vector {
	if v == nil {
		return service.Vector{}
	}
	return v
}
