package middleware_test

import (
	"context"
	"encoding/json/v2"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/problem"
)

func hello(*fasterapi.Ctx) (fasterapi.Text, error) { return "hello", nil }

// failing answers with an error, a panic or a stream.
func failing(app *fasterapi.App) {
	answering(app, "/error", func(*fasterapi.Ctx) (fasterapi.Text, error) { return "", problem.Conflict("no") })
	answering(app, "/panic", func(*fasterapi.Ctx) (fasterapi.Text, error) { panic("oops") })
	app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
		return fasterapi.Stream{Reader: strings.NewReader("streamed")}, nil
	})
}

func TestCORS(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.CORS(middleware.CORSConfig{
			Origins: []string{"https://app.example", "https://*.example.org"}, Credentials: true, PrivateNetwork: true,
			Headers: []string{"X-Token"}, Expose: []string{"X-Total"}, MaxAge: time.Hour,
		}))
		answering(app, "/", hello)
		failing(app)
	}, func(t *testing.T, s service) {
		paths := []string{"/stream"}
		for _, style := range styles {
			paths = append(paths, style, style+"/error", style+"/panic")
		}
		for _, path := range append(paths, "/missing") {
			a := s.get(path, "Origin", "https://app.example")
			require.Equal(t, "https://app.example", a.header.Get("Access-Control-Allow-Origin"), path)
			require.Equal(t, "true", a.header.Get("Access-Control-Allow-Credentials"))
			require.Equal(t, "X-Total", a.header.Get("Access-Control-Expose-Headers"))
			require.Equal(t, "Origin", a.header.Get("Vary"))
			for _, origin := range []string{"https://evil.example", "http://app.example", "https://app.example.evil", "null", "https://example.org", "https://a/b.example.org"} {
				a = s.get(path, "Origin", origin)
				require.Empty(t, a.header.Get("Access-Control-Allow-Origin"), origin)
				require.Equal(t, "Origin", a.header.Get("Vary"))
			}
		}
		require.Equal(t, "Origin", s.get("/goroutine").header.Get("Vary"), "a cache must not give it to a page")
		require.Equal(t, "https://a.b.example.org", s.get("/chain", "Origin", "https://a.b.example.org").header.Get("Access-Control-Allow-Origin"))

		ask := func(origin, method, fields string) http.Header {
			a := s.do(http.MethodOptions, "/goroutine", "", "Origin", origin, "Access-Control-Request-Method", method,
				"Access-Control-Request-Headers", fields, "Access-Control-Request-Private-Network", "true")
			require.Equal(t, http.StatusNoContent, a.status)
			require.Contains(t, a.header.Get("Vary"), "Access-Control-Request-Headers")
			return a.header
		}
		h := ask("https://app.example", "PUT", "x-token")
		require.Equal(t, "GET, HEAD, POST, PUT, PATCH, DELETE, QUERY", h.Get("Access-Control-Allow-Methods"))
		require.Equal(t, "X-Token", h.Get("Access-Control-Allow-Headers"))
		require.Equal(t, "3600", h.Get("Access-Control-Max-Age"))
		require.Equal(t, "true", h.Get("Access-Control-Allow-Private-Network"))
		for _, bad := range [][3]string{
			{"https://evil.example", "PUT", "x-token"},
			{"https://app.example", "TRACE", "x-token"},
			{"https://app.example", "PUT", "x-token, x-other"},
			{"https://app.example", "PUT", strings.Repeat("x-token,", 100)},
		} {
			require.Empty(t, ask(bad[0], bad[1], bad[2]).Get("Access-Control-Allow-Origin"), bad)
		}
		options := s.do(http.MethodOptions, "/goroutine", "")
		require.Equal(t, "GET, HEAD, OPTIONS", options.header.Get("Allow"), "no preflight")
	})
}

func TestCORSEveryOrigin(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.CORS(middleware.CORSConfig{Origins: []string{"*"}}))
		answering(app, "/", hello)
	}, func(t *testing.T, s service) {
		a := s.get("/chain", "Origin", "null")
		require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"))
		require.Empty(t, a.header.Get("Vary"))
		require.Empty(t, a.header.Get("Access-Control-Allow-Credentials"))
	})
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.CORS(middleware.CORSConfig{Origins: []string{"*"}, Methods: []string{"*"}, Headers: []string{"*"}}))
		answering(app, "/", hello)
	}, func(t *testing.T, s service) {
		a := s.do(http.MethodOptions, "/chain", "", "Origin", "https://any.example", "Access-Control-Request-Method", "PURGE")
		require.Equal(t, "*", a.header.Get("Access-Control-Allow-Methods"))
	})
	for _, cfg := range []middleware.CORSConfig{
		{Origins: []string{"*"}, Credentials: true},
		{Origins: []string{"app.example"}},
		{Origins: []string{"https://app.example/"}},
		{Origins: []string{"https://a.*.example"}},
		{Headers: []string{"X Y"}},
	} {
		refused(t, middleware.CORS(cfg), "middleware.CORS (", "middleware_test.go:")
	}
}

