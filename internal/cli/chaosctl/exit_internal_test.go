package chaosctl

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"chaosctl/faults"
	"chaosctl/metrics"
	"chaosctl/runner"
)

func TestExitStatus(t *testing.T) {
	t.Parallel()
	_, unknown := faults.Parse("no_such_fault")
	_, parameter := faults.Parse("pause(for=never,speed=3)")
	_, refused := faults.Parse("clock_skew_peer")
	mistake := &runner.Mistake{Field: "cycles", Problem: "0"}
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"nothing":              {nil, ExitPass},
		"unknown fault":        {unknown, ExitUsage},
		"bad parameters":       {parameter, ExitUsage},
		"a mistake":            {mistake, ExitUsage},
		"a refused fault":      {refused, ExitRefused},
		"no binary":            {&runner.Refused{What: "x", Why: "y"}, ExitRefused},
		"refused and mistaken": {errors.Join(refused, mistake), ExitUsage},
		"wrapped":              {fmt.Errorf("outer: %w", mistake), ExitUsage},
		"anything else":        {errors.New("disk full"), ExitInconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := failures(test.err)
			if got := exitStatus(all); got != test.want {
				t.Errorf("exit status %d, want %d", got, test.want)
			}
		})
	}
}

func TestConclude(t *testing.T) {
	t.Parallel()
	stopped := func(r runner.Reason) *runner.Stopped { return &runner.Stopped{Reason: r, Message: "why"} }
	for _, test := range []struct {
		verdict metrics.Verdict
		stopped *runner.Stopped
		signal  os.Signal
		want    int
	}{
		{metrics.Pass, nil, nil, ExitPass},
		{metrics.Fail, nil, nil, ExitFail},
		{metrics.Inconclusive, nil, nil, ExitInconclusive},
		{metrics.Error, nil, nil, ExitInconclusive},
		{metrics.Fail, stopped(runner.FailedFast), nil, ExitFail},
		{metrics.Pass, stopped(runner.EnoughEvidence), nil, ExitPass},
		{metrics.Fail, stopped(runner.EnoughEvidence), nil, ExitFail},
		{metrics.Inconclusive, stopped(runner.EnoughEvidence), syscall.SIGINT, ExitInconclusive},
		{metrics.Inconclusive, stopped(runner.CanaryRefused), nil, ExitInconclusive},
		{metrics.Inconclusive, stopped(runner.NotReady), nil, ExitInconclusive},
		{metrics.Fail, stopped(runner.NotReady), nil, ExitFail},
		{metrics.Inconclusive, stopped(runner.HarnessBroken), nil, ExitInconclusive},
		{metrics.Inconclusive, stopped(runner.Unsupported), nil, ExitRefused},
		{metrics.Fail, stopped(runner.HealUnproven), nil, ExitUnhealed},
		{metrics.Pass, stopped(runner.HealUnproven), syscall.SIGINT, ExitUnhealed},
		{metrics.Inconclusive, stopped(runner.Interrupted), syscall.SIGINT, 130},
		{metrics.Fail, stopped(runner.Interrupted), syscall.SIGTERM, 143},
		{metrics.Pass, nil, syscall.SIGINT, ExitPass}, // every cycle had ended when it came
	} {
		result := runner.Result{Summary: metrics.Summary{Verdict: test.verdict}, Stopped: test.stopped}
		err := conclude(result, test.signal)
		got := exitStatus(failures(err))
		var v *verdict
		if errors.As(err, &v) {
			got = v.status
		}
		if got != test.want {
			t.Errorf("verdict %v, stopped %+v, signal %v: exit status %d, want %d",
				test.verdict, test.stopped, test.signal, got, test.want)
		}
	}
}
