package http1

import (
	"bytes"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// preface is how a client begins that speaks HTTP/2 without having asked (RFC 9113 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// prefaceState is how much of the preface has come.
type prefaceState uint8

const (
	noPreface prefaceState = iota
	someOfPreface
	allOfPreface
)

// speaksHTTP2 tells whether the client, whose connection is without TLS, goes on with HTTP/2.
func (c *conn) speaksHTTP2() prefaceState {
	unread := c.in[c.pos:]
	if c.core.server.cfg.HTTP2 == nil || len(unread) == 0 || unread[0] != preface[0] ||
		c.socket.Session() != nil || c.socket.Pending() > 0 || c.owner.Load() != ownedByReactor {
		return noPreface
	}
	n := min(len(unread), len(preface))
	switch {
	case string(unread[:n]) != preface[:n]:
		return noPreface
	case n < len(preface):
		return someOfPreface
	}
	return allOfPreface
}

// handOverPlain is handOver without TLS, behind the answers to earlier requests.
func (c *conn) handOverPlain() {
	d := exchange.Descriptor{FD: c.socket.FD(), Rest: bytes.Clone(c.in[c.pos:]), Closed: c.core.gone}
	c.core.release(c)
	c.descriptorGone = true
	c.close()
	c.core.server.cfg.HTTP2(c.core.reactor, d, c.remote)
}
