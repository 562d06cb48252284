package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// retryAfter is what a client is told to wait, in seconds, after too few copies.
const retryAfter = "2"

// create answers POST /api/v1/memories (contract section 2.4).
func (a *api) create(w http.ResponseWriter, r *http.Request) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	d := readDraft(o)
	if o.err != nil {
		return o.err
	}
	d.Caller = caller(r)
	created, err := a.service.Create(r.Context(), d)
	if created.Queued != nil {
		return queued(w, *created.Queued)
	}
	a.metrics.stored(string(d.Tier), err == nil && created.Met(), len(created.Contradictions) > 0)
	if err != nil {
		return err
	}
	if !created.Met() {
		return tooFew(w, created.ID, *created.Quorum)
	}
	answer := map[string]any{
		"agent_id":  created.AgentID,
		"id":        created.ID,
		"namespace": d.Namespace,
		"tier":      d.Tier,
		"title":     d.Title,
	}
	if len(created.Contradictions) > 0 {
		answer["potential_contradictions"] = created.Contradictions
	}
	if created.Quorum != nil {
		answer["quorum_acks"] = created.Quorum.Acks
	}
	return reply(w, http.StatusCreated, answer)
}

// tooFew answers a write that too few nodes hold (contract section 6.4). It is stored here, and
// beyond the contract the answer names the memory.
func tooFew(w http.ResponseWriter, id string, o service.Outcome) error {
	return tooFewOf(w, o, map[string]any{"id": id})
}

// tooFewOf is tooFew for a write that is not of one memory; the answer says what more tells.
func tooFewOf(w http.ResponseWriter, o service.Outcome, more map[string]any) error {
	w.Header().Set("Retry-After", retryAfter)
	answer := map[string]any{
		"error":  "quorum_not_met",
		"got":    o.Acks,
		"needed": o.Needed,
		"reason": string(o.Reason),
	}
	maps.Copy(answer, more)
	return reply(w, http.StatusServiceUnavailable, answer)
}

// settled answers a write, or that too few nodes hold it; then kept is told beside that. Beyond the
// contract the answer tells how many do.
func settled(w http.ResponseWriter, status int, answer map[string]any, o *service.Outcome, kept ...string) error {
	if o == nil {
		return reply(w, status, answer)
	}
	if o.Reason != "" {
		maps.DeleteFunc(answer, func(key string, _ any) bool { return !slices.Contains(kept, key) })
		return tooFewOf(w, *o, answer)
	}
	answer["quorum_acks"] = o.Acks
	return reply(w, status, answer)
}

// readDraft reads a create body, defaults filled in.
func readDraft(o *object) service.Draft {
	d := service.Draft{
		Tier:       or(o, "tier", memory.Mid),
		Namespace:  or(o, "namespace", "global"),
		Title:      must[string](o, "title"),
		Content:    must[string](o, "content"),
		Tags:       readStrings(o, "tags", false),
		Priority:   or(o, "priority", int32(5)),
		Confidence: readConfidence(o, 1),
		Source:     or(o, "source", memory.SourceAPI),
		ExpiresAt:  optional[string](o, "expires_at"),
		TTLSecs:    optional[int64](o, "ttl_secs"),
		Metadata:   readMetadata(o),
		Scope:      optional[string](o, "scope"),
	}
	if agent := optional[string](o, "agent_id"); agent != nil {
		d.AgentID = *agent
	}
	if err := memory.ValidateTier(d.Tier); err != nil {
		o.mismatch("tier", fmt.Sprintf("unknown variant `%s`, expected one of `short`, `mid`, `long`", d.Tier))
	}
	return d
}

// readStrings reads a list of strings in which null has no place.
func readStrings(o *object, field string, required bool) []string {
	if required {
		o.required(field)
	}
	items, ok := read[[]*string](o, field)
	if !ok {
		return []string{}
	}
	out := make([]string, len(items))
	for i, item := range items {
		if item == nil {
			o.mismatch(field+"["+strconv.Itoa(i)+"]", "invalid type: null, expected a string")
			return nil
		}
		out[i] = *item
	}
	return out
}

// readConfidence reads a number; one beyond float64 is a syntax error in the contract.
func readConfidence(o *object, fallback float64) float64 {
	number, ok := read[json.Number](o, "confidence")
	if !ok {
		return fallback
	}
	if text := o.fields["confidence"]; len(text) > 0 && text[0] == '"' {
		o.mismatch("confidence", "invalid type: string, expected a number")
		return fallback
	}
	value, err := number.Float64()
	if err != nil || math.IsInf(value, 0) {
		o.malformed("confidence", "number out of range")
		return fallback
	}
	return value
}

