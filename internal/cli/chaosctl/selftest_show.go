package chaosctl

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"chaosctl/metrics"
	"chaosctl/runner"
)

// selftestFile is where the result of a self-test is kept, in its folder.
const selftestFile = "selftest.json"

// show keeps the result and prints it.
func (t selftest) show(result runner.Selftest, stopped *runner.Stopped, format string) error {
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(t.base.Dir, selftestFile), append(text, '\n'), 0o644); err != nil {
		return err
	}
	if format == formatJSON {
		return printJSON(t.Stdout, result)
	}
	return t.print(result, stopped)
}

// print prints two tables, what did not go as it should, and the conclusion.
func (t selftest) print(result runner.Selftest, stopped *runner.Stopped) error {
	var caught [][]string
	for i, d := range result.Mutants {
		caught = append(caught, []string{
			d.Mutant, d.Fault, d.Workload, fmt.Sprintf("%d/%d", d.Caught, d.Cycles), rate(d.Caught, d.Cycles, d.Rate), by(d, t.mutants[i], " "),
		})
	}
	var passed [][]string
	for _, c := range result.Healthy {
		passed = append(passed, []string{
			c.Fault, c.Workload, fmt.Sprintf("%d/%d", c.Passed, c.Cycles), fmt.Sprint(c.Alarms), percent(c.AtMost),
		})
	}
	if err := printTable(t.Stdout, []string{"MUTANT", "FAULT", "WORKLOAD", "CAUGHT", "RATE (95 %)", "BY"}, caught); err != nil {
		return err
	}
	fmt.Fprintln(t.Stdout)
	if err := printTable(t.Stdout, []string{"HEALTHY UNDER", "WORKLOAD", "PASSED", "FALSE ALARMS", "AT MOST (95 %)"}, passed); err != nil {
		return err
	}
	fmt.Fprintln(t.Stdout)
	t.printAmiss(result)
	_, err := fmt.Fprintf(t.Stdout, "%s; kept in %s\n", t.conclusion(result, stopped), t.base.Dir)
	return err
}

// printAmiss says of each campaign what was not as it should be.
func (t selftest) printAmiss(result runner.Selftest) {
	for _, d := range result.Mutants {
		switch {
		case d.Stopped != "":
			fmt.Fprintf(t.Stdout, "mutant %s: the campaign ended early: %s\n", d.Mutant, oneLine(d.Stopped))
		case d.Caught == 0:
			fmt.Fprintf(t.Stdout, "mutant %s: NOT CAUGHT\n", d.Mutant)
		}
	}
	for _, c := range result.Healthy {
		if c.Stopped != "" {
			fmt.Fprintf(t.Stdout, "healthy under %s with %s: the campaign ended early: %s\n", c.Fault, c.Workload, oneLine(c.Stopped))
		}
		for _, d := range c.Doubts {
			fmt.Fprintf(t.Stdout, "healthy under %s with %s: %s is %s in %d cycles: %s; again: chaosctl replay %s --cycle %d\n",
				c.Fault, c.Workload, d.Checker, d.Verdict, d.Cycles, oneLine(d.Why), filepath.Join(t.base.Dir, controlID(c.Setting)), d.First)
		}
	}
}

// conclusion is the result in words.
func (t selftest) conclusion(result runner.Selftest, stopped *runner.Stopped) string {
	caught, alarms, passed, cycles := 0, 0, 0, 0
	for _, d := range result.Mutants {
		if d.Caught > 0 {
			caught++
		}
	}
	for _, c := range result.Healthy {
		alarms, passed, cycles = alarms+c.Alarms, passed+c.Passed, cycles+c.Cycles
	}
	word := "PASS"
	switch {
	case stopped != nil:
		word = "STOPPED"
	case !result.Passed:
		word = "FAIL"
	}
	return fmt.Sprintf("%s: %d of %d mutants caught; the healthy server passed %d of %d cycles, %d false alarms",
		word, caught, len(t.mutants), passed, cycles, alarms)
}

// rate is a share with its interval, in percent.
func rate(k, n int, i metrics.Interval) string {
	if n == 0 {
		return unknown
	}
	return fmt.Sprintf("%.0f %% (%.1f to %.1f)", 100*float64(k)/float64(n), 100*i.Low, 100*i.High)
}

func percent(p float64) string { return fmt.Sprintf("%.2f %%", 100*p) }
