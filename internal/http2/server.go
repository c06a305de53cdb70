package http2

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/reactor"
)

// ErrServerClosed is the cause of cancellation of exchanges that a closing server cuts off.
var ErrServerClosed = errors.New("http2: the server is closing")

// Config holds the limits of a server. The zero value is ready for use.
//
// Owner: any (immutable after New).
type Config struct {
	exchange.Limits
	// Logger reports faults of the server itself. Default slog.Default().
	Logger *slog.Logger
	// Arrivals hears of requests that come. Default: nobody does.
	Arrivals exchange.Arrivals
	// Unsent counts what waits for clients, by core. Default: one of its own for each.
	Unsent []*exchange.Unsent
	// Queues are where requests wait for a goroutine, by core. Default: one of its own for each.
	Queues []*exchange.Queue
	// Tunnels: clients are told that they may ask for tunnels (RFC 8441), which handlers take
	// over as [exchange.Exchange.TakeDescriptor] does.
	Tunnels bool
	// BeforeCut hears that a shutdown is out of time, before what is left is cut off. Default:
	// nobody does.
	BeforeCut func(cause error)
}

// Server serves HTTP/2 on a set of reactors.
//
// Owner: any (immutable after New; the rest is atomic).
type Server struct {
	cfg     Config
	head    wire.Limits // of a request
	handler exchange.Handler
	cores   []*core
	buffers stream.Buffers
	// lastResponses: each response is to be among the last ones of its connection.
	lastResponses atomic.Bool
}

// New returns a server whose connections live on the given reactors.
func New(cfg Config, reactors []*reactor.Reactor, h exchange.Handler) (*Server, error) {
	limits, err := cfg.Resolve()
	if err != nil {
		return nil, err
	}
	cfg.Limits, cfg.Logger = limits, cmp.Or(cfg.Logger, slog.Default())
	s := &Server{cfg: cfg, handler: h}
	s.head = wire.Limits{HeadBytes: cfg.MaxHead, Headers: cfg.MaxHeaders}
	for i, r := range reactors {
		s.cores = append(s.cores, newCore(s, r, i))
	}
	return s, nil
}

// Take serves a connection that was opened elsewhere, and on which nothing has been written
// but a TLS handshake. r must be one of the reactors of New. Any goroutine.
func (s *Server) Take(r *reactor.Reactor, d exchange.Descriptor, remote netip.AddrPort) {
	k := s.cores[r.Core()]
	if !r.Post(async.TaskFunc(func() { k.open(d, remote) })) {
		poll.CloseFD(d.FD)
		d.Closed()
	}
}

// CloseAfterResponses tells each client, behind its next response, to open no more streams on
// its connection (a GOAWAY that counts none out). Those that it has sent meanwhile are served.
func (s *Server) CloseAfterResponses() { s.lastResponses.Store(true) }

// Drain lets no more streams begin. Connections that are taken over later are told so at once.
func (s *Server) Drain() {
	for _, k := range s.cores {
		k.reactor.Post(async.TaskFunc(k.drain)) // false: it has ended
	}
}

// Shutdown is Drain, and waits until the streams that have begun are answered. When ctx ends
// first, what is left is cancelled and cut off, and the error says what that was. Nobody may
// call Take any more.
func (s *Server) Shutdown(ctx context.Context) error {
	var waits []<-chan struct{}
	for _, k := range s.cores {
		if k.reactor.Post(async.TaskFunc(k.end)) { // else it has ended
			waits = append(waits, k.emptied)
		}
	}
	if err := await(ctx, waits); err != nil {
		if s.cfg.BeforeCut != nil {
			s.cfg.BeforeCut(err)
		}
		return fmt.Errorf("shutdown: HTTP/2 connections were cut off: %w%s", err, s.cut())
	}
	return nil
}

func await(ctx context.Context, events []<-chan struct{}) error {
	for _, event := range events {
		select {
		case <-event:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// cutGrace is how long cutting off waits to learn what was cut, of cores that are not known to be stuck. A core that waits
// for a processor may take a second; DrainDelay and DrainTimeout leave 5 s of the 30 s that Kubernetes gives.
const cutGrace = 2 * time.Second

// cut ends all connections and tells, for a message, what was being answered on the cores
// that turn.
func (s *Server) cut() string {
	var names exchange.Names
	var waits []<-chan struct{}
	for _, k := range s.cores {
		done := make(chan struct{})
		posted := k.reactor.Post(async.TaskFunc(func() {
			k.nameTo(&names)
			k.cutOff()
			close(done)
		}))
		if posted && k.reactor.Stuck() == 0 {
			waits = append(waits, done)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), cutGrace)
	defer cancel()
	_ = await(ctx, waits) // else some names are missing
	return names.String()
}

// Stats are counts since the start, but for Open. Any goroutine may read them.
//
// Owner: any (immutable after New).
type Stats struct {
	Open     int64  // connections open now
	Streams  uint64 // streams that have begun
	Refused  uint64 // streams that were refused, because their connection had too many
	Unserved uint64 // requests that could not be served
	Expired  uint64 // connections and streams that ran into a timeout
	Useless  uint64 // connections that were closed because they made work for nothing
}

// Stats sums the counts of all cores.
func (s *Server) Stats() Stats {
	var sum Stats
	for _, k := range s.cores {
		sum.Open += k.openConns.Load()
		sum.Streams += k.streams.Load()
		sum.Refused += k.refused.Load()
		sum.Unserved += k.unserved.Load()
		sum.Expired += k.expired.Load()
		sum.Useless += k.useless.Load()
	}
	return sum
}
