package http1

import (
	"errors"
	"net"
	"os"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/stream"
)

var errBroken = errors.Join(exchange.ErrClientGone, stream.ErrBroken)

// Hijack implements [exchange.Carrier]. It runs on the goroutine that has the
// connection on loan: the reactor forgets the descriptor, and package net takes
// it over.
func (c *conn) Hijack(x *exchange.Exchange) (net.Conn, []byte, error) {
	fd, rest, err := c.Detach(x)
	if err != nil {
		return nil, nil, err
	}
	// FileConn duplicates the descriptor, and ours is closed either way.
	file := os.NewFile(uintptr(fd), "hijacked connection")
	conn, err := net.FileConn(file)
	return conn, rest, errors.Join(err, file.Close())
}

// Detach implements [exchange.Detacher]: the reactor forgets the descriptor,
// which is the caller's from now on.
func (c *conn) Detach(*exchange.Exchange) (int, []byte, error) {
	if c.owner.Load() != onLoan {
		return 0, nil, exchange.ErrHijackUnsupported
	}
	if c.reader != nil {
		c.reader.detach(&c.loan) // the descriptor is not its any more
	}
	c.takeOutput()
	patience := newCredit(c.core.server.cfg.WriteTimeout)
	if err := c.flushOnLoan(&patience); err != nil {
		return 0, nil, err
	}
	rest := append([]byte(nil), c.in[c.pos:]...)
	forgotten := make(chan struct{})
	posted := c.core.reactor.Post(async.TaskFunc(func() {
		c.core.release(c)
		close(forgotten)
	}))
	if !posted {
		return 0, nil, exchange.ErrHijackUnsupported
	}
	<-forgotten
	c.surrendered = true // the number may soon be somebody else's
	return c.socket.FD(), rest, nil
}
