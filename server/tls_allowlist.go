package server

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// allowlist holds the SHA-256 fingerprints of the client certificates that may connect.
type allowlist map[[sha256.Size]byte]struct{}

// readAllowlist reads a file of fingerprints (contract section 13.3 and A8). An empty one is an
// error: it would lock everyone out.
func readAllowlist(path string) (allowlist, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read mTLS allowlist from %s: %w", path, err)
	}
	allowed, err := parseAllowlist(string(text))
	switch {
	case err != nil:
		return nil, err
	case len(allowed) == 0:
		return nil, fmt.Errorf("mTLS allowlist at %s is empty: nobody could connect", path)
	default:
		return allowed, nil
	}
}

// parseAllowlist reads one fingerprint a line: 64 hexadecimal digits, colons between them as one
// likes, "sha256:" before them as one likes. What follows a # is a comment.
func parseAllowlist(text string) (allowlist, error) {
	allowed := allowlist{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		digits := strings.ReplaceAll(strings.TrimPrefix(line, "sha256:"), ":", "")
		if len(digits) != hex.EncodedLen(sha256.Size) {
			return nil, fmt.Errorf("mTLS allowlist line %d: expected 64 hex chars (optionally with `:` separators), got %d", number, len(digits))
		}
		var fingerprint [sha256.Size]byte
		if _, err := hex.Decode(fingerprint[:], []byte(digits)); err != nil {
			return nil, fmt.Errorf("mTLS allowlist line %d: invalid hex", number)
		}
		allowed[fingerprint] = struct{}{}
	}
	return allowed, nil
}

// verify is a tls.Config's VerifyConnection. Only the fingerprint counts: no authority, no name,
// no date.
func (a allowlist) verify(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the client shows no certificate")
	}
	fingerprint := sha256.Sum256(state.PeerCertificates[0].Raw)
	if _, ok := a[fingerprint]; !ok {
		return fmt.Errorf("the client's certificate is not on the mTLS allowlist: sha256:%x", fingerprint)
	}
	return nil
}
