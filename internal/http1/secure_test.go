package http1

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

func secured(t *testing.T) *tls.Config {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	t.Cleanup(s.Close)
	return &tls.Config{Certificates: s.TLS.Certificates}
}

// trusting is a client that takes every certificate.
func trusting(name string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: name, MaxVersion: tls.VersionTLS12} //nolint:gosec // a test
}

// TestPanicsInHandshakes: a callback of the configuration that panics takes no turn with it.
func TestPanicsInHandshakes(t *testing.T) {
	cfg := secured(t)
	certificate := cfg.Certificates[0]
	cfg.Certificates = nil
	cfg.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if h.ServerName == "panic" {
			panic("no such name")
		}
		return &certificate, nil
	}
	l := newLive(t, 1, Config{TLS: cfg, Limits: exchange.Limits{MaxHandshakes: 2}}, &site{})
	for range 4 {
		require.Error(t, tls.Client(l.dial(), trusting("panic")).Handshake())
	}
	require.NoError(t, tls.Client(l.dial(), trusting("fine")).Handshake())
}

// TestTurns: with one handshake at a time all clients get theirs.
func TestTurns(t *testing.T) {
	l := newLive(t, 1, Config{TLS: secured(t), Limits: exchange.Limits{MaxHandshakes: 1}}, &site{})
	results := make(chan error, 40)
	for range cap(results) {
		conn := l.dial()
		go func() { results <- tls.Client(conn, trusting("any")).Handshake() }()
	}
	for range cap(results) {
		select {
		case err := <-results:
			require.NoError(t, err)
		case <-time.After(20 * time.Second):
			t.Fatal("a client did not get its turn")
		}
	}
}

// alert is the type of a record that holds one.
const alert = 21

// TestCloseNotify: behind a response that is whole the client is told that nothing follows,
// behind one that broke off it is not.
func TestCloseNotify(t *testing.T) {
	half := func(x *exchange.Exchange) exchange.Outcome {
		if x.OnReactor() {
			return exchange.Move
		}
		x.Respond(200, "text/plain", nil)
		w, err := x.Open(10)
		if err == nil {
			_, _ = w.Write([]byte("half"))
			_ = w.Flush()
		}
		return exchange.Answered
	}
	l := newLive(t, 1, Config{TLS: secured(t)}, &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{"/half": half}})
	for path, told := range map[string]bool{"/half": false, "/whole": true} {
		wire := &recording{Conn: l.dial()}
		c := tls.Client(wire, trusting("any"))
		_, err := fmt.Fprintf(c, "GET %s HTTP/1.0\r\n\r\n", path)
		require.NoError(t, err)
		_, _ = io.ReadAll(c)
		last := byte(0)
		for b := wire.got; len(b) >= 5; {
			last = b[0]
			b = b[min(len(b), 5+int(b[3])<<8+int(b[4])):]
		}
		require.Equal(t, told, last == alert, path)
	}
}

// recording keeps what a connection has read.
//
// Owner: the test.
type recording struct {
	net.Conn
	got []byte
}

func (r *recording) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.got = append(r.got, p[:n]...)
	return n, err
}
