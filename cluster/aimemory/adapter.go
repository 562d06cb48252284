// Package aimemory tells how an ai-memory 0.6.0 server, or any other that speaks its serve flags
// and its create, list and health routes, is started, written to and read back. It assumes
// nothing else of the binary, and when the fate of a write is in doubt it says so.
package aimemory

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"chaosctl/cluster"
)

// DefaultTimeout bounds a write that no other bound was given for.
const DefaultTimeout = 10 * time.Second

// connectTimeout bounds one attempt to connect. A host that is up takes or refuses a connection
// in microseconds.
const connectTimeout = 2 * time.Second

// idleConnections is how many connections to one node are kept for the next requests.
const idleConnections = 256

// Options are what an adapter is told about the server and its clients.
type Options struct {
	Binary  string        // the server's program
	Timeout time.Duration // how long a write waits for its answer; 0 is DefaultTimeout
}

// Adapter is the system ai-memory. It is safe for concurrent use.
type Adapter struct {
	binary    string
	timeout   time.Duration
	transport *http.Transport
	client    *http.Client
}

var _ cluster.System = (*Adapter)(nil)

// New makes an adapter with connections of its own.
func New(o Options) *Adapter {
	dialer := &net.Dialer{Timeout: connectTimeout}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &meteredConn{Conn: conn}, nil
		},
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true,
	}
	a := &Adapter{
		binary:    o.Binary,
		timeout:   o.Timeout,
		transport: transport,
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if a.timeout <= 0 {
		a.timeout = DefaultTimeout
	}
	if strings.ContainsRune(a.binary, filepath.Separator) { // nodes run in directories of their own
		if path, err := filepath.Abs(a.binary); err == nil {
			a.binary = path
		}
	}
	return a
}

// Command returns the command that starts a node, in an environment that holds what it needs and
// nothing of the user's.
func (a *Adapter) Command(n cluster.NodeConfig) *exec.Cmd {
	args := []string{"serve", "--host", n.Host, "--port", strconv.Itoa(n.Port)}
	if len(n.Peers) > 0 {
		args = append(args,
			"--quorum-writes", strconv.Itoa(n.Quorum),
			"--quorum-peers", strings.Join(n.Peers, ","),
			"--quorum-timeout-ms", strconv.FormatInt(n.QuorumTimeout.Milliseconds(), 10))
	}
	cmd := exec.Command(a.binary, args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + n.Dir,
		"TMPDIR=" + n.Dir,
		"AI_MEMORY_DB=" + filepath.Join(n.Dir, databaseFile),
		"AI_MEMORY_NO_CONFIG=1",
		"NO_COLOR=1",
	}
	return cmd
}

// CloseIdle closes the connections that carry no request.
func (a *Adapter) CloseIdle() { a.transport.CloseIdleConnections() }

// memories is the route for creating and listing.
func memories(n cluster.NodeConfig) string { return base(n) + "/api/v1/memories" }

func base(n cluster.NodeConfig) string {
	return "http://" + net.JoinHostPort(n.Host, strconv.Itoa(n.Port))
}
