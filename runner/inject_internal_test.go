package runner

import (
	"testing"
	"time"

	"chaosctl/faults"
)

// TestLaterTriesHoldLonger holds a fault of the n-th try n times as long, up to the last there is.
func TestLaterTriesHoldLonger(t *testing.T) {
	t.Parallel()
	fault, err := faults.Parse("partition(for=500ms)")
	if err != nil {
		t.Fatal(err)
	}
	for attempt, want := range map[int]time.Duration{
		1: 500 * time.Millisecond, 2: time.Second, 3: 1500 * time.Millisecond, 4: 2 * time.Second, 9: 2 * time.Second,
	} {
		c := &cycle{shardRun: &shardRun{fault: fault}, attempt: attempt}
		if got := c.lasts(); got != want {
			t.Errorf("try %d holds it %v, want %v", attempt, got, want)
		}
		if limit := writeTimeout(Campaign{}, fault); limit <= want {
			t.Errorf("a client waits %v, no longer than the fault of try %d", limit, attempt)
		}
	}
}
