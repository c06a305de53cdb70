package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/problem"
)

// shouting is a stream filter.
type shouting struct {
	next   *fasterapi.StreamWriter
	closed string
}

func (s shouting) Write(p []byte) (int, error) {
	return s.next.Write([]byte(strings.ToUpper(string(p))))
}
func (s shouting) Flush() error { return s.next.Flush() }
func (s shouting) Close() error {
	_, err := s.next.WriteString(s.closed)
	return err
}

// shout filters streams, and marks their head.
func shout(closed string) fasterapi.Middleware {
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			c.FilterStream(func(c *fasterapi.Ctx, next *fasterapi.StreamWriter) fasterapi.StreamFilter {
				if c.Header("Quiet") != "" {
					return nil
				}
				c.AddHeader("X-Shout", closed+c.ContentType())
				return shouting{next, closed}
			})
			return next(c)
		}
	}
}

// relayed is middleware for net/http that does nothing but wrap the writer.
func relayed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(struct {
			http.ResponseWriter
			http.Flusher
		}{w, w.(http.Flusher)}, r)
	})
}

// TestFilterStream: filters nest, inside and outside of net/http middleware.
func TestFilterStream(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		var sizes atomic.Int64
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				c.OnEnd(func(c *fasterapi.Ctx) { sizes.Store(c.BodySize()) })
				return next(c)
			}
		})
		app.Get("/size", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			return fasterapi.Text(fmt.Sprint(sizes.Load())), nil
		})
		loud := app.Group("")
		loud.Use(shout("<outer>"), fasterapi.WrapMiddleware(relayed), shout("<inner>"))
		loud.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{ContentType: "text/a", Write: func(w *fasterapi.StreamWriter) error {
				_, err := w.WriteString("hello")
				return errors.Join(err, w.Flush()) // else the net/http side sends it in one piece
			}}, nil
		})
		loud.Get("/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil })
	}, func(t *testing.T, s service) {
		s.contract = nil
		a := s.get("/stream")
		require.Equal(t, "HELLO<INNER><outer>", a.body, "the outer one shouts what the inner one adds")
		require.ElementsMatch(t, []string{"<inner>text/a", "<outer>text/a"}, a.header.Values("X-Shout"))
		require.Eventually(t, func() bool { return s.get("/size").body == "19" }, 20*time.Second, time.Millisecond,
			"the client may have its answer before the end")
		a = s.get("/stream", "Quiet", "1")
		require.Equal(t, "hello", a.body)
		require.Empty(t, a.header.Get("X-Shout"))
		require.Equal(t, "hello", s.get("/text").body, "not a stream")
	})
}

// TestOnHeadAndOnEnd: both run once, for every way to end.
func TestOnHeadAndOnEnd(t *testing.T) {
	var ends atomic.Int64
	everyProtocol(t, func(app *fasterapi.App) {
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				c.OnHead(func(*fasterapi.Ctx) { panic("contained") })
				c.OnHead(func(c *fasterapi.Ctx) { c.AddHeader("X-Status", fmt.Sprint(c.Status())) })
				c.OnEnd(func(c *fasterapi.Ctx) { ends.Add(int64(c.Status())) })
				return next(c)
			}
		})
		eachStyleOf(app, "/ok", func(*fasterapi.Ctx) (fasterapi.Text, error) { return "ok", nil })
		eachStyleOf(app, "/error", func(*fasterapi.Ctx) (fasterapi.Text, error) { return "", problem.Conflict("") })
		eachStyleOf(app, "/panic", func(*fasterapi.Ctx) (fasterapi.Text, error) { panic("oops") })
		app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Reader: strings.NewReader("hello")}, nil
		})
	}, func(t *testing.T, s service) {
		s.contract = nil
		want := map[string]int{"/missing": 404, "/stream": 200}
		for _, style := range []string{"/goroutine", "/coroutine", "/chain"} {
			want[style+"/ok"], want[style+"/error"], want[style+"/panic"] = 200, 409, 500
		}
		for path, status := range want {
			ends.Store(0)
			a := s.get(path)
			require.Equal(t, status, a.status, path)
			require.Equal(t, []string{fmt.Sprint(status)}, a.header.Values("X-Status"), path)
			require.Eventually(t, func() bool { return ends.Load() > 0 }, 20*time.Second, time.Millisecond,
				"the client may have its answer before the end")
			require.EqualValues(t, status, ends.Load(), path)
		}
		require.Contains(t, s.log.String(), "contained")
	})
}

