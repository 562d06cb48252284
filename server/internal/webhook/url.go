package webhook

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// maxURL is how long a URL may be, in bytes.
const maxURL = 2048

// CheckURL tells why a URL cannot be a webhook's; nil when it can. The texts that contract
// section 11.5 has are kept; they quote the URL, but not one with a password.
func (g Guard) CheckURL(text string) error {
	refuse := func(what string) error { return fmt.Errorf("webhook URL %s: %s", what, text) }
	if len(text) > maxURL {
		return fmt.Errorf("webhook URL is %d bytes long; at most %d are allowed", len(text), maxURL)
	}
	scheme, _, found := strings.Cut(text, "://")
	if !found || scheme == "" {
		return refuse("missing scheme")
	}
	secure := strings.EqualFold(scheme, "https")
	if !secure && !strings.EqualFold(scheme, "http") {
		return refuse("scheme must be http(s)")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("webhook URL cannot be read: %w", withoutURL(err))
	case u.User != nil:
		return fmt.Errorf("webhook URL must not hold a user or password")
	case u.Hostname() == "":
		return refuse("has no host")
	case !validPort(u.Port()):
		return refuse("has a port that is none")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	addr, err := netip.ParseAddr(host)
	literal := err == nil
	kind := ""
	switch {
	case literal:
		kind = kindOf(addr)
	case host == "localhost", strings.HasSuffix(host, ".localhost"):
		kind = loopback
	case endsInNumber(host):
		return refuse("has a host that is neither a name nor an address")
	}
	switch {
	case kind == loopback && g.AllowLoopback:
		return nil
	case kind == loopback:
		return refuse("targets this machine (loopback)")
	case !secure:
		return refuse("must be https for non-loopback host")
	case kind != "":
		return refuse("targets private / link-local address")
	default:
		return nil
	}
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// endsInNumber tells whether the last label of a host is a number, decimal, octal or hexadecimal:
// some resolvers read such a host as an IPv4 address.
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if digits, hex := strings.CutPrefix(last, "0x"); hex {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}
