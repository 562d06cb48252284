package runner

import "chaosctl/metrics"

// sequential returns the test that may end a campaign before its last cycle, told of the cycles
// that have ended already; nil without one.
func (c Campaign) sequential() *metrics.SequentialRun {
	test, err := metrics.ParseSequential(c.StopWhen)
	if err != nil {
		return nil // Validate has seen to it that there is none
	}
	test.First = c.First
	run := test.Begin()
	for _, r := range c.Done {
		run.Add(r)
	}
	return run
}

// stopWhen refuses a test that cannot be read, and one of several faults at once.
func (v *validation) stopWhen(c Campaign) {
	if c.StopWhen == "" {
		return
	}
	if _, err := metrics.ParseSequential(c.StopWhen); err != nil {
		v.add("stop-when", err.Error())
	}
	if len(c.Faults) > 1 {
		v.add("stop-when", "a test is of one fault: run a campaign for each")
	}
}

// decide ends the campaign when its test has decided.
func (r *run) decide() {
	if r.test == nil {
		return
	}
	if d := r.test.Decided(); d.Decision != metrics.Continue {
		r.end(&Stopped{Reason: EnoughEvidence, Message: d.Words})
	}
}

// needless reports whether a record is that of a cycle that was under way when enough was known
// and was cut short therefore: it tells nothing. One that proves a failure does.
func (r *run) needless(record metrics.Record) bool {
	return r.enough() && record.Interrupted && record.Verdict != metrics.Fail
}

func (r *run) enough() bool { return r.stopped != nil && r.stopped.Reason == EnoughEvidence }

// decision is what the test says at the end; empty without one.
func (r *run) decision() string {
	if r.test == nil {
		return ""
	}
	return r.test.Decided().Words
}
