package fasterapi

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"

	"github.com/fasterapi/fasterapi/internal/http1"
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

// startEngine serves on the reactors, or through net/http where they cannot.
func (a *App) startEngine() (engine, netip.AddrPort, error) {
	if !a.cfg.H2C {
		engine, addr, err := a.startHTTP1()
		if !errors.Is(err, poll.ErrUnsupported) { // no epoll, no kqueue
			return engine, addr, err
		}
	}
	return a.startNetHTTP()
}

// startHTTP1 serves on the sockets of the reactors.
func (a *App) startHTTP1() (engine, netip.AddrPort, error) {
	var cores []*reactor.Reactor
	for i := range a.reactors.Len() {
		cores = append(cores, a.reactors.Reactor(i))
	}
	config := http1.Config{Limits: a.cfg.limits(), Logger: a.cfg.Logger, Arrivals: a.arrivals()}
	if a.cfg.TLS != nil {
		return a.startSecured(config, cores)
	}
	server, err := http1.New(config, cores, (*dispatcher)(a))
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	addr, err := a.listen(server)
	return server, addr, err
}

// startSecured is startHTTP1 for TLS. Connections whose clients choose HTTP/2 go to
// net/http.
func (a *App) startSecured(config http1.Config, cores []*reactor.Reactor) (_ engine, _ netip.AddrPort, err error) {
	var none netip.AddrPort
	if config.TLS, err = nethttp.Secured(a.cfg.TLS); err != nil {
		return nil, none, err
	}
	both := &engines{}
	config.Other = func(conn *tls.Conn, closed func()) { both.beside.Give(conn, closed) }
	if both.Server, err = http1.New(config, cores, (*dispatcher)(a)); err != nil {
		return nil, none, err
	}
	both.beside = nethttp.Beside(nethttp.Config{Limits: config.Limits, Logger: a.log}, a.Handler())
	addr, err := a.listen(both.Server)
	if err != nil {
		return nil, none, errors.Join(err, both.beside.Shutdown(context.Background()))
	}
	return both, addr, nil
}

// listen makes server accept connections on the listeners that were handed over, or else
// on Config.Addr.
func (a *App) listen(server *http1.Server) (netip.AddrPort, error) {
	if fds := a.takeListeners(); len(fds) > 0 {
		return server.ListenOn(fds)
	}
	return server.Listen(a.cfg.Addr)
}

// engines are the one on the reactors, which accepts, and the one beside it for those
// clients that choose HTTP/2 in their TLS handshake.
//
// Owner: any (immutable once made).
type engines struct {
	*http1.Server
	beside *nethttp.Server
}

// CloseAfterResponses implements engine.
func (e *engines) CloseAfterResponses() {
	e.Server.CloseAfterResponses()
	e.beside.CloseAfterResponses()
}

// Shutdown implements engine.
func (e *engines) Shutdown(ctx context.Context) error {
	other := make(chan error, 1)
	go func() { other <- e.beside.Shutdown(ctx) }()
	return errors.Join(e.Server.Shutdown(ctx), <-other)
}

// startNetHTTP serves through net/http: HTTP/2 without TLS, and platforms without
// epoll or kqueue.
func (a *App) startNetHTTP() (engine, netip.AddrPort, error) {
	return nethttp.Start(nethttp.Config{
		Addr: a.cfg.Addr, Listeners: a.takeListeners(), TLS: a.cfg.TLS, H2C: a.cfg.H2C, Limits: a.cfg.limits(), Logger: a.log,
	}, a.Handler())
}
