package app_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/problem"
)

// brittleLog is a log whose writing fails once after it was armed.
//
// Owner: any (armed is atomic).
type brittleLog struct {
	slog.Handler
	armed *atomic.Bool
}

func (b brittleLog) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError && b.armed.CompareAndSwap(true, false) {
		panic("the log cannot be written")
	}
	return b.Handler.Handle(ctx, r)
}

func (b brittleLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return brittleLog{b.Handler.WithAttrs(attrs), b.armed}
}

func (b brittleLog) WithGroup(name string) slog.Handler {
	return brittleLog{b.Handler.WithGroup(name), b.armed}
}

// brittleTracer fails for requests that say so.
type brittleTracer struct{}

func (brittleTracer) Sample(p observe.Parent) bool {
	if p.Sampled {
		panic("cannot sample")
	}
	return true
}

func (brittleTracer) Value(*observe.Trace, any) any { return nil }

func (brittleTracer) End(r *observe.Record) {
	if strings.Contains(r.Route, "/traced") {
		panic("cannot end the trace")
	}
}

// TestPanicsOutsideOfRoutes: what fails behind the handler, where a response is made of its error, is a 500 in
// the form of the service, over every engine and in every style, and the connection goes on.
func TestPanicsOutsideOfRoutes(t *testing.T) {
	var armed atomic.Bool
	var ended atomic.Int64
	fails := map[string]func(c *fasterapi.Ctx) (string, error){
		"/log": func(*fasterapi.Ctx) (string, error) { return "", errors.New("no disk") },
		"/log-of-panic": func(*fasterapi.Ctx) (string, error) {
			panic("in the handler")
		},
		"/exit":         func(*fasterapi.Ctx) (string, error) { runtime.Goexit(); return "", nil },
		"/exit-in-form": func(*fasterapi.Ctx) (string, error) { return "", problem.Conflict("") },
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.ProblemsAs("application/vnd.failure+json", func(_ *fasterapi.Ctx, p *problem.Problem) map[string]int {
			if p.Status == 409 {
				runtime.Goexit()
			}
			return map[string]int{"code": p.Status}
		})
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				c.OnEnd(func(c *fasterapi.Ctx) {
					if c.Status() == 500 {
						ended.Add(1)
					}
				})
				return next(c)
			}
		})
		for path, h := range fails {
			inStyles(app, path, h)
		}
		inStyles(app, "/exit-on-head", func(c *fasterapi.Ctx) (string, error) {
			c.OnHead(func(*fasterapi.Ctx) { runtime.Goexit() })
			return "done", nil
		})
		inStyles(app, "/fine", func(*fasterapi.Ctx) (string, error) { return "fine", nil })
	}, func(t *testing.T, s service) {
		for _, style := range []string{"/goroutine", "/reactor", "/chain"} {
			for path := range fails {
				armed.Store(strings.HasPrefix(path, "/log"))
				ended.Store(0)
				got := s.get(style + path)
				require.Equal(t, 500, got.status, style+path)
				require.Equal(t, "application/vnd.failure+json", got.header.Get("Content-Type"), style+path)
				require.JSONEq(t, `{"code":500}`, got.body, style+path)
				require.EqualValues(t, 1, ended.Load(), style+path)
				require.False(t, armed.Load(), "the log has failed")
				require.Equal(t, 200, s.get(style+"/fine").status, style+path)
			}
		}
		for _, style := range []string{"/goroutine", "/reactor", "/chain"} {
			got := s.get(style + "/exit-on-head")
			require.Equal(t, 200, got.status, "it was decided before")
			require.Equal(t, `"done"`, got.body)
		}
	}, func(cfg *fasterapi.Config) { cfg.Logger = slog.New(brittleLog{cfg.Logger.Handler(), &armed}) })
}

// TestBrittleTracer: a tracer that fails costs a trace, and no request.
func TestBrittleTracer(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		inStyles(app, "/traced", func(*fasterapi.Ctx) (string, error) { return "fine", nil })
	}, func(t *testing.T, s service) {
		for _, style := range []string{"/goroutine", "/reactor", "/chain"} {
			got := s.do("GET", style+"/traced", "", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
			require.Equal(t, 200, got.status, got.body)
			require.Equal(t, 200, s.get(style+"/traced").status)
		}
		require.Contains(t, s.log.String(), "cannot sample")
		require.Contains(t, s.log.String(), "cannot end the trace")
	}, func(cfg *fasterapi.Config) { cfg.Observe.Tracer = brittleTracer{} })
}
