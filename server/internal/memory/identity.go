package memory

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

// Identity is what the agent ids of a process are made of where none was given (contract section
// 3.3). It is fixed for as long as the process lives.
type Identity struct {
	Host      string // empty where it is not to be told
	PID       int
	Discerner string // 8 hexadecimal digits
}

// NewIdentity returns the identity of this process, without its host when it is anonymous, or has
// no name.
func NewIdentity(anonymous bool) Identity {
	var discerner [4]byte
	_, _ = rand.Read(discerner[:]) // it never fails
	i := Identity{PID: os.Getpid(), Discerner: hex.EncodeToString(discerner[:])}
	if host, err := os.Hostname(); err == nil && !anonymous {
		i.Host = sanitized(host)
	}
	return i
}

// Agent is the id of a process that nobody gave one.
func (i Identity) Agent() string {
	if i.Host == "" {
		return fmt.Sprintf("anonymous:pid-%d-%s", i.PID, i.Discerner)
	}
	return fmt.Sprintf("host:%s:pid-%d-%s", i.Host, i.PID, i.Discerner)
}

// Client is the id of a process that speaks for a client of a name, such as a program that talks
// MCP; that of Agent when nothing of the name can be part of an id.
func (i Identity) Client(name string) string {
	name = sanitized(name)
	switch {
	case name == "":
		return i.Agent()
	case i.Host == "":
		return fmt.Sprintf("ai:%s@anonymous:pid-%d", name, i.PID)
	}
	return fmt.Sprintf("ai:%s@%s:pid-%d", name, i.Host, i.PID)
}

// maxIdentityPart bounds a host or a client in an agent id, in bytes, so that the whole is one.
const maxIdentityPart = 48

// sanitized has a hyphen in place of each run of what cannot be in the part of an agent id, and
// none at its ends.
func sanitized(text string) string {
	var b strings.Builder
	for _, c := range text {
		allowed := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_'
		if allowed {
			b.WriteRune(c)
			continue
		}
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	part := b.String()
	return strings.Trim(part[:min(len(part), maxIdentityPart)], "-")
}
