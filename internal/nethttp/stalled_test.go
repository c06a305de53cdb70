package nethttp

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/reactor"
)

// stalling is a client's connection that takes nothing any more once it stalls.
//
// Owner: any (as net.Conn).
type stalling struct {
	net.Conn
	stalls *atomic.Bool
	once   sync.Once
	closed chan struct{}
}

func (s *stalling) Read(p []byte) (int, error) {
	if s.stalls.Load() {
		<-s.closed
		return 0, net.ErrClosed
	}
	return s.Conn.Read(p)
}

func (s *stalling) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Conn.Close()
}

// TestAStalledHTTP2ClientDoesNotHoldItsHandler: the reset of its stream cannot be written
// either, so the time is that of the connection.
func TestAStalledHTTP2ClientDoesNotHoldItsHandler(t *testing.T) {
	group, err := reactor.Start(reactor.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, group.Stop(context.Background())) }()
	synctest.Test(t, func(t *testing.T) {
		broken := make(chan error, 1)
		limits := exchange.Limits{WriteTimeout: 3 * time.Second}
		h := New(pacer{size: 4 << 20}, group, Options{Limits: limits, BrokenOff: func(_ *exchange.Exchange, err error) { broken <- err }})
		listener := pipes{make(chan net.Conn), make(chan struct{})}
		cfg := Config{H2C: true, Limits: limits, Logger: slog.New(slog.DiscardHandler)}
		server := newServer(cfg, h, listener)
		go server.serve(cfg)
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(true)
		stalls := new(atomic.Bool)
		transport := &http.Transport{Protocols: protocols, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := listener.dial(ctx, network, addr)
			return &stalling{Conn: conn, stalls: stalls, closed: make(chan struct{})}, err
		}}
		answer, err := (&http.Client{Transport: transport}).Get("http://a/staged")
		require.NoError(t, err)
		began := time.Now()
		stalls.Store(true)
		require.Error(t, <-broken)
		require.Less(t, time.Since(began), 10*time.Second)
		require.NoError(t, answer.Body.Close())
		transport.CloseIdleConnections()
		require.NoError(t, server.http.Close())
		<-server.served
		time.Sleep(time.Minute) // for what still waits on either side
	})
}
