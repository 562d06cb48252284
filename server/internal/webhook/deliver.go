package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// userAgent is what 0.6.0 sends.
const userAgent = "ai-memory/0.6.0.0"

const (
	maxAnswer   = 4 << 10 // what is read of an answer, to use its connection again
	idleTimeout = 30 * time.Second
)

// Sign returns the value of the signature header: HMAC-SHA256 of "<timestamp>.<body>", the
// timestamp in Unix seconds (contract section 4.16). The key is the SHA-256 of a secret (A7):
// whoever reads a stored key can sign with it.
func Sign(key [32]byte, timestamp int64, body []byte) string {
	mac := hmac.New(sha256.New, key[:])
	mac.Write(strconv.AppendInt(nil, timestamp, 10))
	mac.Write([]byte("."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// finalError is a failure that another try would only repeat.
type finalError struct{ err error }

func (f *finalError) Error() string { return f.err.Error() }
func (f *finalError) Unwrap() error { return f.err }

// newClient returns a client that connects only where a guard lets it, follows no redirect and
// uses no proxy.
func newClient(g Guard, roots *x509.CertPool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:         g.DialContext,
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 1,
			MaxIdleConns:        workers * 4,
			IdleConnTimeout:     idleTimeout,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// try posts once. An error that is a *finalError is not worth another try.
func (d *Dispatcher) try(ctx context.Context, j job) error {
	if err := d.o.Guard.CheckURL(j.URL); err != nil {
		return &finalError{err}
	}
	ctx, cancel := context.WithTimeout(ctx, d.o.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.URL, bytes.NewReader(j.Body))
	if err != nil {
		return &finalError{withoutURL(err)}
	}
	now := time.Now().Unix()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("X-Ai-Memory-Timestamp", strconv.FormatInt(now, 10))
	req.Header.Set("X-Ai-Memory-Delivery", j.id)
	if j.Key != nil {
		req.Header.Set("X-Ai-Memory-Signature", Sign(*j.Key, now, j.Body))
	}
	resp, err := d.client.Do(req)
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		return &finalError{refused}
	case err != nil:
		return withoutURL(err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing more is wanted of it
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	return judge(resp.StatusCode)
}

// judge says what a status means: 2xx arrived; what may pass is tried again; a redirect or a
// refusal of the request is final.
func judge(status int) error {
	err := fmt.Errorf("the receiver answered %d", status)
	switch {
	case status/100 == 2:
		return nil
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return err
	default:
		return &finalError{err}
	}
}

// withoutURL strips the address from an error of net/http: it may hold what only the subscriber
// should know.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
