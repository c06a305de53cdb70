package http1

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/reactor"
)

// backlog is the length of the accept queue asked for; the kernel caps it at
// net.core.somaxconn (4096 since Linux 5.4).
const backlog = 4096

// ErrServerClosed is the cause of cancellation of exchanges that a closing
// server cuts off.
var ErrServerClosed = errors.New("http1: the server is closing")

// Server serves HTTP/1.1 on a set of reactors.
//
// Owner: any (immutable after New; the rest is atomic).
type Server struct {
	cfg        Config
	head       wire.Limits // of a request
	handler    exchange.Handler
	cores      []*core
	serverLine []byte
	buffers    stream.Buffers
	exchanges  sync.Pool
	// full: accepting has stopped at MaxConns.
	full atomic.Bool
	// lastResponses: each response is the last one of its connection.
	lastResponses atomic.Bool
}

// New returns a server whose connections live on the given reactors. Nothing
// happens until Listen.
func New(cfg Config, reactors []*reactor.Reactor, h exchange.Handler) (*Server, error) {
	limits, err := cfg.Resolve()
	if err != nil {
		return nil, err
	}
	cfg.Limits, cfg.Logger = limits, cmp.Or(cfg.Logger, slog.Default())
	cfg.TLS = aside(cfg.TLS, cfg.Logger)
	s := &Server{cfg: cfg, handler: h}
	s.head = wire.Limits{HeadBytes: cfg.MaxHead, Headers: cfg.MaxHeaders}
	if s.cfg.ServerName != "" {
		s.serverLine, _ = wire.AppendHeader(nil, "Server", s.cfg.ServerName)
	}
	for _, r := range reactors {
		k := newCore(s, r)
		k.unwatch = r.WhileStuck(k.whileStuck)
		s.cores = append(s.cores, k)
	}
	return s, nil
}

// Listen accepts TCP connections on addr ("host:port"; port 0: any free one)
// and returns the bound address. Every reactor gets a listener of its own
// (SO_REUSEPORT), so the kernel spreads new connections; with other processes
// the port is not shared.
func (s *Server) Listen(addr string) (netip.AddrPort, error) {
	bound := netip.AddrPort{}
	share := len(s.cores) > 1
	if share {
		if err := poll.Vacant(addr); err != nil {
			return bound, err
		}
	}
	for _, k := range s.cores {
		fd, at, err := poll.Listen(addr, share, backlog)
		if err != nil {
			s.stopListening()
			return bound, err
		}
		if err := k.listen(fd); err != nil {
			k.reactor.Poller().CloseFD(fd)
			s.stopListening()
			return bound, fmt.Errorf("listen on %s: %w", addr, err)
		}
		if !at.IsValid() {
			return bound, nil // a unix socket has one listener, for all cores
		}
		if !bound.IsValid() {
			bound, addr = at, at.String()
		}
	}
	return bound, nil
}

// ListenOn accepts connections on listeners that are open already: that of index i for
// core i, those beyond the cores for the first ones again. It returns the address of
// the first. They are the server's from then on, also when it fails.
func (s *Server) ListenOn(fds []int) (netip.AddrPort, error) {
	var bound netip.AddrPort
	for i, fd := range fds {
		at, err := poll.Adopt(fd)
		if err == nil {
			err = s.cores[i%len(s.cores)].listen(fd)
		}
		if err != nil {
			for _, rest := range fds[i:] {
				poll.CloseFD(rest)
			}
			s.stopListening()
			return bound, fmt.Errorf("listen on what was handed over: %w", err)
		}
		if i == 0 {
			bound = at
		}
	}
	return bound, nil
}

// Listeners returns second descriptors of the open listeners, in the order of the
// cores. They are the caller's.
func (s *Server) Listeners() (fds []int, err error) {
	for _, k := range s.cores {
		for _, l := range k.openListeners() {
			fd, dupErr := l.dup()
			if dupErr == nil {
				fds = append(fds, fd)
			}
			err = errors.Join(err, dupErr)
		}
	}
	return fds, err
}

// listen starts accepting on fd. It runs on any goroutine and waits for the
// reactor.
func (k *core) listen(fd int) error {
	result := make(chan error, 1)
	posted := k.reactor.Post(async.TaskFunc(func() { result <- k.startListener(fd) }))
	if !posted {
		return ErrServerClosed
	}
	return <-result
}

func (k *core) startListener(fd int) error {
	l := &listener{core: k, fd: fd}
	l.retry.Task = l
	if err := k.reactor.Register(fd, l); err != nil {
		return err
	}
	l.registered = true
	k.listening.Lock()
	k.listening.all = append(k.listening.all, l)
	k.listening.Unlock()
	l.Run() // connections may wait already
	return nil
}

