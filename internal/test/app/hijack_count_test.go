package app_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// A connection that was taken over counts as an open one until it is closed, for MaxConns
// too, on all engines and with both ways to take it.
func TestHijackedConnectionsCount(t *testing.T) {
	secure := fasterapi.Config{TLS: &tls.Config{Certificates: testCertificates}}
	both := secure
	both.NetHTTP = true
	for name, cfg := range map[string]fasterapi.Config{
		"reactor": {}, "reactor TLS": secure, "both on reactors": {H2C: true}, "nethttp": {NetHTTP: true}, "nethttp TLS": both,
	} {
		t.Run(name, func(t *testing.T) { testHijackedConnectionsCount(t, cfg) })
	}
}

// takers are the ways to take a connection over; taken receives what was.
func takers(app *fasterapi.App, taken chan<- net.Conn) {
	app.Get("/ctx", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		conn, _, err := c.Hijack()
		taken <- conn
		return fasterapi.None{}, err
	})
	app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		taken <- conn
	}))
}

func testHijackedConnectionsCount(t *testing.T, cfg fasterapi.Config) {
	cfg.Cores, cfg.HTTP.MaxConns = 1, 1
	taken, served := make(chan net.Conn, 1), make(chan bool, 1)
	app, log := newApp(cfg, func(app *fasterapi.App) {
		takers(app, taken)
		app.Get("/next", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			served <- true
			return "next", nil
		})
	})
	scheme := "http://"
	if cfg.TLS != nil {
		scheme = "https://"
	}
	s := newService(t, scheme+start(t, app), log, cfg.NetHTTP)
	open := func() int64 { return app.Reactors().Stats()[0].OpenConns }
	none := func() bool { return open() == 0 }
	ends := map[string]func(net.Conn){
		"closed":  func(conn net.Conn) { _ = conn.Close(); _ = conn.Close() },
		"dropped": func(net.Conn) {}, // and collected, as its descriptor is
	}
	for how, end := range ends {
		for _, path := range []string{"/ctx", "/mounted"} {
			first := dial(t, s)
			_, err := fmt.Fprintf(first, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path)
			require.NoError(t, err)
			conn := <-taken
			require.Implements(t, (*interface{ CloseWrite() error })(nil), conn, "for those who pass bytes on")
			require.EqualValues(t, 1, open())

			answer := make(chan error, 1)
			go func() { answer <- next(s) }()
			select {
			case <-served:
				t.Fatalf("%s: the next one did not wait for a place", path)
			case <-time.After(50 * time.Millisecond):
			}
			end(conn)
			conn = nil
			for len(answer) == 0 {
				runtime.GC()
				time.Sleep(time.Millisecond)
			}
			require.NoError(t, <-answer, "%s, %s", path, how)
			<-served
			require.Eventually(t, none, 10*time.Second, time.Millisecond, "%s, %s: it has one place, and gives it back once", path, how)
		}
	}
}

// next asks for /next on a connection of its own.
func next(s service) error {
	conn, err := s.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(conn, "GET /next HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// TestHijackedConnectionsAtShutdown: one that was taken over is its taker's. A shutdown
// neither waits for it nor closes it.
func TestHijackedConnectionsAtShutdown(t *testing.T) {
	for name, cfg := range map[string]fasterapi.Config{
		"reactor": {}, "TLS": {TLS: &tls.Config{Certificates: testCertificates}}, "both on reactors": {H2C: true}, "nethttp": {NetHTTP: true},
	} {
		t.Run(name, func(t *testing.T) {
			taken := make(chan net.Conn, 1)
			cfg.Cores = 1
			app, log := newApp(cfg, func(app *fasterapi.App) { takers(app, taken) })
			server, err := app.Start()
			require.NoError(t, err)
			scheme := "http://"
			if cfg.TLS != nil {
				scheme = "https://"
			}
			client := dial(t, newService(t, scheme+server.Addr().String(), log, false))
			_, err = fmt.Fprint(client, "GET /ctx HTTP/1.1\r\nHost: test\r\n\r\n")
			require.NoError(t, err)
			conn := <-taken
			require.NoError(t, server.Shutdown(t.Context()))

			_, err = fmt.Fprintln(conn, "still there")
			require.NoError(t, err)
			line, err := bufio.NewReader(client).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "still there\n", line)
			require.NoError(t, conn.Close(), "its place is given back to an app that has ended")
			require.Zero(t, app.Reactors().Stats()[0].OpenConns)
		})
	}
}
