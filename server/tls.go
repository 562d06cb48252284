package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
)

// secure tells whether the server speaks TLS.
func (c Config) secure() bool { return c.TLSCert != "" }

// serverTLS is how the server shows itself, and whom it lets connect: anyone, or with an
// allowlist those whose certificate is on it (contract section 13.3). Nil without TLS.
func (c Config) serverTLS() (*tls.Config, error) {
	if !c.secure() {
		return nil, nil
	}
	if _, err := netip.ParseAddr(c.Host); err != nil {
		return nil, fmt.Errorf("with TLS the host must be an IP address, not %q", c.Host)
	}
	own, err := loadPair("TLS certificate", c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{own},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
	}
	if c.MTLSAllowlist == "" {
		return config, nil
	}
	allowed, err := readAllowlist(c.MTLSAllowlist)
	if err != nil {
		return nil, err
	}
	config.ClientAuth = tls.RequireAnyClientCert
	config.VerifyConnection = allowed.verify // for resumed sessions too, unlike VerifyPeerCertificate
	return config, nil
}

// roots are whom the peers' certificates must come from, nil for the authorities of the system.
func (c Config) roots() (*x509.CertPool, error) {
	if c.QuorumCA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.QuorumCA)
	if err != nil {
		return nil, fmt.Errorf("failed to read the peers' authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", c.QuorumCA)
	}
	return pool, nil
}

// clientPair is the certificate that this node shows its peers, nil for none.
func (c Config) clientPair() (*tls.Certificate, error) {
	if c.QuorumClientCert == "" {
		return nil, nil
	}
	pair, err := loadPair("quorum client certificate", c.QuorumClientCert, c.QuorumClientKey)
	if err != nil {
		return nil, err
	}
	return &pair, nil
}

func loadPair(what, cert, key string) (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("failed to load the %s %s with the key %s: %w", what, cert, key, err)
	}
	return pair, nil
}

// checkFiles tells which files were named without those that go with them.
func (c Config) checkFiles() error {
	return errors.Join(
		check((c.TLSCert == "") == (c.TLSKey == ""), "tls-cert and tls-key are only of use together"),
		check(c.MTLSAllowlist == "" || c.secure(), "mtls-allowlist needs tls-cert and tls-key"),
		check((c.QuorumClientCert == "") == (c.QuorumClientKey == ""), "quorum-client-cert and quorum-client-key are only of use together"),
	)
}
