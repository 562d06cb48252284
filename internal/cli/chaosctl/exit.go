package chaosctl

import (
	"errors"
	"os"
	"syscall"

	"chaosctl/cluster/sandbox"
	"chaosctl/faults"
	"chaosctl/metrics"
	"chaosctl/runner"
)

// Exit statuses of chaosctl; docs/operations.md explains them. A run that a signal ended exits
// with 128 plus the signal's number: 130 or 143.
const (
	ExitPass         = 0 // every gating check was exercised and held
	ExitFail         = 1 // the system broke a promise
	ExitUsage        = 2 // the command line cannot be understood
	ExitInconclusive = 3 // there is no evidence, or chaosctl itself went wrong
	ExitRefused      = 4 // this cannot be done here; nothing was injected
	ExitUnhealed     = 5 // a fault may still be in force; outranks all others
)

// The stable codes of errors.
const (
	codeUsage         = "E_USAGE"
	codeUnknownFault  = "E_UNKNOWN_FAULT"
	codeBadParameter  = "E_BAD_PARAMETER"
	codeFaultRefused  = "E_FAULT_UNSUPPORTED"
	codeNoSandbox     = "E_NO_SANDBOX"
	codeNoBinary      = "E_NO_BINARY"
	codeOutput        = "E_OUTPUT"
	codeLocked        = "E_LOCKED"
	codeNotReady      = "E_NOT_READY"
	codeCanaryRefused = "E_CANARY_REFUSED"
	codeHarness       = "E_HARNESS"
	codeNoRun         = "E_NO_RUN"
	codeUnhealed      = "E_UNHEALED"
	codeInterrupted   = "E_INTERRUPTED"
)

// failure is an error with what the outside world needs of it.
type failure struct {
	status int
	code   string
	err    error
}

// Error is the error's own text.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap returns the error.
func (f *failure) Unwrap() error { return f.err }

func usage(err error) error { return &failure{ExitUsage, codeUsage, err} }

// failures takes joined errors apart and gives each its status and code.
func failures(err error) []*failure {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*failure
		for _, one := range joined.Unwrap() {
			all = append(all, failures(one)...)
		}
		return all
	}
	return []*failure{classify(err)}
}

func classify(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	var (
		mistake     *runner.Mistake
		syntax      *faults.SyntaxError
		unknown     *faults.UnknownFault
		parameter   *faults.BadParameter
		unsupported *faults.Unsupported
		unavailable *sandbox.Unavailable
		refused     *runner.Refused
	)
	switch {
	case errors.As(err, &mistake):
		return &failure{ExitUsage, codeUsage, err}
	case errors.As(err, &unknown):
		return &failure{ExitUsage, codeUnknownFault, err}
	case errors.As(err, &syntax), errors.As(err, &parameter):
		return &failure{ExitUsage, codeBadParameter, err}
	case errors.As(err, &unsupported):
		return &failure{ExitRefused, codeFaultRefused, err}
	case errors.As(err, &unavailable):
		return &failure{ExitRefused, codeNoSandbox, err}
	case errors.As(err, &refused):
		return &failure{ExitRefused, codeNoBinary, err}
	}
	return &failure{ExitInconclusive, codeHarness, err}
}

// exitStatus is the status of a command that ended with these failures. A usage error outranks a
// refusal: until it is mended nobody knows what would be refused.
func exitStatus(all []*failure) int {
	worst := ExitPass
	for _, f := range all {
		if worst == ExitPass || rank(f.status) > rank(worst) {
			worst = f.status
		}
	}
	return worst
}

// rank orders statuses: unhealed, a signal, usage, refused, fail, inconclusive, pass.
func rank(status int) int {
	switch status {
	case ExitUnhealed:
		return 6
	case ExitUsage:
		return 4
	case ExitRefused:
		return 3
	case ExitFail:
		return 2
	case ExitInconclusive:
		return 1
	case ExitPass:
		return 0
	}
	return 5
}

// stoppedFailure is why a campaign ended before its last cycle; nil for reasons that its verdict
// already tells.
func stoppedFailure(s *runner.Stopped, signal os.Signal) error {
	if s == nil {
		return nil
	}
	err := errors.New(s.Message)
	switch s.Reason {
	case runner.HealUnproven:
		return &failure{ExitUnhealed, codeUnhealed, err}
	case runner.Interrupted:
		return &failure{signalStatus(signal), codeInterrupted, err}
	case runner.Unsupported:
		return &failure{ExitRefused, codeFaultRefused, err}
	case runner.CanaryRefused:
		return &failure{ExitInconclusive, codeCanaryRefused, err}
	case runner.NotReady:
		return &failure{ExitInconclusive, codeNotReady, err}
	case runner.FailedFast, runner.EnoughEvidence:
		return nil
	}
	return &failure{ExitInconclusive, codeHarness, err}
}

// signalStatus is what a shell would report of a process that a signal ended.
func signalStatus(signal os.Signal) int {
	if s, ok := signal.(syscall.Signal); ok {
		return 128 + int(s)
	}
	return ExitInconclusive
}

// verdictStatus is the status of a campaign by its verdict.
func verdictStatus(v metrics.Verdict) int {
	switch v {
	case metrics.Pass:
		return ExitPass
	case metrics.Fail:
		return ExitFail
	}
	return ExitInconclusive
}
