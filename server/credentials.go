package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/httpapi"
)

// lookInterval is how often the files of credentials are looked at for a change.
const lookInterval = time.Second

// credentials are what the server knows itself and others by. Those from files are read again
// when a file changes.
type credentials struct {
	config Config
	keys   httpapi.Keys
	roots  *x509.CertPool // of the peers
	server atomic.Pointer[tls.Config]
	client atomic.Pointer[tls.Certificate]
	seen   map[string]os.FileInfo // the files as they were when last read
}

// loadCredentials reads all files that the configuration names.
func loadCredentials(c Config) (*credentials, error) {
	loaded := &credentials{config: c}
	var err error
	if loaded.roots, err = c.roots(); err != nil {
		return nil, err
	}
	if err := loaded.load(); err != nil {
		return nil, err
	}
	for _, path := range []string{c.APIKeyFile, c.TLSKey, c.QuorumClientKey} {
		if info := loaded.seen[path]; info != nil && info.Mode().Perm()&0o077 != 0 {
			c.Logger.Warn(fmt.Sprintf("%s holds a secret and its mode is %#o: others may read it", path, info.Mode().Perm()))
		}
	}
	return loaded, nil
}

// load reads the files anew. On an error all stays as it was.
func (c *credentials) load() error {
	c.changed() // before the reading, so that no change is missed
	server, err := c.config.serverTLS()
	if err != nil {
		return err
	}
	client, err := c.config.clientPair()
	if err != nil {
		return err
	}
	keys, err := c.config.apiKeys()
	if err != nil {
		return err
	}
	c.server.Store(server)
	c.client.Store(client)
	c.keys.Replace(keys)
	return nil
}

// changed tells whether a file is another than it was at the last call.
func (c *credentials) changed() bool {
	now := map[string]os.FileInfo{}
	changed := false
	for _, path := range c.config.secretFiles() {
		info, err := os.Stat(path)
		if err != nil {
			info = nil
		}
		was := c.seen[path]
		now[path] = info
		switch {
		case info == nil && was == nil:
		case info == nil || was == nil, !os.SameFile(info, was), info.Size() != was.Size(), !info.ModTime().Equal(was.ModTime()):
			changed = true
		}
	}
	c.seen = now
	return changed
}

// watch reads the files again when one changes, and at each signal, until ctx ends.
func (c *credentials) watch(ctx context.Context, reread <-chan os.Signal) {
	if !c.config.Rereads() {
		return
	}
	look := time.NewTicker(lookInterval)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if !c.changed() {
				continue
			}
		case <-reread:
		}
		if err := c.load(); err != nil {
			c.config.Logger.Warn("keys and certificates were not read again, the former hold", "error", err)
			continue
		}
		c.config.Logger.Info("keys and certificates were read again")
	}
}

// serving is the TLS configuration of the listener, nil without TLS.
func (c *credentials) serving() *tls.Config {
	first := c.server.Load()
	if first == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:         first.MinVersion,
		NextProtos:         first.NextProtos,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.server.Load(), nil },
	}
}

// verify tells why a connection that stands may not go on: its certificate is no longer on the
// allowlist.
func (c *credentials) verify(state *tls.ConnectionState) error {
	config := c.server.Load()
	if state == nil || config == nil || config.VerifyConnection == nil {
		return nil
	}
	return config.VerifyConnection(*state)
}

// peers are what this node shows its peers. Their certificates are verified unless it was asked
// for in so many words that they are not (F21).
func (c *credentials) peers() federation.Credentials {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: c.roots,
		InsecureSkipVerify: c.config.AnyPeerCert, //nolint:gosec // asked for by a flag that says what it means
	}
	if c.client.Load() != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.client.Load(), nil }
	}
	return federation.Credentials{APIKey: c.keys.First, TLS: config}
}

// Rereads tells whether the configuration names files that are read again when they change, and
// at a signal on Reread.
func (c Config) Rereads() bool { return len(c.secretFiles()) > 0 }

// secretFiles are the files that may change while the server runs.
func (c Config) secretFiles() []string {
	var files []string
	for _, path := range []string{c.APIKeyFile, c.TLSCert, c.TLSKey, c.MTLSAllowlist, c.QuorumClientCert, c.QuorumClientKey} {
		if path != "" {
			files = append(files, path)
		}
	}
	return files
}

// apiKeys are the keys that are accepted: those of the file when there is one, else those given.
func (c Config) apiKeys() ([]string, error) {
	if c.APIKeyFile == "" {
		return c.APIKeys, nil
	}
	text, err := os.ReadFile(c.APIKeyFile)
	if err != nil {
		return nil, fmt.Errorf("failed to read the API keys: %w", err)
	}
	var keys []string
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		key := strings.TrimSpace(line)
		switch {
		case key == "" || strings.HasPrefix(key, "#"):
		case !validKey(key):
			return nil, fmt.Errorf("%s, line %d: a key must be printable ASCII without blanks", c.APIKeyFile, number)
		default:
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s holds no API key", c.APIKeyFile)
	}
	return keys, nil
}

// validKey tells whether a key fits into a header.
func validKey(key string) bool {
	return key != "" && !strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' })
}

// warnExposed says what protects nobody when the server can be reached from other machines. On
// the loopback address it says nothing: there TLS would protect from no one.
func (c *credentials) warnExposed(logger *slog.Logger) {
	var off []string
	if !c.config.secure() {
		off = append(off, "TLS (--tls-cert)")
	}
	if c.config.MTLSAllowlist == "" {
		off = append(off, "mTLS (--mtls-allowlist)")
		if c.keys.First() == "" {
			off = append(off, "API key (--api-key-file)")
		}
	}
	if len(off) > 0 {
		logger.Warn("this address can be reached from other machines; off: " + strings.Join(off, ", "))
	}
}
