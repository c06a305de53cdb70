package app_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// endlessReader is a reader without an end that notes its Close.
type endlessReader struct{ closed *atomic.Int64 }

func (endlessReader) Read(p []byte) (int, error) { return len(p), nil }

func (c endlessReader) Close() error {
	if c.closed != nil {
		c.closed.Add(1)
	}
	return nil
}

// endless are routes whose sources end when their client has left only. Nothing of
// them may run for a response without content.
func endless(started, released *atomic.Int64) func(*fasterapi.App) {
	return func(app *fasterapi.App) {
		endlessStreams(app.Group(""), started, released)
		endlessEvents(app.Group(""), started, released)
		changed := app.Group("/by-middleware")
		changed.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(notModifying{w}, r) })
		}))
		endlessStreams(changed, started, released)
		endlessEvents(changed, started, released)
		endlessMounts(app, started, released)
		app.Get("/text", func(*fasterapi.Ctx, struct{}) (fasterapi.Text, error) { return "text", nil })
	}
}

// notModifying makes every response a 304.
type notModifying struct{ http.ResponseWriter }

func (n notModifying) WriteHeader(int)             { n.ResponseWriter.WriteHeader(http.StatusNotModified) }
func (n notModifying) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// decideStatus sets the status that the request asks for.
func decideStatus(c *fasterapi.Ctx) {
	if status, err := strconv.Atoi(c.Header("Empty")); err == nil {
		c.SetStatus(status)
	}
	if status, err := strconv.Atoi(c.Header("Empty-Late")); err == nil {
		c.OnHead(func(c *fasterapi.Ctx) { c.SetStatus(status) })
	}
}

func endlessStreams(g *fasterapi.Group, started, released *atomic.Int64) {
	subscribe := func(c *fasterapi.Ctx) {
		decideStatus(c)
		c.OnEnd(func(*fasterapi.Ctx) { released.Add(1) })
	}
	g.Get("/write", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
		subscribe(c)
		return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
			for started.Add(1); ; {
				if _, err := w.WriteString("more"); err != nil {
					return err
				}
			}
		}}, nil
	})
	g.Get("/chunks", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
		subscribe(c)
		return fasterapi.Stream{Chunks: func(yield func([]byte, error) bool) {
			for started.Add(1); yield([]byte("more"), nil); {
			}
		}}, nil
	})
	g.Get("/reader", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
		subscribe(c)
		return fasterapi.Stream{Reader: endlessReader{}}, nil
	})
	g.Get("/closer", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
		decideStatus(c)
		return fasterapi.Stream{Reader: endlessReader{released}}, nil
	})
	g.Get("/lines", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.JSONLines[int], error) {
		subscribe(c)
		return func(yield func(int, error) bool) {
			for started.Add(1); yield(1, nil); {
			}
		}, nil
	})
}

func endlessEvents(g *fasterapi.Group, started, released *atomic.Int64) {
	subscribe := func(c *fasterapi.Ctx) {
		decideStatus(c)
		c.OnEnd(func(*fasterapi.Ctx) { released.Add(1) })
	}
	g.Get("/events", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.SSE[string], error) {
		subscribe(c)
		return fasterapi.SSE[string]{Send: func(s *fasterapi.EventSender[string]) error {
			for started.Add(1); ; {
				if err := s.Send(fasterapi.Event[string]{Data: "more"}); err != nil {
					return err
				}
			}
		}}, nil
	})
	g.Get("/events/iter", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.SSE[string], error) {
		subscribe(c)
		return fasterapi.SSE[string]{Events: func(yield func(fasterapi.Event[string], error) bool) {
			for started.Add(1); yield(fasterapi.Event[string]{Data: "more"}, nil); {
			}
		}}, nil
	})
}

