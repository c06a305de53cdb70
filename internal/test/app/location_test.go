package app_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
	"github.com/fasterapi/fasterapi/problem"
)

// Every way to a reference percent-encodes what RFC 3986 does not let stand, and makes a
// 500 of control characters: a redirect without Location tells nobody what went wrong.
func TestLocations(t *testing.T) {
	ways := []string{
		"redirect", "reactor", "chain", "header", "set", "added", "put", "stream", "chunks", "filtered", "after", "head",
		"mounted", "streaming", "created", "content",
	}
	everyWay(t, func(app *fasterapi.App) {
		for _, name := range []string{"plain", "wrapped"} {
			g := app.Group("/"+name, fasterapi.Hidden())
			if name == "wrapped" {
				g.Use(fasterapi.WrapMiddleware(passing))
			}
			locationWays(g)
		}
	}, func(t *testing.T, s service) {
		for _, way := range ways {
			for _, group := range []string{"/plain/", "/wrapped/"} {
				name := map[bool]string{true: "Content-Location", false: "Location"}[way == "content"]
				for in, want := range map[string]string{
					"/café": "/caf%C3%A9", "/a b": "/a%20b", "/%41?x=é#é": "/%41?x=%C3%A9#%C3%A9", `/\host`: "/%5Chost",
				} {
					a := s.get(group + way + "?to=" + url.QueryEscape(in))
					require.NotEqual(t, 500, a.status, group+way)
					require.Equal(t, []string{want}, a.header.Values(name), group+way)
				}
				for _, in := range []string{"/x\r\ny", "/x\x00", "\t/x", "/x\x7f"} {
					a := s.get(group + way + "?to=" + url.QueryEscape(in))
					require.Equal(t, 500, a.status, "%s %q", group+way, in)
					a.problem(t)
					require.Empty(t, a.header.Values(name))
				}
				route := "GET " + group + way
				require.True(t, regexp.MustCompile(`(request failed|response broken off)" route="`+regexp.QuoteMeta(route)+`" .*has control characters`).
					MatchString(s.log.String()), route)
			}
		}
		a := s.get("/plain/corrected?to=%0a")
		require.Equal(t, 302, a.status, "another has taken the place of what could not be sent")
		require.Equal(t, []string{"/corrected"}, a.header.Values("Location"))
		require.Equal(t, 200, s.get("/plain/deleted?to=%0a").status)
		require.Equal(t, 404, s.get("/plain/failed?to=%0a").status, "this answer has no location")
		require.Equal(t, 404, s.get("/wrapped/failed?to=%0a").status)
	})
}

// locationWays registers all ways to a Location.
func locationWays(g *fasterapi.Group) {
	type to struct {
		To string `query:"to"`
	}
	redirect := func(_ *fasterapi.Ctx, in to) (fasterapi.Redirect, error) {
		return fasterapi.Redirect{Location: in.To, Status: 302}, nil
	}
	g.Get("/redirect", redirect)
	g.Get("/reactor", redirect, fasterapi.OnReactor())
	g.GetFuture("/chain", func(_ *fasterapi.Ctx, in to) async.Future[fasterapi.Redirect] {
		return async.Ready(fasterapi.Redirect{Location: in.To})
	})
	g.Get("/header", func(_ *fasterapi.Ctx, in to) (fasterapi.Response[fasterapi.Text], error) {
		return fasterapi.Response[fasterapi.Text]{Status: 303, Header: http.Header{"location": {in.To}}}, nil
	})
	says := func(path string, say func(c *fasterapi.Ctx, to string) error) {
		g.Get(path, func(c *fasterapi.Ctx, in to) (fasterapi.Text, error) { return "x", say(c, in.To) })
	}
	says("/set", func(c *fasterapi.Ctx, to string) error {
		c.SetHeader("Location", to)
		c.SetStatus(301)
		return nil
	})
	says("/added", func(c *fasterapi.Ctx, to string) error {
		c.SetHeader("Location", "/other")
		c.AddHeader("LOCATION", to)
		c.SetStatus(302)
		return nil
	})
	says("/put", func(_ *fasterapi.Ctx, to string) error {
		return &problem.Problem{Status: 409, Header: map[string][]string{"Location": {to}}}
	})
	says("/created", func(c *fasterapi.Ctx, to string) error {
		c.SetHeader("Location", to)
		c.SetStatus(201)
		return nil
	})
	says("/content", func(c *fasterapi.Ctx, to string) error {
		c.SetHeader("Content-Location", to)
		return nil
	})
	says("/head", func(c *fasterapi.Ctx, to string) error {
		c.OnHead(func(c *fasterapi.Ctx) { c.SetHeader("Location", to) })
		return nil
	})
	says("/corrected", func(c *fasterapi.Ctx, to string) error {
		c.SetHeader("Location", to)
		c.SetHeader("Location", "/corrected")
		c.SetStatus(302)
		return nil
	})
	says("/deleted", func(c *fasterapi.Ctx, to string) error {
		c.SetHeader("Location", to)
		c.DeleteHeader("Location")
		return nil
	})
	says("/failed", func(c *fasterapi.Ctx, to string) error {
		c.SetHeader("Location", to)
		return problem.NotFound("")
	})
	after := g.Group("/after")
	after.Use(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			err := next(c)
			query, _ := url.ParseQuery(c.RawQuery())
			c.SetHeader("Location", query.Get("to"))
			return err
		}
	})
	after.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "x", nil })
	streamedLocations(g)
}

