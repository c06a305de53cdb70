package redisclient

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// checkEvery is how often a connection that is in use is asked whether its answers are still in order.
const checkEvery = time.Second

// guarded is a connection that ends before the client reads the end of what it cannot read: an answer that nobody has asked for, or bytes
// that are none. The client would take it for the answer to another call, or panic on a goroutine of its own.
//
// While several calls wait an answer too many, or one that is lost, is not seen, and all that come later are those to other calls. So now and then a PING with a text of its
// own goes behind the calls, and its answer, which the client does not get, must be in its place.
//
// Owner: out and what is below: the writer; in and what is below: the reader; expected: any.
type guarded struct {
	net.Conn
	expected expected

	out     framer
	name    string
	checked time.Time
	number  int
	sent    []byte

	in       framer
	checking bool // the answer to a check is under way
	wrong    error
}

func guard(conn net.Conn) *guarded {
	g := &guarded{Conn: conn, name: rand.Text()[:8], checked: time.Now()}
	g.out.begins, g.out.ends = g.expected.asks, g.expected.asked
	g.in.begins, g.in.element, g.in.ends = g.begins, g.expected.element, g.answered
	return g
}

// Write implements [net.Conn].
func (g *guarded) Write(p []byte) (int, error) {
	if _, err := g.out.feed(p); err != nil {
		return 0, err
	}
	if !g.out.between() || !g.expected.checkable() || time.Since(g.checked) < checkEvery {
		return g.Conn.Write(p)
	}
	g.checked = time.Now()
	g.number++
	text := g.name + strconv.Itoa(g.number)
	g.expected.checks(text)
	g.sent = fmt.Appendf(append(g.sent[:0], p...), "*2\r\n$4\r\nPING\r\n$%d\r\n%s\r\n", len(text), text)
	n, err := g.Conn.Write(g.sent)
	return min(n, len(p)), err
}

// Read implements [net.Conn].
func (g *guarded) Read(p []byte) (int, error) {
	for {
		if g.wrong != nil {
			return 0, g.wrong
		}
		n, err := g.Conn.Read(p)
		n, g.wrong = g.pass(p[:n])
		if g.wrong != nil {
			_ = g.Conn.Close()
			err = g.wrong
		}
		if n > 0 || len(p) == 0 {
			return n, nil // what is wrong is told next time
		}
		if err != nil {
			return 0, err
		}
	}
}

// errCheck stops the reader before the answer to a check.
var errCheck = errors.New("redisclient: an answer to a check begins")

// pass leaves in p what is for the client, n bytes.
func (g *guarded) pass(p []byte) (n int, err error) {
	for len(p) > n {
		checking := g.checking
		m, err := g.in.feed(p[n:])
		if !checking {
			n += m
		} else {
			p = append(p[:n], p[n+m:]...)
		}
		switch {
		case errors.Is(err, errCheck):
			g.checking = true
		case err != nil:
			return n, err
		}
	}
	return n, nil
}

func (g *guarded) begins(kind byte) error {
	if kind != '>' && !g.checking && g.expected.next().kind == check {
		return errCheck
	}
	return g.expected.begins(kind)
}

func (g *guarded) answered(m message) error {
	err := g.expected.ends(m)
	g.in.nested = g.expected.six
	if g.checking {
		g.checking, g.in.pause = false, true
	}
	return err
}

// guardedDial is how connections to Redis are made, as rueidis would by its options, so that they are guarded.
func guardedDial(option rueidis.ClientOption) func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
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
		return guard(conn), nil
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
