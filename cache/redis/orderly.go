package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"

	"github.com/redis/rueidis"
)

// errUnasked is what a connection ends for whose Redis answers what nobody has asked.
var errUnasked = errors.New("redis: an answer that nobody has asked for")

// orderly is a connection that ends with the first byte of an answer that nobody has asked for, or that is none: the client would take it for
// that of another call, and panics, on a goroutine of its own, where it is one too many.
//
// Owner: out: the writer; in, speaks, wrong: the reader; asked: any (atomic).
type orderly struct {
	net.Conn
	asked   atomic.Int64 // commands without an answer
	out, in framer
	speaks  bool // RESP3, in which news are told from answers
	wrong   error
}

// Write implements [net.Conn].
func (o *orderly) Write(p []byte) (int, error) {
	if _, err := o.out.feed(p, func(byte) error { o.asked.Add(1); return nil }); err != nil {
		return 0, err
	}
	return o.Conn.Write(p)
}

// Read implements [net.Conn].
func (o *orderly) Read(p []byte) (int, error) {
	if o.wrong != nil {
		return 0, o.wrong
	}
	n, err := o.Conn.Read(p)
	good, wrong := o.in.feed(p[:n], o.answered)
	if wrong == nil {
		return n, err
	}
	o.wrong = wrong
	_ = o.Conn.Close()
	if good == 0 {
		return 0, wrong
	}
	return good, nil
}

// answered is told of each message.
func (o *orderly) answered(kind byte) error {
	switch kind {
	case '>':
		return nil
	case '%': // that to HELLO is the first map
		o.speaks = true
	}
	if o.asked.Add(-1) < 0 && o.speaks {
		return errUnasked
	}
	return nil
}

// orderlyDial is how connections to Redis are made, as rueidis would by its options, so that they are orderly.
func orderlyDial(option rueidis.ClientOption) func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
	dial := func(ctx context.Context, address string, dialer *net.Dialer, cfg *tls.Config) (net.Conn, error) {
		if cfg != nil {
			return (&tls.Dialer{NetDialer: dialer, Config: cfg}).DialContext(ctx, "tcp", address)
		}
		return dialer.DialContext(ctx, "tcp", address)
	}
	switch old := option.DialFn; {
	case option.DialCtxFn != nil:
		dial = option.DialCtxFn
	case old != nil:
		dial = func(_ context.Context, address string, dialer *net.Dialer, cfg *tls.Config) (net.Conn, error) {
			return old(address, dialer, cfg)
		}
	}
	return func(ctx context.Context, address string, dialer *net.Dialer, cfg *tls.Config) (net.Conn, error) {
		conn, err := dial(ctx, address, dialer, cfg)
		if err != nil {
			return nil, err
		}
		if option.DisableTCPNoDelay {
			disableNoDelay(conn)
		}
		return &orderly{Conn: conn}, nil
	}
}

// disableNoDelay is what the client does to connections of types that it knows.
func disableNoDelay(conn net.Conn) {
	if c, ok := conn.(*tls.Conn); ok {
		conn = c.NetConn()
	}
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetNoDelay(false)
	}
}
