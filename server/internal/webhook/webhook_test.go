package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/webhook"
)

// receiver is where webhooks arrive. It answers by a script.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	hits []hit
}

type hit struct {
	header http.Header
	body   string
}

func newReceiver(t *testing.T, script func(nth int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(r.handler(script))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) handler(script func(nth int, w http.ResponseWriter, r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.hits = append(r.hits, hit{req.Header, string(body)})
		nth := len(r.hits)
		r.mu.Unlock()
		script(nth, w, req)
	})
}

func (r *receiver) received() []hit {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]hit(nil), r.hits...)
}

func answers(codes ...int) func(int, http.ResponseWriter, *http.Request) {
	return func(nth int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(codes[min(nth, len(codes))-1]) }
}

// ends collects how deliveries ended.
type ends struct {
	mu  sync.Mutex
	all map[string][]bool
}

func (e *ends) done(id string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.all == nil {
		e.all = map[string][]bool{}
	}
	e.all[id] = append(e.all[id], ok)
}

// dispatcher returns one that may reach this machine and is quick.
func dispatcher(t *testing.T, e *ends, change func(*webhook.Options)) *webhook.Dispatcher {
	t.Helper()
	o := webhook.Options{Guard: webhook.Guard{AllowLoopback: true}, Done: e.done, BackOff: time.Millisecond, Timeout: 5 * time.Second}
	if change != nil {
		change(&o)
	}
	d := webhook.New(o)
	t.Cleanup(func() { drain(t, d, 10*time.Second) })
	return d
}

