package contract

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate is one that signs itself, for 127.0.0.1.
func certificate(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{name},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// write puts a certificate and its key into files.
func (s secure) write(t *testing.T, c tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return s.file(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})),
		s.file(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// secure is a folder for the files of one test.
type secure struct{ dir string }

func (s secure) file(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAllowlist is behaviour 28, with the file of example A8: who is listed connects, all others
// fail the handshake, and nobody is listed in an empty file.
func TestAllowlist(t *testing.T) {
	t.Parallel()
	files := secure{t.TempDir()}
	own, listed, other := certificate(t, "server"), certificate(t, "listed"), certificate(t, "other")
	cert, key := files.write(t, own)
	fingerprint := func(c tls.Certificate) string {
		sum := sha256.Sum256(c.Certificate[0])
		return hex.EncodeToString(sum[:])
	}
	allowed := files.file(t, "allowlist", []byte("# box2 client certificate\n\nsha256:"+fingerprint(listed)+"\n"))
	n := newNode(t, "--tls-cert", cert, "--tls-key", key, "--mtls-allowlist", allowed)
	n.start(t)

	roots := x509.NewCertPool()
	roots.AddCert(parsed(t, own))
	health := func(versions uint16, shown ...tls.Certificate) error {
		transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
			RootCAs: roots, Certificates: shown, MinVersion: versions, MaxVersion: versions,
		}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("https://127.0.0.1:%d/api/v1/health", n.port), nil)
		if err != nil {
			return err
		}
		resp, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Do(req)
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			t.Errorf("health over TLS: %d", resp.StatusCode)
		}
		return resp.Body.Close()
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if err := health(version, listed); err != nil {
			t.Errorf("%s: the listed certificate: %v", tls.VersionName(version), err)
		}
		for who, shown := range map[string][]tls.Certificate{"another": {other}, "none": nil} {
			if err := health(version, shown...); err == nil || !strings.Contains(err.Error(), "tls") {
				t.Errorf("%s, %s certificate: %v, want a failed handshake", tls.VersionName(version), who, err)
			}
		}
	}
	if err := health(tls.VersionTLS11, listed); err == nil {
		t.Error("TLS 1.1 was accepted")
	}

	empty := files.file(t, "empty", []byte("# nobody\n"))
	refused := newNode(t).command(t.Context(), "serve", "--port", "0", "--tls-cert", cert, "--tls-key", key, "--mtls-allowlist", empty)
	out, err := refused.CombinedOutput()
	if err == nil || refused.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "mTLS allowlist at "+empty+" is empty") {
		t.Errorf("an empty allowlist: %v\n%s", err, out)
	}
}

func parsed(t *testing.T, c tls.Certificate) *x509.Certificate {
	t.Helper()
	x, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestHangingPeer is the part of behaviour 21 that no recorded exchange shows: with no peer that
// answers, a write fails at the deadline, not before and not much later.
func TestHangingPeer(t *testing.T) {
	t.Parallel()
	peer := newStub(t)
	peer.answer(peer.hang)
	n := started(t, "--quorum-writes", "2", "--quorum-timeout-ms", "600", "--quorum-peers", peer.URL)
	a, err := n.try(context.WithoutCancel(t.Context()), http.MethodPost, "/api/v1/memories", []byte(`{"title":"t","content":"c"}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	v := a.object(t)
	if a.status != http.StatusServiceUnavailable || v["reason"] != "unreachable" || v["got"] != 1.0 || a.header.Get("Retry-After") != "2" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a.took < 500*time.Millisecond || a.took > 5*time.Second {
		t.Errorf("it took %v, want 0.6 s", a.took)
	}
	if m := n.memory(t, v["id"].(string)); m["title"] != "t" {
		t.Errorf("the row is not kept: %v", m)
	}
}

// TestRecallWithABudget is example A4.
func TestRecallWithABudget(t *testing.T) {
	t.Parallel()
	n := started(t)
	n.create(t, map[string]any{"title": "rotate keys", "content": "every 90 days", "tier": "long", "namespace": "ops/sec"})
	v := n.post(t, "/api/v1/recall", map[string]any{"context": "rotate keys", "namespace": "ops/sec", "budget_tokens": 200})
	if v["budget_tokens"] != 200.0 || v["count"] != 1.0 || v["tokens_used"] != 6.0 {
		t.Errorf("recalled %v", v)
	}
	if score, _ := column(v, "score")[0].(float64); score < 8.4 || score > 9.5 {
		t.Errorf("score %v, want about 8.5 and the match", column(v, "score"))
	}
}
