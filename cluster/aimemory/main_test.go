package aimemory_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"chaosctl/cluster"
	"chaosctl/cluster/aimemory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newAdapter(t *testing.T, timeout time.Duration) *aimemory.Adapter {
	t.Helper()
	a := aimemory.New(aimemory.Options{Binary: "ai-memory", Timeout: timeout})
	t.Cleanup(a.CloseIdle)
	return a
}

// nodeAt is a node whose server listens at an address.
func nodeAt(t *testing.T, address string) cluster.NodeConfig {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return cluster.NodeConfig{Host: host, Port: number}
}

func serve(t *testing.T, handler http.HandlerFunc) cluster.NodeConfig {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return nodeAt(t, server.Listener.Addr().String())
}
