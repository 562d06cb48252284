package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"chaosctl/cluster"
	"chaosctl/cluster/sandbox"
)

// ShardCommand is the hidden command of chaosctl that runs a shard.
const ShardCommand = "shard"

// Sandboxed launches shards as children of this process, each in namespaces of its own that end
// with it. It is the only launcher today.
type Sandboxed struct {
	Executable string // this program
}

var _ Launcher = Sandboxed{}

// Launch starts a child, hands it the shard and streams its messages. When the child dies before
// its last cycle the last message says how.
func (l Sandboxed) Launch(ctx context.Context, s Shard, stop <-chan struct{}) (<-chan Message, error) {
	cmd := exec.Command(l.Executable, ShardCommand)
	cmd.Env = shardEnv()
	words := cluster.NewTail(tailLines)
	cmd.Stderr = words
	control, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("launch shard %d: %w", s.Index, err)
	}
	stream, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("launch shard %d: %w", s.Index, err)
	}
	child, err := sandbox.Start(cmd)
	if err != nil {
		return nil, fmt.Errorf("launch shard %d: %w", s.Index, err)
	}
	ended := make(chan struct{})
	go steer(ctx, child, control, s, stop, ended)
	messages := make(chan Message)
	go func() {
		defer close(messages)
		defer close(ended)
		if err := follow(child, stream, s, messages); err != nil {
			messages <- Message{Died: died(err, words.Lines())}
		}
	}()
	return messages, nil
}

// steer hands a child its shard, and asks it to stop when stop is closed. The end of ctx kills it.
func steer(
	ctx context.Context, child *sandbox.Child, control io.WriteCloser, s Shard, stop, ended <-chan struct{},
) {
	defer context.AfterFunc(ctx, func() { _ = child.Kill() })()
	if err := json.NewEncoder(control).Encode(s); err != nil {
		<-ended // the child is gone; its end tells why
		return
	}
	select {
	case <-stop:
	case <-ended:
	}
	_ = control.Close() // which is how it is asked
	<-ended
}

// follow passes on what a child tells until it has ended, and removes what it left.
func follow(child *sandbox.Child, stream io.Reader, s Shard, messages chan<- Message) error {
	err := relay(stream, messages)
	if err != nil {
		err = errors.Join(err, child.Kill())
	}
	err = errors.Join(err, child.Wait())
	if s.Trial {
		return err
	}
	return errors.Join(err, s.clearWork())
}

// relay passes on messages until the stream ends.
func relay(stream io.Reader, messages chan<- Message) error {
	decoder := json.NewDecoder(stream)
	for {
		var m Message
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read what the shard tells: %w", err)
		}
		messages <- m
	}
}

func died(err error, lastWords []string) string {
	text := "the shard died: " + err.Error()
	if len(lastWords) > 0 {
		text += ": " + strings.Join(lastWords, " | ")
	}
	return text
}

// tailLines is how many last lines of a process are kept for messages.
const tailLines = 40

// shardEnv is the environment of a shard. Programs that change networks are in sbin, which cron
// does not search.
func shardEnv() []string {
	return []string{
		"PATH=" + SearchPath(os.Getenv("PATH")),
		"HOME=/nonexistent",
		"LC_ALL=C",
		"GOTRACEBACK=all",
	}
}

// SearchPath returns a PATH in which the sbin folders are searched too, after all others.
func SearchPath(path string) string {
	parts := strings.Split(path, ":")
	if path == "" {
		parts = []string{"/usr/local/bin", "/usr/bin", "/bin"}
	}
	for _, sbin := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if !strings.Contains(":"+path+":", ":"+sbin+":") {
			parts = append(parts, sbin)
		}
	}
	return strings.Join(parts, ":")
}
