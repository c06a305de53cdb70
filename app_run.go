package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1"
	"github.com/fasterapi/fasterapi/internal/http2"
	"github.com/fasterapi/fasterapi/internal/nethttp"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/process"
	"github.com/fasterapi/fasterapi/internal/restart"
	"github.com/fasterapi/fasterapi/reactor"
)

// Server is a started App.
//
// Owner: any (immutable once made).
type Server struct {
	app    *App
	engine engine
	addr   netip.AddrPort
}

// Addr is the address that the server listens on; it is not valid for a unix socket.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Shutdown stops accepting connections, ends event streams and WebSockets, lets
// requests in flight and their background tasks finish, and stops the app (see
// [App.Stop]). When ctx ends first, what is left is cut off and an error says so.
func (s *Server) Shutdown(ctx context.Context) error {
	s.app.drain.announce()
	return errors.Join(s.engine.Shutdown(ctx), s.app.Stop(ctx))
}

// Run serves the app until SIGTERM or SIGINT. Then it goes on for Config.DrainDelay
// while it tells everybody to leave (SIGINT: it does not), and lets requests in flight
// finish for Config.DrainTimeout; a second signal does not wait for anything.
//
// SIGUSR2 starts the program anew, from its file, with the same arguments and
// environment, and hands it the listeners. Once it has started and its health checks do
// not fail, it serves, and this process accepts no more and ends as above. If it fails, or takes
// longer than Config.RestartTimeout, this process goes on. Sockets that systemd has opened
// (LISTEN_FDS) are taken over too if their address is that of Config.Addr or of an [App.Listen], and systemd is told
// of each stage (sd_notify) and of the reactors' turning (WatchdogSec).
//
// The garbage collector keeps the memory below nine tenths of the limit of the container
// (cgroup), unless GOMEMLIMIT is set.
//
// The exit status of the process:
//
//   - 0: it has served, and the shutdown was complete, or another process has taken its
//     place. Or a signal came before it
//     could serve: then it never did, and what had been started was undone (see
//     [App.OnStart]).
//   - 1: it could not start, and says why on standard error; or the shutdown was
//     not complete within Config.DrainTimeout or until a second signal, or a hook
//     failed: the log says what, with the routes that were cut off.
//   - 2: a reactor was stuck (Config.StuckLimit).
//
// Where the variable FASTERAPI_DESCRIBE names a file, Run writes to it what the app is, for
// tools, and returns: nothing is started (docs/decisions/0022-an-app-describes-itself.md).
func (a *App) Run() {
	o := process.TakeSignals(a.log)
	process.LimitMemory(a.log, memlimit.FromCgroup)
	var err error
	if a.given, err = restart.Take(); err != nil {
		a.log.Error("cannot take over sockets", slog.Any("error", err))
	}
	a.sortListeners()
	s, err := a.startUntil(o.Stop)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if s == nil { // told to stop before it could serve
		return
	}
	o.Serving.Store(true)
	if err := s.until(o); err != nil {
		process.Tell(func() { a.log.Error("the shutdown was not complete", slog.Any("error", err)) })
		os.Exit(1)
	}
}

// Serve serves the app until ctx ends. Then it goes on for Config.DrainDelay while it
// tells everybody to leave, and lets requests in flight finish for Config.DrainTimeout.
// When ctx ends before it serves, it never does; see [App.OnStart].
func (a *App) Serve(ctx context.Context) error {
	s, err := a.startUntil(ctx)
	if s == nil {
		return err
	}
	return s.until(&process.Orders{Stop: ctx, Force: context.WithoutCancel(ctx)})
}

// until serves until it is told to stop, and then ends without losing a request:
// docs/decisions/0021.
func (s *Server) until(o *process.Orders) error {
	a := s.app
	attrs := []any{slog.String("title", a.cfg.Title), slog.String("address", s.address()), slog.Int("reactors", a.reactors.Len())}
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		attrs = append(attrs, slog.Int64("memory_limit", limit))
	}
	if page := s.docsURL(); page != "" {
		attrs = append(attrs, slog.String("docs", page))
	}
	a.log.Info("serving", attrs...)
	s.announce()
	delay := s.untilTold(o)
	s.engine.CloseAfterResponses()
	sleepUntil(o.Force, delay)
	drain, cancel := context.WithTimeout(o.Force, a.cfg.DrainTimeout)
	defer cancel()
	return s.Shutdown(drain)
}

