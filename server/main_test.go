package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"testing"

	"go.uber.org/goleak"

	"chaosctl/server"
)

// nodeEnv holds the configuration of a node that is a process of its own, to be killed.
const nodeEnv = "SERVER_TEST_NODE"

func TestMain(m *testing.M) {
	if text := os.Getenv(nodeEnv); text != "" {
		os.Exit(serveUntilKilled(text))
	}
	goleak.VerifyTestMain(m)
}

// serveUntilKilled is such a node. It says on its standard output when it is ready.
func serveUntilKilled(text string) int {
	var c server.Config
	err := json.Unmarshal([]byte(text), &c)
	if err == nil {
		err = server.Serve(context.Background(), c, func(net.Addr) { fmt.Println("ready") })
	}
	fmt.Fprintln(os.Stderr, "the node ended:", err)
	return 1
}
