package http1

import (
	"context"
	"log/slog"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// staged is an answer that its client has not taken as a whole yet: the
// exchange is over by then, and the log shall name it all the same.
//
// Owner: any (immutable once made).
type staged struct {
	name string
	size int // of the body, in bytes
}

// noteUnsent remembers an answer whose body the socket holds.
func (c *conn) noteUnsent(x *exchange.Exchange, size int) {
	c.staged = &staged{size: size}
	if namer, ok := c.core.server.handler.(exchange.Namer); ok {
		c.staged.name = namer.Name(x)
	}
}

// logCutOff says that a client is cut off that has not taken its answer in time:
// how much of the body the kernel got, where the answer is known, and how much was
// left. The level is that of the other engine: it is the client's affair.
func (c *conn) logCutOff() {
	attrs := []slog.Attr{
		slog.Int("core", c.core.reactor.Core()), slog.Any("error", exchange.ErrTimeout), slog.Int("left", c.socket.Pending()),
	}
	if c.staged != nil && c.socket.Holds() {
		left := c.socket.Pending() - c.socket.Gathered()
		attrs = append(attrs, slog.String("route", c.staged.name), slog.Int("sent", c.staged.size-left), slog.Int("of", c.staged.size))
	}
	c.core.server.cfg.Logger.LogAttrs(context.Background(), slog.LevelInfo, "response broken off", attrs...)
}
