package webhook_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/webhook"
)

// names is a resolver that knows some names, and counts how often it is asked.
type names struct {
	addrs map[string][]string
	asked atomic.Int64
}

func (n *names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	n.asked.Add(1)
	var out []netip.Addr
	for _, text := range n.addrs[host] {
		out = append(out, netip.MustParseAddr(text))
	}
	return out, nil
}

// refusedKinds are addresses that no webhook may reach, by what they are.
var refusedKinds = map[string][]string{
	"loopback":          {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "2606:4700::5efe:127.0.0.1"},
	"private":           {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12::1", "fec0::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:c0a8:101::", "2606:4700::200:5efe:192.168.0.1"},
	"link-local":        {"169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"},
	"carrier-grade NAT": {"100.64.0.1", "100.127.255.255", "::ffff:100.64.0.1"},
	"unspecified":       {"0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"},
	"multicast":         {"224.0.0.1", "239.255.255.250", "ff02::1", "::ffff:224.0.0.1"},
	"broadcast":         {"255.255.255.255", "::ffff:255.255.255.255"},
	"reserved":          {"240.0.0.1", "192.0.0.8", "192.88.99.1", "::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "4000::1"},
	"documentation":     {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"},
	"benchmarking":      {"198.18.0.1", "198.19.255.255"},
}

// TestGuardRefuses has a name resolve to every kind of address that is refused, and asks for the
// address itself.
func TestGuardRefuses(t *testing.T) {
	t.Parallel()
	for kind, addrs := range refusedKinds {
		for _, addr := range addrs {
			resolver := &names{addrs: map[string][]string{"hook.example": {addr}, "mixed.example": {"1.1.1.1", addr}}}
			guard := webhook.Guard{Resolver: resolver}
			for _, host := range []string{addr, "hook.example", "mixed.example"} {
				conn, err := guard.DialContext(t.Context(), "tcp", net.JoinHostPort(host, "80"))
				var refused *webhook.RefusedError
				if !errors.As(err, &refused) {
					t.Errorf("%s at %s: connection %v, error %v, want a refusal", host, addr, conn, err)
					continue
				}
				if want := (&webhook.RefusedError{Host: host, Addr: netip.MustParseAddr(addr), Kind: kind}); !cmp.Equal(want, refused, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })) {
					t.Errorf("%s at %s: %v, want %v", host, addr, refused, want)
				}
			}
		}
	}
}

// listening returns a port of the loopback address, and how many have connected to it.
func listening(t *testing.T) (port string, connected func() int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var count atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, count.Load
}

// TestGuardConnectsToNothing looks from the other side: a listener that every spelling of
// loopback would reach sees nobody, until loopback is allowed.
func TestGuardConnectsToNothing(t *testing.T) {
	t.Parallel()
	port, connected := listening(t)
	resolver := &names{addrs: map[string][]string{"hook.example": {"127.0.0.1"}, "mapped.example": {"::ffff:127.0.0.1"}}}
	guard := webhook.Guard{Resolver: resolver}
	for _, host := range []string{"127.0.0.1", "127.0.0.2", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1", "hook.example", "mapped.example"} {
		if conn, err := guard.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port)); err == nil {
			conn.Close()
			t.Errorf("%s was connected to", host)
		}
	}
	if got := connected(); got != 0 {
		t.Errorf("%d connections came", got)
	}
	guard.AllowLoopback = true
	conn, err := guard.DialContext(t.Context(), "tcp", "hook.example:"+port)
	if err != nil {
		t.Fatalf("loopback is allowed, yet: %v", err)
	}
	conn.Close()
	eventually(t, "one connection comes", func() bool { return connected() == 1 })
	if _, err := guard.DialContext(t.Context(), "tcp", "0.0.0.0:"+port); err == nil {
		t.Error("with loopback allowed the unspecified address is connected to")
	}
	if _, err := guard.DialContext(t.Context(), "tcp", "nowhere.example:"+port); err == nil || !strings.Contains(err.Error(), "no address") {
		t.Errorf("a name without address: %v", err)
	}
}

// TestGuardLooksOnce has a name change what it resolves to: what was looked at is connected to.
func TestGuardLooksOnce(t *testing.T) {
	t.Parallel()
	port, _ := listening(t)
	resolver := &names{addrs: map[string][]string{"hook.example": {"127.0.0.1"}}}
	conn, err := webhook.Guard{Resolver: resolver, AllowLoopback: true}.DialContext(t.Context(), "tcp", "hook.example:"+port)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if got := resolver.asked.Load(); got != 1 {
		t.Errorf("the name was resolved %d times, want once", got)
	}
}

