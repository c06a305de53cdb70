package nethttp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll"
)

// Config says how to listen.
type Config struct {
	Addr string // "host:port"
	// Listeners are open already, and the server's from Start on: one, in place of Addr.
	Listeners []int
	TLS       *tls.Config
	H2C       bool // HTTP/2 without TLS, beside HTTP/1.1
	// Limits are those of connections and heads. net/http reads up to twice MaxHead, so
	// that the handler can answer what is too long; beyond that net/http does. MaxConns
	// connections for each reactor of the handler may be open; more wait to be accepted.
	Limits exchange.Limits
	Logger *slog.Logger // default slog.Default()
}

// Server is a running net/http server.
//
// Owner: any (immutable after New).
type Server struct {
	http    *http.Server
	limited *limited
	// listener is below limited, and TLS.
	listener *net.TCPListener
	served   chan struct{}
	// names lists what is being answered.
	names func() string
	// lastResponses tells the handler; notAccepting: the listener was closed.
	lastResponses func()
	notAccepting  atomic.Bool
}

// Start listens and serves h in the background. It returns the bound address.
func Start(cfg Config, h http.Handler) (*Server, netip.AddrPort, error) {
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	config, err := Secured(cfg.TLS)
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	cfg.TLS = config
	listener, err := listen(cfg)
	if err != nil {
		return nil, netip.AddrPort{}, fmt.Errorf("listen on %s: %w", cfg.Addr, err)
	}
	s := newServer(cfg, h, listener)
	s.listener, _ = listener.(*net.TCPListener)
	go s.serve(cfg)
	addr, err := netip.ParseAddrPort(listener.Addr().String())
	return s, addr, err
}

// listen opens the listener, or takes over the one that was handed over.
func listen(cfg Config) (net.Listener, error) {
	switch len(cfg.Listeners) {
	case 0:
		if strings.HasPrefix(cfg.Addr, "unix:") {
			return nil, errors.New("unix sockets are served by the reactors, which this platform does not have")
		}
		return net.Listen("tcp", cfg.Addr)
	case 1:
		file := os.NewFile(uintptr(cfg.Listeners[0]), "listener")
		defer file.Close() // package net has its own
		return net.FileListener(file)
	}
	for _, fd := range cfg.Listeners {
		poll.CloseFD(fd)
	}
	return nil, fmt.Errorf("Config.NetHTTP takes over one listener, not the %d of the reactors: stop and start", len(cfg.Listeners))
}

// Listeners returns a second descriptor of the open listener. It is the caller's.
func (s *Server) Listeners() ([]int, error) {
	raw, err := s.listener.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	if controlErr := raw.Control(func(original uintptr) { fd, err = poll.Dup(int(original)) }); controlErr != nil {
		return nil, controlErr
	}
	if err != nil {
		return nil, err
	}
	return []int{fd}, nil
}

func newServer(cfg Config, h http.Handler, listener net.Listener) *Server {
	config := cfg.TLS
	if config != nil { // not by net/http, which would hide the connections that are watched
		listener = tls.NewListener(listener, config)
	}
	limits, _ := cfg.Limits.Resolve() // the app has checked them
	engine, ours := h.(*Handler)
	if ours {
		limits.MaxConns *= engine.reactors.Len()
	}
	limited := limit(listener, limits.MaxConns)
	s := &Server{limited: limited, served: make(chan struct{}), http: &http.Server{
		DisableGeneralOptionsHandler: true, // OPTIONS * goes the way of all requests
		Handler:                      h,
		TLSConfig:                    config,
		ReadHeaderTimeout:            limits.HeadTimeout,
		IdleTimeout:                  limits.IdleTimeout,
		MaxHeaderBytes:               2 * limits.MaxHead,
		ErrorLog:                     newErrorLog(cfg.Logger),
		ConnState:                    limited.note,
		ConnContext:                  withWatch,
		Protocols:                    new(http.Protocols),
		// A stream that times out is only known to be over once that could be written.
		HTTP2: &http.HTTP2Config{WriteByteTimeout: limits.WriteTimeout, MaxConcurrentStreams: limits.MaxStreams},
	}}
	s.names, s.lastResponses = func() string { return "" }, func() {}
	if ours {
		s.names = engine.names
		s.lastResponses = func() { engine.lastResponses.Store(true) }
		limited.handler = engine
	}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetHTTP2(cfg.TLS != nil)
	s.http.Protocols.SetUnencryptedHTTP2(cfg.H2C)
	return s
}

// Secured returns config for a server of HTTP/2 and HTTP/1.1, nil for nil. It refuses one
// without a certificate.
func Secured(config *tls.Config) (*tls.Config, error) {
	if config == nil {
		return nil, nil
	}
	if len(config.Certificates) == 0 && config.GetCertificate == nil && config.GetConfigForClient == nil {
		return nil, errors.New("the TLS configuration has no certificate")
	}
	config = config.Clone()
	protocols := slices.Clone(config.NextProtos)
	for _, name := range []string{"h2", "http/1.1"} {
		if !slices.Contains(protocols, name) {
			protocols = append(protocols, name)
		}
	}
	config.NextProtos = protocols
	return config, nil
}

func (s *Server) serve(cfg Config) {
	defer close(s.served)
	err := s.http.Serve(s.limited)
	if !errors.Is(err, http.ErrServerClosed) && !s.notAccepting.Load() {
		cfg.Logger.Error("the server has stopped", slog.String("error", err.Error()))
	}
}

// freshGrace is how long a connection without a request may take to send one
// when the server shuts down: net/http gives it 5 s, the other engine looks once.
const freshGrace = 250 * time.Millisecond

// CloseAfterResponses lets each connection close behind its next response, which
// says so (HTTP/2: GOAWAY). Idle ones stay open until then, and new ones are accepted.
func (s *Server) CloseAfterResponses() { s.lastResponses() }

// StopAccepting closes the listener and leaves the connections as they are.
func (s *Server) StopAccepting(context.Context) error {
	s.notAccepting.Store(true)
	return s.limited.Close()
}

// Shutdown stops accepting and waits for the requests in flight. When ctx ends
// first their connections are closed, and the error says whose they were.
func (s *Server) Shutdown(ctx context.Context) error {
	defer time.AfterFunc(freshGrace, s.limited.closeFresh).Stop()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("shutdown: connections were cut off: %w%s", err, s.names()), s.http.Close())
	}
	<-s.served
	return err
}
