package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"chaosctl/cluster"
	"chaosctl/cluster/aimemory"
	"chaosctl/cluster/sandbox"
	"chaosctl/faults"
	"chaosctl/metrics"
)

// errStop is why the context of a shard's cycles ends.
var errStop = errors.New("a stop was asked for")

// ServeShard is the child's side of a launcher: it reads a Shard from in, enters its sandbox,
// runs the cycles and writes Messages to out. The end of in, and of ctx, ask it to stop in good
// order.
func ServeShard(ctx context.Context, in io.Reader, out io.Writer) error {
	decoder := json.NewDecoder(in)
	var s Shard
	if err := decoder.Decode(&s); err != nil {
		return fmt.Errorf("read the shard: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { // ends with in, at the latest with the process
		_, _ = io.Copy(io.Discard, in)
		cancel(errStop)
	}()
	if err := sandbox.Enter(); err != nil {
		return err
	}
	network, err := sandbox.Build(s.Campaign.Nodes)
	if err != nil {
		return err
	}
	fault, err := faults.Parse(s.Fault)
	if err != nil {
		return err
	}
	tell := &teller{out: json.NewEncoder(out)}
	if s.Trial {
		tried := trial(ctx, s, network)
		tell.send(Message{Tried: &tried})
		return errors.Join(tell.err, network.Close())
	}
	system := aimemory.New(aimemory.Options{Binary: s.Campaign.Binary, Timeout: writeTimeout(s.Campaign, fault)})
	r := &shardRun{Shard: s, fault: fault, network: network, system: system, deleter: system, tell: tell.send}
	if s.Planted {
		planted := r.planted(ctx)
		tell.send(Message{Planted: &planted})
	} else {
		r.cycles(ctx)
	}
	return errors.Join(tell.err, network.Close())
}

// writeTimeout is how long a client waits for an answer: longer than a fault of the last try may hold it up.
func writeTimeout(c Campaign, f faults.Named) time.Duration {
	return c.QuorumTimeout + (1+maxRetries)*f.For() + 5*time.Second
}

// teller writes messages one at a time and keeps the first error.
type teller struct {
	mu  sync.Mutex // protects the rest
	out *json.Encoder
	err error
}

func (t *teller) send(m Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = t.out.Encode(m)
	}
}

// shardRun is a shard under way.
type shardRun struct {
	Shard
	fault   faults.Named
	network *sandbox.Network
	system  cluster.System
	deleter cluster.Deleter
	tell    func(Message)
	sound   bool // a cycle got as far as its load
}

// maxRetries is how often a cycle whose fault met too few writes is tried again.
const maxRetries = 3

// cycles runs the cycles of the shard. Each ends in one record, also when it is cut short.
func (r *shardRun) cycles(ctx context.Context) {
	for number := r.First; number <= r.Last && ctx.Err() == nil; number++ {
		done := r.cycle(ctx, number)
		r.tell(Message{Record: &done.record, History: done.history})
		if done.stopped != nil {
			r.tell(Message{Stopped: done.stopped})
			return
		}
	}
	if ctx.Err() != nil {
		r.tell(Message{Stopped: &Stopped{Reason: Interrupted, Message: context.Cause(ctx).Error()}})
	}
}

// ended is what came of a try of a cycle.
type ended struct {
	record  metrics.Record
	history []byte
	stopped *Stopped // why no further cycle may follow
	retry   bool     // the fault met too few writes, and nothing else was wrong
}

// cycle tries a cycle until its fault met the writes it needs, and keeps the last try. A try that
// failed is never repeated.
func (r *shardRun) cycle(ctx context.Context, number int) ended {
	first := r.Campaign.firstAttempt()
	for attempt := first; ; attempt++ {
		done := r.try(ctx, number, attempt)
		if !done.retry || attempt-first >= maxRetries || ctx.Err() != nil {
			return done
		}
	}
}

// workRoot is where the nodes of all shards keep their data, inside the campaign's own folder.
func (s Shard) workRoot() string { return filepath.Join(s.Dir, ".work") }

// work is where the nodes of this shard do.
func (s Shard) work() string { return filepath.Join(s.workRoot(), fmt.Sprintf("shard-%d", s.Index)) }

// workDir is where the nodes of one cycle do.
func (s Shard) workDir(number int) string {
	return filepath.Join(s.work(), fmt.Sprintf("cycle-%d", number))
}

// ClearWork removes the data that nodes of a campaign left when it was killed.
func ClearWork(dir string) error { return os.RemoveAll(Shard{Dir: dir}.workRoot()) }

// clearWork removes what a shard that has ended left, and the root when it was the last.
func (s Shard) clearWork() error {
	if err := os.RemoveAll(s.work()); err != nil {
		return fmt.Errorf("remove the nodes' data: %w", err)
	}
	err := os.Remove(s.workRoot())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return nil
	}
	return err
}

// keepLogs moves the nodes' logs of a cycle that did not pass to where people look for them.
func (r *shardRun) keepLogs(number int, logs []string) error {
	if len(logs) == 0 {
		return nil
	}
	dir := filepath.Join(r.Dir, "logs", fmt.Sprintf("%s-c%d", r.fault.Asked, number))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("keep node logs: %w", err)
	}
	for _, log := range logs {
		if err := os.Rename(log, filepath.Join(dir, filepath.Base(log))); err != nil {
			return fmt.Errorf("keep node logs: %w", err)
		}
	}
	return nil
}