// stopListening ends a Listen that failed half-way.
func (s *Server) stopListening() {
	for _, k := range s.cores {
		k.reactor.Post(async.TaskFunc(k.closeListeners))
	}
}

// CloseAfterResponses lets each connection close behind its next response, which
// says so. Idle ones stay open until then, and new ones are accepted: a client
// that is about to use one loses no request.
func (s *Server) CloseAfterResponses() { s.lastResponses.Store(true) }

// StopAccepting closes the listeners, behind what waits in their queues, and leaves
// the connections as they are. It fails when ctx ends first; they are closed all
// the same.
func (s *Server) StopAccepting(ctx context.Context) error {
	var waits []<-chan struct{}
	for _, k := range s.cores {
		waits = append(waits, k.do(k.closeListeners))
	}
	return s.awaitClosed(ctx, waits)
}

// Shutdown stops accepting, closes idle connections and waits until the
// others have had their current response. When ctx ends first, what is left
// is cancelled and cut off, and the error says what that was.
func (s *Server) Shutdown(ctx context.Context) error {
	// Said at once for all cores: one that is told to drain a little later must not
	// promise in a response that its connection stays open.
	s.CloseAfterResponses()
	// All listeners first: they may give their last connections to any core,
	// which must not have come to its end before.
	err := s.StopAccepting(ctx)
	var waits []<-chan struct{}
	for _, k := range s.cores {
		if k.reactor.Post(async.TaskFunc(k.drain)) { // else it has ended
			waits = append(waits, k.emptied)
		}
	}
	if err == nil {
		err = await(ctx, waits)
	}
	for _, k := range s.cores {
		k.unwatch()
	}
	if err != nil {
		return fmt.Errorf("shutdown: connections were cut off: %w%s", err, s.cut())
	}
	return nil
}

// do runs fn on the reactor and closes the channel when it has.
func (k *core) do(fn func()) <-chan struct{} {
	done := make(chan struct{})
	if !k.reactor.Post(async.TaskFunc(func() { fn(); close(done) })) {
		close(done)
	}
	return done
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

// Unsent is what counts the bytes that wait for clients, by core, for those who write on the
// same reactors.
func (s *Server) Unsent() []*exchange.Unsent {
	all := make([]*exchange.Unsent, len(s.cores))
	for i, k := range s.cores {
		all[i] = k.unsent
	}
	return all
}

// Stats are counts since the start, but for Open. Any goroutine may read them.
//
// Owner: any (a plain value).
type Stats struct {
	Open     int64  // connections open now
	Accepted uint64 // connections accepted
	Refused  uint64 // requests that could not be understood, or were too large or too slow
	Expired  uint64 // connections that ran into a timeout
	// Unsecured counts TLS handshakes that have failed.
	Unsecured uint64
}

// Stats sums the counts of all cores.
func (s *Server) Stats() Stats {
	var sum Stats
	for _, k := range s.cores {
		sum.Open += k.reactor.OpenConns()
		sum.Accepted += k.accepted.Load()
		sum.Refused += k.refused.Load()
		sum.Expired += k.expired.Load()
		sum.Unsecured += k.unsecured.Load()
	}
	return sum
}

// leastLoaded is the core with the fewest open connections; one that is stuck
// only if all are.
func (s *Server) leastLoaded() *core {
	best := s.cores[0]
	for _, k := range s.cores[1:] {
		if k.reactor.Lighter(best.reactor) {
			best = k
		}
	}
	return best
}

// room returns a core that may take one more connection: k, which was the least
// loaded, if it can. When none may (nil), closing connections call retryAccept.
func (s *Server) room(k *core) *core {
	most := int64(s.cfg.MaxConns)
	if k.reactor.OpenConns() < most {
		return k
	}
	s.full.Store(true)
	// One may have closed just before full was set, on any core: then nobody
	// would call.
	if k = s.leastLoaded(); k.reactor.OpenConns() < most {
		return k
	}
	return nil
}

// retryAccept lets every listener try again after MaxConns was reached.
func (s *Server) retryAccept() {
	if !s.full.CompareAndSwap(true, false) {
		return
	}
	for _, k := range s.cores {
		k.reactor.Post(async.TaskFunc(func() {
			for _, l := range k.openListeners() {
				l.Run()
			}
		}))
	}
}

// acquire returns an exchange that is ready for a request.
func (s *Server) acquire() *exchange.Exchange {
	if x, ok := s.exchanges.Get().(*exchange.Exchange); ok {
		return x
	}
	return new(exchange.Exchange)
}
