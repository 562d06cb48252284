package service

import (
	"context"
	"slices"

	"chaosctl/server/internal/memory"
)

// Limits of the start of a session (contract section 11.5, tool 23), in rows.
const (
	DefaultSessionLimit = 10
	MaxSessionLimit     = 50
)

// Session is what an agent is given to begin with.
type Session struct {
	Memories  []memory.Memory
	Standards []memory.Memory // most general first; none of them is among Memories
}

// StartSession returns the memories of a namespace, or of all for nil, in the order of a list, and
// the standards that hold there. A limit above MaxSessionLimit is lowered to it.
func (s *Service) StartSession(ctx context.Context, namespace *string, limit int) (Session, error) {
	rows, err := s.List(ctx, Query{Namespace: namespace, Limit: max(0, min(limit, MaxSessionLimit))})
	if err != nil {
		return Session{}, err
	}
	where := memory.EveryNamespace
	if namespace != nil && memory.ValidateNamespace(*namespace) == nil { // no other has a standard
		where = *namespace
	}
	_, found, err := s.Standards(ctx, where)
	if err != nil {
		return Session{}, err
	}
	out := Session{Memories: rows}
	for _, one := range found {
		if !slices.ContainsFunc(out.Standards, func(m memory.Memory) bool { return m.ID == one.Memory.ID }) {
			out.Standards = append(out.Standards, *one.Memory)
		}
	}
	out.Memories = slices.DeleteFunc(out.Memories, func(m memory.Memory) bool {
		return slices.ContainsFunc(out.Standards, func(standard memory.Memory) bool { return standard.ID == m.ID })
	})
	return out, nil
}
