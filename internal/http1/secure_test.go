package http1

import (
	"crypto"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/test/logged"
)

func secured(t testing.TB) *tls.Config {
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

// TestCallbacksBesideTurns: clients whose certificate has to be got first hold nobody up, such as an authority
// that looks whether the name is this server's.
func TestCallbacksBesideTurns(t *testing.T) {
	for _, callback := range []string{"GetCertificate", "GetConfigForClient"} {
		t.Run(callback, func(t *testing.T) {
			cfg := secured(t)
			certificate := cfg.Certificates[0]
			got, asked := make(chan struct{}), make(chan struct{}, 5)
			find := func(h *tls.ClientHelloInfo) {
				if h.ServerName == "slow" {
					asked <- struct{}{}
					<-got
				}
			}
			if callback == "GetCertificate" {
				cfg.Certificates = nil
				cfg.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { find(h); return &certificate, nil }
			} else {
				cfg.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) { find(h); return nil, nil }
			}
			limits := exchange.Limits{MaxHandshakes: 2, HeadTimeout: time.Minute}
			l := newLive(t, 1, Config{TLS: cfg, Limits: limits}, &site{})
			results := make(chan error, cap(asked))
			for range cap(asked) {
				conn := l.dial()
				go func() { results <- tls.Client(conn, trusting("slow")).Handshake() }()
				<-asked
			}
			require.NoError(t, tls.Client(l.dial(), trusting("fine")).Handshake())
			close(got)
			for range cap(asked) {
				require.NoError(t, <-results)
			}
			for range 5 { // they have given back what they have taken
				require.NoError(t, tls.Client(l.dial(), trusting("fine")).Handshake())
			}
		})
	}
}

// TestNoCertificate: the log says once in a while why clients get no certificate.
func TestNoCertificate(t *testing.T) {
	cfg := secured(t)
	cfg.Certificates = nil
	cfg.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return nil, fmt.Errorf("the authority refuses %s", h.ServerName)
	}
	var log logged.Text
	logger := slog.New(slog.NewTextHandler(&log, nil))
	l := newLive(t, 1, Config{TLS: cfg, Logger: logger, Limits: exchange.Limits{MaxHandshakes: 1}}, &site{})
	for range 5 {
		require.Error(t, tls.Client(l.dial(), trusting("shop.test")).Handshake())
	}
	require.Equal(t, 1, strings.Count(log.String(), "TLS: no certificate"), log.String())
	require.Regexp(t, `level=WARN msg="TLS: no certificate for a client" server_name=shop.test client=127.0.0.1:\d+ error="the authority refuses shop.test" unlogged=0`, log.String())
}

// TestUnsecured: handshakes that fail are counted.
func TestUnsecured(t *testing.T) {
	l := newLive(t, 1, Config{TLS: secured(t)}, &site{})
	for range 3 {
		old := trusting("any")
		old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		require.Error(t, tls.Client(l.dial(), old).Handshake())
	}
	require.NoError(t, tls.Client(l.dial(), trusting("any")).Handshake())
	require.Eventually(t, func() bool { return l.group.Stats()[0].Unsecured == 3 }, 20*time.Second, time.Millisecond)
	require.EqualValues(t, 3, l.server.Stats().Unsecured)
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

// TestHalfOpenHandshakes: clients that stop in the middle of a handshake hold no turn of those
// who go on, however many they are: neither with half of a ClientHello, nor behind all of it.
func TestHalfOpenHandshakes(t *testing.T) {
	limits := exchange.Limits{MaxHandshakes: 4, HeadTimeout: 2 * time.Minute}
	l := newLive(t, 1, Config{TLS: secured(t), Limits: limits}, &site{})
	hello := clientHello(t)
	for i := range 200 {
		said := hello
		if i%2 == 0 {
			said = hello[:len(hello)/2]
		}
		_, err := l.dial().Write(said)
		require.NoError(t, err)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		conn, cfg := l.dial(), trusting("any")
		cfg.MinVersion, cfg.MaxVersion = version, version
		require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)), "a quarter of HeadTimeout")
		require.NoError(t, tls.Client(conn, cfg).Handshake())
	}
}

// TestResumedHandshakes: who has said half, and goes on while all places are taken, waits for one;
// and who runs out of time there takes none along.
func TestResumedHandshakes(t *testing.T) {
	for name, head := range map[string]time.Duration{"gets a place": 2 * time.Minute, "runs out of time": time.Second} {
		t.Run(name, func(t *testing.T) {
			cfg, entered, release := secured(t), make(chan bool, 100), make(chan bool)
			certificate := cfg.Certificates[0]
			cfg.Certificates = nil
			slow := certificate
			slow.PrivateKey = slowKey{certificate.PrivateKey.(crypto.Signer), entered, release}
			cfg.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
				if h.ServerName == "slow" {
					return &slow, nil
				}
				return &certificate, nil
			}
			l := newLive(t, 1, Config{TLS: cfg, Limits: exchange.Limits{MaxHandshakes: 1, HeadTimeout: head}}, &site{})
			fine := func() bool { return tls.Client(l.dial(), trusting("fine")).Handshake() == nil }
			resumed := &halting{Conn: l.dial(), half: make(chan bool), goOn: make(chan bool)}
			result := make(chan error, 1)
			go func() { result <- tls.Client(resumed, trusting("resumed")).Handshake() }()
			<-resumed.half
			require.Eventually(t, fine, 20*time.Second, time.Millisecond, "once this is over the other one has begun")
			go func() {
				for tls.Client(l.dial(), trusting("slow")).Handshake() != nil && len(entered) == 0 { // on a busy machine its time may be over before
				}
			}()
			require.Eventually(t, func() bool { return len(entered) > 0 }, 20*time.Second, time.Millisecond)
			close(resumed.goOn)
			if head == time.Second {
				require.Error(t, <-result)
				close(release)
			} else {
				close(release)
				require.NoError(t, <-result)
			}
			require.Eventually(t, fine, 20*time.Second, time.Millisecond)
		})
	}
}

// slowKey is a key whose signatures take until they are released.
//
// Owner: any (immutable).
type slowKey struct {
	crypto.Signer
	entered, release chan bool
}

func (k slowKey) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.entered <- true
	<-k.release
	return k.Signer.Sign(random, digest, opts)
}

// halting is a connection whose first bytes are written in two halves.
//
// Owner: the client.
type halting struct {
	net.Conn
	half, goOn chan bool
	began      bool
}

func (h *halting) Write(p []byte) (int, error) {
	if h.began {
		return h.Conn.Write(p)
	}
	h.began = true
	n, err := h.Conn.Write(p[:len(p)/2])
	if err != nil {
		return n, err
	}
	close(h.half)
	<-h.goOn
	rest, err := h.Conn.Write(p[n:])
	return n + rest, err
}

// clientHello is the first record that a client sends.
func clientHello(t *testing.T) []byte {
	near, far := net.Pipe()
	defer near.Close()
	go func() { _ = tls.Client(far, trusting("any")).Handshake() }() // fails when near is closed
	hello := make([]byte, 16<<10)
	n, err := near.Read(hello)
	require.NoError(t, err)
	return hello[:n]
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
