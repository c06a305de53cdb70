package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

const customType = "application/vnd.x+json"

// typedByHand are handlers of all response types, which call SetHeader or use the
// Header of a Response.
func typedByHand(g *fasterapi.Group) {
	set := func(c *fasterapi.Ctx) { c.SetHeader("content-type", customType) }
	byHeader := http.Header{"Content-Type": {customType}}
	g.Get("/json", func(c *fasterapi.Ctx, _ fasterapi.None) (map[string]int, error) { set(c); return nil, nil })
	g.Get("/text", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { set(c); return "x", nil })
	g.Get("/html", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.HTML, error) { set(c); return "x", nil })
	g.Get("/blob", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Blob, error) {
		set(c)
		return fasterapi.Blob{Data: []byte("x")}, nil
	})
	g.Get("/added", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		c.AddHeader("Content-Type", "text/x-first")
		c.AddHeader("Content-Type", customType)
		return "x", nil
	})
	g.Get("/response", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Response[map[string]int], error) {
		return fasterapi.Response[map[string]int]{Header: byHeader}, nil
	})
	g.Get("/response/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Response[fasterapi.Text], error) {
		return fasterapi.Response[fasterapi.Text]{Status: 201, Header: byHeader, Body: "x"}, nil
	})
	g.Get("/reactor", func(c *fasterapi.Ctx, _ fasterapi.None) (map[string]int, error) { set(c); return nil, nil },
		fasterapi.OnReactor())
	g.GetFuture("/chain", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[map[string]int] {
		set(c)
		return async.Ready(map[string]int{})
	})
}

// streamedByHand are those that cannot run on a reactor.
func streamedByHand(g *fasterapi.Group) {
	set := func(c *fasterapi.Ctx) { c.SetHeader("Content-Type", customType) }
	g.Get("/stream", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
		set(c)
		return fasterapi.Stream{Reader: strings.NewReader("x")}, nil
	})
	g.Get("/file", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.File, error) {
		set(c)
		return fasterapi.File{Content: strings.NewReader("x")}, nil
	})
	g.Get("/lines", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.JSONLines[int], error) {
		set(c)
		return func(yield func(int, error) bool) { yield(1, nil) }, nil
	})
	g.Get("/events", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[int], error) {
		set(c)
		return fasterapi.SSE[int]{Events: func(yield func(fasterapi.Event[int], error) bool) {
			yield(fasterapi.Event[int]{Data: 1}, nil)
		}}, nil
	})
}

func passing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
}

// Content-Type of all response types, set by hand: one line, the handler's.
func TestOneContentType(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		for _, name := range []string{"plain", "wrapped", "outer"} {
			g := app.Group("/"+name, fasterapi.Hidden())
			switch name {
			case "wrapped":
				g.Use(fasterapi.WrapMiddleware(passing))
			case "outer":
				g.Use(func(next fasterapi.Handler) fasterapi.Handler {
					return func(c *fasterapi.Ctx) error {
						c.SetHeader("Content-Type", "text/x-of-middleware")
						return next(c)
					}
				})
			}
			typedByHand(g)
			streamedByHand(g)
			g.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", customType)
				_, _ = io.WriteString(w, "x")
			}))
		}
	}, func(t *testing.T, s service) {
		for _, group := range []string{"plain", "wrapped", "outer"} {
			for _, path := range []string{
				"json", "text", "html", "blob", "added", "response", "response/text", "reactor", "chain", "mounted", "mounted/x",
				"stream", "file", "lines", "events",
			} {
				a := s.get("/" + group + "/" + path)
				require.Equal(t, []string{customType}, a.header.Values("Content-Type"), group+" "+path)
			}
		}
	})
}

