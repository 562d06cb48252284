package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Grouping says what AutoConsolidate merges (contract section 7.2).
type Grouping struct {
	Namespace *string // nil: every namespace but those the server keeps for itself
	ShortOnly bool    // memories of tier short only
	MinCount  int     // groups of fewer are left; below 2 it is 2
	Caller    string
}

// Group is memories of one namespace that have a tag in common.
type Group struct {
	Namespace string
	Tag       string // empty: they have none
	Members   []memory.Memory
}

// Bounds of a grouping: rows of a namespace that are looked at; what of each content is kept, and how
// much of a name goes into a title, in bytes.
const (
	groupedRows = 200
	keptContent = 200
	namedInFull = 400
)

// maxGroup is how many memories can be merged at once.
const maxGroup = 100

// Groups returns what AutoConsolidate would merge: each memory once, under its first tag. Those that are too
// many or too much for one memory are several groups. Standards of namespaces are left as they are.
func (s *Service) Groups(ctx context.Context, g Grouping) ([]Group, error) {
	namespaces := []string{}
	if g.Namespace != nil {
		namespaces = append(namespaces, *g.Namespace)
	} else {
		counted, err := s.Namespaces(ctx)
		if err != nil {
			return nil, err
		}
		for _, n := range counted {
			if !strings.HasPrefix(n.Name, "_") {
				namespaces = append(namespaces, n.Name)
			}
		}
	}
	standards, err := s.standards(ctx)
	if err != nil {
		return nil, err
	}
	q := Query{Limit: groupedRows}
	if g.ShortOnly {
		short := memory.Short
		q.Tier = &short
	}
	var out []Group
	for _, namespace := range namespaces {
		q.Namespace = &namespace
		rows, err := s.List(ctx, q)
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(m memory.Memory) bool { return standards[m.ID] })
		out = append(out, grouped(namespace, rows, max(2, g.MinCount))...)
	}
	return out, nil
}

// standards are the ids of the memories that are standards.
func (s *Service) standards(ctx context.Context) (map[string]bool, error) {
	records, err := s.store.Records(ctx, store.RecordQuery{Kind: memory.KindStandard})
	if err != nil {
		return nil, fmt.Errorf("look for standards: %w", err)
	}
	ids := map[string]bool{}
	for _, r := range records {
		standard, err := memory.StandardOf(r)
		if err != nil {
			return nil, err
		}
		ids[standard.StandardID] = true
	}
	return ids, nil
}

// grouped are the groups of a namespace that have enough members, in the order of their first ones.
func grouped(namespace string, rows []memory.Memory, least int) (out []Group) {
	for _, m := range rows {
		tag := ""
		if len(m.Tags) > 0 {
			tag = m.Tags[0]
		}
		i := slices.IndexFunc(out, func(g Group) bool { return g.Tag == tag && g.hasRoom(m) })
		if i < 0 {
			i, out = len(out), append(out, Group{Namespace: namespace, Tag: tag})
		}
		out[i].Members = append(out[i].Members, m)
	}
	return slices.DeleteFunc(out, func(g Group) bool { return len(g.Members) < least })
}

// hasRoom tells whether one memory can be made of the group and one more.
func (g Group) hasRoom(m memory.Memory) bool {
	more := Group{Members: append(slices.Clone(g.Members), m)}
	_, err := memory.Consolidate(more.Members, memory.Consolidation{AgentID: m.AgentID()}, time.Time{})
	return err == nil && len(more.Members) <= maxGroup && len(more.summary()) <= memory.MaxContent
}

// AutoConsolidate makes one memory of each group, which lists what its members said. It returns how many
// memories were merged; at the first group that cannot be it stops with its error.
func (s *Service) AutoConsolidate(ctx context.Context, g Grouping) (merged int, err error) {
	groups, err := s.Groups(ctx, g)
	if err != nil {
		return 0, err
	}
	for _, group := range groups {
		if err := s.merge(ctx, group, g.Caller); err != nil {
			return merged, fmt.Errorf("consolidate %d memories of %s: %w", len(group.Members), group.Namespace, err)
		}
		merged += len(group.Members)
	}
	return merged, nil
}

// merge makes one memory of a group, under a title that is free.
func (s *Service) merge(ctx context.Context, g Group, caller string) error {
	c := Consolidation{
		Namespace: g.Namespace, Tier: memory.Long, Source: memory.SourceAutoConsolidate, Caller: caller, Summary: g.summary(),
	}
	for _, m := range g.Members {
		c.IDs = append(c.IDs, m.ID)
	}
	about := g.Tag
	if about == "" {
		about = g.Namespace
	}
	title := fmt.Sprintf("Consolidated: %s (%d memories)", memory.FirstBytes(about, namedInFull), len(g.Members))
	for n := 1; ; n++ {
		if c.Title = title; n > 1 {
			c.Title = fmt.Sprintf("%s #%d", title, n)
		}
		_, err := s.Consolidate(ctx, c)
		var taken *TitleInUse
		if !errors.As(err, &taken) {
			return err
		}
	}
}

// summary lists the members.
func (g Group) summary() string {
	lines := make([]string, len(g.Members))
	for i, m := range g.Members {
		lines[i] = "- " + m.Title + ": " + memory.FirstBytes(m.Content, keptContent)
	}
	return strings.Join(lines, "\n")
}