// streamedLocations registers the ways whose head goes out before the handler returns.
func streamedLocations(g *fasterapi.Group) {
	type to struct {
		To string `query:"to"`
	}
	long := strings.Repeat("x", 64<<10)
	g.Get("/stream", func(c *fasterapi.Ctx, in to) (fasterapi.Stream, error) {
		c.SetHeader("Location", in.To)
		c.SetStatus(302)
		return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
			_, err := w.WriteString(long)
			return err
		}}, nil
	})
	g.Get("/chunks", func(c *fasterapi.Ctx, in to) (fasterapi.Stream, error) {
		c.SetHeader("Location", in.To)
		c.SetStatus(201)
		return fasterapi.Stream{Reader: strings.NewReader(long)}, nil
	})
	g.Get("/filtered", func(c *fasterapi.Ctx, in to) (fasterapi.Stream, error) {
		c.OnHead(func(c *fasterapi.Ctx) { c.SetHeader("Location", in.To) })
		return fasterapi.Stream{Reader: strings.NewReader(long)}, nil
	})
	redirects := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(302)
	}
	g.Mount("/mounted", http.HandlerFunc(redirects))
	g.Mount("/streaming", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		redirects(w, r)
		_, _ = io.WriteString(w, long)
	}))
}

// A Redirect that cannot lead anywhere is a 500, not an answer that browsers make nothing
// of; those of each status have their Location escaped.
func TestRedirectValues(t *testing.T) {
	statuses := []int{0, 301, 302, 303, 307, 308}
	everyProtocol(t, func(app *fasterapi.App) {
		for _, status := range append([]int{200, 201, 300, 304, 399, 1000, -1}, statuses...) {
			app.Get("/"+strconv.Itoa(status), func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Redirect, error) {
				return fasterapi.Redirect{Location: "/ä", Status: status}, nil
			}, fasterapi.Hidden())
		}
		app.Get("/nowhere", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Redirect, error) {
			return fasterapi.Redirect{}, nil
		}, fasterapi.Hidden())
	}, func(t *testing.T, s service) {
		for _, status := range statuses {
			a := s.get("/" + strconv.Itoa(status))
			require.Equal(t, cmp.Or(status, 307), a.status)
			require.Equal(t, []string{"/%C3%A4"}, a.header.Values("Location"))
		}
		for _, path := range []string{"/200", "/201", "/300", "/304", "/399", "/1000", "/-1", "/nowhere"} {
			a := s.get(path)
			require.Equal(t, 500, a.status, path)
			a.problem(t)
			require.Regexp(t, `route="GET `+path+`" .*a Redirect has`, s.log.String())
		}
	})
}

