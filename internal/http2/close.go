package http2

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

const (
	// lingerTimeout is how long the client may take to close its side, lingerAtMost how many
	// bytes are read and thrown away meanwhile: closing at once would reset what it has
	// not read yet.
	lingerTimeout = 2 * time.Second
	lingerAtMost  = 1 << 20
)

// resetStream ends a stream whose client has broken the rules, or that cannot be answered.
func (c *conn) resetStream(s *exchangeStream, code frame.Code, why error) {
	c.core.server.cfg.Logger.Debug("HTTP/2 stream reset", slog.String("client", c.remote.String()), slog.Any("error", why))
	c.noteReset(s.id)
	c.socket.SetOut(frame.AppendReset(c.out(), s.id, code))
	s.cut(exchange.ErrClientGone)
	c.mayLeave()
}

// giveUp ends a stream whose client does not take its response.
func (c *conn) giveUp(s *exchangeStream, cause error) {
	c.noteReset(s.id)
	c.socket.SetOut(frame.AppendReset(c.out(), s.id, frame.Cancel))
	s.cut(cause)
	c.mayLeave()
}

// logTooSlow says that a response is broken off whose client has not taken it in time. The
// level is that of package http1: it is the client's affair.
func (c *conn) logTooSlow(s *exchangeStream) {
	c.core.server.cfg.Logger.LogAttrs(context.Background(), slog.LevelInfo, "response broken off",
		slog.Int("core", c.core.reactor.Core()), slog.Any("error", exchange.ErrTimeout), slog.Int("left", len(s.payload)))
}

// noteReset remembers a stream that was reset from here.
func (c *conn) noteReset(id uint32) {
	if len(c.resets) < c.core.server.cfg.MaxStreams {
		c.resets = append(c.resets, id)
		return
	}
	c.resets[c.reset] = id
	c.reset = (c.reset + 1) % len(c.resets)
}

// wasReset tells whether the client may not have known yet that a stream had ended.
func (c *conn) wasReset(id uint32) bool { return slices.Contains(c.resets, id) }

// forgetReset notes that the client has ended such a stream: nothing more may come for it.
func (c *conn) forgetReset(id uint32) {
	if i := slices.Index(c.resets, id); i >= 0 {
		c.resets[i] = 0
	}
}

// askToLeave asks the client to open no more streams here. Those that it opens until it has
// heard of that are served (RFC 9113 6.8).
func (c *conn) askToLeave() {
	if c.ending == staysOpen && c.phase == open {
		c.ending = asksToLeave
		c.socket.SetOut(frame.AppendGoAway(c.out(), frame.MaxStream, frame.NoError, ""))
	}
}

// drain lets no more streams begin than have come.
func (c *conn) drain() {
	if c.phase == open { // what the kernel has already is served
		c.readable = true
		c.advance()
	}
	if c.phase < leaving {
		c.goAway()
	}
}

// goAway ends the connection behind its streams.
func (c *conn) goAway() {
	if c.ending != namesLast {
		c.ending, c.final = namesLast, c.last
		c.socket.SetOut(frame.AppendGoAway(c.out(), c.last, frame.NoError, ""))
	}
	c.mayLeave()
	c.flush()
}

// mayLeave ends a connection that has no more streams to come.
func (c *conn) mayLeave() {
	if c.ending == namesLast && len(c.streams) == 0 && c.phase < leaving {
		c.phase = leaving
		c.flushSoon()
	}
}

// fail ends a connection whose client has broken the rules.
func (c *conn) fail(err error) {
	broken, ok := errors.AsType[*frame.Error](err)
	if !ok {
		broken = &frame.Error{Code: frame.InternalError}
	}
	c.core.server.cfg.Logger.Debug("HTTP/2 connection given up", slog.String("client", c.remote.String()), slog.Any("error", err))
	c.socket.SetOut(frame.AppendGoAway(c.out(), c.lastServed(), broken.Code, broken.Reason))
	c.phase, c.data, c.block = leaving, dataFrame{}, blockState{}
	c.in, c.pos = c.in[:0], 0
	c.headBy = 0
	c.cutAll(exchange.ErrClientGone)
}

// cutAll ends every stream.
func (c *conn) cutAll(cause error) {
	for _, s := range c.streams {
		s.cut(cause)
	}
}

// sentAll goes on when nothing waits to be written.
func (c *conn) sentAll() {
	c.taken()
	if c.phase != leaving || len(c.streams) > 0 {
		return
	}
	c.socket.End()
	c.phase = lingering
	c.readable = true
	c.idleBy = c.core.sinceEpoch() + lingerTimeout
	c.fireBy(c.idleBy)
	c.resumeLater()
}

// linger counts what is thrown away; false: it is too much.
func (c *conn) linger(n int) bool {
	c.in, c.pos = c.in[:0], 0
	if c.lingered += n; c.lingered > lingerAtMost {
		c.readable = false // the timer closes
		return false
	}
	return true
}

// breakOff ends a connection that is of no more use, with whatever it was doing.
func (c *conn) breakOff(cause error) {
	if c.phase == closed {
		return
	}
	clean := c.phase == lingering || len(c.streams) == 0 && c.socket.Pending() == 0
	c.phase = closed
	c.cutAll(cause)
	if clean {
		c.socket.Goodbye()
	} else {
		c.socket.Detach() // no close_notify: not all was sent
	}
	c.socket.Drop(&c.core.server.buffers)
	c.taken()
	if c.in != nil {
		c.core.server.buffers.Put(c.in)
		c.in, c.pos = nil, 0
	}
	c.core.forget(c)
}

// unfit tells whether a connection over TLS may not carry HTTP/2 (RFC 9113 9.2): before TLS
// 1.3 it needs an ephemeral key exchange and an authenticated cipher.
func unfit(secured exchange.Secured) error {
	if secured == nil {
		return nil
	}
	state := secured.State()
	switch {
	case state.Version >= tls.VersionTLS13:
		return nil
	case state.Version < tls.VersionTLS12:
		return errSecurity
	}
	switch state.CipherSuite {
	case tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:
		return nil
	}
	return errSecurity
}