// What a value says of itself, and what the framework says of a response type, goes
// before what middleware has set; what middleware sets behind the handler goes before
// all.
func TestNearestFieldWins(t *testing.T) {
	files := fstest.MapFS{"a.txt": {Data: []byte("text")}}
	before := func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			c.SetHeader("Content-Type", "text/x-of-middleware")
			c.SetHeader("ETag", `"middleware"`)
			c.SetHeader("Last-Modified", "Mon, 01 Jan 2001 00:00:00 GMT")
			c.SetHeader("Cache-Control", "no-store")
			c.SetHeader("Content-Disposition", "inline")
			c.SetHeader("Server", "mine")
			return next(c)
		}
	}
	everyProtocol(t, func(app *fasterapi.App) {
		g := app.Group("/before", fasterapi.Hidden())
		g.Use(before)
		g.Get("/html", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.HTML, error) { return "x", nil })
		g.Get("/blob", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Blob, error) {
			c.SetHeader("Content-Type", "text/x-of-handler")
			return fasterapi.Blob{ContentType: "text/x-of-value"}, nil
		})
		g.Get("/file", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.File, error) {
			c.SetHeader("ETag", `"handler"`)
			c.SetHeader("Last-Modified", "Tue, 02 Jan 2001 00:00:00 GMT")
			c.SetHeader("Cache-Control", "private")
			c.SetHeader("Content-Disposition", "inline")
			return fasterapi.File{FS: files, Name: "a.txt"}, nil
		})
		g.Get("/file/says", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.File, error) {
			c.SetHeader("ETag", `"handler"`)
			c.SetHeader("Cache-Control", "private")
			c.SetHeader("Content-Disposition", "inline")
			return fasterapi.File{
				FS: files, Name: "a.txt", ETag: `"value"`, CacheControl: "public", Download: "b.txt", ContentType: "text/x-of-value",
			}, nil
		})
		g.Static("/static", files, fasterapi.CacheControl("max-age=60"))
		g.Get("/response", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Response[fasterapi.Text], error) {
			return fasterapi.Response[fasterapi.Text]{Header: http.Header{
				"cache-control": {"max-age=5"}, "ETag": {`"value"`}, "Vary": {"X-B"}, "Set-Cookie": {"b=2"},
			}}, nil
		}, fasterapi.Depends(func(c *fasterapi.Ctx, _ fasterapi.None) error {
			c.Vary("X-A")
			c.AddHeader("Set-Cookie", "a=1")
			return nil
		}))
		behind := app.Group("/behind", fasterapi.Hidden())
		behind.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				err := next(c)
				c.SetHeader("Content-Type", "text/x-of-middleware")
				return err
			}
		})
		behind.Get("/blob", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
			return fasterapi.Blob{ContentType: "text/x-of-value"}, nil
		})
	}, func(t *testing.T, s service) {
		type want = map[string]string
		for path, fields := range map[string]want{
			"/before/html": {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Server": "mine"},
			"/before/blob": {"Content-Type": "text/x-of-value"},
			"/before/file": {
				"Content-Type": "text/plain; charset=utf-8", "Etag": `"handler"`, "Last-Modified": "Tue, 02 Jan 2001 00:00:00 GMT",
				"Cache-Control": "private", "Content-Disposition": "inline", "Server": "mine",
			},
			"/before/file/says": {
				"Content-Type": "text/x-of-value", "Etag": `"value"`, "Cache-Control": "public",
				"Content-Disposition": "attachment; filename=b.txt",
			},
			"/before/static/a.txt": {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "max-age=60"},
			"/before/response":     {"Cache-Control": "max-age=5", "Etag": `"value"`, "Vary": "X-A, X-B"},
			"/behind/blob":         {"Content-Type": "text/x-of-middleware"},
		} {
			a := s.get(path)
			require.Less(t, a.status, 300, path)
			for name, value := range fields {
				require.Equal(t, []string{value}, a.header.Values(name), path+" "+name)
			}
		}
		require.Equal(t, []string{"a=1", "b=2"}, s.get("/before/response").header.Values("Set-Cookie"))
		require.NotEqual(t, `"middleware"`, s.get("/before/static/a.txt").header.Get("ETag"))
		for _, condition := range []string{`"handler"`, `"middleware"`} { // the tag that is sent is the one that counts
			a := s.do("GET", "/before/file", "", "If-None-Match", condition)
			require.Equal(t, condition == `"handler"`, a.status == 304, condition)
			require.Len(t, a.header.Values("ETag"), 1)
			require.Len(t, a.header.Values("Cache-Control"), 1)
		}
		part := s.do("GET", "/before/file", "", "Range", "bytes=1-2")
		require.Equal(t, 206, part.status)
		require.Len(t, part.header.Values("ETag"), 1)
		require.Len(t, part.header.Values("Content-Range"), 1)
	})
}

