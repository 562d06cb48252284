package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// Guard keeps webhooks from what only this machine or its network should reach. It judges the
// address that is connected to, not the name: what a name resolved to earlier counts for nothing.
type Guard struct {
	// AllowLoopback lets them reach this machine, also without TLS. It is for development.
	AllowLoopback bool
	// Resolver resolves names; nil for the system's.
	Resolver Resolver
}

// Resolver is what *net.Resolver does.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// RefusedError says that a guard refused an address.
type RefusedError struct {
	Host string // as it was asked for
	Addr netip.Addr
	Kind string // what kind of address it is
}

// Error says what was refused and why.
func (r *RefusedError) Error() string {
	if r.Host == r.Addr.String() {
		return fmt.Sprintf("refused to connect to %s: it is a %s address", r.Host, r.Kind)
	}
	return fmt.Sprintf("refused to connect to %s: %s is a %s address", r.Host, r.Addr, r.Kind)
}

// dialTimeout bounds the connecting to one address, so that there is time for the next.
const dialTimeout = 3 * time.Second

// DialContext connects as net.Dialer does, or returns a *RefusedError: when any address of the
// name is refused, none is connected to.
func (g Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := g.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	for _, addr := range addrs {
		if kind := g.refuses(addr); kind != "" {
			return nil, &RefusedError{host, addr, kind}
		}
	}
	dialer := net.Dialer{Timeout: dialTimeout, Control: g.control}
	var errs []error
	for _, addr := range addrs {
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(addr.String(), port))
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func (g Guard) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	var resolver Resolver = net.DefaultResolver
	if g.Resolver != nil {
		resolver = g.Resolver
	}
	addrs, err := resolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addrs) == 0 {
		err = fmt.Errorf("%s has no address", host)
	}
	return addrs, err
}

// control is the last look, at what the socket is about to connect to.
func (g Guard) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if kind := g.refuses(at.Addr()); kind != "" {
		return &RefusedError{at.Addr().String(), at.Addr(), kind}
	}
	return nil
}

// refuses returns what kind of address it is when it is refused, else nothing.
func (g Guard) refuses(addr netip.Addr) string {
	kind := kindOf(addr)
	if kind == loopback && g.AllowLoopback {
		return ""
	}
	return kind
}
