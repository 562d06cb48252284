package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server"
)

// secureNode returns a node that speaks TLS, not started. Its log is discarded: refused
// handshakes are logged, and that is what these tests make.
func secureNode(t *testing.T, a *authority) *node {
	t.Helper()
	n := newNode(t)
	own := a.issue(t, 2*time.Hour)
	n.config.TLSCert, n.config.TLSKey = own.cert, own.key
	n.config.Logger = slog.New(slog.DiscardHandler)
	n.base = strings.Replace(n.base, "http:", "https:", 1)
	return n
}

// tlsClient returns a client that believes an authority and shows certificates.
func tlsClient(t *testing.T, a *authority, shown ...tls.Certificate) (*http.Client, *tls.Config) {
	t.Helper()
	config := &tls.Config{RootCAs: a.pool(), Certificates: shown}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}, config
}

const healthy = "/api/v1/health"

func TestTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	n := secureNode(t, a)
	log := &buffer{}
	n.config.Logger = slog.New(slog.NewTextHandler(log, nil))
	n.start(t)
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		c, config := tlsClient(t, a)
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, version
		answer, err := ask(t.Context(), c, http.MethodGet, n.base+healthy, nil, "")
		if got := err == nil && answer.status == http.StatusOK; got != want {
			t.Errorf("%s: served %v (%v), want %v", tls.VersionName(version), got, err, want)
		}
	}
	c, config := tlsClient(t, a)
	for _, proto := range []string{"HTTP/2.0", "HTTP/1.1"} {
		if proto == "HTTP/1.1" {
			config.NextProtos = []string{"http/1.1"}
			c.Transport.(*http.Transport).CloseIdleConnections()
			c.Transport = &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
		}
		resp, err := c.Get(n.base + healthy)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.Proto != proto || resp.StatusCode != http.StatusOK {
			t.Errorf("%s %d, want %s 200", resp.Proto, resp.StatusCode, proto)
		}
	}
	if answer, err := ask(t.Context(), client, http.MethodGet, strings.Replace(n.base, "https:", "http:", 1)+healthy, nil, ""); err == nil && answer.status != http.StatusBadRequest {
		t.Errorf("plain HTTP on the TLS port: %d, want 400", answer.status)
	}
	if want := "listening on " + n.base; !strings.Contains(log.String(), want) {
		t.Errorf("no %q in\n%s", want, log)
	}
}

// TestTLSShutdown stops a server with a request half sent, and one with a handshake never begun.
func TestTLSShutdown(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	n := secureNode(t, a)
	n.config.ShutdownGrace = 100 * time.Millisecond
	n.start(t)
	address := strings.TrimPrefix(n.base, "https://")
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: a.pool()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /api/v1/memories HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	silent, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c, _ := tlsClient(t, a)
	if _, err := ask(t.Context(), c, http.MethodGet, n.base+healthy, nil, ""); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	n.shutDown(t)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v to stop", took)
	}
}

// allowlistFile writes fingerprints into a file.
func allowlistFile(t *testing.T, lines ...string) string {
	t.Helper()
	return keyFile(t, filepath.Join(t.TempDir(), "allowlist"), strings.Join(lines, "\n"))
}

