package nethttp

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
)

// Beside returns a server for connections that somebody else has accepted and secured,
// and whose clients speak HTTP/2. It serves those that [Server.Give] brings.
func Beside(cfg Config, h http.Handler) *Server {
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	g := &given{conns: make(chan *givenConn), closed: make(chan struct{})}
	s := newServer(Config{Limits: cfg.Limits, Logger: cfg.Logger}, h, g)
	s.given = g
	s.http.Protocols.SetHTTP2(true)
	go s.serve(cfg)
	return s
}

// Give serves conn, whose handshake is over. closed is called once it has ended. Any
// goroutine.
func (s *Server) Give(conn *tls.Conn, closed func()) {
	c := &givenConn{Conn: conn, ended: sync.OnceFunc(closed)}
	select {
	case s.given.conns <- c:
	case <-s.given.closed:
		_ = conn.Close()
		c.ended()
	}
}

// given is a listener of connections that were accepted elsewhere.
//
// Owner: any (channels).
type given struct {
	conns  chan *givenConn
	closed chan struct{}
	once   sync.Once
}

// givenConn is one of them.
//
// Owner: any (as net.Conn).
type givenConn struct {
	*tls.Conn
	ended func()
}

// Accept implements [net.Listener].
func (g *given) Accept() (net.Conn, error) {
	select {
	case c := <-g.conns:
		return c, nil
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (g *given) Close() error {
	g.once.Do(func() { close(g.closed) })
	return nil
}

// Addr implements [net.Listener].
func (g *given) Addr() net.Addr { return &net.TCPAddr{} }
