package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/problem"
)

// styles registers one handler in every style that can run it.
func styles[In, Out any](app *fasterapi.App, path string, h func(*fasterapi.Ctx, In) (Out, error)) {
	app.Get("/goroutine"+path, h)
	app.Get("/coroutine"+path, h, fasterapi.OnReactor())
	app.GetFuture("/chain"+path, func(c *fasterapi.Ctx, in In) async.Future[Out] {
		out, err := h(c, in)
		if err != nil {
			return async.Failed[Out](err)
		}
		return async.Ready(out)
	})
	behind := app.Group("/behind")
	behind.Use(func(next fasterapi.Handler) fasterapi.Handler { return next })
	behind.GetFuture(path, func(c *fasterapi.Ctx, in In) async.Future[Out] {
		out, err := h(c, in)
		return async.Sleep(c, time.Millisecond).ThenErr(func(struct{}) (Out, error) { return out, err })
	})
	app.GetFuture("/later"+path, func(c *fasterapi.Ctx, in In) async.Future[Out] {
		out, err := h(c, in)
		return async.Sleep(c, time.Millisecond).ThenErr(func(struct{}) (Out, error) { return out, err })
	})
}

var styleNames = []string{"/goroutine", "/coroutine", "/chain", "/behind", "/later"}

func eachStyle(t *testing.T, test func(t *testing.T, prefix string)) {
	for _, prefix := range styleNames {
		t.Run(prefix[1:], func(t *testing.T) { test(t, prefix) })
	}
}

func TestBinding(t *testing.T) {
	type input struct {
		ID     int64         `path:"id"`
		Page   int           `query:"page" default:"1"`
		Tags   []string      `query:"tag"`
		Trace  *uuid.UUID    `header:"X-Trace"`
		Since  time.Time     `query:"since"`
		Within time.Duration `query:"within"`
		SID    string        `cookie:"sid"`
	}
	everyProtocol(t, func(app *fasterapi.App) {
		styles(app, "/items/{id}", func(_ *fasterapi.Ctx, in input) (fasterapi.Text, error) {
			trace := "none"
			if in.Trace != nil {
				trace = in.Trace.String()
			}
			return fasterapi.Text(fmt.Sprintf("%d %d %v %s %d %v %s", in.ID, in.Page, in.Tags, trace, in.Since.Year(), in.Within, in.SID)), nil
		})
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			require.Equal(t, "7 1 [] none 1 0s ", s.get(prefix+"/items/7").body)
			got := s.get(prefix+"/items/7?page=3&tag=a&tag=b%20c&since=2026-01-02T03:04:05Z&within=90s",
				"X-Trace", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "Cookie", "sid=s1; other=2")
			require.Equal(t, "7 3 [a b c] 6ba7b810-9dad-11d1-80b4-00c04fd430c8 2026 1m30s s1", got.body)

			p := s.get(prefix+"/items/x?page=y&since=z", "X-Trace", "no").problem(t)
			require.Equal(t, http.StatusUnprocessableEntity, p.Status)
			var locations []string
			for _, e := range p.Errors {
				locations = append(locations, e.Location)
			}
			require.ElementsMatch(t, []string{"path.id", "query.page", "query.since", "header.X-Trace"}, locations)
		})
	})
}

func TestBodies(t *testing.T) {
	type order struct {
		Item  string `json:"item"`
		Count int    `json:"count"`
	}
	everyProtocol(t, func(app *fasterapi.App) {
		echo := func(_ *fasterapi.Ctx, in struct {
			Order order `body:""`
		},
		) (fasterapi.Response[order], error) {
			return fasterapi.Response[order]{Status: http.StatusCreated, Body: in.Order, Header: http.Header{"X-Made": {"yes"}}}, nil
		}
		app.Post("/goroutine", echo, fasterapi.MaxBody(1<<20))
		app.Post("/coroutine", echo, fasterapi.OnReactor(), fasterapi.MaxBody(1<<20))
		count := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			n, err := io.Copy(io.Discard, c.Body())
			return fasterapi.Text(fmt.Sprint(n)), err
		}
		app.Put("/goroutine", count, fasterapi.MaxBody(8<<20))
		app.Put("/coroutine", count, fasterapi.OnReactor(), fasterapi.MaxBody(8<<20))
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/coroutine"} {
			jsonType := []string{"Content-Type", "application/json"}
			got := s.do("POST", path, `{"item":"tea","count":2}`, jsonType...)
			require.Equal(t, http.StatusCreated, got.status)
			require.Equal(t, "yes", got.header.Get("X-Made"))
			require.JSONEq(t, `{"item":"tea","count":2}`, got.body)

			require.Equal(t, "body.count", s.do("POST", path, `{"count":"x"}`, jsonType...).problem(t).Errors[0].Location)
			require.Equal(t, http.StatusUnprocessableEntity, s.do("POST", path, `{"count":`, jsonType...).status)
			require.Equal(t, http.StatusUnprocessableEntity, s.do("POST", path, "", jsonType...).status)
			require.Equal(t, http.StatusUnsupportedMediaType, s.do("POST", path, "x", "Content-Type", "text/csv").status)
			long := `{"item":"` + strings.Repeat("x", 1<<20) + `"}`
			require.Equal(t, http.StatusRequestEntityTooLarge, s.do("POST", path, long, jsonType...).problem(t).Status)

			require.Equal(t, "5000000", s.do("PUT", path, strings.Repeat("y", 5_000_000)).body)
		}
	})
}

