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
func (c *conn) Hijack(*exchange.Exchange) (net.Conn, []byte, error) {
	if c.owner.Load() != onLoan {
		return nil, nil, exchange.ErrHijackUnsupported
	}
	c.takeOutput()
	patience := newCredit(c.core.server.cfg.WriteTimeout)
	if err := c.flushOnLoan(&patience); err != nil {
		return nil, nil, err
	}
	rest := append([]byte(nil), c.in[c.pos:]...)
	forgotten := make(chan struct{})
	posted := c.core.reactor.Post(async.TaskFunc(func() {
		c.core.release(c)
		close(forgotten)
	}))
	if !posted {
		return nil, nil, exchange.ErrHijackUnsupported
	}
	<-forgotten
	// From here on the number may belong to somebody else: FileConn duplicates
	// the descriptor, and ours is closed either way.
	c.surrendered = true
	file := os.NewFile(uintptr(c.socket.FD()), "hijacked connection")
	conn, err := net.FileConn(file)
	return conn, rest, errors.Join(err, file.Close())
}
