package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// probeFlag makes this program the child that Available tries a sandbox with. Programs that do
// not know it take it for a mistake of usage and end.
const probeFlag = "--sandbox-probe"

// probeNodes is how many nodes the network of a probe has: enough for one link.
const probeNodes = 2

// IsProbe reports whether a command line was made by Available. A program that calls Available
// must ask at the start of main and then do nothing but Probe.
func IsProbe(args []string) bool { return len(args) == 2 && args[1] == probeFlag }

// report is what a probe tells.
type report struct {
	Reason string `json:"reason,omitempty"` // empty: all is well
	Remedy string `json:"remedy,omitempty"`
}

// Probe makes a sandbox of this process with a network in it, and writes to out how that went.
// It returns the exit status.
func Probe(out io.Writer) int {
	var r report
	if err := try(); err != nil {
		r = report{Reason: err.Error(), Remedy: "see what the kernel said"}
		var u *Unavailable
		if errors.As(err, &u) {
			r = report{Reason: u.Reason, Remedy: u.Remedy}
		}
	}
	if err := json.NewEncoder(out).Encode(r); err != nil {
		return 1
	}
	return 0
}

func try() error {
	if err := Enter(); err != nil {
		return err
	}
	network, err := Build(probeNodes)
	if err != nil {
		return err
	}
	return network.Close()
}

// Available returns nil when a sandbox with a network can be made on this host, found by making
// one and letting it go; else an *Unavailable. This program must answer to IsProbe.
func Available(ctx context.Context) error {
	var out, words bytes.Buffer
	cmd := exec.Command("/proc/self/exe", probeFlag)
	cmd.Stdout, cmd.Stderr = &out, &words
	child, err := Start(cmd)
	if err != nil {
		return err
	}
	over := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ctx.Done():
			_ = child.Kill() // Wait tells
		case <-over:
		}
	}()
	err = child.Wait()
	close(over)
	<-watched
	if ctx.Err() != nil {
		return fmt.Errorf("try a sandbox: %w", context.Cause(ctx))
	}
	var r report
	switch jsonErr := json.Unmarshal(out.Bytes(), &r); {
	case err != nil, jsonErr != nil:
		return fmt.Errorf("try a sandbox: the probe failed: %w: %s", errors.Join(err, jsonErr), bytes.TrimSpace(words.Bytes()))
	case r.Reason != "":
		return &Unavailable{Reason: r.Reason, Remedy: r.Remedy}
	}
	return nil
}
