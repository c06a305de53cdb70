package nethttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/fasterapi/fasterapi/reactor/virtual"
)

// site answers by path.
//
// Owner: any (atomic).
type site struct {
	begun, released atomic.Int64
	cancelled       chan error
	hijacks         chan error
}

func (s *site) Begin(*exchange.Exchange) { s.begun.Add(1) }

func (s *site) Admit(x *exchange.Exchange) exchange.Admission {
	path := string(x.Head.Path)
	return exchange.Admission{Limit: 1 << 20, MayStream: strings.HasPrefix(path, "/stream"), Discard: path == "/none"}
}

func (s *site) Cancel(_ *exchange.Exchange, cause error) { s.cancelled <- cause }
func (s *site) Release(*exchange.Exchange)               { s.released.Add(1) }

func respond(x *exchange.Exchange, status int, body string) exchange.Outcome {
	x.Respond(status, "text/plain", []byte(body))
	return exchange.Answered
}

// finishing finishes an exchange on its reactor.
//
// Owner: reactor.
type finishing struct{ x *exchange.Exchange }

func (f finishing) Run() { f.x.Finish() }

func (s *site) Serve(x *exchange.Exchange) exchange.Outcome {
	path := string(x.Head.Path)
	if onReactor := strings.HasPrefix(path, "/reactor"); onReactor != x.OnReactor() && path != "/" {
		return exchange.Move
	}
	switch path {
	case "/none":
		return respond(x, 404, "none")
	case "/reactor/late":
		respond(x, 200, "late "+string(x.Body))
		x.Reactor().Schedule(finishing{x})
		return exchange.Later
	case "/reactor/forever", "/forever":
		return s.forever(x)
	case "/exit", "/reactor/exit":
		respond(x, 500, "staged")
		runtime.Goexit()
	case "/reactor/panic":
		panic("site")
	case "/stream":
		return echo(x)
	case "/half":
		return half(x)
	case "/hijack":
		return s.hijack(x)
	case "/hijack/exit":
		s.hijack(x)
		runtime.Goexit()
	case "/204":
		return respond(x, 204, "never sent")
	case "/0":
		return exchange.Answered
	}
	x.AddField("X-Method", string(x.Head.Method))
	return respond(x, 200, path+" "+string(x.Body)+string(x.Head.RawQuery))
}

// forever waits for its cancellation.
func (s *site) forever(x *exchange.Exchange) exchange.Outcome {
	x.WatchClient()
	if !x.OnReactor() {
		cause := <-s.cancelled
		s.cancelled <- cause
		return respond(x, 200, cause.Error())
	}
	go func() {
		cause := <-s.cancelled
		s.cancelled <- cause
		x.Reactor().Post(finishing{x})
	}()
	x.Respond(200, "", nil)
	return exchange.Later
}

func echo(x *exchange.Exchange) exchange.Outcome {
	x.Respond(200, "text/plain", nil)
	w, err := x.Open(-1)
	if err != nil {
		return respond(x, 500, err.Error())
	}
	from := x.BodyReader
	if from == nil {
		from = strings.NewReader(string(x.Body))
	}
	buffer := make([]byte, 1000)
	for {
		n, err := from.Read(buffer)
		_, _ = w.Write(buffer[:n])
		_ = w.Flush()
		if err == io.EOF {
			_ = x.EndStream()
			return exchange.Answered
		}
		if err != nil {
			return exchange.Answered
		}
	}
}

func half(x *exchange.Exchange) exchange.Outcome {
	x.Respond(200, "text/plain", nil)
	w, _ := x.Open(-1)
	_, _ = io.WriteString(w, "half")
	_ = w.Flush()
	return exchange.Answered
}

func (s *site) hijack(x *exchange.Exchange) exchange.Outcome {
	conn, rest, err := x.Hijack()
	s.hijacks <- err
	if err != nil {
		return respond(x, 501, err.Error())
	}
	_, _ = conn.Write(append([]byte("raw "), rest...))
	_ = conn.Close()
	return exchange.Answered
}

