// Package server is the memory server: a replicated store of memories for agents, compatible on
// the wire with ai-memory 0.6.0. This is its facade; how it works is in internal. It does not
// know that anyone would break it on purpose.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/httpapi"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
	"chaosctl/server/internal/store/sqlite"
)

const (
	headerTimeout = 10 * time.Second
	readTimeout   = time.Minute
	idleTimeout   = 2 * time.Minute
)

// Serve runs a server until ctx ends. It calls ready, if that is not nil, with the address it
// is bound to. At the end it stops accepting, answers the requests under way within
// Config.ShutdownGrace, writes the database's log back and returns nil. An error says why it
// could not start, or what broke.
func Serve(ctx context.Context, c Config, ready func(net.Addr)) error {
	return ServeThrough(ctx, c, Seams{}, ready)
}

// ServeThrough is Serve with something between the parts of the server.
func ServeThrough(ctx context.Context, c Config, seams Seams, ready func(net.Addr)) (err error) {
	c = c.withLogger()
	if err := c.Validate(); err != nil {
		return err
	}
	known, err := loadCredentials(c)
	if err != nil {
		return err
	}
	opened, err := sqlite.Open(ctx, c.DB, sqlite.Options{})
	if err != nil {
		return fmt.Errorf("failed to open database: %w", err)
	}
	database := seams.store(opened)
	defer func() {
		if cerr := database.Close(); cerr != nil {
			err = errors.Join(err, fmt.Errorf("close database %s: %w", c.DB, cerr))
		}
	}()
	c.Logger.Info("database: " + c.DB)

	clock := memory.NewClock(time.Now)
	store := service.Observed(database, clock)
	replicator, err := c.replicator(store, seams, known)
	if err != nil {
		return err
	}
	var replication service.Replication
	if replicator != nil {
		replication = replicator
	}
	memories := service.New(store, clock, replication, c.options(), c.Logger)
	api := httpapi.New(memories, &known.keys, c.Logger)

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.address())
	if err != nil {
		return err
	}
	hooks := c.webhooks(memories)
	c.announce(listener.Addr(), known)
	if ready != nil {
		ready(listener.Addr())
	}

	// Replication outlives ctx: requests that are being drained may wait for it.
	spreading, stopSpreading := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	if replicator != nil {
		background.Go(func() { replicator.Run(spreading) })
	}
	background.Go(func() { c.deliver(spreading, memories, hooks) })
	background.Go(func() { c.maintenance(memories).run(spreading) })
	background.Go(func() { watch(spreading, opened, replication, c.Logger) })
	background.Go(func() { known.watch(spreading, c.Reread) })
	err = c.serveHTTP(ctx, listener, known, api)
	stopSpreading()
	background.Wait()
	return err
}

// announce says where the server listens, and what protects it too little.
func (c Config) announce(at net.Addr, known *credentials) {
	scheme := "http"
	if c.secure() {
		scheme = "https"
	}
	c.Logger.Info(fmt.Sprintf("ai-memory listening on %s://%s", scheme, at))
	if tcp, is := at.(*net.TCPAddr); !is || !tcp.IP.IsLoopback() {
		known.warnExposed(c.Logger)
	}
}

// replicator returns what keeps the peers up to date, nil when there are none.
func (c Config) replicator(log federation.Log, seams Seams, known *credentials) (*federation.Replicator, error) {
	bases, err := c.peers()
	if err != nil || len(bases) == 0 {
		return nil, err
	}
	shown := known.peers()
	peers := make([]federation.Peer, len(bases))
	for i, base := range bases {
		peers[i] = seams.peer(federation.NewHTTPPeer(base, shown))
	}
	r := federation.New(log, peers, federation.Options{
		Writes: c.QuorumWrites, Timeout: c.QuorumTimeout, Logger: c.Logger,
	})
	c.Logger.Info(fmt.Sprintf("federation enabled: W=%d over %d peer(s), timeout %dms",
		r.Needed(), len(peers), c.QuorumTimeout.Milliseconds()))
	return r, nil
}

// serveHTTP serves, over TLS when it is known how, until ctx ends and the requests under way are
// answered, or cut off at the end of the grace.
func (c Config) serveHTTP(ctx context.Context, listener net.Listener, known *credentials, api http.Handler) error {
	var (
		underWay sync.WaitGroup
		silent   newcomers
	)
	secure := known.serving()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(secure != nil)
	protocols.SetUnencryptedHTTP2(secure == nil)
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			underWay.Add(1)
			defer underWay.Done()
			if err := known.verify(r.TLS); err != nil {
				w.Header().Set("Connection", "close")
				http.Error(w, err.Error(), http.StatusForbidden)
				return
			}
			api.ServeHTTP(w, r)
		}),
		ConnState:         silent.follow,
		Protocols:         protocols,
		TLSConfig:         secure,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(c.Logger.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() {
		if secure != nil {
			failed <- srv.ServeTLS(listener, "", "")
			return
		}
		failed <- srv.Serve(listener)
	}()

	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	c.Logger.Info("shutting down: answering the requests under way")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.ShutdownGrace)
	defer cancel()
	silent.leave()
	err := srv.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		c.Logger.Warn(fmt.Sprintf("requests were still under way after %v; they are cut off", c.ShutdownGrace))
		err = srv.Close()
	}
	if serveErr := <-failed; err == nil && !errors.Is(serveErr, http.ErrServerClosed) {
		err = serveErr
	}
	underWay.Wait()
	if err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}
