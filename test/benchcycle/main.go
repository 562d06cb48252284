// Command benchcycle measures what a cycle costs: it runs campaigns with the built chaosctl, one
// fault after the other, interleaved over rounds, and prints median and range of each stage. It
// is a benchmark, never a test: nothing here passes or fails.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// harnessMS is what one cycle of the shell harness that came before cost, driving the original
// server on the same kind of machine, in milliseconds: recorded, not measured by this command.
func harnessMS() map[string]float64 {
	return map[string]float64{"kill_primary_mid_write": 4930, "pause": 5910, "partition": 6770}
}

// line is what is read of a record.
type line struct {
	DurationMS  float64            `json:"duration_ms"`
	Verdict     string             `json:"verdict"`
	Attempts    int                `json:"attempts"`
	StagesMS    map[string]float64 `json:"stages_ms"`
	ReconnectMS *float64           `json:"reconnect_ms"`
	FaultWindow *struct {
		AskedMS float64 `json:"asked_ms"`
	} `json:"fault_window"`
}

func main() {
	chaosctl := flag.String("chaosctl", "bin/chaosctl", "the program to measure")
	rounds := flag.Int("rounds", 3, "rounds, the faults interleaved in each")
	cycles := flag.Int("cycles", 10, "cycles of each fault in a round")
	parallel := flag.Int("parallel-cycles", 40, "cycles of the comparison of --parallel 1 and 4; 0 leaves it out")
	flag.Parse()
	if err := measure(*chaosctl, *rounds, *cycles, *parallel); err != nil {
		fmt.Fprintln(os.Stderr, "benchcycle:", err)
		os.Exit(1)
	}
}

func measure(chaosctl string, rounds, cycles, parallelCycles int) error {
	out, err := os.MkdirTemp("", "benchcycle-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	faults := []string{"kill_primary_mid_write", "pause", "partition"}
	lines := map[string][]line{}
	for round := range rounds {
		for _, fault := range faults {
			got, _, err := run(chaosctl, filepath.Join(out, fmt.Sprintf("%s-%d", fault, round)), fault, cycles, 1)
			if err != nil {
				return err
			}
			lines[fault] = append(lines[fault], got...)
		}
	}
	for _, fault := range faults {
		if err := report(os.Stdout, fault, lines[fault]); err != nil {
			return err
		}
	}
	if parallelCycles == 0 {
		return nil
	}
	return compareParallel(chaosctl, out, parallelCycles)
}

// run runs one campaign and returns its records and the time the whole command took.
func run(chaosctl, out, fault string, cycles, parallel int) ([]line, time.Duration, error) {
	began := time.Now()
	cmd := exec.Command(chaosctl, "run", "--fault", fault, "--cycles", strconv.Itoa(cycles),
		"--parallel", strconv.Itoa(parallel), "--out", out, "--id", "bench", "--quiet")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, 0, fmt.Errorf("%s of %d cycles: %w", fault, cycles, err)
	}
	took := time.Since(began)
	f, err := os.Open(filepath.Join(out, "bench", "chaos-report.jsonl"))
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	var lines []line
	for decoder := json.NewDecoder(f); ; {
		var l line
		if err := decoder.Decode(&l); errors.Is(err, io.EOF) {
			return lines, took, nil
		} else if err != nil {
			return nil, 0, err
		}
		lines = append(lines, l)
	}
}

// report prints each stage of a fault's cycles, and what is left of the whole without the time the
// fault was asked to last and the time to reconnect.
func report(w io.Writer, fault string, lines []line) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s: %d cycles, ms\n", fault, len(lines))
	fmt.Fprintln(table, "stage\tmedian\tmin\tmax\t")
	row := func(name string, value func(line) (float64, bool)) float64 {
		var values []float64
		for _, l := range lines {
			if v, ok := value(l); ok {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			return 0
		}
		slices.Sort(values)
		median := values[len(values)/2]
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.1f\t\n", name, median, values[0], values[len(values)-1])
		return median
	}
	for _, stage := range []string{"boot", "steady", "load", "settle_a", "restart", "settle_b", "verify", "teardown"} {
		row(stage, func(l line) (float64, bool) { v, ok := l.StagesMS[stage]; return v, ok })
	}
	row("fault asked for", func(l line) (float64, bool) { return l.asked(), true })
	row("reconnect", func(l line) (float64, bool) { return l.reconnect(), l.ReconnectMS != nil })
	whole := row("whole cycle", func(l line) (float64, bool) { return l.DurationMS, true })
	row("whole less fault and reconnect", func(l line) (float64, bool) {
		return l.DurationMS - l.asked() - l.reconnect(), true
	})
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "the shell harness on the original server: %.0f ms (recorded), %.1f times as long\n\n",
		harnessMS()[fault], harnessMS()[fault]/whole)
	return err
}

func (l line) asked() float64 {
	if l.FaultWindow == nil {
		return 0
	}
	return l.FaultWindow.AskedMS
}

func (l line) reconnect() float64 {
	if l.ReconnectMS == nil {
		return 0
	}
	return *l.ReconnectMS
}

// compareParallel runs the same partition campaign one shard at a time and four.
func compareParallel(chaosctl, out string, cycles int) error {
	_, one, err := run(chaosctl, filepath.Join(out, "parallel-1"), "partition", cycles, 1)
	if err != nil {
		return err
	}
	_, four, err := run(chaosctl, filepath.Join(out, "parallel-4"), "partition", cycles, 4)
	if err != nil {
		return err
	}
	fmt.Printf("%d cycles of partition: --parallel 1 %.1f s, --parallel 4 %.1f s, ratio %.2f\n",
		cycles, one.Seconds(), four.Seconds(), four.Seconds()/one.Seconds())
	return nil
}