// mode is one way to reach the engine.
type mode struct {
	name  string
	major int
	start func(t *testing.T, h http.Handler) (url string, client *http.Client)
}

func modes() []mode {
	return []mode{
		{"HTTP/1.1", 1, func(t *testing.T, h http.Handler) (string, *http.Client) {
			s := httptest.NewServer(h)
			t.Cleanup(s.Close)
			return s.URL, checked(t, s.Client())
		}},
		{"TLS HTTP/2", 2, func(t *testing.T, h http.Handler) (string, *http.Client) {
			s := httptest.NewUnstartedServer(h)
			s.EnableHTTP2 = true
			s.StartTLS()
			t.Cleanup(s.Close)
			return s.URL, checked(t, s.Client())
		}},
		{"h2c", 2, func(t *testing.T, h http.Handler) (string, *http.Client) {
			s, addr, err := Start(Config{Addr: "127.0.0.1:0", H2C: true, Logger: slog.New(slog.DiscardHandler)}, h)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
			only := new(http.Protocols)
			only.SetUnencryptedHTTP2(true)
			transport := &http.Transport{Protocols: only}
			t.Cleanup(transport.CloseIdleConnections)
			return "http://" + addr.String(), checked(t, &http.Client{Transport: transport})
		}},
	}
}

// checked holds every response against what package onefield says.
func checked(t *testing.T, client *http.Client) *http.Client {
	client.Transport = onefield.Transport(t, client.Transport)
	return client
}

// inModes runs test in every mode and checks that all exchanges came back.
func inModes(t *testing.T, test func(t *testing.T, m mode, s *site, url string, client *http.Client)) {
	for _, m := range modes() {
		t.Run(m.name, func(t *testing.T) {
			quiet := slog.New(slog.DiscardHandler)
			group, err := reactor.Start(reactor.Config{Cores: 2, Logger: quiet})
			require.NoError(t, err)
			s := &site{cancelled: make(chan error, 10), hijacks: make(chan error, 1)}
			t.Cleanup(func() {
				for end := time.Now().Add(20 * time.Second); s.begun.Load() != s.released.Load() && time.Now().Before(end); {
					runtime.Gosched()
				}
				require.Equal(t, s.begun.Load(), s.released.Load())
				require.NoError(t, group.Stop(context.Background()))
			})
			url, client := m.start(t, New(s, group, Options{Limits: exchange.Limits{StreamAbove: 2000}}))
			test(t, m, s, url, client)
		})
	}
}

func fetch(t *testing.T, client *http.Client, method, url, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	answer, err := client.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(got)
}

func TestAnswers(t *testing.T) {
	inModes(t, func(t *testing.T, m mode, _ *site, url string, client *http.Client) {
		long := strings.Repeat("x", 300_000)
		for _, c := range []struct {
			method, path, body, want string
			status                   int
		}{
			{"GET", "/", "", "/ ", 200},
			{"GET", "/worker?q=1", "", "/worker q=1", 200},
			{"GET", "/reactor?q=1", "", "/reactor q=1", 200},
			{"POST", "/worker", "body", "/worker body", 200},
			{"POST", "/reactor/late", "body", "late body", 200},
			{"POST", "/reactor/late", long, "late " + long, 200},
			{"POST", "/none", long, "none", 404},
			{"POST", "/stream", "short", "short", 200},
			{"POST", "/stream", long, long, 200},
			{"HEAD", "/worker", "", "", 200},
			{"GET", "/204", "", "", 204},
			{"GET", "/0", "", "", 500},
		} {
			answer, got := fetch(t, client, c.method, url+c.path, c.body)
			require.Equal(t, c.status, answer.StatusCode, c.path)
			require.True(t, c.want == got, "%s: %.50q", c.path, got)
			require.Equal(t, m.major, answer.ProtoMajor)
		}
		answer, got := fetch(t, client, "POST", url+"/worker", strings.Repeat("x", 1<<20+1))
		require.Equal(t, 413, answer.StatusCode)
		require.Contains(t, got, "too large")
	})
}

