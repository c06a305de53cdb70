//go:build !race && !invariants

package idle_test

import (
	"context"
	"crypto/tls"
	"log/slog"
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
	"golang.org/x/net/http2"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// connections is how many are opened at a time; IDLE_CONNECTIONS changes it. Both ends of
// each are descriptors of this process.
const connections = 200

// streams is how many of them wait on one connection.
const streams = 200

func many(t testing.TB) int {
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
func each(n int, open func(i int)) int64 {
	for i := range n / 10 {
		open(i)
	}
	before := inUse()
	for i := range n {
		open(n/10 + i)
	}
	return (inUse() - before) / int64(n)
}

func certificate(t testing.TB) *tls.Config {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	t.Cleanup(s.Close)
	return &tls.Config{Certificates: s.TLS.Certificates}
}

// service is an app whose routes are /hello, and two that do not answer; waits counts those
// who wait for them.
//
// Owner: any (immutable after serve; waits is atomic).
type service struct {
	addr  netip.AddrPort
	waits atomic.Int64
}

func serve(t testing.TB, cfg fasterapi.Config) *service {
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
func serveNetHTTP(t testing.TB) *service {
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
	s.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	s.StartTLS()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	service.addr = s.Listener.Addr().(*net.TCPAddr).AddrPort()
	return service
}

// TestIdleConnections measures what a connection costs between its requests, beside net/http.
// Of one over TLS crypto/tls keeps some 6.5 KB: 3.8 KB of buffers, as large as the hello of the
// client was (a key of ML-KEM is in it), 1.8 KB of two ciphers, and its own state.
func TestIdleConnections(t *testing.T) {
	n := many(t)
	opening := func(speaks func(net.Conn)) func(*service) func(int) {
		return func(s *service) func(int) {
			return func(int) {
				conn := dial(t, s.addr)
				speaks(conn)
				leave(t, conn)
			}
		}
	}
	overTLS := opening(func(conn net.Conn) { getHTTP1(t, secure(t, conn, "http/1.1")) })
	overHTTP2 := opening(func(conn net.Conn) { speak(t, secure(t, conn, "h2")) })
	overH2C := opening(func(conn net.Conn) { speak(t, conn) })
	hidden, plain, other := serve(t, fasterapi.Config{TLS: certificate(t)}), serve(t, fasterapi.Config{H2C: true}), serveNetHTTP(t)
	for _, c := range []struct {
		name       string
		ours, most int64
		theirs     int64
	}{
		{"TLS", each(n, overTLS(hidden)), 12 << 10, each(n, overTLS(other))},
		{"HTTP/2 over TLS", each(n, overHTTP2(hidden)), 18 << 10, each(n, overHTTP2(other))},
		{"HTTP/2 without TLS", each(n, overH2C(plain)), 6 << 10, 0},
	} {
		t.Logf("an idle connection, %s: %d bytes; net/http: %d", c.name, c.ours, c.theirs)
		require.LessOrEqual(t, c.ours, c.most, c.name)
	}
}

// TestIdleStreams measures what a stream costs whose handler waits: with all that belongs to
// its request, and on a goroutine with that.
func TestIdleStreams(t *testing.T) {
	app, other := serve(t, fasterapi.Config{TLS: certificate(t)}), serveNetHTTP(t)
	theirs := waiting(t, other, "/goroutine")
	for path, most := range map[string]int64{"/chain": 5 << 10, "/goroutine": 12 << 10} {
		got := waiting(t, app, path)
		t.Logf("a stream that waits, %s: %d bytes; net/http: %d", path, got, theirs)
		require.LessOrEqual(t, got, most, path)
	}
}

// waiting is what a stream costs that waits for path, on connections that are there before.
func waiting(t testing.TB, s *service, path string) int64 {
	t.Helper()
	const n = 10 * streams
	framers := make([]*http2.Framer, n*11/10/streams)
	for i := range framers {
		conn := dial(t, s.addr)
		t.Cleanup(func() { _ = conn.Close() })
		framers[i] = speak(t, secure(t, conn, "h2"))
	}
	before, opened := s.waits.Load(), 0
	return each(n, func(int) {
		request(t, framers[opened/streams], uint32(3+2*(opened%streams)), path)
		if opened++; opened == n/10 || opened == n*11/10 {
			require.Eventually(t, func() bool { return s.waits.Load()-before == int64(opened) }, 20*time.Second, time.Millisecond)
		}
	})
}