func TestErrorsAndPanics(t *testing.T) {
	secret := errors.New("password=hunter2")
	everyProtocol(t, func(app *fasterapi.App) {
		styles(app, "/problem", func(*fasterapi.Ctx, fasterapi.None) (user, error) {
			return user{}, problem.Conflict("already there")
		})
		styles(app, "/secret", func(*fasterapi.Ctx, fasterapi.None) (user, error) { return user{}, secret })
		styles(app, "/late", func(*fasterapi.Ctx, fasterapi.None) (user, error) { return user{}, context.DeadlineExceeded })
		panics := func(*fasterapi.Ctx, fasterapi.None) (user, error) { panic("at the disco") }
		app.Get("/goroutine/panic", panics)
		app.Get("/coroutine/panic", panics, fasterapi.OnReactor())
		app.GetFuture("/chain/panic", func(*fasterapi.Ctx, fasterapi.None) async.Future[user] { panic("at the disco") })
		app.GetFuture("/later/panic", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[user] {
			return async.Sleep(c, time.Millisecond).Then(func(struct{}) user { panic("at the disco") })
		})
		app.GetFuture("/behind/panic", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[user] {
			return async.Sleep(c, time.Millisecond).Then(func(struct{}) user { panic("at the disco") })
		})
		app.GetFuture("/render/panic", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[hostile] {
			return async.Sleep(c, time.Millisecond).Then(func(struct{}) hostile { return hostile{} })
		})
		app.GetFuture("/chain/exit", func(*fasterapi.Ctx, fasterapi.None) async.Future[user] {
			runtime.Goexit()
			return async.Future[user]{}
		})
		app.GetFuture("/later/exit", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[user] {
			return async.Sleep(c, time.Millisecond).Then(func(struct{}) user {
				runtime.Goexit()
				return user{}
			})
		})
		exits := func(*fasterapi.Ctx, fasterapi.None) (user, error) {
			runtime.Goexit()
			return user{}, nil
		}
		app.Get("/goroutine/exit", exits)
		app.Get("/coroutine/exit", exits, fasterapi.OnReactor())
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			require.Equal(t, "already there", s.get(prefix+"/problem").problem(t).Detail)
			require.Equal(t, http.StatusGatewayTimeout, s.get(prefix+"/late").problem(t).Status)
			for _, path := range []string{"/secret", "/panic"} {
				got := s.get(prefix + path)
				p := got.problem(t)
				require.Equal(t, http.StatusInternalServerError, p.Status)
				id, found := strings.CutPrefix(p.Instance, "urn:error:")
				require.True(t, found, "the answer has an id")
				require.Contains(t, s.log.String(), id, "the log has the id of the answer")
				require.NotContains(t, got.body, "hunter2")
				require.NotContains(t, got.body, "disco")
			}
			require.Contains(t, s.log.String(), "at the disco")
		})
		for _, path := range []string{"/goroutine/exit", "/coroutine/exit", "/chain/exit", "/later/exit", "/render/panic"} {
			require.Equal(t, http.StatusInternalServerError, s.get(path).status, path)
		}
		require.Equal(t, http.StatusInternalServerError, s.get("/goroutine/panic").status, "the service goes on")
	})
}

// TestProblemsDoNotLookLikeAnswers: what a handler has said about the answer
// that it then could not give is not said of the problem.
func TestProblemsDoNotLookLikeAnswers(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		styles(app, "/broken", func(c *fasterapi.Ctx, _ fasterapi.None) (user, error) {
			c.SetHeader("Cache-Control", "max-age=3600")
			c.SetHeader("etag", `"1"`)
			c.SetHeader("Content-Encoding", "gzip")
			c.SetHeader("X-Attempt", "1")
			return user{}, problem.Conflict("already there")
		})
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			got := s.get(prefix + "/broken")
			require.Equal(t, "already there", got.problem(t).Detail)
			require.Equal(t, "1", got.header.Get("X-Attempt"), "all else stays")
			for _, name := range []string{"Cache-Control", "ETag", "Content-Encoding"} {
				require.Empty(t, got.header.Values(name), name)
			}
		})
	})
}

// hostile panics when it is written as JSON.
type hostile struct{ Name string }

func (hostile) MarshalJSON() ([]byte, error) { panic("hostile") }

func TestMiddleware(t *testing.T) {
	trace := func(name string) fasterapi.Middleware {
		return func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				c.AddHeader("X-Before", name)
				err := next(c)
				c.AddHeader("X-After", fmt.Sprint(name, " ", c.Status()))
				return err
			}
		}
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Use(trace("app"))
		styles(app, "/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "ok", nil })
		inner := app.Group("/inner")
		inner.Use(trace("group"), func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				if c.Header("X-Stop") != "" {
					return problem.Forbidden("stopped")
				}
				return next(c)
			}
		})
		inner.Get("/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "ok", nil })
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			got := s.get(prefix + "/text")
			require.Equal(t, "ok", got.body)
			require.Equal(t, []string{"app"}, got.header["X-Before"])
			require.Equal(t, []string{"app 200"}, got.header["X-After"])
		})
		got := s.get("/inner/text")
		require.Equal(t, []string{"app", "group"}, got.header["X-Before"])
		require.Equal(t, []string{"group 200", "app 200"}, got.header["X-After"])
		require.Equal(t, http.StatusForbidden, s.get("/inner/text", "X-Stop", "1").status)
		require.Equal(t, []string{"app"}, s.get("/nothing").header["X-Before"], "around 404 too")
	})
}