// TestBreaks: what a handler does costs its own request only.
func TestBreaks(t *testing.T) {
	inModes(t, func(t *testing.T, m mode, _ *site, url string, client *http.Client) {
		for _, path := range []string{"/exit", "/reactor/exit"} {
			answer, got := fetch(t, client, "GET", url+path, "")
			require.Equal(t, 500, answer.StatusCode, path)
			require.Equal(t, "staged", got, path)
		}
		answer, _ := fetch(t, client, "GET", url+"/reactor/panic", "")
		require.Equal(t, 500, answer.StatusCode)
		_, got := fetch(t, client, "GET", url+"/worker", "")
		require.Equal(t, "/worker ", got)
	})
}

// TestHalfStream: half a body is never taken for a whole one.
func TestHalfStream(t *testing.T) {
	inModes(t, func(t *testing.T, _ mode, _ *site, url string, client *http.Client) {
		answer, err := client.Get(url + "/half")
		if err == nil {
			_, err = io.ReadAll(answer.Body)
			_ = answer.Body.Close()
		}
		require.Error(t, err)
	})
}

// TestDuplex: request and response stream at the same time.
func TestDuplex(t *testing.T) {
	inModes(t, func(t *testing.T, m mode, _ *site, url string, client *http.Client) {
		if m.major == 1 {
			return // net/http reads the rest of a request before it answers
		}
		in, out := io.Pipe()
		r, err := http.NewRequest("POST", url+"/stream", in)
		require.NoError(t, err)
		go func() { _, _ = io.WriteString(out, "one\n") }()
		answer, err := client.Do(r)
		require.NoError(t, err)
		lines := bufio.NewReader(answer.Body)
		for _, next := range []string{"two\n", "three\n", ""} {
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			require.NotEmpty(t, line)
			_, err = io.WriteString(out, next)
			require.NoError(t, err)
		}
		require.NoError(t, out.Close())
		_, err = lines.ReadString('\n')
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, answer.Body.Close())
	})
}

// TestClientLeaves: its requests are cancelled, wherever they run.
func TestClientLeaves(t *testing.T) {
	inModes(t, func(t *testing.T, _ mode, s *site, url string, client *http.Client) {
		for _, path := range []string{"/forever", "/reactor/forever"} {
			ctx, cancel := context.WithCancel(context.Background())
			r, err := http.NewRequestWithContext(ctx, "GET", url+path, nil)
			require.NoError(t, err)
			begun := s.begun.Load()
			go func() {
				for s.begun.Load() == begun {
					runtime.Gosched()
				}
				cancel()
			}()
			_, err = client.Do(r)
			require.ErrorIs(t, err, context.Canceled)
			cause := <-s.cancelled
			require.ErrorIs(t, cause, exchange.ErrClientGone)
			s.cancelled <- cause // for the handler, if it comes second
			for s.begun.Load() != s.released.Load() {
				runtime.Gosched()
			}
			for len(s.cancelled) > 0 {
				<-s.cancelled
			}
		}
	})
}

func TestHijack(t *testing.T) {
	inModes(t, func(t *testing.T, m mode, s *site, url string, client *http.Client) {
		if m.major == 2 {
			answer, _ := fetch(t, client, "GET", url+"/hijack", "")
			require.Equal(t, 501, answer.StatusCode)
			require.ErrorIs(t, <-s.hijacks, exchange.ErrHijackUnsupported)
			return
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "GET /hijack HTTP/1.1\r\nHost: a\r\n\r\nrest")
		require.NoError(t, err)
		got, err := io.ReadAll(conn)
		require.NoError(t, errors.Join(err, <-s.hijacks))
		require.True(t, strings.HasPrefix(string(got), "raw"))
	})
}