// TestCheckURL has the texts of contract section 11.5, and ours.
func TestCheckURL(t *testing.T) {
	t.Parallel()
	const (
		missing = "webhook URL missing scheme: "
		scheme  = "webhook URL scheme must be http(s): "
		secure  = "webhook URL must be https for non-loopback host: "
		private = "webhook URL targets private / link-local address: "
		self    = "webhook URL targets this machine (loopback): "
		number  = "webhook URL has a host that is neither a name nor an address: "
	)
	for url, want := range map[string]string{
		"https://hooks.example/x?y=z":                    "",
		"HTTPS://hooks.example":                          "",
		"https://hooks.example:8443/":                    "",
		"https://1.1.1.1/":                               "",
		"https://[2606:4700::1111]/":                     "",
		"https://[64:ff9b::101:101]/":                    "",
		"hooks.example/x":                                missing,
		"://hooks.example":                               missing,
		"mailto:a@b":                                     missing,
		"":                                               missing,
		"ftp://hooks.example":                            scheme,
		"file:///etc/passwd":                             scheme,
		"http://hooks.example/":                          secure,
		"http://10.0.0.1/":                               secure,
		"https://10.0.0.1/":                              private,
		"https://169.254.169.254/latest":                 private,
		"https://100.64.0.1/":                            private,
		"https://0.0.0.0/":                               private,
		"https://255.255.255.255/":                       private,
		"https://224.0.0.1/":                             private,
		"https://[fd00::1]/":                             private,
		"https://[fe80::1%25eth0]/":                      private,
		"https://[::ffff:10.0.0.1]/":                     private,
		"https://[64:ff9b::a00:1]/":                      private,
		"https://[2002:a00:1::]/":                        private,
		"http://127.0.0.1:80/":                           self,
		"https://127.0.0.1/":                             self,
		"https://[::1]/":                                 self,
		"https://[::ffff:127.0.0.1]/":                    self,
		"https://localhost/":                             self,
		"https://LocalHost./":                            self,
		"https://a.localhost/":                           self,
		"https://2130706433/":                            number,
		"https://0x7f000001/":                            number,
		"https://127.1/":                                 number,
		"https://0177.0.0.1/":                            number,
		"https:///x":                                     "webhook URL has no host: ",
		"https://hooks.example:0/":                       "webhook URL has a port that is none: ",
		"https://hooks.example:70000/":                   "webhook URL has a port that is none: ",
		"https://hooks.example/" + "\x00":                "webhook URL cannot be read: ",
		"https://hooks.example:x/":                       "webhook URL cannot be read: ",
		"http://localhost:x@hooks.example/":              "webhook URL must not hold a user or password",
		"https://u@hooks.example/":                       "webhook URL must not hold a user or password",
		"https://h.example/" + strings.Repeat("a", 2048): "webhook URL is 2066 bytes long",
	} {
		err := webhook.Guard{}.CheckURL(url)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v, want it taken", url, err)
		case want != "" && err == nil:
			t.Errorf("%q is taken, want %q", url, want)
		case strings.HasSuffix(want, ": ") && !strings.HasPrefix(err.Error(), want):
			t.Errorf("%q: %v, want %q", url, err, want)
		case want != "" && !strings.HasPrefix(err.Error(), want):
			t.Errorf("%q: %v, want %q", url, err, want)
		case want == missing || want == scheme || want == secure || want == private:
			if err.Error() != want+url {
				t.Errorf("%q: %v, want the URL at the end", url, err)
			}
		}
	}
	for url, want := range map[string]string{
		"http://127.0.0.1:80/":  "",
		"http://[::1]:80/":      "",
		"http://localhost/":     "",
		"https://localhost/":    "",
		"http://hooks.example/": secure,
		"http://10.0.0.1/":      secure,
		"https://10.0.0.1/":     private,
		"http://0.0.0.0/":       secure,
	} {
		err := webhook.Guard{AllowLoopback: true}.CheckURL(url)
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want+url) {
			t.Errorf("loopback allowed, %q: %v, want %q", url, err, want)
		}
	}
}