// TestMTLS connects with certificates on the allowlist and others; only the fingerprint counts.
func TestMTLS(t *testing.T) {
	t.Parallel()
	a, stranger := newAuthority(t), newAuthority(t)
	good, expired, foreign := a.issue(t, 2*time.Hour), a.issue(t, time.Minute), stranger.issue(t, 2*time.Hour)
	unlisted := a.issue(t, 2*time.Hour)
	chain := tls.Certificate{
		Certificate: slices.Concat(unlisted.pair.Certificate, good.pair.Certificate), PrivateKey: unlisted.pair.PrivateKey,
	}
	n := secureNode(t, a)
	n.config.MTLSAllowlist = allowlistFile(t,
		"# nodes", "sha256:"+good.fingerprint, strings.ToUpper(expired.fingerprint)+" # since yesterday", colons(foreign.fingerprint))
	n.start(t)
	for name, test := range map[string]struct {
		shown []tls.Certificate
		want  bool
	}{
		"on the list":              {[]tls.Certificate{good.pair}, true},
		"on the list, expired":     {[]tls.Certificate{expired.pair}, true},
		"on the list, of nobody":   {[]tls.Certificate{foreign.pair}, true},
		"not on the list":          {[]tls.Certificate{unlisted.pair}, false},
		"no certificate":           {nil, false},
		"listed one only in chain": {[]tls.Certificate{chain}, false},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(name+", "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				c, config := tlsClient(t, a, test.shown...)
				config.MinVersion, config.MaxVersion = version, version
				answer, err := ask(t.Context(), c, http.MethodGet, n.base+healthy, nil, "")
				switch {
				case test.want && (err != nil || answer.status != http.StatusOK):
					t.Errorf("%d, %v; want it served", answer.status, err)
				case !test.want && err == nil:
					t.Errorf("answered %d, want the handshake to fail", answer.status)
				case !test.want && version == tls.VersionTLS12 && !strings.Contains(err.Error(), "tls:"):
					t.Errorf("error %v, want one of the handshake", err) // with 1.3 a client is told late
				}
			})
		}
	}
}

func colons(fingerprint string) string {
	var pairs []string
	for i := 0; i < len(fingerprint); i += 2 {
		pairs = append(pairs, fingerprint[i:i+2])
	}
	return strings.Join(pairs, ":")
}

// TestMTLSRevoked takes a certificate off the allowlist while the server runs: it does not help
// to resume a session of before, or to have kept a connection.
func TestMTLSRevoked(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			kept, revoked := a.issue(t, 2*time.Hour), a.issue(t, 2*time.Hour)
			n := secureNode(t, a)
			path := allowlistFile(t, kept.fingerprint, revoked.fingerprint)
			reread := make(chan os.Signal)
			n.config.MTLSAllowlist, n.config.Reread = path, reread
			n.start(t)
			resuming := func(i issued) func() (bool, error) {
				sessions := tls.NewLRUClientSessionCache(4)
				return func() (resumed bool, err error) {
					conn, err := tls.Dial("tcp", strings.TrimPrefix(n.base, "https://"), &tls.Config{
						RootCAs: a.pool(), Certificates: []tls.Certificate{i.pair}, ClientSessionCache: sessions,
						MinVersion: version, MaxVersion: version,
					})
					if err != nil {
						return false, err
					}
					defer conn.Close()
					fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", healthy)
					_, err = io.ReadAll(conn) // a TLS 1.3 client sees a refusal here
					return conn.ConnectionState().DidResume, err
				}
			}
			one, other := resuming(kept), resuming(revoked)
			for _, connect := range []func() (bool, error){one, other} {
				if _, err := connect(); err != nil {
					t.Fatal(err)
				}
				if resumed, err := connect(); err != nil || !resumed {
					t.Fatalf("resumed %v, %v: the test tests nothing", resumed, err)
				}
			}
			standing, config := tlsClient(t, a, revoked.pair)
			config.MinVersion, config.MaxVersion = version, version
			if before, err := ask(t.Context(), standing, http.MethodGet, n.base+healthy, nil, ""); err != nil || before.status != http.StatusOK {
				t.Fatal(before.status, err)
			}
			keyFile(t, path, kept.fingerprint)
			for range 2 { // the second is taken when the first is done
				reread <- syscall.SIGHUP
			}
			if after, err := ask(t.Context(), standing, http.MethodGet, n.base+healthy, nil, ""); err != nil || after.status != http.StatusForbidden {
				t.Errorf("over a connection of before: %d, %v, want 403", after.status, err)
			}
			if _, err := one(); err != nil {
				t.Errorf("the one that is still listed: %v", err)
			}
			if _, err := other(); err == nil {
				t.Error("the one that was taken off is served")
			}
		})
	}
}

