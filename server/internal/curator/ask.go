package curator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// ask has the model tag memories and compare them, as many as the cycle may.
func (c *cycle) ask(ctx context.Context, eligible []string) {
	for i, id := range eligible {
		if ctx.Err() != nil {
			return
		}
		if c.left <= 0 {
			c.report.OperationsSkipped = len(eligible) - i
			return
		}
		c.left--
		c.report.OperationsAttempted++
		c.tag(ctx, id)
		c.compare(ctx, id)
		if c.refusals >= maxRefusals {
			fail(&c.report.Errors, "the language model has failed %d times in a row; it is not asked any more in this cycle", c.refusals)
			return
		}
	}
}

// answered notes whether the model has answered.
func (c *cycle) answered(err error) bool {
	if err != nil {
		c.refusals++
		return false
	}
	c.refusals = 0
	return true
}

// failed reports what went wrong with a memory, unless it is that the cycle is to end.
func (c *cycle) failed(errs *[]string, what, id string, err error) {
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		fail(errs, "%s %s: %v", what, id, err)
	}
}

// tag has the model tag a memory.
func (c *cycle) tag(ctx context.Context, id string) {
	m := c.rows[id]
	tags, err := c.o.Model.Tags(ctx, m.Title, m.Content)
	if !c.answered(err) {
		c.failed(&c.report.Errors, "auto_tag", id, err)
		return
	}
	tags = slices.DeleteFunc(tags, func(tag string) bool { return memory.ValidateTags([]string{tag}) != nil })
	if tags = tags[:min(len(tags), maxTags)]; len(tags) == 0 {
		return
	}
	done, err := c.apply(ctx, []string{id}, func(rows []memory.Memory) (service.Curation, error) {
		if len(rows) == 0 {
			return service.Curation{}, nil
		}
		if err := c.same(rows[0]); err != nil {
			return service.Curation{}, err
		}
		return c.note(rows[0], memory.KeyAutoTags, tags)
	})
	if err != nil {
		c.failed(&c.report.Errors, "auto_tag", id, err)
	}
	if done {
		c.report.AutoTagged++
	}
}

// compare has the model tell whether a memory contradicts the first other of its namespace.
func (c *cycle) compare(ctx context.Context, id string) {
	m, is := c.rows[id]
	if !is {
		return
	}
	other, err := c.sibling(ctx, m)
	if err != nil {
		c.failed(&c.report.Errors, "contradiction", id, err)
		return
	}
	if other == nil || slices.Contains(textsOf(m, memory.KeyContradictions), other.ID) {
		return
	}
	pair := [2]string{min(m.ID, other.ID), max(m.ID, other.ID)}
	contradicts, asked := c.verdicts[pair]
	if !asked {
		contradicts, err = c.o.Model.Contradicts(ctx, m.Title+"\n"+m.Content, other.Title+"\n"+other.Content)
		if !c.answered(err) {
			c.failed(&c.report.Errors, "contradiction", id, err)
			return
		}
		c.verdicts[pair] = contradicts
	}
	if !contradicts {
		return
	}
	done, err := c.apply(ctx, []string{id, other.ID}, func(rows []memory.Memory) (service.Curation, error) {
		if len(rows) == 0 || rows[0].ID != id {
			return service.Curation{}, nil
		}
		for _, row := range rows {
			if row.ID == other.ID && row.Content != other.Content {
				return service.Curation{}, fmt.Errorf("memory %s: %w", other.ID, errChanged)
			}
			if err := c.same(row); err != nil {
				return service.Curation{}, err
			}
		}
		known := textsOf(rows[0], memory.KeyContradictions)
		if slices.Contains(known, other.ID) {
			return service.Curation{}, nil
		}
		return c.note(rows[0], memory.KeyContradictions, append(known, other.ID))
	})
	if err != nil {
		c.failed(&c.report.Errors, "contradiction", id, err)
	}
	if done {
		c.report.ContradictionsFound++
	}
}

// sibling is the first other memory of a namespace that is worth comparing with, nil when there is none.
func (c *cycle) sibling(ctx context.Context, m memory.Memory) (*memory.Memory, error) {
	page, err := c.memories.List(ctx, service.Query{Namespace: &m.Namespace, Limit: siblings})
	if err != nil {
		return nil, err
	}
	for _, other := range page {
		if other.ID != m.ID && len(other.Content) >= shortest && !c.removed[other.ID] {
			return &other, nil
		}
	}
	return nil, nil //nolint:nilnil // there is none
}

// note is the change that writes texts under a metadata key, and when. The rest stays as it is; without
// texts the key goes.
func (c *cycle) note(m memory.Memory, key string, texts []string) (service.Curation, error) {
	var value json.RawMessage
	if len(texts) > 0 {
		var err error
		if value, err = json.Marshal(texts); err != nil {
			return service.Curation{}, fmt.Errorf("write %s: %w", key, err)
		}
	}
	p := memory.Patch{Metadata: c.stamped(memory.WithKey(m.Metadata, key, value))}
	if err := p.Validate(); err != nil {
		return service.Curation{}, err
	}
	return service.Curation{Change: &p}, nil
}

// stamped is metadata that says that the memory was curated now.
func (c *cycle) stamped(metadata json.RawMessage) json.RawMessage {
	return memory.WithKey(metadata, memory.KeyCuratedAt, json.RawMessage(`"`+memory.FormatTime(c.o.Now())+`"`))
}

// textsOf are the texts under a metadata key.
func textsOf(m memory.Memory, key string) []string {
	var keys map[string]json.RawMessage
	var texts []string
	if json.Unmarshal(m.Metadata, &keys) != nil || json.Unmarshal(keys[key], &texts) != nil {
		return nil
	}
	return texts
}
