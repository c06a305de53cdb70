package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

func TestRouting(t *testing.T) {
	pattern := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		return fasterapi.Text(c.Pattern() + " " + c.Param("id") + c.Param("rest")), nil
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/", pattern)
		app.Get("/users/{id}", pattern)
		app.Post("/users/{id}", pattern)
		app.Delete("/users/{id}", pattern)
		app.Get("/users/me", pattern)
		app.Get("/files/{rest...}", pattern)
		app.Get("/slash/", pattern)
		app.Options("/own", pattern)
		admin := app.Group("/admin").Group("/v1")
		admin.Get("/", pattern)
		admin.Get("/{id}", pattern)
	}, func(t *testing.T, s service) {
		for path, want := range map[string]string{
			"/":                "/ ",
			"/users/7":         "/users/{id} 7",
			"/users/a%2Fb%20c": "/users/{id} a/b c",
			"/users/me":        "/users/me ",
			"/files/a/b":       "/files/{rest...} a/b",
			"/slash/":          "/slash/ ",
			"/admin/v1":        "/admin/v1 ",
			"/admin/v1/x":      "/admin/v1/{id} x",
		} {
			got := s.get(path)
			require.Equal(t, http.StatusOK, got.status, path)
			require.Equal(t, want, got.body, path)
		}

		t.Run("no route", func(t *testing.T) {
			require.Equal(t, "Not Found", s.get("/nothing").problem(t).Title)
		})
		t.Run("body of no route", func(t *testing.T) {
			require.Equal(t, http.StatusNotFound, s.do("POST", "/nothing", "some body").status)
		})
		t.Run("other method", func(t *testing.T) {
			got := s.do("PUT", "/users/7", "body")
			require.Equal(t, http.StatusMethodNotAllowed, got.problem(t).Status)
			require.Equal(t, "DELETE, GET, HEAD, OPTIONS, POST", got.header.Get("Allow"))
		})
		t.Run("options", func(t *testing.T) {
			got := s.do("OPTIONS", "/users/7", "")
			require.Equal(t, http.StatusNoContent, got.status)
			require.Equal(t, "DELETE, GET, HEAD, OPTIONS, POST", got.header.Get("Allow"))
			require.Equal(t, "/own ", s.do("OPTIONS", "/own", "").body)
		})
		t.Run("head", func(t *testing.T) {
			got := s.do("HEAD", "/users/7", "")
			require.Equal(t, http.StatusOK, got.status)
			require.Empty(t, got.body)
			require.Equal(t, "13", got.header.Get("Content-Length"))
		})
		t.Run("trailing slash", func(t *testing.T) {
			got := s.get("/slash?a=1")
			require.Equal(t, http.StatusPermanentRedirect, got.status)
			require.Equal(t, "./slash/?a=1", got.header.Get("Location"))
			require.Equal(t, []string{"no-cache"}, got.header.Values("Cache-Control"), "a 308 is kept for good without")
			require.Equal(t, "../me", s.get("/users/me/").header.Get("Location"))
		})
		t.Run("bad escape", func(t *testing.T) {
			if s.nethttp {
				return // net/http itself answers 400, as text
			}
			require.Equal(t, http.StatusBadRequest, rawStatus(t, s, "GET /users/%zz HTTP/1.1\r\nHost: a\r\n\r\n"))
		})
	})
}

// TestRedirectsStayHere: no path makes the trailing-slash rule send a browser to
// another server.
func TestRedirectsStayHere(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/{name}", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil })
	}, func(t *testing.T, s service) {
		for path, want := range map[string]string{
			`/\host/`:          "../%5Chost", // raw, browsers take it for //host
			"/%2F%2Fhost/":     "../%2F%2Fhost",
			"/\xc3\xa4\"<>/":   "../%C3%A4%22%3C%3E",
			"/a%0d%0aX:%20b/":  "../a%0d%0aX:%20b",
			"/x/?to=//host/":   "../x?to=//host/",
			"/%5chost/?a=\xc3": "../%5chost?a=%C3",
		} {
			got, _ := s.begin(t, "GET", "/", nil, func(r *http.Request) { r.URL.Opaque = path }) // as it is
			require.Equal(t, path, got.Request.URL.RequestURI())
			require.Equal(t, http.StatusPermanentRedirect, got.StatusCode, path)
			require.Equal(t, want, got.Header.Get("Location"), path)
		}
		require.Equal(t, http.StatusNotFound, rawStatus(t, s, "GET //host/ HTTP/1.1\r\nHost: test\r\n\r\n"))
	})
}

func TestMistakesAreReportedTogether(t *testing.T) {
	type bad struct {
		ID    chan int `path:"id"`
		Other string   `path:"other"`
	}
	nothing := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil }
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0"})
	app.Get("/{a}/b", nothing)
	app.Get("/a/{b}", nothing)
	app.Get("/x/{id}", func(*fasterapi.Ctx, bad) (fasterapi.None, error) { return fasterapi.None{}, nil })
	app.Get("/fn", func(*fasterapi.Ctx, fasterapi.None) (func(), error) { return nil, nil })
	app.Get("/pool", func(*fasterapi.Ctx, struct {
		Pool *http.Client `inject:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
		return fasterapi.Stream{}, nil
	}, fasterapi.OnReactor())

	_, err := app.Start()
	var mistakes *fasterapi.RegistrationError
	require.ErrorAs(t, err, &mistakes)
	for _, part := range []string{
		"/{a}/b", "/a/{b}", "GET /x/{id}", "field ID", "other", "GET /fn", "field Pool: nothing of type *http.Client",
		"GET /stream", "routing_test.go:",
	} {
		require.ErrorContains(t, err, part)
	}
	require.Panics(t, func() { app.Handler() })
}

// TestNilHandlers are found at start-up, in every style.
func TestNilHandlers(t *testing.T) {
	type none = fasterapi.None
	app, _ := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Get("/a", (func(*fasterapi.Ctx, none) (none, error))(nil))
		app.GetFuture("/b", (func(*fasterapi.Ctx, none) async.Future[none])(nil))
		app.WebSocket("/c", (func(*fasterapi.Ctx, none, *fasterapi.Socket[string, string]) error)(nil))
		app.WebSocketEvents("/d", (func(*fasterapi.Ctx, none, *fasterapi.Socket[string, string]) (fasterapi.SocketEvents[string], error))(nil))
	})
	_, err := app.Start()
	var mistakes *fasterapi.RegistrationError
	require.ErrorAs(t, err, &mistakes)
	require.Len(t, mistakes.Mistakes, 4)
	for _, mistake := range mistakes.Mistakes {
		require.Contains(t, mistake, "the handler is nil")
	}
}
