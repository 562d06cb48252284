package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"chaosctl/server/internal/importers"
	"chaosctl/server/internal/memory"
)

// Mining says which conversations of an export become memories.
type Mining struct {
	Format      string // claude, chatgpt or slack, in upper or lower case
	Path        string
	Namespace   string // empty: that of the format
	Tier        Tier
	MinMessages int // conversations with fewer are left out
	Agent       string
}

// Mined is what an export holds, and what became of it.
type Mined struct {
	Namespace     string
	Conversations int           // with any message
	Chosen        []MinedMemory // of those, what is or would be stored
	Imported      int
	Skipped       int // those that wait for approval, or that a policy denies
	Errors        int // those that cannot be stored
}

// MinedMemory is a conversation that is to become a memory.
type MinedMemory struct {
	Title    string
	Content  string
	Messages int
	Source   string
	created  string // RFC 3339; empty: not known
}

// Prospect reads an export, and stores nothing (contract section 7.2). What is wrong with the export, or
// with the mining, is an error.
func (m *Memories) Prospect(mining Mining) (Mined, error) {
	format, err := importers.ParseFormat(mining.Format)
	if err != nil {
		return Mined{}, err
	}
	mined := Mined{Namespace: mining.Namespace}
	if mined.Namespace == "" {
		mined.Namespace = format.Namespace()
	}
	now := time.Now()
	err = format.Read(mining.Path, func(c importers.Conversation) {
		mined.Conversations++
		if len(c.Messages) < mining.MinMessages {
			return
		}
		mined.Chosen = append(mined.Chosen, MinedMemory{
			Title: c.Heading(), Content: c.Content(), Messages: len(c.Messages), Source: format.Source(), created: c.Time(now),
		})
	})
	if err != nil {
		return Mined{}, err
	}
	return mined, nil
}

// Mine stores what Prospect has found. A conversation of a title that is there already changes that memory.
func (m *Memories) Mine(ctx context.Context, mining Mining) (Mined, error) {
	mined, err := m.Prospect(mining)
	if err != nil {
		return mined, err
	}
	in := lots{to: m, agent: mining.Agent}
	now := time.Now() // one for all: they keep the order of the export
	for _, c := range mined.Chosen {
		row, err := m.mined(c, mined.Namespace, mining, now)
		if err != nil {
			return mined, err
		}
		if err := in.add(ctx, row); err != nil {
			return mined, err
		}
	}
	err = in.finish(ctx, nil)
	mined.Imported = in.count
	for _, e := range in.errs {
		if strings.Contains(e, "governance") || strings.Contains(e, "queued for approval") {
			mined.Skipped++
		} else {
			mined.Errors++
		}
	}
	return mined, err
}

// mined is the memory of a conversation.
func (m *Memories) mined(c MinedMemory, namespace string, mining Mining, now time.Time) (memory.Memory, error) {
	metadata, err := json.Marshal(map[string]string{"agent_id": mining.Agent, "mined_from": c.Source})
	if err != nil {
		return memory.Memory{}, fmt.Errorf("write metadata: %w", err)
	}
	return memory.Memory{
		ID: memory.NewID(), Tier: mining.Tier, Namespace: namespace, Title: c.Title, Content: c.Content, Tags: []string{c.Source},
		Priority: 5, Confidence: 0.8, Source: c.Source, Metadata: metadata,
		CreatedAt: c.created, UpdatedAt: memory.FormatTime(now), ExpiresAt: m.lifetimes.Expiry(mining.Tier, now),
	}, nil
}