// eachStyleOf registers a handler in every style.
func eachStyleOf(app *fasterapi.App, pattern string, handle func(*fasterapi.Ctx) (fasterapi.Text, error)) {
	straight := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return handle(c) }
	app.Get("/goroutine"+pattern, straight)
	app.Get("/coroutine"+pattern, straight, fasterapi.OnReactor())
	app.GetFuture("/chain"+pattern, func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.Text] {
		return async.Go(c, func(context.Context) (int, error) { return 0, nil }).
			ThenErr(func(int) (fasterapi.Text, error) { return handle(c) })
	})
}

// TestReplace: middleware may change what is staged, and answer itself.
func TestReplace(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				if c.Header("Stop") != "" {
					c.Respond(http.StatusTeapot, "text/plain", []byte("stopped"))
					return nil
				}
				if err := next(c); err != nil {
					return err
				}
				c.Vary("Stop")
				c.Vary("stop")
				c.Vary("Other")
				c.ReplaceBody(append(c.StagedBody(), '!'))
				return nil
			}
		})
		eachStyleOf(app, "", func(*fasterapi.Ctx) (fasterapi.Text, error) { return "hello", nil })
		app.Get("/created", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "c", nil }, fasterapi.Status(201))
		app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Reader: strings.NewReader("hello")}, nil
		})
	}, func(t *testing.T, s service) {
		s.contract = nil
		for _, style := range []string{"/goroutine", "/coroutine", "/chain"} {
			a := s.get(style)
			require.Equal(t, "hello!", a.body)
			require.Equal(t, []string{"Stop, Other"}, a.header.Values("Vary"))
			require.Equal(t, http.StatusTeapot, s.get(style, "Stop", "1").status)
		}
		require.Equal(t, 201, s.get("/created").status)
		require.Equal(t, http.StatusTeapot, s.get("/created", "Stop", "1").status, "not the status of the route")
		require.Equal(t, "hello", s.get("/stream").body, "it is too late")
	})
}

// TestCancelAfter: the request's context ends in time, also without middleware,
// and a request that was in time leaves nothing behind for the next one.
func TestCancelAfter(t *testing.T) {
	stuck := func(c *fasterapi.Ctx) async.Future[fasterapi.Text] {
		c.CancelAfter(10 * time.Millisecond)
		_, f := async.NewPromise[fasterapi.Text](c.AsyncSite().Scheduler)
		return f
	}
	everyProtocol(t, func(app *fasterapi.App) {
		straight := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return stuck(c).Await(c) }
		app.Get("/goroutine", straight)
		app.Get("/coroutine", straight, fasterapi.OnReactor())
		eachStyleOf(app, "/fast", func(c *fasterapi.Ctx) (fasterapi.Text, error) {
			if _, left := c.Deadline(); left || c.Err() != nil {
				return "", errors.New("of another request")
			}
			stop := c.CancelAfter(time.Millisecond)
			if c.Header("Stop") != "" && stop() {
				return "late", nil
			}
			return "fast", nil
		})
	}, func(t *testing.T, s service) {
		s.contract = nil
		for _, path := range []string{"/goroutine", "/coroutine"} {
			require.Equal(t, http.StatusGatewayTimeout, s.get(path).status, path)
		}
		for i := range 30 {
			header := []string{"Stop", "1"}
			for _, path := range []string{"/goroutine/fast", "/coroutine/fast", "/chain/fast"} {
				a := s.get(path, header[:2*(i%2)]...)
				require.Equal(t, 200, a.status, a.body)
			}
			if i%10 == 9 {
				// Takes 10 ms: what was left behind would strike meanwhile.
				require.Equal(t, http.StatusGatewayTimeout, s.get("/goroutine").status)
			}
		}
	})
}

// TestLimitBody works for bodies of known and unknown length.
func TestLimitBody(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Post("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			if err := c.LimitBody(300_000); err != nil {
				return "", err
			}
			n, err := io.Copy(io.Discard, c.Body())
			return fasterapi.Text(fmt.Sprint(n)), err
		})
	}, func(t *testing.T, s service) {
		s.contract = nil
		require.Equal(t, "300000", s.do(http.MethodPost, "/", strings.Repeat("x", 300_000)).body)
		require.Equal(t, 413, s.do(http.MethodPost, "/", strings.Repeat("x", 300_001)).status)
	})
}