// A handler that ends its goroutine after it took the connection: there is nothing left
// of it to answer or flush, and net/http finds nothing to complain of.
func TestHijackAndExit(t *testing.T) {
	group, err := reactor.Start(reactor.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	s := &site{hijacks: make(chan error, 1)}
	var log strings.Builder
	server := httptest.NewUnstartedServer(New(s, group, Options{}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(&log, nil), slog.LevelError)
	server.Start()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /hijack/exit HTTP/1.1\r\nHost: a\r\n\r\n")
	require.NoError(t, err)
	got, err := io.ReadAll(conn)
	require.NoError(t, errors.Join(err, <-s.hijacks))
	require.Equal(t, "raw ", string(got))
	require.Eventually(t, func() bool { return s.begun.Load() == s.released.Load() }, 10*time.Second, time.Millisecond)
	server.Close()
	require.NoError(t, group.Stop(context.Background()))
	require.Empty(t, log.String())
}

// TestOtherWriters: an http.ResponseWriter that knows no deadlines and no flush
// will do.
func TestOtherWriters(t *testing.T) {
	group, err := reactor.Start(reactor.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, group.Stop(context.Background())) }()
	h := New(&site{}, group, Options{})
	for _, path := range []string{"/worker", "/reactor", "/stream"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader("x")))
		require.Equal(t, 200, w.Code, path)
		require.Contains(t, w.Body.String(), "x")
	}
}

// early is a handler that finishes its exchange inside Serve.
//
// Owner: reactor.
type early struct {
	writer
	serve func(x *exchange.Exchange) exchange.Outcome
}

func (e early) Serve(x *exchange.Exchange) exchange.Outcome { return e.serve(x) }

// TestFinishInsideServe: the goroutine gets its turn when Serve has returned,
// and once.
func TestFinishInsideServe(t *testing.T) {
	for _, breaks := range []bool{false, true} {
		v := virtual.New(1)
		defer v.Close()
		c := &carrier{x: new(exchange.Exchange), reactor: v.Reactor, turn: make(chan bool, 2)}
		c.handler = early{serve: func(x *exchange.Exchange) exchange.Outcome {
			respond(x, 200, "early")
			x.Finish()
			require.Empty(t, c.turn, "the handler is still at it")
			if breaks {
				panic("late")
			}
			return exchange.Later
		}}
		c.x.Attach(c, v.Reactor, true)
		v.Do((*onReactor)(c).Run)
		require.Len(t, c.turn, 1)
	}
}

// TestEnterTwice: a handler that is on a coroutine cannot enter another.
func TestEnterTwice(t *testing.T) {
	v := virtual.New(1)
	defer v.Close()
	calls := 0
	c := &carrier{x: new(exchange.Exchange), reactor: v.Reactor, turn: make(chan bool, 2)}
	c.handler = early{serve: func(x *exchange.Exchange) exchange.Outcome {
		if calls++; calls == 10 {
			return respond(x, 200, "deep")
		}
		return exchange.NeedCoroutine
	}}
	c.x.Attach(c, v.Reactor, true)
	v.Do((*onReactor)(c).Run)
	require.Equal(t, 500, c.x.Status)
	require.Equal(t, 2, calls)
	require.Len(t, c.turn, 1)
}

// TestSuspendedHandlerKeepsItsExchange: the goroutine gets its turn at the end,
// not when the handler is suspended.
func TestSuspendedHandlerKeepsItsExchange(t *testing.T) {
	v := virtual.New(1)
	defer v.Close()
	c := &carrier{x: new(exchange.Exchange), reactor: v.Reactor, turn: make(chan bool, 2)}
	var co *reactor.Coroutine
	c.handler = early{serve: func(x *exchange.Exchange) exchange.Outcome {
		if co = x.Coroutine(); co == nil {
			return exchange.NeedCoroutine
		}
		co.Suspend()
		return respond(x, 200, "slept")
	}}
	c.x.Attach(c, v.Reactor, true)
	v.Do((*onReactor)(c).Run)
	require.Empty(t, c.turn)
	v.Do(co.Run)
	require.Len(t, c.turn, 1)
}