// TestCertificateIsRenewed exchanges the server's certificate while it runs.
func TestCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	a, next := newAuthority(t), newAuthority(t)
	n := secureNode(t, a)
	reread := make(chan os.Signal)
	n.config.Reread = reread
	n.start(t)
	renewed := next.issue(t, 2*time.Hour)
	for from, to := range map[string]string{renewed.key: n.config.TLSKey, renewed.cert: n.config.TLSCert} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		keyFile(t, to, string(text))
	}
	for range 2 {
		reread <- syscall.SIGHUP
	}
	c, _ := tlsClient(t, next)
	if _, err := ask(t.Context(), c, http.MethodGet, n.base+healthy, nil, ""); err != nil {
		t.Errorf("with the new authority: %v", err)
	}
}

// TestKeyKinds starts with keys in each encoding of contract section 13.3.
func TestKeyKinds(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	key := newKey(t)
	sec1, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for kind, test := range map[string]struct {
		public any
		der    []byte
	}{
		"EC PRIVATE KEY":  {&key.PublicKey, sec1},
		"RSA PRIVATE KEY": {&big.PublicKey, x509.MarshalPKCS1PrivateKey(big)},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			n := secureNode(t, a)
			template := a.issue(t, 2*time.Hour).pair.Leaf
			cert, err := x509.CreateCertificate(rand.Reader, template, a.cert, test.public, a.key)
			if err != nil {
				t.Fatal(err)
			}
			writePEM(t, n.config.TLSCert, "CERTIFICATE", cert)
			writePEM(t, n.config.TLSKey, kind, test.der)
			n.start(t)
			c, _ := tlsClient(t, a)
			if _, err := ask(t.Context(), c, http.MethodGet, n.base+healthy, nil, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTLSConfig has one thing wrong at a time.
func TestTLSConfig(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	other := a.issue(t, 2*time.Hour)
	missing := filepath.Join(t.TempDir(), "missing")
	for name, test := range map[string]struct {
		change func(*server.Config)
		want   string
		usage  bool // Validate says it too
	}{
		"certificate alone":        {func(c *server.Config) { c.TLSKey = "" }, "tls-cert and tls-key", true},
		"key alone":                {func(c *server.Config) { c.TLSCert = "" }, "tls-cert and tls-key", true},
		"allowlist without TLS":    {func(c *server.Config) { c.TLSCert, c.TLSKey, c.MTLSAllowlist = "", "", "x" }, "mtls-allowlist needs", true},
		"client certificate alone": {func(c *server.Config) { c.QuorumClientCert = other.cert }, "quorum-client-cert and", true},
		"client key alone":         {func(c *server.Config) { c.QuorumClientKey = other.key }, "quorum-client-cert and", true},
		"a name for host":          {func(c *server.Config) { c.Host = "localhost" }, `with TLS the host must be an IP address, not "localhost"`, false},
		"no such certificate":      {func(c *server.Config) { c.TLSCert = missing }, "failed to load the TLS certificate " + missing, false},
		"key of another":           {func(c *server.Config) { c.TLSKey = other.key }, "failed to load the TLS certificate", false},
		"no such allowlist":        {func(c *server.Config) { c.MTLSAllowlist = missing }, "failed to read mTLS allowlist from " + missing, false},
		"empty allowlist":          {func(c *server.Config) { c.MTLSAllowlist = allowlistFile(t, "# nobody", "") }, "is empty", false},
		"bad allowlist":            {func(c *server.Config) { c.MTLSAllowlist = allowlistFile(t, "abc") }, "mTLS allowlist line 1: expected 64 hex chars", false},
		"no such client pair":      {func(c *server.Config) { c.QuorumClientCert, c.QuorumClientKey = missing, missing }, "failed to load the quorum client certificate " + missing, false},
		"no such authority":        {func(c *server.Config) { c.QuorumCA = missing }, "failed to read the peers' authority", false},
		"authority without PEM":    {func(c *server.Config) { c.QuorumCA = allowlistFile(t, "abc") }, "holds no certificate in PEM", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := secureNode(t, a)
			test.change(&n.config)
			err := server.Serve(t.Context(), n.config, func(net.Addr) { t.Error("it starts") })
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if got := n.config.Validate() != nil; got != test.usage {
				t.Errorf("refused by Validate: %v, want %v", got, test.usage)
			}
		})
	}
}

// TestSecureMesh has three nodes with API key, mTLS and a private authority replicate. A node
// whose certificate is of another authority, or for another address, is no peer (F21).
func TestSecureMesh(t *testing.T) {
	t.Parallel()
	a, stranger := newAuthority(t), newAuthority(t)
	const key = "k3y"
	for name, test := range map[string]struct {
		primary issued // what the first node shows as a server
		peers   *authority
		status  int
	}{
		"of our authority":   {a.issue(t, 2*time.Hour), a, http.StatusCreated},
		"of another":         {a.issue(t, 2*time.Hour), stranger, http.StatusServiceUnavailable},
		"for other machines": {a.issue(t, 2*time.Hour), nil, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nodes, shown := make([]*node, 3), make([]issued, 3)
			var list []string
			for i := range nodes {
				nodes[i] = secureNode(t, a)
				shown[i] = a.issue(t, 2*time.Hour)
				list = append(list, shown[i].fingerprint)
				if i == 0 {
					continue
				}
				own := a.issue(t, 2*time.Hour, net.IPv4(127, 0, 0, 9))
				if test.peers != nil {
					own = test.peers.issue(t, 2*time.Hour)
				}
				nodes[i].config.TLSCert, nodes[i].config.TLSKey = own.cert, own.key
			}
			allowed := allowlistFile(t, list...)
			for i, n := range nodes {
				var peers []string
				for j, other := range nodes {
					if i != j {
						peers = append(peers, other.base)
					}
				}
				n.peer(2, 3*time.Second, peers...)
				n.config.APIKeys = []string{key}
				n.config.MTLSAllowlist, n.config.QuorumCA = allowed, a.file
				n.config.QuorumClientCert, n.config.QuorumClientKey = shown[i].cert, shown[i].key
				n.start(t)
			}
			c, config := tlsClient(t, a, shown[0].pair)
			config.InsecureSkipVerify = true // this client looks at the nodes, whatever they show
			headers := map[string]string{"X-API-Key": key, "Content-Type": "application/json"}
			created, err := ask(t.Context(), c, http.MethodPost, nodes[0].base+"/api/v1/memories", headers, `{"title":"t","content":"c"}`)
			if err != nil || created.status != test.status {
				t.Fatalf("create: %d %s %v, want %d", created.status, created.body, err, test.status)
			}
			if test.status != http.StatusCreated {
				if reason := created.decode(t)["reason"]; reason != "unreachable" {
					t.Errorf("reason %v, want unreachable", reason)
				}
				return
			}
			if acks := created.decode(t)["quorum_acks"]; acks != 2.0 {
				t.Errorf("quorum_acks %v, want 2", acks)
			}
			for i, n := range nodes {
				path := n.base + "/api/v1/memories/" + created.id(t)
				within(t, soon, fmt.Sprintf("node %d has it", i), func() bool {
					got, err := ask(t.Context(), c, http.MethodGet, path, headers, "")
					return err == nil && got.status == http.StatusOK
				})
			}
			if got, err := ask(t.Context(), c, http.MethodGet, nodes[1].base+"/api/v1/stats", nil, ""); err != nil || got.status != http.StatusUnauthorized {
				t.Errorf("with a certificate but no key: %d %v, want 401", got.status, err)
			}
		})
	}
}

// TestMeshWithoutClientCertificate: without one an mTLS peer is out of reach.
func TestMeshWithoutClientCertificate(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	peer := secureNode(t, a)
	peer.config.MTLSAllowlist = allowlistFile(t, a.issue(t, 2*time.Hour).fingerprint)
	peer.start(t)
	n := newNode(t)
	n.config.Logger = slog.New(slog.DiscardHandler)
	n.config.QuorumCA = a.file
	n.peer(2, time.Second, peer.base)
	n.start(t)
	got := n.create(t, "t")
	if diff := cmp.Diff(http.StatusServiceUnavailable, got.status); diff != "" {
		t.Errorf("create without a client certificate: %s (-want +got):\n%s", got.body, diff)
	}
}
