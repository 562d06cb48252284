package httpapi

import (
	"net/http"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// consolidate answers POST /api/v1/consolidate (contract section 2.9).
func (a *api) consolidate(w http.ResponseWriter, r *http.Request) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	long := memory.Long
	c := service.Consolidation{
		IDs:       readStrings(o, "ids", true),
		Title:     must[string](o, "title"),
		Summary:   must[string](o, "summary"),
		Namespace: or(o, "namespace", "global"),
		Source:    memory.SourceConsolidation,
		Caller:    caller(r),
	}
	if agent := optional[string](o, "agent_id"); agent != nil {
		c.AgentID = *agent
	}
	c.Tier = *o.tier("tier", &long)
	if o.err != nil {
		return o.err
	}
	done, err := a.service.Consolidate(r.Context(), c)
	if err != nil {
		return err
	}
	return settled(w, http.StatusCreated, map[string]any{
		"consolidated": len(c.IDs), "id": done.Memory.ID,
	}, done.Quorum, "id")
}