func TestRequestID(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.RequestID(middleware.RequestIDConfig{}))
		answering(app, "/", func(c *fasterapi.Ctx) (fasterapi.Text, error) { return fasterapi.Text(c.RequestID()), nil })
		failing(app)
	}, func(t *testing.T, s service) {
		for _, style := range styles {
			a := s.get(style, "X-Request-ID", "abc-1")
			require.Equal(t, "abc-1", a.body)
			require.Equal(t, "abc-1", a.header.Get("X-Request-ID"))
			a = s.get(style)
			require.Len(t, a.body, 26)
			require.NotEqual(t, a.body, s.get(style).body)
			for _, bad := range []string{"a b", `a"b`, "a<b", strings.Repeat("a", 129), "\u00e9"} {
				require.NotEqual(t, bad, s.get(style, "X-Request-ID", bad).body)
			}
			for path, id := range map[string]string{"/error": "e-1", "/panic": "p-1"} {
				a = s.get(style+path, "X-Request-ID", id)
				require.Equal(t, id, a.header.Get("X-Request-ID"))
				require.Contains(t, a.body, `"instance":"urn:request:`+id+`"`)
			}
			require.Contains(t, s.log.String(), "request=p-1")
		}
		require.Contains(t, s.get("/missing", "X-Request-ID", "m").body, "urn:request:m")
	})
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.RequestID(middleware.RequestIDConfig{Fresh: true, Header: "Trace", New: func() string { return "new" }}))
		answering(app, "/", hello)
	}, func(t *testing.T, s service) {
		require.Equal(t, "new", s.get("/chain", "Trace", "old").header.Get("Trace"))
	})
}

func TestSecureHeaders(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(
			middleware.RealIP(middleware.RealIPConfig{}),
			middleware.SecureHeaders(middleware.SecureHeadersConfig{ResourcePolicy: "-", HSTSSubdomains: true}),
		)
		answering(app, "/", hello)
		failing(app)
		app.Get("/page", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.HTML, error) {
			c.SetHeader("X-Frame-Options", "SAMEORIGIN")
			return "<p>", nil
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/coroutine", "/chain", "/chain/error", "/coroutine/panic", "/stream", "/missing"} {
			h := s.get(path).header
			require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
			require.Equal(t, "DENY", h.Get("X-Frame-Options"), path)
			require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", path)
			require.Empty(t, h.Get("Cross-Origin-Resource-Policy"))
			require.Equal(t, s.secure(), h.Get("Strict-Transport-Security") != "", "over plain HTTP it means nothing")
		}
		h := s.get("/page", "X-Forwarded-Proto", "https").header
		require.Equal(t, []string{"SAMEORIGIN"}, h.Values("X-Frame-Options"))
		require.Empty(t, h.Get("Content-Security-Policy"))
		require.Equal(t, "max-age=15552000; includeSubDomains", h.Get("Strict-Transport-Security"))
	})
}