func drain(t *testing.T, d *webhook.Dispatcher, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := d.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.After(5 * time.Second)
	for !holds() {
		select {
		case <-limit:
			t.Fatalf("not within 5 s: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

func send(t *testing.T, d *webhook.Dispatcher, delivery webhook.Delivery) {
	t.Helper()
	if err := d.Send(delivery); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// TestSignedDelivery reads a delivery as contract A7 says that a receiver does.
func TestSignedDelivery(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, answers(200))
	var e ends
	d := dispatcher(t, &e, nil)
	key := sha256.Sum256([]byte("hush"))
	body := `{"event":"memory_store"}`
	send(t, d, webhook.Delivery{SubscriptionID: "signed", URL: r.URL, Key: &key, Body: []byte(body)})
	drain(t, d, 10*time.Second)
	hits := r.received()
	if len(hits) != 1 || hits[0].body != body {
		t.Fatalf("received %v", hits)
	}
	h := hits[0].header
	stamp := h.Get("X-Ai-Memory-Timestamp")
	if at, err := strconv.ParseInt(stamp, 10, 64); err != nil || math.Abs(float64(time.Now().Unix()-at)) > 60 {
		t.Errorf("timestamp %q is not about now", stamp)
	}
	hashed := sha256.Sum256([]byte("hush"))
	mac := hmac.New(sha256.New, hashed[:])
	io.WriteString(mac, stamp+"."+body)
	got := map[string]string{}
	for _, name := range []string{"Content-Type", "User-Agent", "X-Ai-Memory-Signature"} {
		got[name] = h.Get(name)
	}
	want := map[string]string{
		"Content-Type": "application/json", "User-Agent": "ai-memory/0.6.0.0",
		"X-Ai-Memory-Signature": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]bool{"signed": {true}}, e.all); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}

// TestSignature has a value that another program computed.
func TestSignature(t *testing.T) {
	t.Parallel()
	const want = "sha256=914cf647f17b76cdd36a6226ff3534f9b6b8cc3e381892980653832779bf6d3b"
	if got := webhook.Sign(sha256.Sum256([]byte("s3cret")), 1700000000, []byte(`{"event":"memory_store"}`)); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

// TestTries counts how often a delivery is tried, by what the receiver answers.
func TestTries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		codes []int
		tries int
		ok    bool
	}{
		"arrives":          {[]int{204}, 1, true},
		"arrives at last":  {[]int{500, 503, 202}, 3, true},
		"busy":             {[]int{429, 200}, 2, true},
		"given up":         {[]int{500}, 3, false},
		"refused for good": {[]int{404}, 1, false},
		"not acknowledged": {[]int{304}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, answers(test.codes...))
			var e ends
			d := dispatcher(t, &e, nil)
			send(t, d, webhook.Delivery{SubscriptionID: "s", URL: r.URL, Body: []byte("{}")})
			drain(t, d, 10*time.Second)
			hits := r.received()
			if len(hits) != test.tries {
				t.Errorf("%d tries, want %d", len(hits), test.tries)
			}
			for _, h := range hits {
				if id := h.header.Get("X-Ai-Memory-Delivery"); id == "" || id != hits[0].header.Get("X-Ai-Memory-Delivery") {
					t.Errorf("delivery id %q is not that of the first try", id)
				}
				if _, signed := h.header["X-Ai-Memory-Signature"]; signed {
					t.Error("signed without a key")
				}
			}
			if diff := cmp.Diff(map[string][]bool{"s": {test.ok}}, e.all); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRedirects are failures: what they point at is not asked.
func TestRedirects(t *testing.T) {
	t.Parallel()
	target := newReceiver(t, answers(200))
	for _, code := range []int{301, 302, 303, 307, 308} {
		r := newReceiver(t, func(_ int, w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, target.URL, code) })
		var e ends
		d := dispatcher(t, &e, nil)
		send(t, d, webhook.Delivery{SubscriptionID: "s", URL: r.URL, Body: []byte("{}")})
		drain(t, d, 10*time.Second)
		if diff := cmp.Diff(map[string][]bool{"s": {false}}, e.all); diff != "" || len(r.received()) != 1 {
			t.Errorf("%d: %d tries, ends (-want +got):\n%s", code, len(r.received()), diff)
		}
	}
	if hits := target.received(); len(hits) != 0 {
		t.Errorf("the target of redirects was asked %d times", len(hits))
	}
}

// TestRefusedDeliveries tries to deliver where no webhook may go: one try, and nothing arrives.
func TestRefusedDeliveries(t *testing.T) {
	t.Parallel()
	port, connected := listening(t)
	resolver := &names{addrs: map[string][]string{"hook.example": {"127.0.0.1"}, "mapped.example": {"::ffff:127.0.0.1"}}}
	var e ends
	d := dispatcher(t, &e, func(o *webhook.Options) {
		o.Guard = webhook.Guard{Resolver: resolver}
		o.BackOff = time.Hour // a second try would not come within the test
	})
	want := map[string][]bool{}
	for i, url := range []string{
		"https://hook.example:" + port, "https://mapped.example:" + port, "http://127.0.0.1:" + port,
		"https://[::ffff:127.0.0.1]:" + port, "https://u:p@hook.example:" + port, "gopher://hook.example:" + port, "::",
	} {
		id := fmt.Sprint(i)
		send(t, d, webhook.Delivery{SubscriptionID: id, URL: url, Body: []byte("{}")})
		want[id] = []bool{false}
	}
	drain(t, d, 10*time.Second)
	if diff := cmp.Diff(want, e.all); diff != "" || connected() != 0 {
		t.Errorf("%d connections, ends (-want +got):\n%s", connected(), diff)
	}
}

// TestCertificates are verified.
func TestCertificates(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	r.Server = httptest.NewUnstartedServer(r.handler(answers(200)))
	r.Config.ErrorLog = nil
	r.StartTLS()
	t.Cleanup(r.Close)
	roots := x509.NewCertPool()
	roots.AddCert(r.Certificate())
	for name, test := range map[string]struct {
		roots *x509.CertPool
		ok    bool
	}{"of a known authority": {roots, true}, "of nobody we know": {x509.NewCertPool(), false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e ends
			d := dispatcher(t, &e, func(o *webhook.Options) { o.RootCAs = test.roots })
			send(t, d, webhook.Delivery{SubscriptionID: "s", URL: r.URL, Body: []byte("{}")})
			drain(t, d, 10*time.Second)
			if diff := cmp.Diff(map[string][]bool{"s": {test.ok}}, e.all); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOrder: a subscription's deliveries arrive in order, also when one is tried again.
func TestOrder(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var arrived []string
	failed := false
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		mu.Lock()
		defer mu.Unlock()
		if string(body) == "3" && !failed {
			failed = true
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		arrived = append(arrived, string(body))
	}))
	t.Cleanup(r.Close)
	var e ends
	d := dispatcher(t, &e, nil)
	var want []string
	for i := range 30 {
		want = append(want, fmt.Sprint(i))
		send(t, d, webhook.Delivery{SubscriptionID: "s", URL: r.URL, Body: []byte(want[i])})
	}
	drain(t, d, 10*time.Second)
	if diff := cmp.Diff(want, arrived); diff != "" {
		t.Errorf("arrived (-want +got):\n%s", diff)
	}
}

// TestHangingReceiver takes no room from others, and its own is bounded.
func TestHangingReceiver(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	slow := newReceiver(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	quick := newReceiver(t, answers(200))
	var e ends
	d := dispatcher(t, &e, func(o *webhook.Options) { o.Timeout = time.Minute })
	taken := 0
	for {
		err := d.Send(webhook.Delivery{SubscriptionID: "slow", URL: slow.URL, Body: []byte("{}")})
		if errors.Is(err, webhook.ErrFull) {
			break
		}
		if taken++; err != nil || taken > 1000 {
			t.Fatalf("delivery %d: %v", taken, err)
		}
	}
	for i := range 20 {
		send(t, d, webhook.Delivery{SubscriptionID: fmt.Sprint("quick", i), URL: quick.URL, Body: []byte("{}")})
	}
	eventually(t, "20 arrive beside a receiver that hangs", func() bool { return len(quick.received()) == 20 })
	close(release)
	drain(t, d, 10*time.Second)
	if got := len(e.all["slow"]); got != taken {
		t.Errorf("%d of %d deliveries have ended", got, taken)
	}
}

// TestQueueIsBounded fills the queue from many subscriptions.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	var e ends
	d := webhook.New(webhook.Options{Guard: webhook.Guard{AllowLoopback: true}, Done: e.done, Timeout: time.Minute})
	taken := 0
	for ; taken < 5000; taken++ {
		err := d.Send(webhook.Delivery{SubscriptionID: fmt.Sprint(taken % 100), URL: r.URL, Body: []byte("{}")})
		if errors.Is(err, webhook.ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if taken != 1024 {
		t.Errorf("%d were taken, want 1024", taken)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := d.Close(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1024 webhook deliveries were cut off") {
		t.Errorf("close: %v", err)
	}
	failed := 0
	for _, ok := range e.all {
		failed += len(ok)
	}
	if failed != taken {
		t.Errorf("%d of %d were told to have failed", failed, taken)
	}
	if err := d.Send(webhook.Delivery{SubscriptionID: "s", URL: r.URL}); !errors.Is(err, webhook.ErrClosed) {
		t.Errorf("send after close: %v", err)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Errorf("second close: %v", err)
	}
}

// TestCloseEndsPauses does not wait for a try that is far off.
func TestCloseEndsPauses(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, answers(500))
	var e ends
	d := webhook.New(webhook.Options{Guard: webhook.Guard{AllowLoopback: true}, Done: e.done, BackOff: time.Hour})
	send(t, d, webhook.Delivery{SubscriptionID: "s", URL: r.URL, Body: []byte("{}")})
	eventually(t, "it is tried", func() bool { return len(r.received()) > 0 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := d.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: %v", err)
	}
	if diff := cmp.Diff(map[string][]bool{"s": {false}}, e.all); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}