// untilTold waits until the app is told to stop, or another process has taken its place.
// It returns how long idle connections stay open.
func (s *Server) untilTold(o *process.Orders) (delay time.Duration) {
	a := s.app
	delay = max(0, a.cfg.DrainDelay)
	for {
		select {
		case <-o.Restart:
			if s.handOver(o.Stop) {
				process.Tell(func() {
					a.log.Info("draining", slog.Duration("delay", delay), slog.Duration("timeout", a.cfg.DrainTimeout))
				})
				a.further.close()
				_ = s.engine.StopAccepting(o.Force) // what it cannot close in time the end of the process closes
				return delay
			}
			continue
		case <-o.Stop.Done():
		}
		if o.Interrupted() {
			delay = 0
		}
		process.Tell(func() {
			a.log.Info("draining", slog.Duration("delay", delay), slog.Duration("timeout", a.cfg.DrainTimeout))
		})
		a.notify("STOPPING=1")
		a.drain.leaving.Store(true)
		return delay
	}
}

// sleepUntil waits for d, or until ctx ends.
func sleepUntil(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// address is where the server listens, as Config.Addr says it.
func (s *Server) address() string {
	if !s.addr.IsValid() {
		return s.app.cfg.Addr
	}
	return s.addr.String()
}

// docsURL is where a browser on this machine finds the page of the document, "" when
// none is served.
func (s *Server) docsURL() string {
	if s.app.docs.page == "" || !s.addr.IsValid() {
		return ""
	}
	scheme, host := "http", s.addr
	if s.app.cfg.TLS != nil {
		scheme = "https"
	}
	if !host.Addr().IsValid() || host.Addr().IsUnspecified() {
		return fmt.Sprintf("%s://localhost:%d%s", scheme, host.Port(), s.app.docs.page)
	}
	return scheme + "://" + host.String() + s.app.docs.page
}

// Start serves the app in the background, on Config.Addr. The error says why
// it cannot: a port in use, mistakes in the configuration, or a
// [RegistrationError].
func (a *App) Start() (*Server, error) { return a.startServer(context.Background()) }

// startUntil is Start. When ctx ends before it is done, there is no server; the
// error is nil if all that was started is undone. Nor is there one when the
// environment asks for a description of the app.
func (a *App) startUntil(ctx context.Context) (*Server, error) {
	if asked, err := a.describeIfAsked(); asked {
		return nil, err
	}
	s, err := a.startServer(ctx)
	if errors.Is(err, errStartEnded) {
		a.log.Info("stopped before it could serve")
		return nil, a.Stop(ctx) // it has stopped: this tells how that went
	}
	return s, err
}

// startServer is Start until ctx ends: then the error is errStartEnded.
func (a *App) startServer(ctx context.Context) (*Server, error) {
	s := &Server{app: a}
	err := a.start(ctx)
	if err == nil && ctx.Err() != nil { // between the last hook and here
		err = errors.Join(errStartEnded, a.undo(a.Stop))
	}
	if err != nil {
		return nil, err
	}
	if err := a.awaitHealthy(ctx); err != nil {
		return nil, errors.Join(err, a.undo(a.Stop))
	}
	if s.engine, s.addr, err = a.startEngine(); err != nil {
		return nil, errors.Join(err, a.undo(a.Stop))
	}
	return s, nil
}

// Handler returns the app as an http.Handler: the net/http engine, with the
// same routes and the same behaviour as Run. It panics with a
// [RegistrationError] when the routes have mistakes, or with the error of what
// could not start (a provider, an OnStart hook). [App.Stop] ends what it starts.
func (a *App) Handler() http.Handler {
	if err := a.start(context.Background()); err != nil {
		panic(err)
	}
	return nethttp.New((*dispatcher)(a), a.reactors, nethttp.Options{
		Limits: a.cfg.limits(), BrokenOff: (*dispatcher)(a).brokenOff, Arrivals: a.arrivals(), Logger: a.log,
	})
}

// engine serves the app on one address.
type engine interface {
	CloseAfterResponses()
	StopAccepting(ctx context.Context) error
	Listeners() ([]int, error)
	Shutdown(ctx context.Context) error
}

// startEngine serves on the reactors, or through net/http where they cannot, or shall not.
func (a *App) startEngine() (engine, netip.AddrPort, error) {
	if a.cfg.NetHTTP {
		return a.startNetHTTP()
	}
	engine, addr, err := a.startOnReactors()
	if !errors.Is(err, poll.ErrUnsupported) { // no epoll, no kqueue
		return engine, addr, err
	}
	return a.startNetHTTP()
}

// startOnReactors serves on the sockets of the reactors.
func (a *App) startOnReactors() (engine, netip.AddrPort, error) {
	var cores []*reactor.Reactor
	for i := range a.reactors.Len() {
		cores = append(cores, a.reactors.Reactor(i))
	}
	config := http1.Config{Limits: a.cfg.limits(), Logger: a.log, Arrivals: a.arrivals()}
	both := &engines{}
	var err error
	if config.TLS, err = nethttp.Secured(a.cfg.TLS); err != nil {
		return nil, netip.AddrPort{}, err
	}
	if a.cfg.TLS != nil || a.cfg.H2C {
		config.HTTP2 = func(r *reactor.Reactor, d exchange.Descriptor, remote netip.AddrPort) { both.http2.Take(r, d, remote) }
	}
	if both.Server, err = http1.New(config, cores, (*dispatcher)(a)); err != nil {
		return nil, netip.AddrPort{}, err
	}
	if config.HTTP2 == nil {
		addr, err := a.listen(both.Server)
		return both.Server, addr, err
	}
	both.http2, err = http2.New(http2.Config{
		Limits: config.Limits, Logger: config.Logger, Arrivals: config.Arrivals, Unsent: both.Unsent(),
		Queues: both.Queues(), Tunnels: a.offersTunnels(), BeforeCut: a.drain.cutSockets,
	}, cores, (*dispatcher)(a))
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	addr, err := a.listen(both.Server)
	return both, addr, err
}

// offersTunnels tells whether clients hear that they may open WebSockets over HTTP/2. Browsers that
// hear of it open all those of the host so, and fall back to nothing; but mounted handlers take over
// connections of HTTP/1.1 only.
func (a *App) offersTunnels() bool {
	return slices.ContainsFunc(a.routes, (*route).isSocket) && !slices.ContainsFunc(a.routes, (*route).isMounted)
}

// listen makes server accept connections on the listeners that were handed over, or else
// on Config.Addr.
func (a *App) listen(server *http1.Server) (netip.AddrPort, error) {
	if fds := a.takeListeners(); len(fds) > 0 {
		return server.ListenOn(fds)
	}
	return server.Listen(a.cfg.Addr)
}

// engines are both that are on the reactors: HTTP/1.1, which accepts, and HTTP/2, which gets the
// connections of clients that speak it.
//
// Owner: any (immutable once made).
type engines struct {
	*http1.Server
	http2 *http2.Server
}

// CloseAfterResponses implements engine.
func (e *engines) CloseAfterResponses() {
	e.Server.CloseAfterResponses()
	e.http2.CloseAfterResponses()
}

// Shutdown implements engine. HTTP/1.1 goes first: until it has ended it may hand a connection
// over.
func (e *engines) Shutdown(ctx context.Context) error {
	e.http2.Drain()
	err := e.Server.Shutdown(ctx)
	return errors.Join(err, e.http2.Shutdown(ctx))
}

// startNetHTTP serves through net/http.
func (a *App) startNetHTTP() (engine, netip.AddrPort, error) {
	return nethttp.Start(nethttp.Config{
		Addr: a.cfg.Addr, Listeners: a.takeListeners(), TLS: a.cfg.TLS, H2C: a.cfg.H2C, Limits: a.cfg.limits(), Logger: a.log,
	}, a.Handler())
}
