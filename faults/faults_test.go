package faults_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/faults"
)

func parse(t *testing.T, value string) faults.Named {
	t.Helper()
	named, err := faults.Parse(value)
	if err != nil {
		t.Fatalf("parse %q: %v", value, err)
	}
	return named
}

func inject(t *testing.T, value string, target faults.Target) faults.Injection {
	t.Helper()
	injection, err := parse(t, value).Inject(t.Context(), target)
	if err != nil {
		t.Fatalf("inject %s: %v", value, err)
	}
	return injection
}

func heal(t *testing.T, injection faults.Injection) {
	t.Helper()
	if err := injection.Heal(t.Context()); err != nil {
		t.Fatalf("heal: %v", err)
	}
}

func diff[T any](t *testing.T, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
