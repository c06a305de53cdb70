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
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/fasterapi/fasterapi/internal/nethttp"
	"github.com/fasterapi/fasterapi/internal/restart"
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
// (LISTEN_FDS) are taken over too if their address is that of Config.Addr, and systemd is told
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
	o := ordersOfSignals(a)
	a.limitMemory(memlimit.FromCgroup)
	var err error
	if a.given, err = restart.Take(); err != nil {
		a.log.Error("cannot take over sockets", slog.Any("error", err))
	}
	s, err := a.startUntil(o.stop)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if s == nil { // told to stop before it could serve
		return
	}
	o.serving.Store(true)
	if err := s.until(o); err != nil {
		a.tell(func() { a.log.Error("the shutdown was not complete", slog.Any("error", err)) })
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
	return s.until(&orders{stop: ctx, force: context.WithoutCancel(ctx)})
}

// until serves until it is told to stop, and then ends without losing a request:
// docs/decisions/0021.
func (s *Server) until(o *orders) error {
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
	sleepUntil(o.force, delay)
	drain, cancel := context.WithTimeout(o.force, a.cfg.DrainTimeout)
	defer cancel()
	return s.Shutdown(drain)
}

// untilTold waits until the app is told to stop, or another process has taken its place.
// It returns how long idle connections stay open.
func (s *Server) untilTold(o *orders) (delay time.Duration) {
	a := s.app
	delay = max(0, a.cfg.DrainDelay)
	for {
		select {
		case <-o.restart:
			if s.handOver(o.stop) {
				s.app.tell(func() {
					a.log.Info("draining", slog.Duration("delay", delay), slog.Duration("timeout", a.cfg.DrainTimeout))
				})
				a.further.close()
				_ = s.engine.StopAccepting(o.force) // what it cannot close in time the end of the process closes
				return delay
			}
			continue
		case <-o.stop.Done():
		}
		if o.interrupted() {
			delay = 0
		}
		a.tell(func() {
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
