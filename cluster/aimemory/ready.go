package aimemory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"chaosctl/cluster"
)

// The pace of asking a node whether it is ready. While nobody listens, asking costs the node
// nothing, and it is done often; a node that answers is asked ever less, because health may take
// its write lock.
const (
	firstAsk       = 2 * time.Millisecond
	slowestUnheard = 5 * time.Millisecond
	slowestAsk     = 50 * time.Millisecond
	askTimeout     = 5 * time.Second
)

// Ready returns nil once the node's health route answers 200, or the last error when ctx ends.
// There is never more than one question under way. Connections that an earlier incarnation left
// behind are not used again.
func (a *Adapter) Ready(ctx context.Context, n cluster.NodeConfig) error {
	a.CloseIdle()
	last := errors.New("its health route did not answer")
	pause := firstAsk
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return last
		case <-timer.C:
		}
		heard, err := a.healthy(ctx, n)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil { // else the question was cut short and says nothing
			last = err
		}
		if heard {
			pause = min(pause*3/2, slowestAsk)
		} else {
			pause = min(pause*5/4, slowestUnheard)
		}
		timer.Reset(pause)
	}
}

// healthy asks once; heard tells whether the node may have seen the question.
func (a *Adapter) healthy(ctx context.Context, n cluster.NodeConfig) (heard bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var f flight
	request, err := http.NewRequestWithContext(f.trace(ctx), http.MethodGet, base(n)+"/api/v1/health", nil)
	if err != nil {
		return false, fmt.Errorf("ask for its health: %w", err)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return f.seal(), fmt.Errorf("ask for its health: %w", err)
	}
	defer response.Body.Close()
	words := firstWords(response.Body)
	if response.StatusCode != http.StatusOK {
		return true, fmt.Errorf("its health is: status %d %s", response.StatusCode, words)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer)) // so that the connection serves on
	return true, nil
}
