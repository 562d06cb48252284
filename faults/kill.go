package faults

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

const killName = "kill_primary_mid_write"

// drainBound is how long reading the answers that had already arrived may take.
const drainBound = 2 * time.Second

// kill ends the primary with SIGKILL while writes are under way.
type kill struct{ exact bool }

var _ Fault = kill{}

func newKill(p *parameters) Fault {
	return kill{exact: p.boolean("exact")}
}

// String prints the fault as Parse reads it.
func (k kill) String() string { return format(k.Spec(), k.exact) }

// Spec describes kill_primary_mid_write.
func (kill) Spec() Spec {
	return Spec{
		Name:    killName,
		Summary: "kill the primary (SIGKILL) while writes are under way",
		Params: []Param{{
			Name:    "exact",
			Default: "false",
			Range:   "true or false",
			Help: "stop the primary first, read the answers it had already sent, and kill it only if " +
				"at least one request is then unanswered",
		}},
		ConflictKey: "process",
		Exercise:    Exercise{MidWrite: true},
	}
}

// Preflight returns nil: a process may always kill what it started.
func (kill) Preflight(context.Context, Host) error { return nil }

// For returns 0: a kill is over when it is done.
func (kill) For() time.Duration { return 0 }

// Inject kills Nodes[0] and returns when its end was observed. Once the signal is sent the end
// of ctx no longer matters: a death cannot be undone, so it is reported. The exact form returns
// a *NotExercised, the primary unharmed, when no request was unanswered.
func (k kill) Inject(ctx context.Context, t Target) (Injection, error) {
	if len(t.Nodes) == 0 || t.Load == nil {
		return nil, fmt.Errorf("fault %s: the target has no primary or no load", killName)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("fault %s: %w", killName, context.Cause(ctx))
	}
	p := t.Nodes[0]
	facts := map[string]int64{"pid": int64(p.PID()), "signal": int64(syscall.SIGKILL)}
	strike := killRunning
	if k.exact {
		strike = killStopped
	}
	if err := strike(ctx, p, t.Load, facts); err != nil {
		return nil, err
	}
	if err := awaitDeath(ctx, p); err != nil {
		return nil, err
	}
	return &killed{ledger{observed: Evidence{
		Effective: true, Nodes: []int{0}, Killed: true, Active: time.Now(), Facts: facts,
	}}}, nil
}

// killRunning kills the primary as it runs. That it was alive just before tells our kill from
// a crash.
func killRunning(ctx context.Context, p Process, load Load, facts map[string]int64) error {
	states, err := p.ThreadStates()
	switch {
	case exited(p), err == nil && !alive(states):
		return fmt.Errorf("fault %s: node 0 (pid %d): %w", killName, p.PID(), ErrNodeGone)
	case err != nil:
		return fmt.Errorf("fault %s: see node 0 (pid %d) alive: %w", killName, p.PID(), err)
	}
	facts["unanswered"] = int64(load.Unanswered())
	return sendKill(ctx, p)
}

// killStopped stops the primary, counts the requests it left unanswered, and kills it if there
// is one. What a stopped process has not answered it never will: SIGKILL ends it without
// letting it run again.
func killStopped(ctx context.Context, p Process, load Load, facts map[string]int64) error {
	threads, err := stop(ctx, killName, 0, p)
	if err != nil {
		return err
	}
	unanswered, err := drain(ctx, load)
	if err == nil && unanswered == 0 {
		err = &NotExercised{
			Fault: killName,
			Why:   "every request had its answer when the primary stood still; it needs more requests under way",
		}
	}
	if err == nil {
		facts["threads_stopped"], facts["unanswered"] = int64(threads), int64(unanswered)
		err = sendKill(ctx, p)
	}
	if err != nil {
		return abandonStop(ctx, killName, 0, p, err)
	}
	return nil
}

func drain(ctx context.Context, load Load) (unanswered int, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, drainBound, fmt.Errorf("not drained within %v", drainBound))
	defer cancel()
	if unanswered, err = load.Drained(ctx); err != nil {
		return 0, fmt.Errorf("fault %s: read the answers that had arrived: %w", killName, err)
	}
	return unanswered, nil
}

func sendKill(ctx context.Context, p Process) error {
	err := context.Cause(ctx)
	if err == nil {
		err = signal(p, syscall.SIGKILL)
	}
	if err != nil {
		return fmt.Errorf("fault %s: kill node 0 (pid %d): %w", killName, p.PID(), err)
	}
	return nil
}

// awaitDeath waits for the end of a process that was sent SIGKILL.
func awaitDeath(ctx context.Context, p Process) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	select {
	case <-p.Exited():
		return nil
	case <-ctx.Done():
		return &Unhealed{
			Fault:  killName,
			Nodes:  []int{0},
			Remedy: fmt.Sprintf("look at process %d: SIGKILL is pending and it does not end", p.PID()),
			Err:    fmt.Errorf("end of pid %d after SIGKILL: %w", p.PID(), context.Cause(ctx)),
		}
	}
}

// killed is a kill that is done.
type killed struct{ ledger }

// Heal returns nil: death was observed before the injection existed.
func (k *killed) Heal(context.Context) error {
	k.healing.Lock()
	defer k.healing.Unlock()
	if k.healBegins() {
		k.healed()
	}
	return nil
}
