package http1

import (
	"errors"
	"net"
	"os"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/stream"
)

var errBroken = errors.Join(exchange.ErrClientGone, stream.ErrBroken)

// Hijack implements [exchange.Carrier]. It runs on the goroutine that has the
// connection on loan: the reactor forgets the descriptor, and package net takes
// it over. It counts as an open connection until it is closed.
func (c *conn) Hijack(x *exchange.Exchange) (net.Conn, []byte, error) {
	d, err := c.takeDescriptor()
	if err != nil {
		return nil, nil, err
	}
	conn, err := c.asNetConn(&d)
	if err != nil {
		d.Closed()
		return nil, nil, err
	}
	return exchange.Counted(conn, d.Closed), d.Rest, nil
}

// asNetConn is the connection of d as package net has it.
func (c *conn) asNetConn(d *exchange.Descriptor) (net.Conn, error) {
	if d.TLS != nil {
		conn, err := c.socket.TakeTLS()
		if err != nil {
			return nil, err // no *tls.Conn that is nil in a net.Conn that is not
		}
		return conn, nil
	}
	// FileConn duplicates the descriptor, and ours is closed either way.
	file := os.NewFile(uintptr(d.FD), "hijacked connection")
	conn, err := net.FileConn(file)
	return conn, errors.Join(err, file.Close())
}

// TakeDescriptor implements [exchange.DescriptorTaker]: the reactor forgets the descriptor,
// which is the caller's from now on.
func (c *conn) TakeDescriptor(*exchange.Exchange) (exchange.Descriptor, error) {
	d, err := c.takeDescriptor()
	if err == nil {
		c.socket.Detach()
	}
	return d, err
}

func (c *conn) takeDescriptor() (exchange.Descriptor, error) {
	if c.owner.Load() != onLoan {
		return exchange.Descriptor{}, exchange.ErrHijackUnsupported
	}
	if c.reader != nil {
		c.reader.detach(&c.loan) // the descriptor is not its any more
	}
	c.takeOutput()
	patience := exchange.NewCredit(c.core.server.cfg.WriteTimeout)
	if err := c.flushOnLoan(&patience); err != nil {
		return exchange.Descriptor{}, err
	}
	rest := append([]byte(nil), c.in[c.pos:]...)
	if !c.leaveReactor() {
		return exchange.Descriptor{}, exchange.ErrHijackUnsupported
	}
	d := exchange.Descriptor{FD: c.socket.FD(), Rest: rest, Closed: c.core.gone}
	if s := c.socket.Session(); s != nil {
		d.TLS = s
	}
	return d, nil
}
