package runner

import (
	"context"
	"errors"
	"fmt"

	"chaosctl/cluster/sandbox"
	"chaosctl/faults"
)

// Possible tells whether this host can inject a fault.
type Possible struct {
	Fault string `json:"fault"`
	OK    bool   `json:"ok"`
	Why   string `json:"why"` // what was seen when it was tried, or why it cannot be
	Fix   string `json:"fix"` // what would help; empty when nothing need
}

// Doctor tries every built-in fault on idle processes in a sandbox that is thrown away, and
// tells what it saw. The executable is this program.
func Doctor(ctx context.Context, executable string) []Possible {
	sandboxed := sandbox.Available(ctx)
	var all []Possible
	for _, kind := range faults.Builtin() {
		p := Possible{Fault: kind.Spec.Name}
		why, err := tryFault(ctx, executable, kind.Spec.Name, sandboxed)
		p.OK, p.Why = err == nil, why
		if err != nil {
			p.Why, p.Fix = reasonAndRemedy(err)
		}
		all = append(all, p)
	}
	return all
}

// tryFault tries a fault and returns what was seen, or why it cannot be injected here.
func tryFault(ctx context.Context, executable, name string, sandboxed error) (seen string, err error) {
	fault, err := faults.Parse(name)
	if err != nil {
		return "", err
	}
	if err := fault.Preflight(ctx, Host{}); err != nil {
		return "", err
	}
	if sandboxed != nil {
		return "", sandboxed
	}
	trial := Shard{Trial: true, Fault: name, Campaign: Campaign{Nodes: DefaultNodes, FirstPort: DefaultFirstPort}}
	messages, err := Sandboxed{Executable: executable}.Launch(ctx, trial, nil)
	if err != nil {
		return "", err
	}
	err = errors.New("the trial ended without a word")
	for m := range messages {
		switch {
		case m.Died != "":
			err = errors.New(m.Died)
		case m.Tried != nil && m.Tried.OK:
			seen, err = m.Tried.Seen, nil
		case m.Tried != nil:
			err = errors.New(m.Tried.Seen)
		}
	}
	return seen, err
}

func reasonAndRemedy(err error) (why, fix string) {
	var unsupported *faults.Unsupported
	var unavailable *sandbox.Unavailable
	switch {
	case errors.As(err, &unsupported):
		return unsupported.Reason, unsupported.Remedy
	case errors.As(err, &unavailable):
		return unavailable.Reason, unavailable.Remedy
	}
	return err.Error(), fmt.Sprintf("see what %q says", "chaosctl run --verbose")
}
