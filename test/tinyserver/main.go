// Command tinyserver is a second, independent implementation of the routes chaosctl needs of a
// server: it shares nothing with server/, and shows that chaosctl assumes nothing but the
// contract. It keeps rows in an append-only file of JSON lines, has no ready line and no clean
// stop, and promises what ours does: durable, converges, catches up.
//
// A name that ends in a lie, as in tinyserver-never-ack, makes it break one promise.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// lie is the promise this server breaks; the empty one is the truth.
type lie string

// The lies. Those about rows leave the first row alone, so that a canary passes, and strike every
// third from then on.
const (
	ackBeforePeers lie = "ack-before-peers" // acknowledges at once and never sends the row to anybody
	emptyAfterKill lie = "empty-after-kill" // forgets everything at start
	ackInPartition lie = "ack-in-partition" // acknowledges although no peer answered
	truncate       lie = "truncate"         // keeps half of the content where the port ends in 8
	list20         lie = "list-20"          // shows 20 rows and no more
	neverAck       lie = "never-ack"        // answers 503 to every write
	refuseChaos    lie = "refuse-chaos"     // does not know the source chaos
	dieAtStart     lie = "die-at-start"     // says its last words
)

func lies() []lie {
	return []lie{
		ackBeforePeers, emptyAfterKill, ackInPartition, truncate, list20, neverAck, refuseChaos, dieAtStart,
	}
}

// lieOf reads the lie from the program's name; a name without one is honest.
func lieOf(program string) (lie, error) {
	_, suffix, found := strings.Cut(filepath.Base(program), "tinyserver-")
	if !found {
		return "", nil
	}
	for _, l := range lies() {
		if suffix == string(l) {
			return l, nil
		}
	}
	return "", fmt.Errorf("the name ends in %q, which is none of the lies %v", suffix, lies())
}

func main() {
	if err := run(context.Background(), os.Args, os.Getenv("AI_MEMORY_DB"), os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// config is what the command line says.
type config struct {
	host    string
	port    int
	quorum  int
	peers   []string
	timeout time.Duration
}

func parse(args []string, stderr io.Writer) (config, error) {
	if len(args) < 2 || args[1] != "serve" {
		return config{}, errors.New("the only command is serve")
	}
	var c config
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.host, "host", "127.0.0.1", "address to listen on")
	flags.IntVar(&c.port, "port", 9077, "port to listen on")
	flags.IntVar(&c.quorum, "quorum-writes", 0, "copies an acknowledged write has, this one included")
	peers := flags.String("quorum-peers", "", "base URLs of the peers, separated by commas")
	milliseconds := flags.Int("quorum-timeout-ms", 2000, "how long a write waits for its copies")
	if err := flags.Parse(args[2:]); err != nil {
		return config{}, err
	}
	for peer := range strings.SplitSeq(*peers, ",") {
		if peer != "" {
			c.peers = append(c.peers, strings.TrimRight(peer, "/"))
		}
	}
	c.quorum = min(c.quorum, 1+len(c.peers))
	c.timeout = time.Duration(*milliseconds) * time.Millisecond
	return c, nil
}

// run serves until the process is killed.
func run(ctx context.Context, args []string, path string, stderr io.Writer) error {
	c, err := parse(args, stderr)
	if err != nil {
		return err
	}
	l, err := lieOf(args[0])
	if err != nil {
		return err
	}
	if l == dieAtStart {
		return errors.New("the disk of this node is on fire")
	}
	if path == "" {
		return errors.New("AI_MEMORY_DB is not set: name the file that keeps the rows")
	}
	rows, err := openStore(path, l == emptyAfterKill)
	if err != nil {
		return err
	}
	n := &node{config: c, lie: l, rows: rows, client: newClient()}
	for _, peer := range c.peers {
		go n.pullFrom(ctx, peer)
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", net.JoinHostPort(c.host, strconv.Itoa(c.port)))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: n.routes(), ReadHeaderTimeout: time.Minute}
	return server.Serve(listener)
}