func endlessMounts(app *fasterapi.App, started, released *atomic.Int64) {
	writes := func(w http.ResponseWriter, r *http.Request) {
		defer released.Add(1)
		if status, err := strconv.Atoi(r.Header.Get("Empty")); err == nil {
			w.WriteHeader(status)
		}
		for {
			if _, err := w.Write([]byte("more")); err != nil {
				return
			}
		}
	}
	sized := func(w http.ResponseWriter, r *http.Request) {
		started.Add(1)
		w.Header().Set("Content-Length", strconv.Itoa(math.MaxInt64))
		writes(w, r)
	}
	app.Mount("/mounted/writes", http.HandlerFunc(writes))
	app.Mount("/mounted/sized", http.HandlerFunc(sized))
	app.Mount("/mounted/waits", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		released.Add(1)
	}))
	wrapped := app.Group("/wrapped")
	wrapped.Use(fasterapi.WrapMiddleware(passing))
	endlessStreams(wrapped, started, released)
	wrapped.Mount("/mounted", http.HandlerFunc(writes))
	wrapped.Mount("/sized", http.HandlerFunc(sized))
}

var (
	ownStreams = []string{"/write", "/chunks", "/reader", "/closer", "/lines", "/events", "/events/iter", "/wrapped/write", "/wrapped/chunks"}
	mounts     = []string{"/mounted/writes", "/mounted/waits", "/wrapped/mounted"}
	// noContents are the statuses whose responses have no content (RFC 9110 sections
	// 6.4.1 and 15.3.6).
	noContents = []int{http.StatusNoContent, http.StatusResetContent, http.StatusNotModified}
)

// withoutSource calls try for all requests for endless streams that are answered
// without content. late: the status is known when the head is sent only, when the
// source may have begun.
func withoutSource(try func(method, path string, status int, header ...string)) {
	for _, path := range slices.Concat(ownStreams, mounts) {
		try(http.MethodHead, path, http.StatusOK)
	}
	for _, path := range ownStreams {
		for _, status := range noContents {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				try(method, path, status, "Empty", strconv.Itoa(status))
			}
		}
	}
}

// lateStatus is withoutSource for GET, with a status that is known when the head is
// sent only: a source may have begun, and its first write ends it.
func lateStatus(try func(method, path string, status int, header ...string)) {
	for _, path := range ownStreams {
		for _, status := range noContents {
			try(http.MethodGet, path, status, "Empty-Late", strconv.Itoa(status))
		}
	}
	for _, path := range []string{"/by-middleware/write", "/by-middleware/chunks", "/by-middleware/lines", "/by-middleware/events", "/by-middleware/events/iter"} {
		try(http.MethodGet, path, http.StatusNotModified)
	}
	for _, path := range []string{"/mounted/writes", "/wrapped/mounted", "/mounted/sized"} {
		for _, status := range noContents {
			try(http.MethodGet, path, status, "Empty", strconv.Itoa(status))
		}
	}
}

// TestNoSourceRunsForNoContent: the answer to HEAD, or of a status without content, is
// its head. It comes at once, the next request of the connection is answered, what was
// opened is let go of, and shutdown is not held (start waits for it).
func TestNoSourceRunsForNoContent(t *testing.T) {
	var started, released atomic.Int64
	everyProtocol(t, endless(&started, &released), func(t *testing.T, s service) {
		try := func(method, path string, status int, header ...string) {
			withoutContent(t, s, &released, method, path, status, header...)
		}
		withoutSource(try)
		require.Zero(t, started.Load(), "a source was started")
		lateStatus(try)
		started.Store(0)
		require.NotContains(t, s.log.String(), "level=ERROR", "nothing has failed")
	})
}

