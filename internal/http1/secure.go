package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
)

// TLS. A connection begins with its handshake, on a goroutine that has it on loan:
// crypto/tls blocks, and a signature may take a millisecond. It is lent once the client
// has said something. At most so many compute at a time (Limits.MaxHandshakes, see turns.go); the
// others wait for their turn, on the reactor before they begin. HeadTimeout bounds the time before, the handshake,
// and the head behind it, each.
//
// From then on the socket encrypts and decrypts (stream.Session), on whoever owns the
// connection, and the rest of this package knows nothing of it.

// drainingHandshake is how long a handshake may take when the server shuts down: the
// client has sent no request yet that could be lost.
const drainingHandshake = 250 * time.Millisecond

// secure makes the handshake.
func (c *conn) secure() bool {
	if c.owner.Load() == ownedByReactor {
		if c.readable && c.core.mayShakeHands(c) {
			c.expectNothing() // shakeHands has a credit of its own, and the head its own time
			c.handover = toGoroutine
		}
		return false
	}
	err := c.shakeHands()
	switch {
	case err != nil:
		c.core.countUnsecured()
		return c.unsecure(err)
	}
	c.core.reactor.CountSecured()
	switch c.socket.Session().State().NegotiatedProtocol {
	case "", "http/1.1":
	case "h2":
		c.handOver()
		return false
	default: // such as that of ACME, for which the handshake is all
		c.close()
		return false
	}
	c.phase, c.readable = reading, true
	c.expect(c.core.server.cfg.HeadTimeout)
	return true
}

func (c *conn) shakeHands() error {
	turn := &turn{c: c, has: true, patience: exchange.NewCredit(c.core.server.cfg.HeadTimeout)}
	defer turn.leave() // also when a callback of Config.TLS panics
	c.loan.shaking.Store(true)
	defer c.loan.shaking.Store(false)
	if c.core.draining.Load() {
		turn.patience = exchange.NewCredit(min(turn.patience.Left(), drainingHandshake))
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.core.server.cfg.HeadTimeout)
	defer cancel()
	return c.socket.Handshake(turn.in(ctx), c.core.server.cfg.TLS, c.remote, turn.wait)
}

// unsecure ends a connection whose handshake has failed. crypto/tls has told the client
// why, unless that did not speak TLS at all.
func (c *conn) unsecure(err error) bool {
	c.core.server.cfg.Logger.Debug("TLS handshake failed", slog.String("client", c.remote.String()), slog.Any("error", err))
	if wrong, ok := errors.AsType[tls.RecordHeaderError](err); ok && plainHTTP(wrong.RecordHeader) {
		c.socket.SetOut(append(c.core.server.buffers.Get(), plainRefusal...))
		c.endBehind(closesUnread)
		c.phase = leaving
		return true
	}
	c.close()
	return false
}

// plainRefusal is what a client gets that speaks HTTP without TLS.
const plainRefusal = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 49\r\n\r\n" +
	"This is an HTTPS server: ask it for https://....\n"

// plainHTTP tells whether a record header is the beginning of a request.
func plainHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO", "QUERY", "CONNE", "TRACE":
		return true
	}
	return false
}

// handOver gives the connection to whoever speaks HTTP/2. It runs on the goroutine of the
// handshake.
func (c *conn) handOver() {
	take := c.core.server.cfg.HTTP2
	if take == nil || !c.leaveReactor() {
		c.close()
		return
	}
	c.phase = closed
	session := c.socket.Detach()
	take(c.core.reactor, exchange.Descriptor{FD: c.socket.FD(), TLS: session, Closed: c.core.gone}, c.remote)
}

// leaveReactor makes the reactor forget the descriptor, which is the caller's from now
// on; false: the reactor has ended.
func (c *conn) leaveReactor() bool {
	forgotten := make(chan struct{})
	posted := c.core.reactor.Post(async.TaskFunc(func() {
		c.core.release(c)
		close(forgotten)
	}))
	if !posted {
		return false
	}
	<-forgotten
	c.descriptorGone = true // the number may soon be somebody else's
	return true
}

// endHandshakes gives those that are under way, or have not begun, a last short time.
// Reactor only.
func (k *core) endHandshakes() {
	k.each(func(c *conn) {
		switch {
		case c.owner.Load() == onLoan:
			if c.loan.shaking.Load() {
				k.reactor.After(drainingHandshake, (*lateHandshake)(c))
			}
		case c.phase == securing && !c.readable:
			c.close()
		}
	})
}

// lateHandshake is a connection whose handshake has had its last time.
//
// Owner: reactor.
type lateHandshake conn

// Run implements [async.Task].
func (l *lateHandshake) Run() {
	c := (*conn)(l)
	if c.owner.Load() == onLoan && c.loan.shaking.Load() {
		c.cutLoan(ErrServerClosed)
	}
}
