package curator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// How much two memories must have in common: to say the same, and to say much the same (contract section
// 9.2).
const (
	alike   = 0.9
	similar = 0.55
)

// maxCluster is how many memories are made into one at most.
const maxCluster = 8

// maxAsked is as much of a content as a model is surely shown, in bytes.
const maxAsked = 16_000

// mark is what the title of a memory that was made of several begins with.
const mark = "[consolidated] "

// merge makes one memory of each cluster: memories of one namespace and scope that have so much in common with the
// first of them. What contradicts another is left alone, and what holds a policy or grants.
func (c *cycle) merge(ctx context.Context, least float64) {
	contradicted := c.contradicted()
	var open []memory.Memory
	for _, id := range c.order {
		if m, is := c.rows[id]; is && !contradicted[id] && !c.waiting[id] && !shared(m) {
			open = append(open, m)
		}
	}
	likes, taken := newLikes(open, least), map[string]bool{}
	for i, seed := range open {
		if ctx.Err() != nil {
			return
		}
		if taken[seed.ID] {
			continue
		}
		cluster := []memory.Memory{seed}
		for _, j := range likes.after(i) {
			if m := open[j]; len(cluster) < maxCluster && !taken[m.ID] && fits(append(slices.Clone(cluster), m)) {
				cluster = append(cluster, m)
			}
		}
		if len(cluster) < 2 {
			continue
		}
		for _, m := range cluster {
			taken[m.ID] = true
		}
		if c.spend() {
			c.mergeOne(ctx, cluster)
			continue
		}
		for _, m := range cluster {
			c.waiting[m.ID] = true
		}
	}
}

// contradicted are the memories of this cycle that contradict another, or that another contradicts.
func (c *cycle) contradicted() map[string]bool {
	all := map[string]bool{}
	for id, m := range c.rows {
		for _, by := range textsOf(m, memory.KeyContradictions) {
			all[id], all[by] = true, true
		}
	}
	return all
}

// shared tells whether a memory holds what would hold for more if it were made into another: a policy, or
// grants.
func shared(m memory.Memory) bool {
	_, governs := m.Policy()
	return governs || len(m.Grants()) > 0
}

// scopeOf is who may see a memory.
func scopeOf(m memory.Memory) string {
	var keys struct {
		Scope string `json:"scope"`
	}
	if json.Unmarshal(m.Metadata, &keys) != nil || keys.Scope == "" {
		return memory.ScopePrivate
	}
	return keys.Scope
}

// fits tells whether one memory can be made of a cluster without loss, and what undoes it fits into the
// rollback log.
func fits(cluster []memory.Memory) bool {
	const id, at = "00000000-0000-0000-0000-000000000000", "2000-01-01T00:00:00+00:00"
	if _, err := (memory.Rollback{Action: memory.RolledMerge, Originals: cluster, ResultID: id}).Memory(id, at); err != nil {
		return false
	}
	_, err := memory.Consolidate(cluster, memory.Consolidation{AgentID: memory.Curator}, time.Time{})
	return err == nil && len(extract(contents(cluster))) <= memory.MaxContent
}

func (c *cycle) mergeOne(ctx context.Context, cluster []memory.Memory) {
	errs := &c.report.Autonomy.Errors
	c.report.Autonomy.ClustersFormed++
	content, err := c.summary(ctx, cluster)
	if err != nil {
		c.failed(errs, "consolidate", cluster[0].ID, err)
		return
	}
	ids, tier := []string{}, memory.Mid
	for _, m := range cluster {
		ids = append(ids, m.ID)
		if m.Tier.Rank() > tier.Rank() {
			tier = m.Tier
		}
	}
	done, err := c.apply(ctx, ids, func(rows []memory.Memory) (service.Curation, error) {
		for _, row := range rows {
			if err := c.same(row); err != nil {
				return service.Curation{}, err
			}
		}
		if len(rows) != len(ids) {
			return service.Curation{}, errChanged
		}
		title := mark + strings.TrimPrefix(rows[0].Title, mark)
		return service.Curation{Merge: &service.Merge{Title: title, Content: content, Tier: tier}}, nil
	})
	if err != nil {
		c.failed(errs, "consolidate", cluster[0].ID, err)
	}
	if done {
		for _, id := range ids {
			c.gone(id)
		}
		c.report.Autonomy.MemoriesConsolidated += len(ids)
	}
}

// errSilent says that a model has nothing to say.
var errSilent = errors.New("the language model gives no summary")

// summary is the content of what a cluster is made into: what they all say when it is the same, what the
// model says, or without one, and where it would not see all, their own sentences.
func (c *cycle) summary(ctx context.Context, cluster []memory.Memory) (string, error) {
	texts := contents(cluster)
	if len(slices.Compact(foldedAll(texts))) == 1 {
		return texts[0], nil
	}
	if c.o.Model == nil || slices.ContainsFunc(texts, func(text string) bool { return len(text) > maxAsked }) {
		return extract(texts), nil
	}
	if c.refusals >= maxRefusals {
		return "", errSilent
	}
	for i, m := range cluster {
		texts[i] = m.Title + "\n" + m.Content
	}
	text, err := c.o.Model.Summarize(ctx, texts)
	if !c.answered(err) {
		return "", err
	}
	if err := memory.ValidateContent(text); err != nil {
		return "", fmt.Errorf("%w: %w", errSilent, err)
	}
	return text, nil
}

func contents(cluster []memory.Memory) []string {
	texts := make([]string, len(cluster))
	for i, m := range cluster {
		texts[i] = m.Content
	}
	return texts
}

func foldedAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = folded(text)
	}
	return out
}
