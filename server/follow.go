package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/sqlite"
)

// exchangeTimeout bounds one exchange with one peer.
const exchangeTimeout = 30 * time.Second

// Follow keeps the database of a configuration and its peers the same, without serving: at the
// start and then at each interval it fetches from every peer what the database lacks, and sends
// what the peer lacks, in pages of a number of changes (contract section 6.8). A server may be
// running on the same database. Of the configuration it uses the database, the peers and what they
// are shown. A peer that fails is tried again at the next interval. It returns nil when ctx ends.
func Follow(ctx context.Context, c Config, interval time.Duration, page int) (err error) {
	c = c.withLogger()
	if err := c.Validate(); err != nil {
		return err
	}
	bases, err := c.peers()
	if err != nil {
		return err
	}
	known, err := loadCredentials(c)
	if err != nil {
		return err
	}
	database, err := sqlite.Open(ctx, c.DB, sqlite.Options{})
	if err != nil {
		return fmt.Errorf("failed to open database: %w", err)
	}
	defer func() {
		if cerr := database.Close(); cerr != nil {
			err = errors.Join(err, fmt.Errorf("close database %s: %w", c.DB, cerr))
		}
	}()
	log := service.Observed(database, memory.NewClock(time.Now))
	peers := make([]federation.Peer, len(bases))
	page = min(page, service.MaxPushRows)
	for i, base := range bases {
		peers[i] = federation.NewHTTPPeer(base, known.peers())
	}
	c.Logger.Info(fmt.Sprintf("sync-daemon: local_agent_id=%s peers=[%s] interval=%ds",
		log.Origin(), strings.Join(bases, ", "), int(interval.Seconds())))
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if _, _, err := database.Refresh(ctx); err != nil && ctx.Err() == nil {
			c.Logger.Warn(fmt.Sprintf("sync-daemon: what other processes wrote is not noticed: %v", err))
		}
		var all sync.WaitGroup
		for _, peer := range peers {
			all.Go(func() { c.exchange(ctx, log, peer, page) })
		}
		all.Wait()
		select {
		case <-tick.C:
		case <-ctx.Done():
			c.Logger.Info("sync-daemon: shutdown signal received")
			return nil
		}
	}
}

// exchange does one exchange with a peer and logs what came of it.
func (c Config) exchange(ctx context.Context, log store.Store, peer federation.Peer, page int) {
	bounded, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	done, err := federation.Exchange(bounded, log, peer, page)
	if original, is := peer.(federation.Original); is && errors.Is(err, federation.ErrCannotPull) {
		done, err = federation.ExchangeOriginal(bounded, log, log, original, page)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		c.Logger.Warn(fmt.Sprintf("sync-daemon: peer %s cycle failed: %v", peer, err))
	default:
		if done.Skipped > 0 || done.Refused > 0 {
			c.Logger.Warn(fmt.Sprintf("sync-daemon: peer=%s did not take %d memories; %d of its own cannot be taken here", peer, done.Skipped, done.Refused))
		}
		c.Logger.Info(fmt.Sprintf("sync-daemon: peer=%s pulled=%d pushed=%d", peer, done.Pulled, done.Pushed))
	}
}
