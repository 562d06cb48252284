package aimemory

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"
)

// errSealed keeps a request from being sent after its fate was told.
var errSealed = errors.New("the request was given up before it was sent")

// flight follows one request to the wire. The hooks of httptrace do not suffice: WroteRequest is
// called when the request lies in a buffer, before it is handed to the kernel. A connection that
// died idle makes net/http try again on another one, but only when the kernel took no byte.
type flight struct {
	size int    // of the body
	sent func() // may be nil

	mu      sync.Mutex // protects the rest
	begun   bool       // the kernel took, or may have taken, a byte
	whole   bool       // the last byte was handed to the kernel, which may not have said yes
	told    bool       // sent was called
	settled bool       // the fate was told
}

// trace makes every connection that is tried for the request report to the flight.
func (f *flight) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if conn, ok := info.Conn.(*meteredConn); ok {
				conn.carry(f)
			}
		},
	})
}

// seal ends the flight without an answer: nothing is sent any more if nothing was. It reports
// whether the server may have seen a byte.
func (f *flight) seal() (begun bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settled = true
	return f.begun
}

// land ends the flight with an answer. It may come before the writing goroutine could tell that
// the request was sent.
func (f *flight) land() {
	f.mu.Lock()
	tell := f.whole && !f.told && f.sent != nil
	f.told, f.settled = true, true
	f.mu.Unlock()
	if tell {
		f.sent()
	}
}

// begin allows a write to the kernel, or not.
func (f *flight) begin(whole bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.settled && !f.begun {
		return errSealed
	}
	f.begun = true
	f.whole = f.whole || whole
	return nil
}

// wrote notes what the kernel took: total bytes of this request over this connection.
func (f *flight) wrote(total int, err error) {
	f.mu.Lock()
	if err != nil {
		f.whole = false
		if total == 0 {
			f.begun = false
		}
	}
	tell := err == nil && f.whole && !f.told && !f.settled && f.sent != nil
	if tell {
		f.told = true
	}
	f.mu.Unlock()
	if tell {
		f.sent()
	}
}

// meteredConn tells the request it carries how far it got. Requests follow one another on a
// connection, never overlap.
type meteredConn struct {
	net.Conn

	mu     sync.Mutex // protects the rest
	flight *flight
	total  int    // bytes of this request the kernel took
	header []byte // of the request, as far as it was written; nil once it is complete
	inBody int    // bytes of the body written
}

// carry begins a request.
func (c *meteredConn) carry(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight, c.total, c.header, c.inBody = f, 0, []byte{}, 0
}

// Write hands bytes of the current request to the kernel.
func (c *meteredConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	f := c.flight
	whole := f != nil && c.completes(p)
	c.mu.Unlock()
	if f == nil {
		return c.Conn.Write(p)
	}
	if err := f.begin(whole); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	c.mu.Lock()
	c.total += n
	total := c.total
	c.mu.Unlock()
	f.wrote(total, err)
	return n, err
}

// completes reports whether the request is whole with these bytes; mu is held.
func (c *meteredConn) completes(p []byte) bool {
	if c.header == nil {
		c.inBody += len(p)
		return c.inBody >= c.flight.size
	}
	c.header = append(c.header, p...)
	end := bytes.Index(c.header, []byte("\r\n\r\n"))
	if end < 0 {
		return false
	}
	c.inBody = len(c.header) - end - len("\r\n\r\n")
	c.header = nil
	return c.inBody >= c.flight.size
}
