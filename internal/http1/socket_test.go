package http1

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
	"github.com/fasterapi/fasterapi/reactor"
)

// Tests on real sockets and real goroutines. They do not sleep: what they wait
// for is an event of the other side.

// live is a server on the loopback interface.
//
// Owner: the test's goroutine.
type live struct {
	t      testing.TB
	server *Server
	group  *reactor.Group
	addr   string
}

func newLive(t testing.TB, cores int, cfg Config, h exchange.Handler) *live {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = silent()
	}
	group, err := reactor.Start(reactor.Config{Cores: cores, Logger: silent()})
	require.NoError(t, err)
	var reactors []*reactor.Reactor
	for i := range group.Len() {
		reactors = append(reactors, group.Reactor(i))
	}
	server, err := New(cfg, reactors, h)
	require.NoError(t, err)
	addr, err := server.Listen("127.0.0.1:0")
	require.NoError(t, err)
	l := &live{t: t, server: server, group: group, addr: addr.String()}
	t.Cleanup(l.stop)
	return l
}

func (l *live) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_ = l.server.Shutdown(ctx)
	require.NoError(l.t, l.group.Stop(ctx))
}

func (l *live) dial() *net.TCPConn {
	l.t.Helper()
	c, err := net.Dial("tcp", l.addr)
	require.NoError(l.t, err)
	require.NoError(l.t, c.SetDeadline(time.Now().Add(20*time.Second)))
	l.t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// eventually waits for what another goroutine does.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("it did not come to pass: " + what)
		}
	}
}

// liveSite has routes that stream.
func liveSite() *site {
	s := &site{}
	s.routes = map[string]func(*exchange.Exchange) exchange.Outcome{
		"/w": onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "w"+string(x.Body)) }),
		"/stream/echo": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			return pour(x, -1, func(w exchange.BodyWriter) error {
				from := x.BodyReader
				if from == nil {
					from = bytes.NewReader(x.Body)
				}
				_, err := io.Copy(struct{ io.Writer }{w}, from)
				return err
			})
		}),
		"/known": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			return pour(x, 10, func(w exchange.BodyWriter) error { _, err := io.WriteString(w, "0123456789"); return err })
		}),
		"/short": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			return pour(x, 10, func(w exchange.BodyWriter) error { _, err := io.WriteString(w, "012345678"); return err })
		}),
		"/broken": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			return pour(x, -1, func(w exchange.BodyWriter) error {
				_, _ = io.WriteString(w, "half")
				return errors.Join(w.Flush(), io.ErrNoProgress)
			})
		}),
		"/endless": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			return pour(x, -1, func(w exchange.BodyWriter) error {
				for {
					if _, err := w.Write(make([]byte, 64<<10)); err != nil {
						return err
					}
				}
			})
		}),
	}
	return s
}

// pour streams a response of length bytes.
func pour(x *exchange.Exchange, length int64, write func(exchange.BodyWriter) error) exchange.Outcome {
	x.Respond(200, "text/plain", nil)
	w, err := x.Open(length)
	if err != nil {
		return text(x, 500, err.Error())
	}
	if write(w) == nil {
		_ = x.EndStream()
	}
	return exchange.Answered
}

// TestStreams: request and response bodies that are not collected.
func TestStreams(t *testing.T) {
	l := newLive(t, 2, Config{Limits: exchange.Limits{StreamAbove: 1000}}, liveSite())
	c := l.dial() // net/http's client leaves a connection whose last request it was slow to write
	in := bufio.NewReader(c)
	ask := func(r *http.Request, err error) (*http.Response, string) {
		require.NoError(t, err)
		wrote := make(chan error, 1)
		go func() { wrote <- r.Write(c) }()
		answer, err := onefield.ReadResponse(t, in, r)
		require.NoError(t, err)
		got, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, <-wrote)
		return answer, string(got)
	}
	long := strings.Repeat("0123456789", 100_000)
	for _, body := range []string{"", "short", long[:5000], long} {
		for _, chunked := range []bool{false, true} {
			r, err := http.NewRequest("POST", "http://"+l.addr+"/stream/echo", strings.NewReader(body))
			if chunked {
				r.ContentLength = -1
				r.Body = io.NopCloser(strings.NewReader(body))
			}
			_, got := ask(r, err)
			require.True(t, got == body, "%d of %d bytes", len(got), len(body))
		}
	}
	answer, _ := ask(http.NewRequest("GET", "http://"+l.addr+"/known", nil))
	require.EqualValues(t, 10, answer.ContentLength)
	require.EqualValues(t, 1, l.server.Stats().Accepted, "one connection served them all")
}