// A mounted handler sees what middleware has set before, and replaces and deletes it.
func TestMountedHeader(t *testing.T) {
	outer := func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			c.SetHeader("x-frame-options", "DENY")
			c.SetHeader("Cache-Control", "no-store")
			c.SetHeader("X-Powered-By", "us")
			c.SetHeader("X-Keep", "kept")
			c.SetHeader("Content-Type", "text/x-of-middleware")
			c.AddHeader("Set-Cookie", "a=1")
			c.Vary("Origin")
			return next(c)
		}
	}
	mounted := func(size int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			if h.Get("X-Frame-Options") != "DENY" || h.Get("Content-Type") != "text/x-of-middleware" {
				http.Error(w, fmt.Sprint("what came before is not seen: ", h), 500)
				return
			}
			h.Set("X-Frame-Options", "SAMEORIGIN")
			h.Set("Cache-Control", "max-age=60")
			h.Del("X-Powered-By")
			h.Add("Set-Cookie", "b=2")
			h.Add("Vary", "Accept-Encoding")
			h.Set("Content-Length", fmt.Sprint(size))
			h.Set("Transfer-Encoding", "identity")
			h.Set("Keep-Alive", "timeout=5")
			h["X-Bad"] = []string{"a\r\nb"}
			_, _ = io.WriteString(w, strings.Repeat("x", size))
		})
	}
	everyProtocol(t, func(app *fasterapi.App) {
		for _, name := range []string{"plain", "wrapped"} {
			g := app.Group("/"+name, fasterapi.Hidden())
			g.Use(outer)
			if name == "wrapped" {
				g.Use(fasterapi.WrapMiddleware(passing))
			}
			g.Mount("/small", mounted(3))
			g.Mount("/large", mounted(100_000))
			g.Get("/handler", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
				if got := c.ResponseHeader("X-Frame-Options"); got != "DENY" {
					return "", errors.New("not seen: " + got)
				}
				c.SetHeader("X-Frame-Options", "SAMEORIGIN")
				c.SetHeader("Cache-Control", "max-age=60")
				c.DeleteHeader("X-Powered-By")
				c.AddHeader("Set-Cookie", "b=2")
				c.Vary("Accept-Encoding")
				c.SetHeader("X-Bad", "a\r\nb")
				c.SetHeader("Transfer-Encoding", "identity")
				c.SetHeader("Keep-Alive", "timeout=5")
				return "x", nil
			})
		}
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/plain/small", "/plain/large", "/wrapped/small", "/wrapped/large", "/plain/handler", "/wrapped/handler"} {
			a := s.get(path)
			require.Equal(t, 200, a.status, path+a.body)
			require.Equal(t, []string{"SAMEORIGIN"}, a.header.Values("X-Frame-Options"), path)
			require.Equal(t, []string{"max-age=60"}, a.header.Values("Cache-Control"), path)
			require.Equal(t, []string{"kept"}, a.header.Values("X-Keep"), path)
			require.Equal(t, []string{"a=1", "b=2"}, a.header.Values("Set-Cookie"), path)
			require.Equal(t, []string{"Origin, Accept-Encoding"}, a.header.Values("Vary"), path)
			require.Empty(t, a.header.Values("X-Powered-By"), path)
			require.Empty(t, a.header.Values("X-Bad"), path)
			require.Empty(t, a.header.Values("Keep-Alive"), path)
			require.Len(t, a.header.Values("Date"), 1, path)
			require.Len(t, a.header.Values("Content-Type"), 1, path)
		}
		require.Contains(t, s.log.String(), "not a valid field")
	})
}