// withoutContent sends a request and another one behind it.
func withoutContent(t *testing.T, s service, released *atomic.Int64, method, path string, status int, header ...string) {
	t.Helper()
	before := released.Load()
	if s.http2 {
		a := s.do(method, path, "", header...)
		require.Equal(t, status, a.status, path)
		require.Empty(t, a.body, path)
		require.Eventually(t, func() bool { return released.Load() == before+1 }, 20*time.Second, time.Millisecond, path) // it may be behind the answer
		return
	}
	request := method + " " + path + " HTTP/1.1\r\nHost: test\r\n"
	for i := 0; i < len(header); i += 2 {
		request += header[i] + ": " + header[i+1] + "\r\n"
	}
	conn := dial(t, s)
	_, err := io.WriteString(conn, request+"\r\nGET /text HTTP/1.1\r\nHost: test\r\n\r\n")
	require.NoError(t, err)
	answers := bufio.NewReader(conn)
	for _, want := range []struct {
		method, body string
		status       int
	}{{method, "", status}, {"GET", "text", http.StatusOK}} {
		asked, err := http.NewRequestWithContext(t.Context(), want.method, s.url, nil)
		require.NoError(t, err)
		response, err := http.ReadResponse(answers, asked)
		require.NoError(t, err, request)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want.status, response.StatusCode, request)
		require.Equal(t, want.body, string(body), request)
		if want.status == http.StatusResetContent {
			require.Equal(t, "0", response.Header.Get("Content-Length"), request)
		}
	}
	require.Equal(t, before+1, released.Load(), request)
}

// TestNoSourceRunsForNoContentHTTP2 is the same over HTTP/2.
func TestNoSourceRunsForNoContentHTTP2(t *testing.T) {
	var started, released atomic.Int64
	s := overHTTP2(t, endless(&started, &released))
	count := int64(0)
	try := func(method, path string, status int, header ...string) {
		a := s.do(method, path, "", header...)
		require.Equal(t, status, a.status, path)
		require.Empty(t, a.body)
		if method == http.MethodGet && status != http.StatusResetContent {
			require.NotContains(t, a.header, "Content-Length", path)
		}
		count++
		require.Eventually(t, func() bool { return released.Load() == count }, 10*time.Second, time.Millisecond, path)
	}
	withoutSource(try)
	require.Zero(t, started.Load())
	lateStatus(try)
	require.NotContains(t, s.log.String(), "level=ERROR")
}

// TestUnsentWritesEnd: a handler that says how long its body is may write it in answer
// to HEAD, but only while somebody is there.
func TestUnsentWritesEnd(t *testing.T) {
	for _, how := range []string{"client", "server"} {
		t.Run(how, func(t *testing.T) {
			var started, released atomic.Int64
			ends := func(t *testing.T, s service) {
				for _, path := range []string{"/mounted/sized", "/wrapped/sized"} {
					before, began := released.Load(), started.Load()
					request, leave := s.leaving(t, http.MethodHead, path, nil)
					answered := make(chan struct{})
					go func() {
						defer close(answered)
						if response, err := s.http.Do(request); err == nil {
							_ = response.Body.Close()
						}
					}()
					require.Eventually(t, func() bool { return started.Load() == began+1 }, 10*time.Second, time.Millisecond)
					if how == "client" {
						leave()
						<-answered
					}
					require.Eventually(t, func() bool { return released.Load() == before+1 || how == "server" }, 10*time.Second, time.Millisecond, path)
				}
			}
			if how == "client" {
				everyProtocol(t, endless(&started, &released), ends)
				return
			}
			for _, h2c := range []bool{false, true} { // the second over net/http
				app, log := newApp(fasterapi.Config{Cores: 2, H2C: h2c}, endless(&started, &released))
				server, err := app.Start()
				require.NoError(t, err)
				ends(t, newService(t, "http://"+server.Addr().String(), log, h2c))
				require.NoError(t, server.Shutdown(t.Context()), "without a deadline")
			}
			require.EqualValues(t, 4, released.Load())
		})
	}
}

