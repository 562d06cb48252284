package faults_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the test binary also be a node: see process_test.go.
func TestMain(m *testing.M) {
	if os.Getenv(nodeEnv) != "" {
		os.Exit(serveAsNode())
	}
	goleak.VerifyTestMain(m)
}