// net/http middleware and the handler inside of it share one header, like two
// handlers of net/http.
func TestWrappedHeader(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", "no-store")
				w.Header().Set("X-Frame-Options", "DENY")
				w.Header().Set("X-Drop", "1")
				w.Header().Set("Content-Type", "text/x-of-middleware")
				w.Header().Set("Content-Encoding", "identity")
				next.ServeHTTP(w, r)
			})
		}))
		app.Get("/text", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			c.SetHeader("Cache-Control", "max-age=60")
			c.AddHeader("X-Frame-Options", "SAMEORIGIN")
			c.DeleteHeader("x-drop")
			return "x", nil
		})
		app.Get("/fails", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			c.SetHeader("Cache-Control", "max-age=60")
			c.SetHeader("ETag", `"x"`)
			return "", errors.New("no")
		})
	}, func(t *testing.T, s service) {
		a := s.get("/text")
		require.Equal(t, []string{"max-age=60"}, a.header.Values("Cache-Control"))
		require.Equal(t, []string{"SAMEORIGIN"}, a.header.Values("X-Frame-Options"))
		require.Equal(t, []string{"text/plain; charset=utf-8"}, a.header.Values("Content-Type"))
		require.Empty(t, a.header.Values("X-Drop"))
		a = s.get("/fails")
		require.Equal(t, []string{"application/problem+json"}, a.header.Values("Content-Type"))
		require.Equal(t, []string{"identity"}, a.header.Values("Content-Encoding"), "the middleware knows how it encodes what comes")
		require.Empty(t, a.header.Values("ETag"))
		require.NotEqual(t, []string{"max-age=60"}, a.header.Values("Cache-Control"))
	})
}

// A failed answer keeps nothing of what described the body that is not sent.
func TestFailedAnswerKeepsNoDescription(t *testing.T) {
	describe := func(c *fasterapi.Ctx) {
		for name, value := range map[string]string{
			"Content-Type": "text/csv", "ETag": `"x"`, "Last-Modified": "Mon, 01 Jan 2001 00:00:00 GMT", "Content-Encoding": "gzip",
			"Cache-Control": "max-age=60", "Expires": "Mon, 01 Jan 2035 00:00:00 GMT", "Content-Disposition": "attachment",
			"Content-Language": "de", "Content-Location": "/x", "Location": "/x", "Content-Digest": "sha-256=:AA==:",
		} {
			c.SetHeader(name, value)
		}
		c.SetHeader("X-Kept", "1")
	}
	everyProtocol(t, func(app *fasterapi.App) {
		for _, name := range []string{"plain", "wrapped", "secret"} {
			g := app.Group("/"+name, fasterapi.Hidden())
			switch name {
			case "wrapped":
				g.Use(fasterapi.WrapMiddleware(passing))
			case "secret":
				g.Use(func(next fasterapi.Handler) fasterapi.Handler {
					return func(c *fasterapi.Ctx) error {
						c.SetHeader("Cache-Control", "no-store")
						return next(c)
					}
				})
			}
			g.Get("/error", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
				describe(c)
				return "", errors.New("no")
			})
			g.Get("/panic", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
				describe(c)
				panic("no")
			})
			g.GetFuture("/chain", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[int] {
				describe(c)
				return async.Failed[int](errors.New("no"))
			})
			g.Get("/file", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.File, error) {
				describe(c)
				return fasterapi.File{FS: fstest.MapFS{}, Name: "x"}, nil
			})
			g.Get("/stream", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
				describe(c)
				return fasterapi.Stream{Chunks: func(yield func([]byte, error) bool) { yield(nil, errors.New("no")) }}, nil
			})
		}
	}, func(t *testing.T, s service) {
		for _, group := range []string{"plain", "wrapped", "secret"} {
			for _, path := range []string{"error", "panic", "chain", "file", "stream"} {
				a := s.get("/" + group + "/" + path)
				name := group + " " + path
				require.GreaterOrEqual(t, a.status, 400, name)
				require.Equal(t, []string{"application/problem+json"}, a.header.Values("Content-Type"), name)
				for _, field := range []string{
					"ETag", "Last-Modified", "Content-Encoding", "Expires", "Content-Disposition", "Content-Language",
					"Content-Location", "Location", "Content-Digest",
				} {
					require.Empty(t, a.header.Values(field), name+" "+field)
				}
				require.Equal(t, []string{"1"}, a.header.Values("X-Kept"), name)
				if group != "secret" || path == "panic" {
					require.NotContains(t, a.header.Get("Cache-Control"), "max-age", name)
				}
			}
		}
	})
}