// Redirects between the spellings of a trailing slash work behind a prefix that the
// App does not know of, and are not kept for good.
func TestSlashRedirectsKeepPrefix(t *testing.T) {
	routes := func(app *fasterapi.App) {
		ok := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return fasterapi.Text(c.Path()), nil }
		app.Get("/noslash", ok)
		app.Get("/slash/", ok)
		app.Get("/deep/{id}/", ok)
		app.Static("/files", fstest.MapFS{"sub/index.html": {Data: []byte("index")}})
	}
	everyProtocol(t, routes, func(t *testing.T, s service) {
		target, err := url.Parse(s.url)
		require.NoError(t, err)
		for name, proxy := range map[string]http.Handler{
			"proxy": http.StripPrefix("/api", forwarding(target)),
			"mount": mounting(t, routes),
		} {
			server := httptest.NewServer(proxy)
			t.Cleanup(server.Close)
			client := &http.Client{Transport: onefield.Transport(t, nil)} // follows redirects
			for path, want := range map[string]string{
				"/api/noslash/?q=1": "/api/noslash?q=1", "/api/slash": "/api/slash/", "/api/deep/a:b": "/api/deep/a:b/",
				"/api/files/sub": "/api/files/sub/",
			} {
				response, err := client.Get(server.URL + path)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				require.Equal(t, 200, response.StatusCode, name+" "+path)
				require.Equal(t, want, response.Request.URL.RequestURI(), name)
			}
		}
		for path, want := range map[string]string{
			"/noslash/": "../noslash", "/slash": "./slash/", "/deep/1": "./1/", "/files/sub": "./sub/", "/slash//": "../",
			"/deep/caf\u00e9": "./caf%C3%A9/", "/files/sub?a=b": "./sub/?a=b",
		} {
			a := s.get(path)
			require.Equal(t, 308, a.status, path)
			require.Equal(t, []string{want}, a.header.Values("Location"), path)
			require.Equal(t, []string{"no-cache"}, a.header.Values("Cache-Control"), path)
		}
		// Bytes as they may come in the query.
		conn := dial(t, s)
		_, err = fmt.Fprint(conn, "GET /noslash/?q=\xc3\xa9%zz|\" HTTP/1.1\r\nHost: a\r\n\r\n")
		require.NoError(t, err)
		got, err := onefield.ReadResponse(t, bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.NoError(t, got.Body.Close())
		if got.StatusCode != http.StatusBadRequest { // which refuses such bytes
			require.Equal(t, "../noslash?q=%C3%A9%25zz%7C%22", got.Header.Get("Location"))
		}
	})
}

// forwarding is a proxy that hands answers on as they are.
func forwarding(target *url.URL) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := r.Clone(r.Context())
		request.URL.Scheme, request.URL.Host, request.RequestURI = target.Scheme, target.Host, ""
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		for name, values := range response.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(response.StatusCode)
	})
}

// mounting is an App that has another one below /api.
func mounting(t *testing.T, routes func(*fasterapi.App)) http.Handler {
	inner, _ := newApp(fasterapi.Config{Cores: 1}, routes)
	outer, _ := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) { app.Mount("/api", inner.Handler()) })
	handler := outer.Handler()
	t.Cleanup(func() {
		require.NoError(t, inner.Reactors().Stop(context.Background()))
		require.NoError(t, outer.Reactors().Stop(context.Background()))
	})
	return handler
}

// HTTP/2 has no Upgrade and no Connection (RFC 9113 section 8.2.2).
func TestNoUpgradeOverHTTP2(t *testing.T) {
	s := overHTTP2(t, func(app *fasterapi.App) { app.WebSocket("/ws", echoSocket[string]) })
	a := s.get("/ws")
	require.Equal(t, 426, a.status)
	require.NotContains(t, a.header, "Upgrade")
	require.NotContains(t, a.header, "Connection")
}

// 426 lists Upgrade in Connection (RFC 9110 section 7.8), beside close where the
// connection ends.
func TestUpgradeIsListed(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.WebSocket("/ws", echoSocket[string])
		app.Get("/own", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			c.SetHeader("Upgrade", "h2c")
			c.SetStatus(426)
			return fasterapi.None{}, nil
		}, fasterapi.Hidden())
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/ws", "/own"} {
			for _, closes := range []bool{false, true} {
				asked := ""
				if closes {
					asked = "Connection: close\r\n"
				}
				conn := dial(t, s)
				_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, asked)
				require.NoError(t, err)
				in := textproto.NewReader(bufio.NewReader(conn)) // http.ReadResponse takes Connection: close away
				status, err := in.ReadLine()
				require.NoError(t, err)
				require.Contains(t, status, " 426 ")
				header, err := in.ReadMIMEHeader()
				require.NoError(t, err)
				require.NotEmpty(t, header.Get("Upgrade"))
				connection := strings.Join(header.Values("Connection"), ", ")
				require.Equal(t, map[bool]string{false: "Upgrade", true: "close, Upgrade"}[closes], connection, path)
			}
		}
	})
}