// readMetadata reads any JSON value, compact; absent is an empty object.
func readMetadata(o *object) json.RawMessage {
	text := o.take("metadata")
	if text == nil {
		return json.RawMessage("{}")
	}
	if err := checkNumbers(text); err != nil {
		o.malformed("metadata", err.Error())
		return nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		o.malformed("metadata", err.Error())
		return nil
	}
	return compact.Bytes()
}

// readMemory reads a complete memory, as another server sends it (contract section 1.1).
func readMemory(text []byte, path string) (memory.Memory, error) {
	o := parseObject(text, path)
	m := memory.Memory{
		AccessCount:    must[int64](o, "access_count"),
		Content:        must[string](o, "content"),
		CreatedAt:      must[string](o, "created_at"),
		ExpiresAt:      optional[string](o, "expires_at"),
		ID:             must[string](o, "id"),
		LastAccessedAt: optional[string](o, "last_accessed_at"),
		Metadata:       readMetadata(o),
		Namespace:      must[string](o, "namespace"),
		Priority:       must[int32](o, "priority"),
		Source:         must[string](o, "source"),
		Tags:           readStrings(o, "tags", true),
		Tier:           must[memory.Tier](o, "tier"),
		Title:          must[string](o, "title"),
		UpdatedAt:      must[string](o, "updated_at"),
	}
	o.required("confidence")
	m.Confidence = readConfidence(o, 0)
	if memory.ValidateTier(m.Tier) != nil {
		o.mismatch("tier", fmt.Sprintf("unknown variant `%s`, expected one of `short`, `mid`, `long`", m.Tier))
	}
	return m, o.err
}

// get answers GET /api/v1/memories/{id} (contract section 2.6). Beyond the contract the answer has
// the fields of the memory also as its own.
func (a *api) get(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	m, err := a.service.Get(r.Context(), id)
	if err != nil {
		return err
	}
	links, err := a.service.Links(r.Context(), m.ID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, detailed{m, links, m})
}

// flat is a memory whose fields are those of what it is put into.
type flat = memory.Memory

// detailed is a memory on the wire with what belongs to it.
type detailed struct {
	flat
	Links  []memory.Link `json:"links"`
	Memory memory.Memory `json:"memory"`
}

// page is a list of memories on the wire.
type page struct {
	Count    int             `json:"count"`
	Memories []memory.Memory `json:"memories"`
}

func newPage(rows []memory.Memory) page {
	if rows == nil {
		rows = []memory.Memory{}
	}
	return page{len(rows), rows}
}

// list answers GET /api/v1/memories (contract section 2.5).
func (a *api) list(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	query := service.Query{
		Namespace:   q.text("namespace"),
		Tier:        q.tier("tier"),
		MinPriority: q.priority("min_priority"),
		Since:       q.text("since"),
		Until:       q.text("until"),
		Tag:         q.text("tags"),
		AgentID:     q.text("agent_id"),
		Limit:       q.count("limit", service.DefaultListLimit),
		Offset:      q.count("offset", 0),
	}
	if q.err != nil {
		return q.err
	}
	rows, err := a.service.List(r.Context(), query)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, newPage(rows))
}

// stats answers GET /api/v1/stats.
func (a *api) stats(w http.ResponseWriter, r *http.Request) error {
	s, err := a.service.Stats(r.Context())
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{
		"by_namespace":  counts("namespace", s.ByNamespace),
		"by_tier":       counts("tier", s.ByTier),
		"db_size_bytes": s.DBSizeBytes,
		"expiring_soon": s.ExpiringSoon,
		"links_count":   s.Links,
		"total":         s.Total,
	})
}

// namespaces answers GET /api/v1/namespaces.
func (a *api) namespaces(w http.ResponseWriter, r *http.Request) error {
	found, err := a.service.Namespaces(r.Context())
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{"namespaces": counts("namespace", found)})
}

// counts names the numbers by a key.
func counts(key string, found []service.Count) []map[string]any {
	out := make([]map[string]any, len(found))
	for i, c := range found {
		out[i] = map[string]any{"count": c.Count, key: c.Name}
	}
	return out
}
