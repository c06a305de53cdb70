package app_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/problem"
)

// met returns middleware that notes its name in the field X-Met of the response.
func met(name string) fasterapi.Middleware {
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			c.AddHeader("X-Met", name)
			return next(c)
		}
	}
}

// metBy are the names of the middleware that a response has met, outside in.
func metBy(a answer) string { return strings.Join(a.header["X-Met"], " ") }

// TestUseOrder: a request meets the middleware of the app, of the groups and of the
// route in this order, however it was given to each.
func TestUseOrder(t *testing.T) {
	text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "ok", nil }
	everyProtocol(t, func(app *fasterapi.App) {
		app.Use(met("app"))
		app.Defaults(fasterapi.Use(met("defaults")))
		app.Use(met("app2"))
		outer := app.Group("/outer", fasterapi.Use(met("outer-option")))
		outer.Use(met("outer"))
		inner := outer.Group("/inner", fasterapi.Use(met("inner-option")))
		inner.Use(met("inner"))
		inner.Get("/text", text, fasterapi.Use(met("route"), met("route2")), fasterapi.Use(met("route3")))
		inner.Get("/plain", text)
		outer.Get("/beside", text, fasterapi.Use(met("beside")))
		app.Get("/top", text, fasterapi.Use(met("top")))
		app.Get("/other", text)
	}, func(t *testing.T, s service) {
		const app = "app defaults app2"
		require.Equal(t, app+" outer-option outer inner-option inner route route2 route3", metBy(s.get("/outer/inner/text")))
		require.Equal(t, app+" outer-option outer inner-option inner", metBy(s.get("/outer/inner/plain")))
		require.Equal(t, app+" outer-option outer beside", metBy(s.get("/outer/beside")))
		require.Equal(t, app+" top", metBy(s.get("/top")))
		require.Equal(t, app, metBy(s.get("/other")))
		require.Equal(t, app, metBy(s.get("/missing")), "around 404 as by App.Use")
	})
}

// TestUseEverywhere: the option is one of every kind of route, in every style.
func TestUseEverywhere(t *testing.T) {
	guard := func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			if c.Header("X-Stop") != "" {
				return problem.Forbidden("stopped")
			}
			return next(c)
		}
	}
	once := fasterapi.Use(met("route"), guard)
	everyProtocol(t, func(app *fasterapi.App) {
		text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "ok", nil }
		app.Get("/goroutine", text, once)
		app.Get("/coroutine", text, fasterapi.OnReactor(), once)
		app.GetFuture("/chain", func(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.Text] {
			return async.Ready(fasterapi.Text("ok"))
		}, once)
		app.Mount("/mounted", http.NotFoundHandler(), once)
		app.Static("/files", fstest.MapFS{"a.txt": {Data: []byte("a")}}, fasterapi.CacheControl("no-store"), once)
		app.Group("/below").Static("/files", fstest.MapFS{"index.html": {Data: []byte("page")}}, once, fasterapi.SPA("index.html"))
		app.WebSocket("/socket", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, string]) error { return nil }, once)
		app.Post("/post", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil }, once, fasterapi.MaxBody(2))
	}, func(t *testing.T, s service) {
		for _, path := range []string{
			"/goroutine", "/coroutine", "/chain", "/mounted/x", "/mounted", "/files/a.txt", "/files/missing", "/below/files/", "/socket",
		} {
			require.Equal(t, "route", metBy(s.get(path)), path)
			require.Equal(t, "stopped", s.get(path, "X-Stop", "1").problem(t).Detail, path)
		}
		require.Equal(t, "no-store", s.get("/files/a.txt").header.Get("Cache-Control"))
		require.Equal(t, "page", s.get("/below/files/", "Accept", "text/html").body)
		refused := s.do("POST", "/post", "longer")
		require.Equal(t, http.StatusRequestEntityTooLarge, refused.status)
		require.Equal(t, "route", metBy(refused), "what the engine refuses")
	})
}

// TestUseNil: middleware that is nil is a mistake, wherever it was given.
func TestUseNil(t *testing.T) {
	for name, register := range map[string]func(*fasterapi.App){
		"app":   func(app *fasterapi.App) { app.Use(nil) },
		"group": func(app *fasterapi.App) { app.Group("/g", fasterapi.Use(nil)).Static("/", fstest.MapFS{}) },
		"route": func(app *fasterapi.App) { app.Static("/s", fstest.MapFS{}, fasterapi.Use(nil)) },
	} {
		t.Run(name, func(t *testing.T) {
			app := fasterapi.New(fasterapi.Config{Cores: 1})
			register(app)
			app.Get("/x", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil })
			_, err := app.OpenAPI()
			require.ErrorContains(t, err, "the middleware is nil")
			require.ErrorContains(t, err, "route_middleware_test.go:")
		})
	}
}
