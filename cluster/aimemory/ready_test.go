package aimemory_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestReadyWaitsForHealth(t *testing.T) {
	var asked, together, most atomic.Int32
	node := serve(t, func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), together.Add(1)))
		defer together.Add(-1)
		if r.URL.Path != "/api/v1/health" {
			t.Errorf("path = %s", r.URL.Path)
		}
		if asked.Add(1) < 4 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	if err := newAdapter(t, 0).Ready(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	if asked.Load() != 4 || most.Load() != 1 {
		t.Errorf("asked %d times, %d at once, want 4 and 1", asked.Load(), most.Load())
	}
}

func TestReadyWaitsForAListener(t *testing.T) {
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := reserved.Addr().String()
	reserved.Close()
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	started := make(chan error, 1)
	go func() {
		timer := time.NewTimer(20 * time.Millisecond)
		<-timer.C
		listener, err := net.Listen("tcp", address)
		started <- err
		if err == nil {
			server.Serve(listener)
		}
	}()
	t.Cleanup(func() { server.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := newAdapter(t, 0).Ready(ctx, nodeAt(t, address)); err != nil {
		t.Error(err)
	}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
}

func TestReadyAsksGently(t *testing.T) {
	var asked atomic.Int32
	node := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "the index is broken", http.StatusServiceUnavailable)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := newAdapter(t, 0).Ready(ctx, node)
	if err == nil || !strings.Contains(err.Error(), "503 the index is broken") {
		t.Errorf("error = %v, want the node's answer", err)
	}
	if asked.Load() > 15 {
		t.Errorf("asked %d times in 300 ms", asked.Load())
	}
}

func TestReadyNamesWhatKeepsIt(t *testing.T) {
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reserved.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err = newAdapter(t, 0).Ready(ctx, nodeAt(t, reserved.Addr().String()))
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("error = %v, want that the connection was refused", err)
	}
}
