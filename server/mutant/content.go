package main

import (
	"context"
	"strings"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// longest is how many bytes of a content are kept.
const longest = 128

// truncating stores the beginning of a content and says nothing of the rest.
type truncating struct{ store.Store }

// Create cuts the content.
func (t truncating) Create(ctx context.Context, m memory.Memory) (store.Change, error) {
	if len(m.Content) > longest {
		m.Content = strings.ToValidUTF8(m.Content[:longest], "")
	}
	return t.Store.Create(ctx, m)
}
