package http2

import (
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/reactor"
)

// core is the share of a server that one reactor owns.
//
// Owner: reactor; atomics: any.
type core struct {
	server  *Server
	reactor *reactor.Reactor
	conns   conn // sentinel of a ring
	count   int
	unsent  *exchange.Unsent
	free    []*exchangeStream
	opening opening
	block   []byte // the field block that is encoded
	// fields is room for those of the field block that is read next, all zero; nil: it is on loan.
	fields []hpack.HeaderField
	// spawn runs a handler on a goroutine: reactor.Worker, but in tests.
	spawn func(async.Task)
	queue *exchange.Queue
	// collectRoom is collectRoom, but in tests.
	collectRoom int64

	draining atomic.Bool
	// emptied is closed when the last connection of a draining core is gone.
	emptied chan struct{}
	ending  bool // no more connections are taken over
	done    bool // emptied is closed

	openConns atomic.Int64
	streams   atomic.Uint64
	refused   atomic.Uint64
	unserved  atomic.Uint64
	expired   atomic.Uint64
	useless   atomic.Uint64
}

func newCore(s *Server, r *reactor.Reactor, i int) *core {
	k := &core{server: s, reactor: r, emptied: make(chan struct{}), spawn: r.Worker, collectRoom: collectRoom}
	k.conns.next, k.conns.prev = &k.conns, &k.conns
	if i < len(s.cfg.Unsent) {
		k.unsent = s.cfg.Unsent[i]
	} else {
		k.unsent = exchange.NewUnsent(r, s.cfg.MaxUnsent, s.cfg.Logger, r.Now)
	}
	if i < len(s.cfg.Queues) {
		k.queue = s.cfg.Queues[i]
	} else {
		k.queue = exchange.NewQueue(r, s.cfg.Arrivals)
	}
	return k
}

// open begins with a connection. While the core drains it is served what its client has sent
// already.
func (k *core) open(d exchange.Descriptor, remote netip.AddrPort) {
	c := newConn(k, d, remote)
	if k.done || k.reactor.Register(d.FD, c) != nil {
		k.reactor.Poller().CloseFD(d.FD)
		d.Closed()
		return
	}
	c.prev, c.next = k.conns.prev, &k.conns
	c.prev.next, c.next.prev = c, c
	c.listed = true
	k.count++
	k.openConns.Add(1)
	c.sendPreface()
	if k.draining.Load() {
		c.drain()
	}
}

// forget closes the descriptor of a connection that has ended.
func (k *core) forget(c *conn) {
	if !c.listed {
		return
	}
	k.reactor.CloseFD(c.socket.FD())
	c.listed = false
	c.prev.next, c.next.prev = c.next, c.prev
	c.prev, c.next = nil, nil
	k.reactor.Disarm(&c.timer)
	k.count--
	k.openConns.Add(-1)
	k.checkEmptied()
	c.given()
}

func (k *core) checkEmptied() {
	if k.count == 0 && k.ending && !k.done {
		k.done = true
		close(k.emptied)
	}
}

// drain lets no more streams begin.
func (k *core) drain() {
	if !k.draining.Swap(true) {
		k.each(func(c *conn) { c.drain() })
	}
}

// end is drain, and waits for the last connection.
func (k *core) end() {
	k.drain()
	k.ending = true
	k.checkEmptied()
}

// cutOff ends every connection. Streams that wait for a goroutine get none.
func (k *core) cutOff() {
	k.each(func(c *conn) { c.breakOff(ErrServerClosed) })
	k.queue.Release()
}

// each calls f for every connection; f may close any of them.
func (k *core) each(f func(*conn)) {
	all := make([]*conn, 0, k.count)
	for c := k.conns.next; c != &k.conns; c = c.next {
		all = append(all, c)
	}
	for _, c := range all {
		if c.listed {
			f(c)
		}
	}
}

// nameTo adds what is being answered to names.
func (k *core) nameTo(names *exchange.Names) {
	namer, ok := k.server.handler.(exchange.Namer)
	if !ok {
		return
	}
	k.each(func(c *conn) {
		for _, s := range c.streams {
			if s.begun {
				names.Add(namer.Name(s.x))
			}
		}
	})
}

// sinceEpoch is the coarse clock of the core; never zero.
func (k *core) sinceEpoch() time.Duration { return k.reactor.Elapsed() + time.Second }

// opening is how the last response of a core began, encoded: what most responses of a second
// share.
//
// Owner: reactor.
type opening struct {
	status      int
	contentType string
	second      int64 // Unix time of the Date in text
	text        []byte
}

// of returns :status, Date, Server and Content-Type, leased until the next call.
func (o *opening) of(k *core, status int, contentType string) []byte {
	now := k.reactor.Now()
	if second := now.Unix(); second != o.second || status != o.status || contentType != o.contentType {
		o.second, o.status, o.contentType = second, status, contentType
		o.text = appendOpening(o.text[:0], now, status, contentType, k.server.cfg.ServerName)
	}
	return o.text
}

// appendOpening encodes how a response begins.
func appendOpening(b []byte, now time.Time, status int, contentType, server string) []byte {
	b = appendStatus(b, status)
	b = appendNamed(b, indexDate, now.UTC().Format(http.TimeFormat))
	if server != "" {
		b = appendNamed(b, indexServer, server)
	}
	if contentType != "" {
		b = appendNamed(b, indexContentType, contentType)
	}
	return b
}

// countExpired counts a connection or stream that ran into a timeout.
func (k *core) countExpired() {
	k.expired.Add(1)
	k.reactor.CountExpired()
}

// countStream counts a stream that begins.
func (k *core) countStream() {
	k.streams.Add(1)
	k.reactor.CountStreams(1)
}

// countRefused counts a stream that may not begin.
func (k *core) countRefused() {
	k.refused.Add(1)
	k.reactor.CountRefused()
}

// countFlood counts a connection that is closed because it made work for nothing.
func (k *core) countFlood() {
	k.useless.Add(1)
	k.reactor.CountUseless()
}
