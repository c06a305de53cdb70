package flood_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/logged"
	"github.com/fasterapi/fasterapi/middleware"
)

// logBuffer keeps what the app logs.
type logBuffer = logged.Text

// flood is a load that grows, whatever the machine does: each request that is served makes
// three others, as long as there are connections.
//
// Owner: any (mu).
type flood struct {
	mu      sync.Mutex
	size    int
	conns   []net.Conn
	streams []*streams // in place of conns, for HTTP/2
	next    int
	answers chan answerOfFlood
}

type answerOfFlood struct {
	path   string
	status int
	header http.Header
	body   string
	err    error
}

const floodRequest = "GET %s HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n\r\n"

// connect makes the connections for so many requests.
func (f *flood) connect(t *testing.T, addr string, over protocol, size int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.size = size
	if over == http2Reactors {
		for range (size + streamsPerConn - 1) / streamsPerConn {
			f.streams = append(f.streams, openStreams(t, addr))
		}
		return
	}
	for range size {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		f.conns = append(f.conns, conn)
	}
}

// send sends n more requests, and what was prepared; one of 16 is for other.
func (f *flood) send(n int, path, other string) {
	f.prepare(n, path, other)
	for _, s := range f.streams {
		s.flush()
	}
}

// prepare prepares n more requests. Those of HTTP/1.1 are sent at once.
func (f *flood) prepare(n int, path, other string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ; n > 0 && f.next < f.size; n-- {
		i, to := f.next, path
		if i%16 == 15 {
			to = other
		}
		f.next++
		if f.streams != nil {
			answer, err := f.streams[i/streamsPerConn].prepare(to)
			go f.await(answer, to, err)
			continue
		}
		_, err := fmt.Fprintf(f.conns[i], floodRequest, to)
		go f.read(f.conns[i], to, err)
	}
}

// await is read for a stream.
func (f *flood) await(answer <-chan answerOfFlood, path string, err error) {
	a := answerOfFlood{err: err}
	if err == nil {
		a = <-answer
	}
	a.path = path
	f.answers <- a
}

func (f *flood) read(conn net.Conn, path string, err error) {
	a := answerOfFlood{path: path, err: err}
	defer func() { f.answers <- a }()
	if err != nil {
		return
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if a.err = err; err != nil {
		return
	}
	defer response.Body.Close()
	a.status, a.header = response.StatusCode, response.Header
	body, err := io.ReadAll(response.Body)
	a.body, a.err = string(body), err
}

// all waits for the answers to everything that was sent: with a refusal there is no
// more, so what is left of the connections is sent by hand.
func (f *flood) all(t *testing.T, path, other string) (all []answerOfFlood) {
	for len(all) < f.size {
		select {
		case a := <-f.answers:
			require.NoError(t, a.err)
			all = append(all, a)
			if a.status != http.StatusNoContent {
				f.send(3, path, other)
			}
		case <-time.After(30 * time.Second):
			require.FailNow(t, "no answer", "%d of %d came", len(all), f.size)
		}
	}
	return all
}

// protocol is how requests come.
type protocol string

const (
	http1Reactors protocol = "HTTP/1.1"
	http2Reactors protocol = "HTTP/2"
	netHTTP       protocol = "net/http"
)

// runFlood floods an app of one core over an engine.
func runFlood(t *testing.T, off bool, over protocol, conns int) (*fasterapi.App, *logBuffer, []answerOfFlood) {
	f := &flood{answers: make(chan answerOfFlood, conns)}
	log := &logBuffer{}
	cfg := fasterapi.Config{
		Addr: "127.0.0.1:0", Cores: 1, H2C: true, StallThreshold: -1, Logger: slog.New(slog.NewTextHandler(log, nil)),
	}
	cfg.Overload.Off = off
	app := fasterapi.New(cfg)
	app.Use(middleware.AccessLog(middleware.AccessLogConfig{}))
	app.Use(middleware.CORS(middleware.CORSConfig{Origins: []string{"https://app.example"}}))
	app.Get("/work", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) {
		f.send(3, "/work", "/exempt")
		time.Sleep(5 * time.Millisecond) // the core does nothing else
		return fasterapi.None{}, nil
	}, fasterapi.OnReactor())
	app.Get("/exempt", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil },
		fasterapi.OnReactor(), fasterapi.Priority("exempt"))
	addr := ""
	if over == netHTTP {
		server := httptest.NewServer(app.Handler())
		t.Cleanup(func() {
			server.Close()
			require.NoError(t, app.Stop(context.Background()))
		})
		addr = server.Listener.Addr().String()
	} else {
		server, err := app.Start()
		require.NoError(t, err)
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			require.NoError(t, server.Shutdown(ctx))
		})
		addr = server.Addr().String()
	}
	f.connect(t, addr, over, conns)
	f.send(1, "/work", "/exempt")
	return app, log, f.all(t, "/work", "/exempt")
}