// TestStreamPieces: bodies written in pieces of all sizes arrive whole, with
// and without flushes, also when the client reads slowly.
func TestStreamPieces(t *testing.T) {
	text := []byte(strings.Repeat("0123456789abcdef", 40_000))
	for _, length := range []int64{-1, int64(len(text))} {
		s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
			"/pieces": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
				return pour(x, length, func(w exchange.BodyWriter) error {
					for rest, n := text, 1; len(rest) > 0; n = n*3 + 1 {
						n = min(n%100_000, len(rest))
						if _, err := w.Write(rest[:n]); err != nil {
							return err
						}
						if rest = rest[n:]; n%2 == 0 {
							if err := w.Flush(); err != nil {
								return err
							}
						}
					}
					return nil
				})
			}),
		}}
		l := newLive(t, 1, Config{}, s)
		c := l.dial()
		require.NoError(t, c.SetReadBuffer(128<<10))
		_, err := io.WriteString(c, get("/pieces")+"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		out, err := io.ReadAll(iotest.OneByteReader(bufio.NewReaderSize(c, 3000)))
		require.NoError(t, err)
		got := responses(t, out, "GET")
		require.Len(t, got, 2)
		require.NoError(t, got[0].err)
		require.True(t, bytes.Equal(text, got[0].body), "%d bytes", len(got[0].body))
	}
}

// TestBrokenStreams: half a body is never taken for a whole one.
func TestBrokenStreams(t *testing.T) {
	l := newLive(t, 1, Config{}, liveSite())
	for _, path := range []string{"/short", "/broken"} {
		answer, err := (&http.Client{Transport: onefield.Transport(t, nil)}).Get("http://" + l.addr + path)
		if err == nil {
			_, err = io.ReadAll(answer.Body)
		}
		require.ErrorContains(t, err, "EOF", path) // of the body, or when nothing was sent yet, of all
	}
}

// TestOverlongStream: what goes beyond the declared length is never sent, where a
// client would take it for the next response.
func TestOverlongStream(t *testing.T) {
	s := liveSite()
	failed := make(chan error, 1)
	s.routes["/long"] = onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
		return pour(x, 4, func(w exchange.BodyWriter) error {
			_, err := io.WriteString(w, "0123")
			require.NoError(t, err)
			require.NoError(t, w.Flush())
			_, err = io.WriteString(w, "HTTP/1.1 200 OK\r\n\r\n")
			failed <- err
			return nil // and the handler does not look
		})
	})
	l := newLive(t, 1, Config{}, s)
	c := l.dial()
	_, err := io.WriteString(c, get("/long")+get("/never"))
	require.NoError(t, err)
	out, err := io.ReadAll(c)
	require.NoError(t, err)
	require.ErrorIs(t, <-failed, errLength)
	require.Equal(t, []string{"0123"}, bodies(t, string(out)))
}

// TestStreamToHTTP10 ends with the connection.
func TestStreamToHTTP10(t *testing.T) {
	l := newLive(t, 1, Config{}, liveSite())
	c := l.dial()
	_, err := io.WriteString(c, "POST /stream/echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello")
	require.NoError(t, err)
	out, err := io.ReadAll(c)
	require.NoError(t, err)
	require.NotContains(t, string(out), "chunked")
	require.Contains(t, string(out), "Connection: close\r\n")
	require.True(t, strings.HasSuffix(string(out), "\r\n\r\nhello"))
}

