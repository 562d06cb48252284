package httpapi

import (
	"net/http"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// search answers GET /api/v1/search (contract section 2.8). Beyond the contract the rows are also
// under memories, where a client library looks for them.
func (a *api) search(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	text := q.text("q")
	if text == nil {
		q.mismatch("q", "missing field `q`")
	}
	query := readSearch(q)
	query.Tier = q.tier("tier")
	query.MinPriority = q.priority("min_priority")
	query.AgentID = q.text("agent_id")
	query.Limit = q.count("limit", service.DefaultSearchLimit)
	if q.err != nil {
		return q.err
	}
	query.Text = *text
	found, err := a.service.Search(r.Context(), query)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, searched{len(found), found, *text, found})
}

// searched is what was found, on the wire.
type searched struct {
	Count    int             `json:"count"`
	Memories []memory.Memory `json:"memories"`
	Query    string          `json:"query"`
	Results  []memory.Memory `json:"results"`
}

// readSearch reads what search and recall have in common.
func readSearch(q *query) service.SearchQuery {
	return service.SearchQuery{
		Query: service.Query{
			Namespace: q.text("namespace"),
			Since:     q.text("since"),
			Until:     q.text("until"),
			Tag:       q.text("tags"),
		},
		AsAgent: q.text("as_agent"),
	}
}

// recallByQuery answers GET /api/v1/recall (contract section 2.8).
func (a *api) recallByQuery(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	query := readSearch(q)
	query.Limit = q.count("limit", service.DefaultRecallLimit)
	var budget *uint64
	if q.text("budget_tokens") != nil {
		tokens := uint64(q.count("budget_tokens", 0)) //nolint:gosec // a count is not negative
		budget = &tokens
	}
	if text := q.text("context"); text != nil {
		query.Text = *text
	}
	if q.err != nil {
		return q.err
	}
	return a.recall(w, r, query, budget)
}

// recallByBody answers POST /api/v1/recall (contract section 2.8).
func (a *api) recallByBody(w http.ResponseWriter, r *http.Request) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	query := service.SearchQuery{
		Text: must[string](o, "context"),
		Query: service.Query{
			Namespace: optional[string](o, "namespace"),
			Since:     optional[string](o, "since"),
			Until:     optional[string](o, "until"),
			Tag:       optional[string](o, "tags"),
			Limit:     service.DefaultRecallLimit,
		},
		AsAgent: optional[string](o, "as_agent"),
	}
	if limit := optional[uint64](o, "limit"); limit != nil {
		query.Limit = int(min(*limit, service.MaxRecallLimit)) //nolint:gosec // small
	}
	budget := optional[uint64](o, "budget_tokens")
	if o.err != nil {
		return o.err
	}
	return a.recall(w, r, query, budget)
}

func (a *api) recall(w http.ResponseWriter, r *http.Request, q service.SearchQuery, budget *uint64) error {
	began := time.Now()
	recalled, err := a.service.Recall(r.Context(), q, budget)
	if err != nil {
		return err
	}
	a.metrics.recalled(time.Since(began))
	return reply(w, http.StatusOK, recollection{budget, len(recalled.Memories), recalled.Memories, recalled.Tokens})
}

// recollection is what was recalled, on the wire.
type recollection struct {
	Budget   *uint64          `json:"budget_tokens,omitempty"`
	Count    int              `json:"count"`
	Memories []service.Scored `json:"memories"`
	Tokens   uint64           `json:"tokens_used"`
}