// Overload shows in the age of requests, over every engine; what is refused then is answered
// as everything else is.
func TestOverload(t *testing.T) {
	t.Setenv("OVERLOAD_PROTECTION", "on")
	for _, over := range []protocol{http1Reactors, http2Reactors, netHTTP} {
		app, log, answers := runFlood(t, false, over, 400)
		refused := 0
		for _, a := range answers {
			require.Equal(t, "https://app.example", a.header.Get("Access-Control-Allow-Origin"))
			if a.path == "/exempt" {
				require.Equal(t, http.StatusNoContent, a.status, "never refused")
				continue
			}
			if a.status == http.StatusNoContent {
				continue
			}
			require.Equal(t, http.StatusServiceUnavailable, a.status)
			require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
			require.Contains(t, []string{"1", "2"}, a.header.Get("Retry-After"))
			require.Contains(t, a.body, "more requests than it can answer")
			refused++
		}
		require.NotZero(t, refused)
		require.Less(t, refused, len(answers)/16*15-16, "some were served")
		stats := app.Overload()
		require.Len(t, stats, 1)
		require.Equal(t, uint64(refused), stats[0].Normal+stats[0].Limited)
		require.Contains(t, log.String(), "overload: requests are refused")
		require.Contains(t, log.String(), `refused="the service has more requests than it can answer`)
	}
}

func TestOverloadOff(t *testing.T) {
	app, log, answers := runFlood(t, true, http1Reactors, 150)
	for _, a := range answers {
		require.Less(t, a.status, 300)
	}
	require.Nil(t, app.Overload())
	require.NotContains(t, log.String(), "overload")
}

func TestOverloadMistakes(t *testing.T) {
	cfg := fasterapi.Config{Addr: "127.0.0.1:0"}
	cfg.Overload = fasterapi.OverloadConfig{Target: time.Microsecond, Interval: -1, RetryAfter: 48 * time.Hour}
	app := fasterapi.New(cfg)
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil }, fasterapi.Priority("high"))
	_, err := app.Start()
	for _, text := range []string{
		"Config.Overload.Target must be from 1ms to 1s, not 1µs", "Config.Overload.Interval must be from 10ms to 10s",
		"Config.Overload.RetryAfter must be from 1s to 1h0m0s, not 48h0m0s", `Priority: there is no class "high": say "critical"`,
	} {
		require.ErrorContains(t, err, text)
	}
	cfg.Overload = fasterapi.OverloadConfig{Target: 200 * time.Millisecond}
	_, err = fasterapi.New(cfg).Start()
	require.ErrorContains(t, err, "Config.Overload.Interval must be above Target")

	t.Setenv("OVERLOAD_PROTECTION", "no")
	_, err = fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0"}).Start()
	require.ErrorContains(t, err, `OVERLOAD_PROTECTION must be on or off, not "no"`)
}

// spin takes processor time.
func spin(d time.Duration) {
	for begun := time.Now(); time.Since(begun) < d; {
	}
}

// Who asks for a probe, or for a route that is exempt, does not stand behind those whose
// requests wait for a goroutine, however many they are.
func TestExemptRoutesPassThoseWhoWait(t *testing.T) {
	t.Setenv("OVERLOAD_PROTECTION", "on")
	for _, over := range []protocol{http1Reactors, http2Reactors} {
		t.Run(string(over), func(t *testing.T) {
			for range 5 { // who is paused before it sends or reads the one request is passed meanwhile
				before, crowd := passThoseWhoWait(t, over)
				t.Logf("%d of %d were served before", before, crowd)
				if before < crowd*2/3 { // at most 64 have a goroutine, and those that started while it was read
					return
				}
			}
			t.Error("it stood behind those who wait")
		})
	}
}

// passThoseWhoWait sends a crowd, and behind it a request to an exempt route. It tells how many of those who had not been
// served when that was sent were served before.
func passThoseWhoWait(t *testing.T, over protocol) (before, of int) {
	const crowd, behind = 240, 40 // in one look of the poller
	var done, sent atomic.Int64
	f := &flood{answers: make(chan answerOfFlood, crowd+behind+3)}
	app := fasterapi.New(fasterapi.Config{
		Addr: "127.0.0.1:0", Cores: 1, H2C: true, StallThreshold: -1, Logger: slog.New(slog.DiscardHandler),
	})
	work := func() { spin(2 * time.Millisecond); done.Add(1) }
	app.Get("/work", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { work(); return fasterapi.None{}, nil })
	app.Get("/begin", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) {
		f.prepare(crowd, "/work", "/work")
		sent.Store(done.Load())
		f.prepare(1, "/exempt", "/exempt")
		f.send(behind, "/work", "/work")
		return fasterapi.None{}, nil
	})
	app.Get("/exempt", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
		return fasterapi.Text(strconv.FormatInt(done.Load()-sent.Load(), 10)), nil
	}, fasterapi.Priority("exempt"))
	server, err := app.Start()
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Shutdown(context.Background())) }()
	f.connect(t, server.Addr().String(), over, crowd+behind+2)
	f.send(1, "/begin", "/begin")
	for range crowd + behind + 2 {
		a := <-f.answers
		require.NoError(t, a.err)
		if a.path == "/exempt" {
			before, err = strconv.Atoi(a.body)
			require.NoError(t, err)
		}
	}
	return before, crowd - int(sent.Load())
}
