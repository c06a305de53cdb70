//go:build !race && !invariants

package idle_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// connections is how many are opened at a time; IDLE_CONNECTIONS changes it.
const connections = 200

// streams is how many of them wait on one connection.
const streams = 200

func many(t *testing.T) int {
	t.Helper()
	n := connections
	if set, err := strconv.Atoi(os.Getenv("IDLE_CONNECTIONS")); err == nil {
		n = set
	}
	return n
}

// inUse is the bytes of heap and stacks in use.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // pools give back what they hold in the second one
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// each is what each of n things costs that open opens.
func each(t *testing.T, n int, open func(n int)) int64 {
	t.Helper()
	open(n / 10)
	before := inUse()
	held := holders()
	open(n)
	after := inUse()
	logHolders(t, held, holders(), n)
	return (after - before) / int64(n)
}

// certificate is a configuration with a certificate of a small key: signatures of large ones take
// most of the time.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	require.NoError(t, err)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{signed}, PrivateKey: key}}}
}

// service is an app whose routes are /hello, and two that do not answer; waits counts those
// who wait for them.
//
// Owner: any (immutable after serve; waits is atomic).
type service struct {
	addr  netip.AddrPort
	waits atomic.Int64
}

func serve(t *testing.T, cfg fasterapi.Config) *service {
	t.Helper()
	s := new(service)
	cfg.Addr, cfg.Cores, cfg.Logger, cfg.Overload.Off = "127.0.0.1:0", 1, slog.New(slog.DiscardHandler), true
	app := fasterapi.New(cfg)
	app.Get("/hello", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil }, fasterapi.OnReactor())
	app.GetFuture("/chain", func(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.Text] {
		promise, future := async.NewPromise[fasterapi.Text](nil)
		promise.OnCancel(func() { promise.Fail(context.Canceled) })
		s.waits.Add(1)
		return future
	})
	app.Get("/goroutine", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		s.waits.Add(1)
		<-c.Done()
		return "", c.Err()
	})
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = server.Shutdown(ctx) // it cuts off what waits
	})
	s.addr = netip.MustParseAddrPort(server.Addr().String())
	return s
}

// serveNetHTTP starts a server of net/http.
func serveNetHTTP(t *testing.T) *service {
	t.Helper()
	service := new(service)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/hello" {
			service.waits.Add(1)
			<-r.Context().Done()
		}
		_, _ = w.Write([]byte("hello"))
	}))
	s.EnableHTTP2 = true
	s.TLS = certificate(t)
	s.TLS.NextProtos = []string{"h2", "http/1.1"}
	s.StartTLS()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	service.addr = s.Listener.Addr().(*net.TCPAddr).AddrPort()
	return service
}

// TestIdleConnections measures what a connection costs between its requests, beside net/http.
// Of one over TLS crypto/tls keeps some 6.5 KB: 3.5 KB of buffers, as large as the hello of the
// client was (a key of ML-KEM is in it), 1.8 KB of two ciphers, and its own state.
func TestIdleConnections(t *testing.T) {
	hidden := func(t *testing.T) *service { return serve(t, fasterapi.Config{TLS: certificate(t)}) }
	for _, c := range []struct {
		name, kind string
		serve      func(*testing.T) *service
		most       int64
	}{
		{"TLS", "h1", hidden, 10 << 10},
		{"HTTP2 over TLS", "h2", hidden, 10 << 10},
		{"HTTP2 without TLS", "h2c", func(t *testing.T) *service { return serve(t, fasterapi.Config{H2C: true}) }, 4 << 10},
		{"TLS in net_http", "h1", serveNetHTTP, 60 << 10},
		{"HTTP2 over TLS in net_http", "h2", serveNetHTTP, 90 << 10},
	} {
		t.Run(c.name, func(t *testing.T) { // each with a heap that has nothing of the others
			s, from := c.serve(t), newClients(t)
			got := each(t, many(t), func(n int) { from.order(t, c.kind, s.addr, n) })
			t.Logf("an idle connection: %d bytes", got)
			require.LessOrEqual(t, got, c.most)
		})
	}
}

// TestIdleStreams measures what a stream costs whose handler waits: with all that belongs to
// its request, and on a goroutine with that.
func TestIdleStreams(t *testing.T) {
	hidden := func(t *testing.T) *service { return serve(t, fasterapi.Config{TLS: certificate(t)}) }
	for _, c := range []struct {
		name, path string
		serve      func(*testing.T) *service
		most       int64
	}{
		{"chain", "/chain", hidden, 5 << 10},
		{"goroutine", "/goroutine", hidden, 12 << 10},
		{"net_http", "/goroutine", serveNetHTTP, 60 << 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := waiting(t, c.serve(t), c.path)
			t.Logf("a stream that waits: %d bytes", got)
			require.LessOrEqual(t, got, c.most)
		})
	}
}

// waiting is what a stream costs that waits for path, with its part of the connection.
func waiting(t *testing.T, s *service, path string) int64 {
	t.Helper()
	from := newClients(t)
	before, opened := s.waits.Load(), 0
	return each(t, 10*streams, func(n int) {
		from.order(t, path, s.addr, n)
		opened += n
		require.Eventually(t, func() bool { return s.waits.Load()-before == int64(opened) }, 20*time.Second, time.Millisecond)
	})
}
