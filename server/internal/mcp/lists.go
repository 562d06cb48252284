package mcp

import (
	"context"
	"slices"
	"strings"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

func recallTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	required, err := a.required("context")
	if err != nil {
		return nil, err
	}
	if _, err := s.service.Collect(ctx); err != nil {
		return nil, err
	}
	q := service.SearchQuery{
		Query: service.Query{
			Namespace: a.text("namespace"), Tag: a.given("tags"), Since: a.text("since"), Until: a.text("until"),
			Limit: a.count("limit", service.DefaultRecallLimit),
		},
		Text: required[0], AsAgent: a.text("as_agent"),
	}
	var budget *uint64
	if n := a.integer("budget_tokens"); n != nil && *n >= 0 {
		tokens := uint64(*n)
		budget = &tokens
	}
	var found service.Recalled
	if strings.TrimSpace(q.Text) != "" {
		if found, err = s.service.Recall(ctx, q, budget); err != nil {
			return nil, err
		}
	}
	standards, err := s.standards(ctx, q.Namespace)
	if err != nil {
		return nil, err
	}
	p := page{key: "memories", scores: []float64{}, standards: standards}
	for _, m := range found.Memories {
		if !slices.ContainsFunc(standards, func(standard memory.Memory) bool { return standard.ID == m.ID }) {
			p.rows, p.scores = append(p.rows, m.Memory), append(p.scores, m.Score)
		}
	}
	p.meta = []pair{{"count", len(p.rows)}, {"mode", modeKeyword}, {"tokens_used", found.Tokens}}
	if budget != nil {
		p.meta = append(p.meta, pair{"budget_tokens", *budget})
	}
	return p.in(a), nil
}

// The modes of lists.
const (
	modeKeyword = "keyword"
	modeSession = "session_start"
)

// standards are the memories that hold for a namespace; for none given those that hold everywhere.
func (s *Server) standards(ctx context.Context, namespace *string) ([]memory.Memory, error) {
	where := memory.EveryNamespace
	if namespace != nil && memory.ValidateNamespace(*namespace) == nil { // no other has a standard
		where = *namespace
	}
	_, found, err := s.service.Standards(ctx, where)
	if err != nil {
		return nil, err
	}
	var out []memory.Memory
	for _, one := range found {
		if !slices.ContainsFunc(out, func(m memory.Memory) bool { return m.ID == one.Memory.ID }) {
			out = append(out, *one.Memory)
		}
	}
	return out, nil
}

func searchTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	required, err := a.required("query")
	if err != nil {
		return nil, err
	}
	q := service.SearchQuery{
		Query: service.Query{
			Namespace: a.text("namespace"), Tier: knownTier(a), AgentID: a.given("agent_id"), Limit: a.count("limit", service.DefaultSearchLimit),
		},
		Text: required[0], AsAgent: a.text("as_agent"),
	}
	var found []memory.Memory
	if strings.TrimSpace(q.Text) != "" {
		if found, err = s.service.Search(ctx, q); err != nil {
			return nil, err
		}
	}
	return page{key: "results", rows: found, meta: []pair{{"count", len(found)}}}.in(a), nil
}

func listTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	found, err := s.service.List(ctx, service.Query{
		Namespace: a.text("namespace"), Tier: knownTier(a), AgentID: a.given("agent_id"), Limit: a.count("limit", service.DefaultListLimit),
	})
	if err != nil {
		return nil, err
	}
	return page{key: "memories", rows: found, meta: []pair{{"count", len(found)}}}.in(a), nil
}

func sessionTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	session, err := s.service.StartSession(ctx, a.text("namespace"), a.count("limit", service.DefaultSessionLimit))
	if err != nil {
		return nil, err
	}
	p := page{
		key: "memories", rows: session.Memories, scores: make([]float64, len(session.Memories)), standards: session.Standards,
		meta: []pair{{"count", len(session.Memories)}, {"mode", modeSession}},
	}
	if s.options.Model != nil && len(session.Memories) > 0 {
		var texts []string
		for _, m := range session.Memories {
			texts = append(texts, m.Title+": "+m.Content)
		}
		summary, err := s.options.Model.Summarize(ctx, texts)
		if err != nil { // the memories are worth having all the same
			s.options.Logger.Warn("the session is not summed up", "error", err)
		} else {
			p.extra = map[string]any{"summary": summary}
		}
	}
	return p.in(a), nil
}

func statsTool(ctx context.Context, s *Server, _ string, _ arguments) (any, error) {
	st, err := s.service.Stats(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"total": st.Total, "by_tier": counts(st.ByTier, "tier"), "by_namespace": counts(st.ByNamespace, "namespace"),
		"expiring_soon": st.ExpiringSoon, "links_count": st.Links, "db_size_bytes": st.DBSizeBytes,
	}, nil
}

// counts are numbers of rows by some name.
func counts(of []service.Count, key string) []map[string]any {
	all := []map[string]any{}
	for _, n := range of {
		all = append(all, map[string]any{key: n.Name, "count": n.Count})
	}
	return all
}

func archiveListTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	found, err := s.service.Archive(ctx, a.text("namespace"), a.count("limit", service.DefaultArchiveLimit), a.count("offset", 0))
	if err != nil {
		return nil, err
	}
	rows := []memory.ArchivedRow{}
	for _, m := range found {
		rows = append(rows, m.Row())
	}
	return map[string]any{"archived": rows, "count": len(rows)}, nil
}

func archiveRestoreTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("id")
	if err != nil {
		return nil, err
	}
	if _, err := s.service.Restore(ctx, required[0], caller); err != nil {
		return nil, err
	}
	return map[string]any{"restored": true, "id": required[0]}, nil
}

func archivePurgeTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	if err := a.strictly(anInteger(), "older_than_days"); err != nil {
		return nil, err
	}
	purged, err := s.service.Purge(ctx, a.integer("older_than_days"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"purged": purged.Count}, nil
}

func archiveStatsTool(ctx context.Context, s *Server, _ string, _ arguments) (any, error) {
	total, by, err := s.service.ArchiveStats(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{"archived_total": total, "by_namespace": counts(by, "namespace")}, nil
}

func gcTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	if err := a.strictly(aBoolean(), "dry_run"); err != nil {
		return nil, err
	}
	if a.truth("dry_run") {
		n, err := s.service.WouldCollect(ctx)
		return map[string]any{"collected": n, "dry_run": true}, err
	}
	collected, err := s.service.Collect(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{"collected": collected.Count, "dry_run": false}, nil
}