// An App behind a server and middleware of net/http is a handler like any other: it
// sees what they have set, and replaces it.
func TestHeaderAroundHandler(t *testing.T) {
	app, _ := newApp(fasterapi.Config{Cores: 1, HTTP: fasterapi.HTTPConfig{ServerName: "inner"}}, func(app *fasterapi.App) {
		app.Get("/text", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			seen := c.ResponseHeader("X-Frame-Options")
			c.SetHeader("X-Frame-Options", "SAMEORIGIN")
			c.DeleteHeader("X-Drop")
			c.AddHeader("Set-Cookie", "b=2")
			c.SetHeader("Connection", "close")
			return fasterapi.Text(seen), nil
		})
	})
	handler := app.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Frame-Options", "DENY")
		w.Header().Set("X-Drop", "1")
		w.Header().Set("Server", "outer")
		w.Header().Set("Content-Type", "text/x-outer")
		w.Header().Set("Content-Length", "77")
		w.Header().Add("Set-Cookie", "a=1")
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, app.Reactors().Stop(context.Background()))
	})
	a := newService(t, server.URL, nil, true).get("/text")
	require.Equal(t, "DENY", a.body)
	require.True(t, a.close)
	for name, values := range map[string][]string{
		"X-Frame-Options": {"SAMEORIGIN"}, "X-Drop": nil, "Server": {"inner"}, "Content-Type": {"text/plain; charset=utf-8"},
		"Content-Length": {"4"}, "Set-Cookie": {"a=1", "b=2"},
	} {
		require.Equal(t, values, a.header.Values(name), name)
	}
}

// The configured name of the server gives way to a handler's.
func TestServerField(t *testing.T) {
	cfg := fasterapi.Config{Cores: 1, HTTP: fasterapi.HTTPConfig{ServerName: "configured"}}
	routes := func(app *fasterapi.App) {
		app.Get("/plain", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "x", nil }, fasterapi.OnReactor())
		own := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			c.SetHeader("server", "own")
			return "x", nil
		}
		app.Get("/own", own)
		app.Get("/own/reactor", own, fasterapi.OnReactor())
	}
	app, log := newApp(cfg, routes)
	behind, _ := newApp(cfg, routes)
	server := httptest.NewServer(behind.Handler())
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, behind.Reactors().Stop(context.Background()))
	})
	for _, url := range []string{"http://" + start(t, app), server.URL} {
		s := newService(t, url, log, false)
		require.Equal(t, []string{"configured"}, s.get("/plain").header.Values("Server"))
		require.Equal(t, []string{"own"}, s.get("/own").header.Values("Server"))
		a := s.get("/own/reactor")
		require.Equal(t, []string{"own"}, a.header.Values("Server"))
		require.Equal(t, []string{"text/plain; charset=utf-8"}, a.header.Values("Content-Type"))
		require.Len(t, a.header.Values("Date"), 1)
		require.Equal(t, []string{"configured"}, s.get("/plain").header.Values("Server"))
	}
}
