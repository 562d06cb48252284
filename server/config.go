package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// Config is all that decides how a server runs (contract sections 6.1 and 13.1).
type Config struct {
	DB   string // path of the database file; it is created when it does not exist
	Host string // address or name to listen at
	Port int    // 0 to 65535; 0 takes a free one

	// QuorumWrites is W: how many nodes, this one included, must hold a write before it is
	// acknowledged. 0, or no peers, means that this node stands alone. It is lowered to the
	// number of nodes.
	QuorumWrites  int
	QuorumPeers   *string       // comma list of base URLs; nil when not given
	QuorumTimeout time.Duration // how long a write waits for its copies
	ShutdownGrace time.Duration // how long requests under way may take once the server stops

	// APIKeys are accepted in X-API-Key; the first is also the one that peers are shown. Without
	// any, and without a file, everyone is served. APIKeyFile has them, one a line, in place of
	// APIKeys.
	APIKeys    []string
	APIKeyFile string

	// Files in PEM of the server's certificate and key; empty for plain HTTP. MTLSAllowlist names
	// the file of those client certificates that may connect; empty for all and none.
	TLSCert, TLSKey, MTLSAllowlist string
	// Files in PEM of what this node shows its peers, and of whom theirs must come from; empty
	// for nothing, and for the authorities of the system.
	QuorumClientCert, QuorumClientKey, QuorumCA string
	// AnyPeerCert has the certificates of peers taken without being verified.
	AnyPeerCert bool
	// Reread has the files of keys and certificates read again. They are looked at for changes
	// every second anyway.
	Reread <-chan os.Signal `json:"-"`

	// WebhookAllowLoopback lets webhooks reach this machine. It is for development.
	WebhookAllowLoopback bool

	Lifetimes      *Lifetimes // of the tiers; nil for DefaultLifetimes
	DiscardExpired bool       // garbage collection keeps no copy of what it removes
	ArchiveMaxDays int        // how long such copies are kept, in days; 0 or less for ever

	// LongPages makes lists, searches and recalls as long as is asked for; without it a limit is
	// lowered to that of the route (contract section 5.4).
	LongPages bool

	// GCInterval is how often garbage is collected, CheckpointInterval how often the log of the
	// database is written back; 0 for DefaultGCInterval, DefaultCheckpointInterval.
	GCInterval, CheckpointInterval time.Duration

	Logger *slog.Logger // nil discards
}

// Lifetimes says how long the memories of each tier live (contract section 4.3).
type Lifetimes = memory.Lifetimes

// DefaultLifetimes returns those of the contract.
func DefaultLifetimes() Lifetimes { return memory.DefaultLifetimes() }

// MaxLifetime is the longest a lifetime may be; a longer one counts as this.
const MaxLifetime = memory.MaxLifetime

// Version is the version of ai-memory with which the server is compatible.
const Version = service.Version

// Defaults of Config.
const (
	DefaultDB            = "ai-memory.db"
	DefaultHost          = "127.0.0.1"
	DefaultPort          = 9077
	DefaultQuorumTimeout = 2 * time.Second
	DefaultShutdownGrace = 30 * time.Second
)

// Validate returns all that is wrong with a configuration, joined.
func (c Config) Validate() error {
	_, peers := c.peers()
	return errors.Join(
		check(c.DB != "", "the path of the database is empty"),
		check(c.Port >= 0 && c.Port <= 65535, "port %d is not within 0 to 65535", c.Port),
		check(c.QuorumWrites >= 0, "quorum-writes %d is negative", c.QuorumWrites),
		check(c.QuorumTimeout >= 0, "quorum-timeout %v is negative", c.QuorumTimeout),
		check(c.ShutdownGrace >= 0, "shutdown-grace %v is negative", c.ShutdownGrace),
		peers,
		check(!slices.ContainsFunc(c.APIKeys, func(key string) bool { return !validKey(key) }),
			"an API key must be printable ASCII without blanks, and not empty"),
		c.checkFiles(),
	)
}

func check(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// peers returns the base URLs of the peers, none when this node stands alone.
func (c Config) peers() ([]string, error) {
	if c.QuorumWrites <= 0 || c.QuorumPeers == nil {
		return nil, nil
	}
	return federation.ParsePeers(*c.QuorumPeers)
}

// withLogger has a logger that discards when there is none.
func (c Config) withLogger() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// address is where to listen.
func (c Config) address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// options is what the use cases need to know.
func (c Config) options() service.Options {
	o := service.DefaultOptions()
	if c.Lifetimes != nil {
		o.Lifetimes = *c.Lifetimes
	}
	o.ArchiveOnGC = !c.DiscardExpired
	o.ArchiveMaxDays = c.ArchiveMaxDays
	o.LongPages = c.LongPages
	return o
}