func TestRealIP(t *testing.T) {
	trusted := append(middleware.PrivateNetworks(), netip.MustParsePrefix("203.0.113.0/24"))
	seen := func(c *fasterapi.Ctx) (fasterapi.Text, error) {
		text := c.Client().String()
		if c.Secure() {
			text += " secure"
		}
		return fasterapi.Text(text), nil
	}
	everyMode(t, func(app *fasterapi.App) {
		for prefix, cfg := range map[string]middleware.RealIPConfig{
			"/xff":       {Trusted: trusted},
			"/forwarded": {Trusted: trusted, Header: "Forwarded"},
			"/single":    {Trusted: trusted, Header: "X-Real-IP", ProtoHeader: "-"},
			"/nobody":    {Trusted: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}},
		} {
			g := app.Group(prefix)
			g.Use(middleware.RealIP(cfg))
			g.Get("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return seen(c) })
		}
	}, func(t *testing.T, s service) {
		for _, c := range []struct {
			path, header, value, proto, want string
		}{
			{"/xff", "X-Forwarded-For", "", "", "127.0.0.1"},
			{"/xff", "X-Forwarded-For", "192.0.2.7", "https", "192.0.2.7 secure"},
			{"/xff", "X-Forwarded-For", "1.1.1.1, 192.0.2.7, 10.0.0.3", "http, https", "192.0.2.7 secure"},
			{"/xff", "X-Forwarded-For", "1.1.1.1, 192.0.2.7:1234 , 203.0.113.9", "https, http", "192.0.2.7"},
			{"/xff", "X-Forwarded-For", "10.1.1.1, 10.0.0.3", "", "10.1.1.1"},
			{"/xff", "X-Forwarded-For", "1.1.1.1, garbage, 10.0.0.3", "", "10.0.0.3"},
			{"/xff", "X-Forwarded-For", "[2001:db8::1]:80", "", "2001:db8::1"},
			{"/xff", "X-Forwarded-For", "::ffff:192.0.2.7", "", "192.0.2.7"},
			{"/xff", "X-Forwarded-For", strings.Repeat("1.1.1.1,", 40) + "2.2.2.2", "", "2.2.2.2"},
			{"/xff", "X-Forwarded-For", strings.Repeat("1.1.1.1,", 40) + "2.2.2.2,10.0.0.3", "", "2.2.2.2"},
			{"/xff", "Forwarded", "for=9.9.9.9", "", "127.0.0.1"},
			{"/forwarded", "Forwarded", `for=192.0.2.7;proto=https, for="[2001:db8::1]:4711"`, "", "2001:db8::1"},
			{"/forwarded", "Forwarded", `for=9.9.9.9, for="192.0.2.7:80";proto=https;by=_x, for=10.0.0.1;proto=http`, "", "192.0.2.7 secure"},
			{"/forwarded", "Forwarded", `for=192.0.2.7, for=unknown;proto=https`, "", "127.0.0.1 secure"},
			{"/forwarded", "Forwarded", `for=192.0.2.7, for=_hidden, for=10.0.0.1`, "", "10.0.0.1"},
			{"/forwarded", "Forwarded", `for=192.0.2.7;for=1.1.1.1`, "", "127.0.0.1"},
			{"/forwarded", "Forwarded", `for="192.0.2.7`, "", "127.0.0.1"},
			{"/forwarded", "Forwarded", `garbage;;, for=192.0.2.7;proto=https`, "", "192.0.2.7 secure"},
			{"/forwarded", "Forwarded", `for=", for=192.0.2.7;by="a, for=10.0.0.9", for=10.0.0.1`, "", "192.0.2.7"},
			{"/forwarded", "Forwarded", strings.Repeat("for=1.1.1.1,", 40) + "for=192.0.2.7", "", "192.0.2.7"},
			{"/forwarded", "Forwarded", "for=1.1.1.1, garbage, for=10.0.0.1", "", "10.0.0.1"},
			{"/forwarded", "Forwarded", `For=192.0.2.7;Proto=HTTPS`, "", "192.0.2.7 secure"},
			{"/single", "X-Real-IP", "192.0.2.7", "https", "192.0.2.7"},
			{"/single", "X-Real-IP", "192.0.2.7, 1.1.1.1", "", "127.0.0.1"},
			{"/nobody", "X-Forwarded-For", "192.0.2.7", "https", "127.0.0.1"},
		} {
			header := []string{c.header, c.value}
			if c.value == "" {
				header = nil
			}
			if c.proto != "" {
				header = append(header, "X-Forwarded-Proto", c.proto)
			}
			// Where no trusted proxy says that its client came without TLS, the connection with TLS counts.
			if said := c.path == "/xff" && c.proto != ""; s.secure() && !said && !strings.HasSuffix(c.want, " secure") {
				c.want += " secure"
			}
			require.Equal(t, c.want, s.get(c.path, header...).body, "%+v", c)
		}
	})
}

func TestTimeout(t *testing.T) {
	// stuck waits for something that never comes.
	stuck := func(c *fasterapi.Ctx) async.Future[struct{}] {
		_, f := async.NewPromise[struct{}](c.AsyncSite().Scheduler)
		return f
	}
	wait := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		if _, ok := c.Deadline(); !ok {
			return "no deadline", nil
		}
		_, err := stuck(c).Await(c)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(c.Err(), context.DeadlineExceeded) {
			return fasterapi.Text("unexpected: " + err.Error()), nil
		}
		return "", err
	}
	everyMode(t, func(app *fasterapi.App) {
		late := app.Group("")
		late.Use(middleware.Timeout(20 * time.Millisecond))
		late.Get("/goroutine", wait)
		late.Get("/coroutine", wait, fasterapi.OnReactor())
		late.GetFuture("/chain", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.Text] {
			return stuck(c).Then(func(struct{}) fasterapi.Text { return "never" })
		})
		late.Get("/derived", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			ctx, cancel := context.WithCancel(c)
			defer cancel()
			<-ctx.Done()
			return "", errors.New("wrapped beyond recognition")
		})
		late.Get("/late", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			<-c.Done()
			return "in spite of it", nil
		})
		fast := app.Group("") // longer than a busy machine takes
		fast.Use(middleware.Timeout(time.Minute))
		greet := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return hello(c) }
		fast.Get("/goroutine/fast", greet)
		fast.Get("/coroutine/fast", greet, fasterapi.OnReactor())
		fast.GetFuture("/chain/fast", func(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.Text] {
			return async.Ready[fasterapi.Text]("hello")
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/coroutine", "/chain", "/derived"} {
			a := s.get(path)
			require.Equal(t, http.StatusGatewayTimeout, a.status, path+a.body)
			require.Equal(t, problem.ContentType, a.header.Get("Content-Type"))
			require.NotContains(t, a.body, "recognition")
		}
		require.Equal(t, "in spite of it", s.get("/late").body)
		for range 20 {
			for _, style := range styles {
				require.Equal(t, "hello", s.get(style+"/fast").body)
			}
		}
		require.Contains(t, s.log.String(), "request timed out")
	})
}

