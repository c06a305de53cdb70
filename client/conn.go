package client

import (
	"context"
	"net"
	"sync/atomic"
)

// dialFunc makes a connection, as http.Transport has it.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// count makes dial count the connections of u, from when they are there until they are closed.
func (u *Upstream) count(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		u.dialled.Add(1)
		u.open.Add(1)
		return &countedConn{Conn: c, up: u}, nil
	}
}

// countedConn is a connection that is counted until it is closed, by whoever does so first.
//
// Owner: net/http's transport; closed: any (atomic).
type countedConn struct {
	net.Conn

	up     *Upstream
	closed atomic.Bool
}

// Close closes the connection.
func (c *countedConn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.up.open.Add(-1)
	}
	return c.Conn.Close()
}