// TestResetContent: a 205 has no content, and says so (RFC 9110 section 15.3.6).
func TestResetContent(t *testing.T) {
	reset := func(path string) string { return "/205" + path }
	everyWay(t, func(app *fasterapi.App) {
		g := app.Group("", fasterapi.Status(http.StatusResetContent))
		text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "text", nil }
		g.Get(reset("/text"), text)
		g.Get(reset("/reactor"), text, fasterapi.OnReactor())
		g.Get(reset("/none"), func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil })
		g.GetFuture(reset("/chain"), func(*fasterapi.Ctx, fasterapi.None) async.Future[said] { return async.Ready(said{Text: "x"}) })
		g.Get(reset("/blob"), func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
			return fasterapi.Blob{ContentType: "image/png", Data: []byte("x")}, nil
		})
		app.Get(reset("/response"), func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Response[said], error) {
			return fasterapi.Response[said]{Status: http.StatusResetContent}, nil
		})
		replaced := app.Group("")
		replaced.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				err := next(c)
				c.Respond(http.StatusResetContent, "text/plain", []byte("x"))
				c.ReplaceBody([]byte("y"))
				return err
			}
		})
		replaced.Get(reset("/replaced"), text, fasterapi.Hidden())
		writes := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusResetContent)
			_, _ = io.WriteString(w, "text")
		})
		app.Mount(reset("/mounted"), writes)
		wrapped := app.Group("/wrapped")
		wrapped.Use(fasterapi.WrapMiddleware(passing))
		wrapped.Mount(reset("/mounted"), writes)
		wrapped.Get(reset("/text"), text, fasterapi.Status(http.StatusResetContent))
	}, func(t *testing.T, s service) {
		for _, path := range []string{
			"/205/text", "/205/reactor", "/205/none", "/205/chain", "/205/blob", "/205/response", "/205/replaced", "/205/mounted",
			"/wrapped/205/mounted", "/wrapped/205/text",
		} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				a := s.do(method, path, "")
				require.Equal(t, http.StatusResetContent, a.status, path)
				require.Empty(t, a.body, path)
				require.Equal(t, []string{"0"}, a.header.Values("Content-Length"), path)
				require.Empty(t, a.header.Get("Content-Type"), path)
			}
		}
		document := s.get("/openapi.json").body
		require.NotContains(t, document[strings.Index(document, "/205/text"):strings.Index(document, "/205/none")], "text/plain")
	})
}

// TestFailureBeforeFirstByte: GET meets what a source fails with, HEAD does not start
// it, and both meet what the handler fails with.
func TestFailureBeforeFirstByte(t *testing.T) {
	fails := errors.New("not today")
	everyWay(t, func(app *fasterapi.App) {
		app.Get("/write", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Reader: iotest.ErrReader(fails)}, nil
		})
		app.Get("/chunks", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Chunks: func(yield func([]byte, error) bool) { yield(nil, fails) }}, nil
		})
		app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[int], error) {
			return func(yield func(int, error) bool) { yield(0, fails) }, nil
		})
		app.Get("/handler", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[int], error) { return nil, fails })
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/write", "/chunks", "/lines"} {
			require.Equal(t, 500, s.get(path).status, path)
			require.Equal(t, 200, s.do(http.MethodHead, path, "").status, path)
		}
		require.Equal(t, 500, s.get("/handler").status)
		require.Equal(t, 500, s.do(http.MethodHead, "/handler", "").status)
	})
}

// TestStreamOfNoFinalStatus: a status below 200 is not the answer to anything, and one
// that is sent as a head would leave the client waiting.
func TestStreamOfNoFinalStatus(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		for _, status := range []int{100, 101, 103, 199} {
			app.Get(fmt.Sprintf("/%d", status), func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
				c.SetStatus(status)
				return fasterapi.Stream{Write: func(*fasterapi.StreamWriter) error { return errors.New("it was run") }}, nil
			})
		}
	}, func(t *testing.T, s service) {
		for _, status := range []int{100, 101, 103, 199} {
			require.Equal(t, http.StatusInternalServerError, s.get(fmt.Sprintf("/%d", status)).status, "%d", status)
		}
	})
}
