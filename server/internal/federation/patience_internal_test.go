package federation

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPatienceDoublesWhileItIsExhausted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p patience
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		took := func(do func(context.Context) error) time.Duration {
			began := time.Now()
			_ = p.exchange(t.Context(), do)
			return time.Since(began)
		}
		for _, want := range []time.Duration{150, 300, 600, 1200, 2000, 2000} {
			if got := took(hang); got != want*time.Millisecond {
				t.Errorf("waited %v, want %v", got, want*time.Millisecond)
			}
		}
		took(func(context.Context) error { return nil })
		if got := took(hang); got != firstPatience {
			t.Errorf("waited %v after an answer, want %v", got, firstPatience)
		}
		took(func(context.Context) error { return errors.New("refused") })
		if got := took(hang); got != firstPatience {
			t.Errorf("waited %v after a refusal, want %v", got, firstPatience)
		}
	})
}