func TestBodyLimit(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.BodyLimit(1000))
		size := func(c *fasterapi.Ctx, _ fasterapi.None) (int64, error) {
			n, err := io.Copy(io.Discard, c.Body())
			return n, err
		}
		app.Post("/goroutine", size)
		app.Post("/coroutine", size, fasterapi.OnReactor())
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/coroutine"} {
			require.Equal(t, "1000", s.do(http.MethodPost, path, strings.Repeat("x", 1000)).body)
			require.Equal(t, http.StatusRequestEntityTooLarge, s.do(http.MethodPost, path, strings.Repeat("x", 1001)).status)
			// Chunked, and long enough to be streamed to the handler.
			for _, n := range []int{1001, 600_000} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL(path), io.MultiReader(strings.NewReader(strings.Repeat("x", n))))
				require.NoError(t, err)
				response, err := s.HTTP().Do(request)
				require.NoError(t, err)
				require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
				require.NoError(t, response.Body.Close())
			}
		}
	})
}

func TestETag(t *testing.T) {
	modified := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	var calls atomic.Int32
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.Compress(middleware.CompressConfig{}), middleware.ETag(middleware.ETagConfig{MaxBody: 8000}))
		answering(app, "/", func(c *fasterapi.Ctx) (fasterapi.Text, error) {
			calls.Add(1)
			c.SetHeader("Cache-Control", "max-age=60")
			return fasterapi.Text(strings.Repeat("tagged ", 400)), nil
		})
		app.Get("/own", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			c.SetHeader("ETag", `W/"v1"`)
			return "own", nil
		})
		app.Get("/dated", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			c.SetHeader("Last-Modified", modified.Format(http.TimeFormat))
			return fasterapi.Text(strings.Repeat("x", 9000)), nil
		})
		app.Post("/post", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "post", nil })
		failing(app)
	}, func(t *testing.T, s service) {
		for _, style := range styles {
			a := s.get(style)
			tag := a.header.Get("ETag")
			require.Regexp(t, `^"[-_A-Za-z0-9]{22}"$`, tag)
			for _, condition := range []string{tag, "W/" + tag, `"other", W/"a,b" ,` + tag, "*"} {
				b := s.get(style, "If-None-Match", condition)
				require.Equal(t, http.StatusNotModified, b.status, condition)
				require.Empty(t, b.body)
				require.Equal(t, tag, b.header.Get("ETag"))
				require.Equal(t, "max-age=60", b.header.Get("Cache-Control"))
			}
			for _, condition := range []string{`"other"`, tag[1:], `"`, strings.ToLower(tag) + "x"} {
				require.Equal(t, http.StatusOK, s.get(style, "If-None-Match", condition).status, condition)
			}
			z := s.get(style, "Accept-Encoding", "gzip")
			require.Equal(t, "W/"+tag, z.header.Get("ETag"))
			require.Equal(t, http.StatusNotModified, s.get(style, "Accept-Encoding", "gzip", "If-None-Match", "W/"+tag).status)
			require.Equal(t, http.StatusNotModified, s.do(http.MethodHead, style, "", "If-None-Match", tag).status)
			require.Empty(t, s.get(style+"/error").header.Get("ETag"))
		}
		require.Equal(t, http.StatusNotModified, s.get("/own", "If-None-Match", `"v1"`).status)
		require.Equal(t, http.StatusNotModified, s.get("/dated", "If-Modified-Since", modified.Format(http.TimeFormat)).status)
		require.Equal(t, http.StatusOK, s.get("/dated", "If-Modified-Since", modified.Add(-time.Second).Format(http.TimeFormat)).status)
		require.Equal(t, http.StatusOK, s.get("/dated", "If-None-Match", `"x"`, "If-Modified-Since", modified.Format(http.TimeFormat)).status)
		require.Empty(t, s.get("/dated").header.Get("ETag"), "too large")
		require.Empty(t, s.do(http.MethodPost, "/post", "").header.Get("ETag"))
		require.Equal(t, "streamed", s.get("/stream").body)
	})
}

// lines are the access log as objects.
func lines(t *testing.T, log string) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(log) {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &m))
		list = append(list, m)
	}
	return list
}