// TestStreamRefusedOnReactor: waiting for a client there would stop it.
func TestStreamRefusedOnReactor(t *testing.T) {
	var errs []error
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{"/r": func(x *exchange.Exchange) exchange.Outcome {
		_, err := x.Open(-1)
		_, _, err2 := x.Hijack()
		errs = []error{err, err2}
		return text(x, 200, "r")
	}}}
	l := newLab(t, 1, Config{}, s)
	require.Equal(t, []string{"r"}, bodies(t, l.send(l.dial(), get("/r"))))
	require.Equal(t, []error{exchange.ErrOnReactor, exchange.ErrOnReactor}, errs)
}

// TestUnreadBody: a handler that leaves its body unread ends the connection,
// and says so.
func TestUnreadBody(t *testing.T) {
	s := liveSite()
	s.routes["/stream/ignore"] = onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "ignored") })
	l := newLive(t, 1, Config{Limits: exchange.Limits{StreamAbove: 10}}, s)
	c := l.dial()
	_, err := io.WriteString(c, "POST /stream/ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
	require.NoError(t, err)
	out, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, []string{"200"}, statuses(string(out)), "what follows is not taken for a request")
	require.Contains(t, string(out), "Connection: close\r\n")
	require.Contains(t, string(out), "ignored")

	c = l.dial()
	chunked := "POST /stream/ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	_, err = io.WriteString(c, chunked+"3\r\nabc\r\n0\r\n\r\n"+get("/next")+chunked+"3\r\nabc\r\nzz\r\n"+get("/never"))
	require.NoError(t, err)
	out, err = io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, []string{"ignored", "/next", "ignored"}, bodies(t, string(out)), "one that has come whole is thrown away")
}

// TestStreamContinue: the interim response comes when the body is wanted.
func TestStreamContinue(t *testing.T) {
	wanted := make(chan struct{})
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/stream/late": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			<-wanted
			got, err := io.ReadAll(x.BodyReader)
			if err != nil {
				return text(x, 500, err.Error())
			}
			return text(x, 200, string(got))
		}),
		"/stream/early": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			return pour(x, -1, func(w exchange.BodyWriter) error {
				if err := w.Flush(); err != nil { // the final head is out
					return err
				}
				_, err := io.Copy(struct{ io.Writer }{w}, x.BodyReader)
				return err
			})
		}),
	}}
	l := newLive(t, 1, Config{Limits: exchange.Limits{StreamAbove: 1}}, s)
	head := "POST /stream/late HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
	c := l.dial()
	in := bufio.NewReader(c)
	_, err := io.WriteString(c, head)
	require.NoError(t, err)
	close(wanted)
	interim := make([]byte, len(continued))
	_, err = io.ReadFull(in, interim)
	require.NoError(t, err)
	require.Equal(t, continued, string(interim))
	_, err = io.WriteString(c, "hello"+strings.Replace(head, "late", "early", 1))
	require.NoError(t, err)
	for range 2 {
		answer, err := onefield.ReadResponse(t, in, nil)
		require.NoError(t, err)
		if answer.TransferEncoding != nil { // the client need not have waited
			_, err = io.WriteString(c, "hello")
			require.NoError(t, err)
		}
		require.Equal(t, 200, answer.StatusCode)
		got, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, "hello", string(got))
	}
}

// TestEndlessStream ends when its client does.
func TestEndlessStream(t *testing.T) {
	s := liveSite()
	l := newLive(t, 1, Config{}, s)
	c := l.dial()
	_, err := io.WriteString(c, get("/endless"))
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, 1<<20))
	require.NoError(t, err)
	require.NoError(t, c.SetLinger(0))
	require.NoError(t, c.Close())
	eventually(t, "the connection is closed", func() bool { return l.server.Stats().Open == 0 })
}

// TestSlowReaderOfStream: the writer waits, and gives up after WriteTimeout.
func TestSlowReaderOfStream(t *testing.T) {
	s := liveSite()
	l := newLive(t, 1, Config{Limits: exchange.Limits{WriteTimeout: 30 * time.Millisecond}}, s)
	c := l.dial()
	_, err := io.WriteString(c, get("/endless"))
	require.NoError(t, err)
	eventually(t, "the connection is closed", func() bool { return l.server.Stats().Open == 0 && l.server.Stats().Accepted == 1 })
}

