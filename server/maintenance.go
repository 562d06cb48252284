package server

import (
	"context"
	"log/slog"
	"time"

	"chaosctl/server/internal/service"
)

// The rhythm of maintenance (contract section 13.2), where Config does not say another.
const (
	DefaultGCInterval         = 30 * time.Minute
	DefaultCheckpointInterval = 10 * time.Minute
)

// maintenance is what a server does of its own accord while it serves.
type maintenance struct {
	service *service.Service
	gc      time.Duration // between collections of garbage; the first comes after one
	log     time.Duration // between checkpoints of the log; the first comes after half of one
	logger  *slog.Logger
}

func (c Config) maintenance(s *service.Service) maintenance {
	m := maintenance{service: s, gc: c.GCInterval, log: c.CheckpointInterval, logger: c.Logger}
	if m.gc <= 0 {
		m.gc = DefaultGCInterval
	}
	if m.log <= 0 {
		m.log = DefaultCheckpointInterval
	}
	return m
}

// run does it until ctx ends. What fails is tried again when it is due again.
func (m maintenance) run(ctx context.Context) {
	collect := time.NewTimer(m.gc)
	defer collect.Stop()
	checkpoint := time.NewTimer(m.log / 2)
	defer checkpoint.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-collect.C:
			m.collect(ctx)
			collect.Reset(m.gc)
		case <-checkpoint.C:
			if err := m.service.Checkpoint(ctx); err != nil && ctx.Err() == nil {
				m.logger.Warn("maintenance: the log of the database was not written back", "error", err)
			}
			checkpoint.Reset(m.log)
		}
	}
}

func (m maintenance) collect(ctx context.Context) {
	collected, purged, err := m.service.Maintain(ctx)
	if err != nil && ctx.Err() == nil {
		m.logger.Warn("maintenance: not all that has expired was collected", "error", err)
	}
	if collected > 0 || purged > 0 {
		m.logger.Info("maintenance: collected what has expired", "memories", collected, "purged_from_archive", purged)
	}
}
