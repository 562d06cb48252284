package cluster

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/process"
)

// Sample is what a process used up to one moment.
type Sample struct {
	RSSBytes   uint64  // resident memory
	CPUSeconds float64 // user and system time since its start
	OpenFiles  int     // file descriptors
}

// Sample reads what the node's process uses. It returns ErrNotRunning when there is none.
func (n *Node) Sample(ctx context.Context) (Sample, error) {
	life := n.newest()
	if !life.running() {
		return Sample{}, fmt.Errorf("sample node %d: %w", n.config.Index, ErrNotRunning)
	}
	s, err := sample(ctx, life.PID())
	if err != nil {
		return Sample{}, fmt.Errorf("sample node %d: %w", n.config.Index, err)
	}
	if !life.running() { // the pid may be another process's by now
		return Sample{}, fmt.Errorf("sample node %d: %w", n.config.Index, ErrNotRunning)
	}
	return s, nil
}

func sample(ctx context.Context, pid int) (Sample, error) {
	p, err := process.NewProcessWithContext(ctx, int32(pid))
	if err != nil {
		return Sample{}, err
	}
	memory, err := p.MemoryInfoWithContext(ctx)
	if err != nil {
		return Sample{}, err
	}
	times, err := p.TimesWithContext(ctx)
	if err != nil {
		return Sample{}, err
	}
	files, err := p.NumFDsWithContext(ctx)
	if err != nil {
		return Sample{}, err
	}
	return Sample{RSSBytes: memory.RSS, CPUSeconds: times.User + times.System, OpenFiles: int(files)}, nil
}
