package exchange

import (
	"crypto/tls"
	"net"
	"runtime"
	"sync"
)

// countedTCP is a connection that counts as an open one until it is closed. What others
// look for in a TCP connection is that of the one below: CloseWrite, ReadFrom.
//
// Owner: any (as net.Conn).
type countedTCP struct {
	*net.TCPConn
	place *place
}

// countedTLS is countedTCP over TLS.
//
// Owner: any (as net.Conn).
type countedTLS struct {
	*tls.Conn
	place *place
}

// countedUnix is countedTCP for a unix socket.
//
// Owner: any (as net.Conn).
type countedUnix struct {
	*net.UnixConn
	place *place
}

// countedConn is countedTCP for all other connections.
//
// Owner: any (as net.Conn).
type countedConn struct {
	net.Conn
	place *place
}

// place is what a connection takes up.
//
// Owner: any (sync.Once).
type place struct {
	once  sync.Once
	leave func()
}

func (p *place) giveBack() { p.once.Do(p.leave) }

// Counted is conn, for an owner who closes it like any other connection: leave is called
// once, when it is closed, or when nobody can close it any more, since package net closes
// its descriptor then, too.
func Counted(conn net.Conn, leave func()) net.Conn {
	p := &place{leave: leave}
	switch below := conn.(type) {
	case *net.TCPConn:
		c := &countedTCP{below, p}
		runtime.AddCleanup(c, (*place).giveBack, p)
		return c
	case *net.UnixConn:
		c := &countedUnix{below, p}
		runtime.AddCleanup(c, (*place).giveBack, p)
		return c
	case *tls.Conn:
		c := &countedTLS{below, p}
		runtime.AddCleanup(c, (*place).giveBack, p)
		return c
	}
	c := &countedConn{conn, p}
	runtime.AddCleanup(c, (*place).giveBack, p)
	return c
}

// Close implements [net.Conn].
func (c *countedTCP) Close() error {
	defer c.place.giveBack()
	return c.TCPConn.Close()
}

// Close implements [net.Conn].
func (c *countedTLS) Close() error {
	defer c.place.giveBack()
	return c.Conn.Close()
}

// Close implements [net.Conn].
func (c *countedUnix) Close() error {
	defer c.place.giveBack()
	return c.UnixConn.Close()
}

// Close implements [net.Conn].
func (c *countedConn) Close() error {
	defer c.place.giveBack()
	return c.Conn.Close()
}
