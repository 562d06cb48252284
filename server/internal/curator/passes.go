package curator

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// What the passes go by (contract section 9.2).
const (
	usedOften   = 10                  // touches
	usedLately  = 7 * 24 * time.Hour  // since the last of them
	neverWithin = 30 * 24 * time.Hour // since it was created
)

// passes are what is done in this cycle, in order.
func (c *cycle) passes() (all []func(context.Context)) {
	of := map[Pass]func(context.Context){
		Dedupe:   func(ctx context.Context) { c.merge(ctx, alike) },
		Clusters: func(ctx context.Context) { c.merge(ctx, similar) },
		Forget:   c.forget,
		Priority: c.priority,
	}
	for _, p := range Passes() {
		if c.o.Passes == nil || slices.Contains(c.o.Passes, p) {
			all = append(all, of[p])
		}
	}
	return all
}

// forget takes out memories that say that another of this cycle contradicts them, which is newer and no less
// certain.
func (c *cycle) forget(ctx context.Context) {
	for _, id := range c.order {
		for _, by := range textsOf(c.rows[id], memory.KeyContradictions) {
			if _, is := c.rows[id]; !is {
				break
			}
			if _, is := c.rows[by]; !is || !c.superseded(c.rows[id], c.rows[by]) {
				continue
			}
			if ctx.Err() != nil || !c.spend() {
				break
			}
			c.forgetOne(ctx, id, by)
		}
	}
}

func (c *cycle) forgetOne(ctx context.Context, id, by string) {
	done, err := c.apply(ctx, []string{id, by}, func(rows []memory.Memory) (service.Curation, error) {
		for _, row := range rows {
			if err := c.same(row); err != nil {
				return service.Curation{}, err
			}
		}
		if len(rows) != 2 || !slices.Contains(textsOf(rows[0], memory.KeyContradictions), by) || !c.superseded(rows[0], rows[1]) {
			return service.Curation{}, nil
		}
		return service.Curation{Forget: id}, nil
	})
	if err != nil {
		c.failed(&c.report.Autonomy.Errors, "forget", id, err)
	}
	if done {
		c.gone(id)
		c.report.Autonomy.MemoriesForgotten++
	}
}

// superseded tells whether a memory is older than another that contradicts it, and no more certain. What
// the curator itself writes makes nothing newer: then only what was created later is.
func (c *cycle) superseded(m, by memory.Memory) bool {
	older, newer := c.read[m.ID], c.read[by.ID]
	if curatedAt(newer) != nil {
		newer.UpdatedAt = newer.CreatedAt
	}
	return memory.Newer(newer, older) && by.Confidence >= m.Confidence
}

// priority raises what is used and lowers what never is.
func (c *cycle) priority(ctx context.Context) {
	for _, id := range c.order {
		m, is := c.rows[id]
		if !is || c.step(m) == 0 {
			continue
		}
		if ctx.Err() != nil || !c.spend() {
			continue
		}
		done, err := c.apply(ctx, []string{id}, func(rows []memory.Memory) (service.Curation, error) {
			if len(rows) == 0 {
				return service.Curation{}, nil
			}
			by := c.step(rows[0])
			if by == 0 {
				return service.Curation{}, nil
			}
			to := rows[0].Priority + by
			p := memory.Patch{Priority: &to, Metadata: c.stamped(rows[0].Metadata)}
			return service.Curation{Change: &p, Logged: true}, p.Validate()
		})
		if err != nil {
			c.failed(&c.report.Autonomy.Errors, "priority", id, err)
		}
		if done {
			c.report.Autonomy.PriorityAdjustments++
		}
	}
}

// step is by how much the priority of a memory is to change. One that another cycle has curated is left alone
// for as long as use is looked at, else every cycle would go one step further.
func (c *cycle) step(m memory.Memory) int32 {
	switch {
	case m.AccessCount >= usedOften && m.LastAccessedAt != nil && c.since(*m.LastAccessedAt) <= usedLately:
		if m.Priority < memory.MaxPriority && !c.curatedWithin(m, usedLately) {
			return 1
		}
	case m.AccessCount == 0 && c.since(m.CreatedAt) >= neverWithin:
		if m.Priority > memory.MinPriority && !c.curatedWithin(m, neverWithin) {
			return -1
		}
	}
	return 0
}

// since is how long before the cycle a time was.
func (c *cycle) since(text string) time.Duration {
	at, err := memory.ParseTime(text)
	if err != nil {
		return 0
	}
	return c.started.Sub(at)
}

// curatedWithin tells whether a cycle before this one has curated a memory within a time. (What this one has done
// to it does not matter.)
func (c *cycle) curatedWithin(m memory.Memory, within time.Duration) bool {
	if was, known := c.read[m.ID]; known {
		m = was
	}
	at := curatedAt(m)
	return at != nil && c.started.Sub(*at) < within
}

// curatedAt is when a memory was last curated, nil for never.
func curatedAt(m memory.Memory) *time.Time {
	var keys struct {
		At string `json:"curated_at"`
	}
	if json.Unmarshal(m.Metadata, &keys) != nil {
		return nil
	}
	at, err := memory.ParseTime(keys.At)
	if err != nil {
		return nil
	}
	return &at
}

// tidy has the memories of this cycle name none as contradicting that this cycle has taken out.
func (c *cycle) tidy(ctx context.Context) {
	for _, id := range c.order {
		stale := func(m memory.Memory) (left []string, stale bool) {
			for _, by := range textsOf(m, memory.KeyContradictions) {
				if c.removed[by] {
					stale = true
					continue
				}
				left = append(left, by)
			}
			return left, stale
		}
		if _, is := stale(c.rows[id]); !is {
			continue
		}
		_, err := c.apply(ctx, []string{id}, func(rows []memory.Memory) (service.Curation, error) {
			if len(rows) == 0 {
				return service.Curation{}, nil
			}
			left, is := stale(rows[0])
			if !is {
				return service.Curation{}, nil
			}
			return c.note(rows[0], memory.KeyContradictions, left)
		})
		if err != nil {
			c.failed(&c.report.Autonomy.Errors, "contradiction", id, err)
		}
	}
}
