package faultstest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"chaosctl/faults"
)

// maxTouches bounds how many touches are tried: a fault that polls makes any number.
const maxTouches = 50

// eachTouch runs a check at the first touch, the second and so on, until it says that its
// tripwire was not reached any more.
func eachTouch(t *testing.T, check func(t *testing.T, touch int) (reached bool)) {
	for touch := 1; touch <= maxTouches; touch++ {
		reached := false
		t.Run(fmt.Sprintf("touch %d", touch), func(t *testing.T) { reached = check(t, touch) })
		if !reached {
			if touch == 1 {
				t.Error("the fault touched nothing")
			}
			return
		}
	}
}

func (s suite) cancelledBefore(t *testing.T) {
	target, probe := s.newTarget(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.fault.Inject(ctx, target); !errors.Is(err, context.Canceled) {
		t.Errorf("inject returned %v, want %v", err, context.Canceled)
	}
	mustBeWhole(t, probe, nil)
}

func (s suite) cancelledAtEachTouch(t *testing.T) {
	eachTouch(t, func(t *testing.T, touch int) bool {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		return s.disturbInject(ctx, t, touch, context.Canceled, func() error { cancel(); return nil })
	})
}

func (s suite) errorAtEachTouch(t *testing.T) {
	eachTouch(t, func(t *testing.T, touch int) bool {
		return s.disturbInject(t.Context(), t, touch, errTripped, func() error { return errTripped })
	})
}

// disturbInject lets something happen at one touch of an injection, which must then either be
// given up with that cause and leave nothing, or be good and heal.
func (s suite) disturbInject(
	ctx context.Context, t *testing.T, touch int, cause error, disturb func() error,
) (reached bool) {
	t.Helper()
	target, probe := s.newTarget(t)
	wire := &tripwire{}
	wire.arm(touch, disturb)
	injection, err := s.fault.Inject(ctx, wire.wire(target))
	sprung := wire.sprungAt()
	wire.arm(0, nil)
	var unhealed *faults.Unhealed
	switch {
	case err == nil:
		mustBeWhole(t, probe, killedBy(heal(t, injection)))
	case errors.As(err, &unhealed):
		t.Errorf("disturbed at %q, could not undo: %v", sprung, err)
	case !errors.Is(err, cause):
		t.Errorf("disturbed at %q, inject returned %v, want %v in it", sprung, err, cause)
	}
	if err != nil {
		mustBeWhole(t, probe, nil)
	}
	return sprung != ""
}

// healErrorAtEachTouch makes one touch of the first Heal fail. Then either that Heal did
// without, or it returned an *Unhealed and the next one succeeds.
func (s suite) healErrorAtEachTouch(t *testing.T) {
	for touch := 1; touch <= maxTouches; touch++ {
		target, probe := s.newTarget(t)
		wire := &tripwire{}
		injection := s.inject(t, wire.wire(target))
		wire.arm(touch, func() error { return errTripped })
		err := injection.Heal(t.Context())
		sprung := wire.sprungAt()
		wire.arm(0, nil)
		if err != nil {
			var unhealed *faults.Unhealed
			if !errors.As(err, &unhealed) || !errors.Is(err, errTripped) {
				t.Errorf("failed at %q, heal returned %v, want an *Unhealed with %v in it", sprung, err, errTripped)
			}
			if e := injection.Evidence(); e.Healed || e.Why == "" {
				t.Errorf("failed at %q, evidence says healed=%v, why=%q", sprung, e.Healed, e.Why)
			}
		}
		mustBeWhole(t, probe, killedBy(heal(t, injection)))
		if sprung == "" {
			return
		}
	}
}
