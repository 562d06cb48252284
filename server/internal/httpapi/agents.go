package httpapi

import (
	"net/http"

	"chaosctl/server/internal/memory"
)

// agents answers GET /api/v1/agents (contract section 2.12).
func (a *api) agents(w http.ResponseWriter, r *http.Request) error {
	found, err := a.service.Agents(r.Context())
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{"agents": found, "count": len(found)})
}

// register answers POST /api/v1/agents (contract section 2.12).
func (a *api) register(w http.ResponseWriter, r *http.Request) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	agent, kind := must[string](o, "agent_id"), must[string](o, "agent_type")
	capabilities := []string{}
	if !isNull(o.take("capabilities")) {
		capabilities = readStrings(o, "capabilities", false)
	}
	if o.err != nil {
		return o.err
	}
	done, err := a.service.Register(r.Context(), agent, kind, capabilities)
	if err != nil {
		return err
	}
	return settled(w, http.StatusCreated, map[string]any{
		"agent_id":     done.Registration.AgentID,
		"agent_type":   done.Registration.AgentType,
		"capabilities": done.Registration.Capabilities,
		"id":           done.ID,
		"registered":   true,
	}, done.Quorum, "id")
}

// grant answers POST /api/v1/memories/{id}/grant, which is beyond the contract.
func (a *api) grant(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	agent, permission := must[string](o, "agent_id"), must[memory.Permission](o, "permission")
	if o.err != nil {
		return o.err
	}
	done, err := a.service.Grant(r.Context(), id, agent, permission, caller(r))
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{
		"agent_id": agent, "granted": true, "id": done.ID, "permission": permission,
	}, done.Quorum, "id")
}

// revoke answers POST /api/v1/memories/{id}/revoke, which is beyond the contract.
func (a *api) revoke(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	agent := must[string](o, "agent_id")
	if o.err != nil {
		return o.err
	}
	done, err := a.service.Revoke(r.Context(), id, agent, caller(r))
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{"agent_id": agent, "id": done.ID, "revoked": done.Had}, done.Quorum, "id")
}