// TestSlowBodyOfStream: the reader waits, and gives up after BodyTimeout.
func TestSlowBodyOfStream(t *testing.T) {
	failed := make(chan error, 1)
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/stream": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			_, err := io.ReadAll(x.BodyReader)
			failed <- err
			return text(x, 408, "slow")
		}),
	}}
	l := newLive(t, 1, Config{Limits: exchange.Limits{BodyTimeout: 30 * time.Millisecond, StreamAbove: 10}}, s)
	c := l.dial()
	_, err := io.WriteString(c, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
	require.NoError(t, err)
	out, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, []string{"408"}, statuses(string(out)))
	require.ErrorIs(t, <-failed, exchange.ErrTimeout)
}

// TestKeptStreams: a handler that goes on with its streams after it has
// returned gets errors, and nothing of the next request.
func TestKeptStreams(t *testing.T) {
	type kept struct {
		io.Reader
		exchange.BodyWriter
	}
	handed := make(chan kept, 1)
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/stream": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			return pour(x, -1, func(w exchange.BodyWriter) error {
				handed <- kept{x.BodyReader, w}
				x.BodyReader = io.LimitReader(x.BodyReader, 1<<20) // as middleware may
				_, err := io.ReadAll(x.BodyReader)
				return err
			})
		}),
	}}
	l := newLive(t, 1, Config{Limits: exchange.Limits{StreamAbove: 1}}, s)
	c := l.dial()
	_, err := io.WriteString(c, post("/stream", strings.Repeat("x", 30_000))+"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	out, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, []string{"200", "200"}, statuses(string(out)))
	k := <-handed
	_, err = k.Read(make([]byte, 10))
	require.Error(t, err)
	_, err = k.Write([]byte("late"))
	require.Error(t, err)
	require.Error(t, k.Flush())
}

// TestKeptReaderOfReadBody: a reader that has given all bytes of its body, and not
// yet said so, reads nothing of the next one.
func TestKeptReaderOfReadBody(t *testing.T) {
	var kept io.Reader
	read := make(chan error, 1)
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/stream/first": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			x.BodyReader = io.LimitReader(x.BodyReader, 1<<20) // as middleware may
			kept = x.BodyReader
			_, err := io.ReadFull(kept, make([]byte, 5))
			return text(x, 200, fmt.Sprint(err))
		}),
		"/stream/second": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			_, err := kept.Read(make([]byte, 1))
			read <- err
			return text(x, 200, "second")
		}),
	}}
	l := newLive(t, 1, Config{Limits: exchange.Limits{StreamAbove: 1}}, s)
	c := l.dial()
	chunked := " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
	_, err := io.WriteString(c, "POST /stream/first"+chunked+"POST /stream/second"+chunked)
	require.NoError(t, err)
	require.Error(t, <-read)
	require.NoError(t, c.CloseWrite())
	out, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, []string{"<nil>", "second"}, bodies(t, string(out)))
}

// TestHijack: the connection is the handler's, with what came after the head.
func TestHijack(t *testing.T) {
	var group sync.WaitGroup
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/hijack": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			conn, rest, err := x.Hijack()
			if err != nil {
				return text(x, 500, err.Error())
			}
			group.Go(func() {
				defer conn.Close()
				_, _ = conn.Write(append([]byte("raw "), rest...))
				_, _ = io.Copy(conn, conn)
			})
			return exchange.Answered
		}),
	}}
	l := newLive(t, 2, Config{}, s)
	c := l.dial()
	_, err := io.WriteString(c, get("/a")+get("/hijack")+"rest")
	require.NoError(t, err)
	in := bufio.NewReader(c)
	answer, err := onefield.ReadResponse(t, in, nil)
	require.NoError(t, err)
	_, err = io.ReadAll(answer.Body)
	require.NoError(t, err)
	got := make([]byte, 8)
	_, err = io.ReadFull(in, got)
	require.NoError(t, err)
	require.Equal(t, "raw rest", string(got))
	require.EqualValues(t, 1, l.server.Stats().Open, "it counts until it is closed")
	_, err = io.WriteString(c, get("/echoed"))
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	all, err := io.ReadAll(in)
	require.NoError(t, err)
	require.Equal(t, get("/echoed"), string(all))
	group.Wait()
	require.Zero(t, l.server.Stats().Open)
}

