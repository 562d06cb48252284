package server_test

import (
	"testing"

	"chaosctl/server"
	"chaosctl/server/internal/memory"
)

// TestRollBackKeepsEdits: what somebody wrote into a memory that the curator made is in the archive once that is
// rolled back.
func TestRollBackKeepsEdits(t *testing.T) {
	t.Parallel()
	m := openMemories(t, three()...)
	run(t, m, server.Curator{Passes: []string{"clusters"}})
	undo, err := memory.RollbackOf(in(t, m, memory.RollbackNamespace)[0])
	if err != nil {
		t.Fatal(err)
	}
	edit := "somebody has written this into it since"
	if _, err := m.Update(t.Context(), undo.ResultID, memory.Patch{Content: &edit}, "ann"); err != nil {
		t.Fatal(err)
	}
	if done, err := m.RollBackLast(t.Context(), 1); err != nil || done != 1 {
		t.Fatalf("rolled back %d, %v", done, err)
	}
	archived, err := m.Archive(t.Context(), nil, 10, 0)
	if err != nil || len(archived) != 1 || archived[0].ID != undo.ResultID || archived[0].Content != edit {
		t.Errorf("archived %+v, %v", archived, err)
	}
}
