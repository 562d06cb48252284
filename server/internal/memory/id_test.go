package memory_test

import (
	"testing"

	"chaosctl/server/internal/memory"
)

// TestNewID makes ids of which 8 characters are enough to name one, also among those of one moment.
func TestNewID(t *testing.T) {
	t.Parallel()
	const made = 500 // two with the same 32 bits once in 34,000 runs
	short := map[string]bool{}
	for range made {
		id := memory.NewID()
		if len(id) != 36 || id[14] != '4' {
			t.Fatalf("%q is no UUID of version 4", id)
		}
		short[id[:8]] = true
	}
	if len(short) < made-1 {
		t.Errorf("%d different beginnings of %d ids", len(short), made)
	}
}