// TestLeastLoadedCoreGetsTheConnection: whichever listener the kernel chooses,
// every core has as many connections as the others.
func TestLeastLoadedCoreGetsTheConnection(t *testing.T) {
	const cores, each = 4, 5
	l := newLive(t, cores, Config{}, &site{})
	var stuck atomic.Bool // a core that the machine holds up for 100 ms gets none
	for core := range cores {
		defer l.group.Reactor(core).WhileStuck(func(time.Duration) { stuck.Store(true) })()
	}
	spread := func() (open []int64) {
		for core := range cores {
			open = append(open, l.group.Reactor(core).OpenConns())
		}
		return open
	}
	for round := int64(1); ; round++ {
		for range cores * each {
			c := l.dial()
			_, err := io.WriteString(c, get("/a"))
			require.NoError(t, err)
			_, err = c.Read(make([]byte, 1)) // it is open
			require.NoError(t, err)
		}
		open := spread()
		if slices.Equal(open, slices.Repeat([]int64{each * round}, cores)) {
			return
		}
		require.True(t, stuck.Load(), "%v, and all cores turn", open)
		for core := range cores {
			eventually(t, "the core turns", func() bool { return l.group.Reactor(core).Stuck() == 0 })
		}
		stuck.Store(false) // the next ones make up for it
	}
}

// TestListen: faults are one clear line.
func TestListen(t *testing.T) {
	l := newLive(t, 1, Config{}, liveSite())
	_, err := l.server.Listen(l.addr)
	require.ErrorContains(t, err, "listen on "+l.addr)
	require.Equal(t, 1, strings.Count(err.Error(), "listen on"))
	_, err = New(Config{Limits: exchange.Limits{MaxHead: 10, HeadTimeout: -1, ServerName: "a\nb"}}, nil, nil)
	require.ErrorContains(t, err, "MaxHead")
	require.ErrorContains(t, err, "HeadTimeout")
	require.ErrorContains(t, err, "ServerName")
}

// TestShutdownCutsOff: a client that never reads does not hold the server.
func TestShutdownCutsOff(t *testing.T) {
	s := liveSite()
	l := newLive(t, 1, Config{}, s)
	c := l.dial()
	_, err := io.WriteString(c, get("/endless"))
	require.NoError(t, err)
	eventually(t, "it is served", func() bool { return len(s.calls()) == 2 })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, l.server.Shutdown(ctx), "cut off")
	eventually(t, "it is closed", func() bool { return l.server.Stats().Open == 0 })
	require.Equal(t, []error{ErrServerClosed}, s.cancels())
}

// TestPortIsNotSharedWithOthers: a second service of the same user fails, also
// where both have a listener for each core.
func TestPortIsNotSharedWithOthers(t *testing.T) {
	first, second := newLive(t, 2, Config{}, &site{}), newLive(t, 2, Config{}, &site{})
	_, err := second.server.Listen(first.addr)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}

// TestHandlerLeavesReader: a goroutine that still reads the body when its handler
// has answered, as those of a proxy may, does no harm to the connection.
func TestHandlerLeavesReader(t *testing.T) {
	read := make(chan error, 1)
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/stream": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			body, begun := iotest.OneByteReader(x.BodyReader), make(chan struct{})
			go func() {
				_, err := body.Read(make([]byte, 1))
				close(begun)
				for err == nil {
					_, err = body.Read(make([]byte, 1))
				}
				read <- err
			}()
			<-begun
			return text(x, 200, "early")
		}),
	}}
	l := newLive(t, 1, Config{Limits: exchange.Limits{StreamAbove: 1}}, s)
	for range 100 {
		c := l.dial()
		_, err := io.WriteString(c, "POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3c\r\n"+
			strings.Repeat(".", 60)+"\r\n0\r\n\r\n")
		require.NoError(t, err)
		require.NoError(t, c.CloseWrite())
		out, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Equal(t, []string{"early"}, bodies(t, string(out)))
		require.Contains(t, []error{io.EOF, exchange.ErrOver}, <-read)
	}
}
