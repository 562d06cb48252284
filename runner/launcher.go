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
	go func() {
		defer control.Close()
		if err := json.NewEncoder(control).Encode(s); err != nil {
			return // the child is gone; its end tells why
		}
		select {
		case <-stop:
		case <-ended:
		case <-ctx.Done():
			child.Kill()
		}
		if ctx.Err() == nil {
			control.Close()
			select {
			case <-ended:
			case <-ctx.Done():
				child.Kill()
			}
		}
	}()
	messages := make(chan Message)
	go func() {
		defer close(messages)
		defer close(ended)
		readErr := relay(stream, messages)
		if readErr != nil {
			child.Kill()
		}
		if err := errors.Join(readErr, child.Wait()); err != nil {
			messages <- Message{Died: died(err, words.Lines())}
		}
	}()
	return messages, nil
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
