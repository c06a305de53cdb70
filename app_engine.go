package fasterapi

import (
	"context"
	"errors"
	"net/netip"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1"
	"github.com/fasterapi/fasterapi/internal/http2"
	"github.com/fasterapi/fasterapi/internal/nethttp"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/reactor"
)

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
	config := http1.Config{Limits: a.cfg.limits(), Logger: a.cfg.Logger, Arrivals: a.arrivals()}
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
		Queues: both.Queues(),
	}, cores, (*dispatcher)(a))
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	addr, err := a.listen(both.Server)
	return both, addr, err
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
