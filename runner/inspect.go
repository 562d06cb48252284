package runner

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"sync"

	"chaosctl/cluster"
	"chaosctl/metrics"
)

// inspect looks, once the nodes have ended, into what they left: their data, if the adapter can
// read it, and the words of their logs.
func (c *cycle) inspect(ctx context.Context) error {
	if !c.booted {
		return nil
	}
	if inspector, ok := c.system.(cluster.Inspector); ok {
		c.history.Integrity = c.integrity(ctx, inspector)
	}
	for node, log := range c.logs {
		found, err := crashes(log, node)
		if err != nil {
			return fmt.Errorf("read the log of node %d: %w", node, err)
		}
		c.history.Panics = append(c.history.Panics, found...)
	}
	return nil
}

// integrity checks the data of every node, all at once. Data of no known kind is not tested.
func (c *cycle) integrity(ctx context.Context, inspector cluster.Inspector) []metrics.IntegrityCheck {
	checks := make([]*metrics.IntegrityCheck, c.Campaign.Nodes)
	var all sync.WaitGroup
	for node := range checks {
		all.Go(func() {
			problems, err := inspector.Integrity(ctx, c.nodes.Nodes()[node].Config())
			switch {
			case errors.Is(err, cluster.ErrNoStore):
			case err != nil:
				checks[node] = &metrics.IntegrityCheck{Node: node, Detail: err.Error()}
			case len(problems) > 0:
				checks[node] = &metrics.IntegrityCheck{Node: node, Detail: problems[0]}
			default:
				checks[node] = &metrics.IntegrityCheck{Node: node, OK: true}
			}
		})
	}
	all.Wait()
	var tested []metrics.IntegrityCheck
	for _, check := range checks {
		if check != nil {
			tested = append(tested, *check)
		}
	}
	return tested
}

// crashLine matches the lines in which a Go, Rust or C program, or SQLite, tells of a crash or of
// damaged data.
func crashLine() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^panic: |^fatal error: |panicked at |^SIGSEGV|segmentation fault|` +
		`database disk image is malformed|file is not a database`)
}

// maxCrashLines is how many lines of a log are kept.
const maxCrashLines = 5

// crashes reads a node's log for lines that tell of a crash.
func crashes(path string, node int) ([]metrics.LogFinding, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	pattern := crashLine()
	var found []metrics.LogFinding
	for lines := bufio.NewReader(file); len(found) < maxCrashLines; {
		line, err := lines.ReadString('\n')
		if pattern.MatchString(line) {
			found = append(found, metrics.LogFinding{Node: node, Line: line})
		}
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
	}
	return found, nil
}
