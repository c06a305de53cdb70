package middleware_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// cachedApp counts how often its handler runs, and answers with what the query says.
type cachedApp struct {
	calls     atomic.Int64
	fail      atomic.Int64 // status of the error to return, 0: none
	clock     *reactor.ManualClock
	responses *middleware.ResponseCache
	gate      atomic.Pointer[chan struct{}]
	hosts     atomic.Pointer[chan string] // told of the host of a request that waits
}

type cachedInput struct {
	Control string `query:"control"`
	Vary    string `query:"vary"`
	Cookie  bool   `query:"cookie"`
	Tag     string `query:"tag"`
	Status  int    `query:"status"`
}

type counted struct {
	N    int64  `json:"n"`
	Lang string `json:"lang"`
}

func (a *cachedApp) answer(c *fasterapi.Ctx, in cachedInput) (counted, error) {
	n := a.calls.Add(1)
	if status := a.fail.Load(); status != 0 {
		return counted{}, problem.New(int(status), "as asked for")
	}
	for name, value := range map[string]string{"Cache-Control": in.Control, "Vary": in.Vary, "ETag": in.Tag} {
		if value != "" {
			c.SetHeader(name, value)
		}
	}
	if in.Cookie {
		c.SetCookie(&http.Cookie{Name: "a", Value: "b"})
	}
	if in.Status != 0 {
		c.SetStatus(in.Status)
	}
	c.AddHeader("X-Own", "1")
	return counted{n, c.Header("Accept-Language")}, nil
}

func (a *cachedApp) waits(c *fasterapi.Ctx, in cachedInput) (counted, error) {
	if hosts := a.hosts.Swap(nil); hosts != nil {
		*hosts <- c.Host()
	}
	if gate := a.gate.Load(); gate != nil {
		<-*gate
	}
	return a.answer(c, in)
}

// cachedRoutes are the routes of each style, and one that changes things.
var cachedRoutes = []string{"/goroutine", "/coroutine", "/chain"}

func onCached(t *testing.T, cfg middleware.ResponseCacheConfig, background bool, test func(*testing.T, *cachedApp, *fasterapitest.Client)) {
	t.Helper()
	var a *cachedApp
	fasterapitest.Run(t, func(appConfig fasterapi.Config) *fasterapi.App {
		a = &cachedApp{clock: fasterapitest.NewClock()}
		appConfig.Clock = a.clock
		app := fasterapi.New(appConfig)
		if background {
			cfg.App = app
		}
		a.responses = middleware.NewResponseCache("test", cfg)
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				c.AddHeader("X-Request", c.Header("X-Request"))
				return next(c)
			}
		})
		app.Use(a.responses.Middleware())
		app.Get("/goroutine", a.answer)
		app.Get("/coroutine", a.answer, fasterapi.OnReactor())
		app.GetFuture("/chain", func(c *fasterapi.Ctx, in cachedInput) async.Future[counted] { return async.Of(a.answer(c, in)) })
		app.Get("/waits", a.waits)
		app.Mount("/trailed", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "max-age=60")
			_, _ = w.Write([]byte(strconv.FormatInt(a.calls.Add(1), 10)))
			w.Header().Set(http.TrailerPrefix+"X-Sum", "7")
		}))
		for _, path := range cachedRoutes {
			app.Post(path, func(c *fasterapi.Ctx, in struct {
				To string `query:"to"`
			},
			) (fasterapi.None, error) {
				if in.To == "error" {
					return fasterapi.None{}, problem.New(http.StatusConflict, "")
				}
				c.SetHeader("Content-Location", in.To)
				return fasterapi.None{}, nil
			})
		}
		return app
	}, func(t *testing.T, c *fasterapitest.Client) { test(t, a, c) })
}

// each runs a test for each style, with a query of its own.
func each(test func(path string)) {
	for i, path := range cachedRoutes {
		test(path + "?x=" + strconv.Itoa(i))
	}
}

func TestResponseCache(t *testing.T) {
	onCached(t, middleware.ResponseCacheConfig{TTL: time.Minute}, false, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		each(func(path string) {
			first := c.With("X-Request", "one").Get(path).Expect(200)
			require.Equal(t, "test; fwd=miss; stored", first.Header.Get("Cache-Status"))
			require.NotEmpty(t, first.Header.Get("ETag"))
			a.clock.Advance(10 * time.Second)
			second := c.With("X-Request", "two").Get(path).Expect(200)
			require.Equal(t, first.Text(), second.Text())
			require.Equal(t, "application/json", second.Header.Get("Content-Type"))
			require.Equal(t, "10", second.Header.Get("Age"))
			require.Equal(t, "test; hit; ttl=50", second.Header.Get("Cache-Status"))
			require.Equal(t, first.Header.Get("ETag"), second.Header.Get("ETag"))
			require.Equal(t, []string{"1"}, second.Header.Values("X-Own"))
			require.Equal(t, []string{"two"}, second.Header.Values("X-Request"), "what is around the cache is not kept")

			tagged := c.With("If-None-Match", first.Header.Get("ETag")).Get(path).Expect(304)
			require.Empty(t, tagged.Body)
			head := c.Send("HEAD", path, nil).Expect(200)
			require.Empty(t, head.Body)
			require.Equal(t, "10", head.Header.Get("Age"))
			require.Equal(t, first.Header.Get("Content-Length"), head.Header.Get("Content-Length"))

			other := c.Get(path + "&y=1").Expect(200)
			require.NotEqual(t, first.Text(), other.Text(), "the query is part of the key")
			a.clock.Advance(50 * time.Second)
			third := c.Get(path).Expect(200)
			require.NotEqual(t, first.Text(), third.Text())

			c.Post(path+"&to=error", nil).Expect(409)
			require.Equal(t, third.Text(), c.Get(path).Text())
			c.Post(path, nil).Expect(204)
			fourth := c.Get(path)
			require.NotEqual(t, third.Text(), fourth.Text(), "a change ends it")
			c.Post(path+"&to="+strings.ReplaceAll(path, "?", "%3F"), nil).Expect(204)
			require.NotEqual(t, fourth.Text(), c.Get(path).Text(), "and what Content-Location names")
		})
	})
}

// TestResponseNotKept: what is private, or for one client, reaches nobody else.
func TestResponseNotKept(t *testing.T) {
	onCached(t, middleware.ResponseCacheConfig{TTL: time.Minute}, false, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		twice := func(c *fasterapitest.Client, path string, kept bool) {
			t.Helper()
			first, second := c.Get(path), c.Get(path)
			require.Equal(t, kept, first.Text() == second.Text(), path)
		}
		each(func(path string) {
			for _, control := range []string{"private", "no-store", "no-cache", "private=%22x%22,max-age=60", "max-age=0", "max-age=x", "max-age=5,max-age=6", "s-maxage=0,max-age=60"} {
				twice(c, path+"&control="+control, false)
			}
			for _, control := range []string{"max-age=60", "public", "MAX-AGE=60", "s-maxage=5"} {
				twice(c, path+"&control="+control, true)
			}
			twice(c.Fresh(), path+"&cookie=true", false)
			twice(c, path+"&vary=*", false)
			twice(c, path+"&status=201", false)
			twice(c, path+"&status=404", false)
			for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "Range"} {
				twice(c.With(name, "a=b"), path+"&who="+name, false)
				plain := c.Get(path + "&who=" + name)
				require.NotEqual(t, plain.Text(), c.With(name, "a=b").Get(path+"&who="+name).Text(), "nor is it answered from the cache")
			}
			twice(c.With("Cache-Control", "no-cache"), path+"&client=1", false)
			twice(c.With("Pragma", "no-cache"), path+"&client=2", false)
			twice(c.With("Cache-Control", "no-store"), path+"&client=3", false)
			c.With("Cache-Control", "only-if-cached").Get(path + "&client=4").Expect(504)
			c.Get(path + "&client=4")
			c.With("Cache-Control", "only-if-cached").Get(path + "&client=4").Expect(200)
			a.clock.Advance(5 * time.Second)
			require.Contains(t, c.With("Cache-Control", "max-age=4").Get(path+"&client=4").Header.Get("Cache-Status"), "fwd=request")
			require.Contains(t, c.With("Cache-Control", "min-fresh=58").Get(path+"&client=4").Header.Get("Cache-Status"), "fwd=request")
			a.fail.Store(500)
			before := a.calls.Load()
			c.Get(path + "&fails=1").Expect(500)
			c.Get(path + "&fails=1").Expect(500)
			a.fail.Store(404)
			c.Get(path + "&fails=1").Expect(404)
			c.Get(path + "&fails=1").Expect(404)
			require.Equal(t, before+4, a.calls.Load(), "errors are not kept")
			a.fail.Store(0)
		})
	})
}

// TestTrailedNotKept: a response with fields behind its body is not kept without them.
func TestTrailedNotKept(t *testing.T) {
	onCached(t, middleware.ResponseCacheConfig{TTL: time.Minute}, false, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		for want := range 3 {
			require.Equal(t, strconv.Itoa(want+1), c.Get("/trailed").Expect(200).Text())
		}
	})
}

// TestResponseVary: a response reaches only those whose fields are the same.
func TestResponseVary(t *testing.T) {
	onCached(t, middleware.ResponseCacheConfig{TTL: time.Minute}, false, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		each(func(path string) {
			path += "&vary=accept-language"
			for range 3 {
				for _, lang := range []string{"de", "en", "", "de en", "de, en"} {
					got := c.With("Accept-Language", lang).Get(path).Expect(200)
					require.Equal(t, lang, got.JSON[counted]().Lang)
					require.Equal(t, "accept-language", strings.ToLower(got.Header.Get("Vary")))
				}
			}
			hit := c.With("Accept-Language", "de").Get(path)
			require.Contains(t, hit.Header.Get("Cache-Status"), "hit")
		})
		require.LessOrEqual(t, a.calls.Load(), int64(3*6))
	})
}

// TestResponseStale: old responses are better than errors, and than waiting, where they may be.
func TestResponseStale(t *testing.T) {
	cfg := middleware.ResponseCacheConfig{TTL: time.Minute, StaleIfError: time.Hour}
	onCached(t, cfg, false, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		each(func(path string) {
			a.fail.Store(0)
			first := c.Get(path).Expect(200)
			strict := c.Get(path + "&control=max-age=60,must-revalidate").Expect(200)
			a.clock.Advance(2 * time.Minute)
			a.fail.Store(503)
			old := c.Get(path).Expect(200)
			require.Equal(t, first.Text(), old.Text())
			require.Equal(t, "120", old.Header.Get("Age"))
			require.Contains(t, old.Header.Get("Cache-Status"), "hit; fwd=stale")
			require.NotEmpty(t, strict.Text())
			c.Get(path + "&control=max-age=60,must-revalidate").Expect(503)
			a.fail.Store(404)
			c.Get(path).Expect(404)
		})
	})
	cfg = middleware.ResponseCacheConfig{TTL: time.Minute, StaleWhileRevalidate: time.Minute}
	onCached(t, cfg, true, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		each(func(path string) {
			first := c.Get(path).Expect(200)
			a.clock.Advance(90 * time.Second)
			require.Equal(t, first.Text(), c.Get(path).Expect(200).Text())
			require.Eventually(t, func() bool { return c.Get(path).Text() != first.Text() }, 10*time.Second, time.Millisecond)
			require.Contains(t, c.Get(path).Header.Get("Cache-Status"), "hit; ttl=60")
		})
		require.EqualValues(t, 6, a.calls.Load())
	})
	onCached(t, cfg, false, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		each(func(path string) {
			first := c.Get(path).Expect(200)
			a.clock.Advance(90 * time.Second)
			require.NotEqual(t, first.Text(), c.Get(path).Expect(200).Text(), "without an app somebody waits")
		})
	})
}

// TestResponseOnce: many who ask at the same time are one call, and whoever leaves keeps nobody.
func TestResponseOnce(t *testing.T) {
	onCached(t, middleware.ResponseCacheConfig{TTL: time.Minute}, false, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		gate := make(chan struct{})
		a.gate.Store(&gate)
		var all sync.WaitGroup
		var wrong atomic.Int64
		for range 50 {
			all.Go(func() {
				if c.Get("/waits").Text() != `{"n":1,"lang":""}` {
					wrong.Add(1)
				}
			})
		}
		require.Eventually(t, func() bool { return a.responses.Stats().Misses == 50 }, 10*time.Second, time.Millisecond)
		close(gate)
		all.Wait()
		require.Zero(t, wrong.Load())
		require.EqualValues(t, 1, a.calls.Load())
	})
}

func TestResponseCacheMistakes(t *testing.T) {
	rc := middleware.NewResponseCache("a b", middleware.ResponseCacheConfig{TTL: -1, Memory: -1, MaxBody: -1, LoadTimeout: -1, StaleIfError: -1, StaleWhileRevalidate: -1, Identify: []string{"a b"}})
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0"})
	app.Get("/", func(*fasterapi.Ctx, struct{}) (fasterapi.None, error) { return fasterapi.None{}, nil }, fasterapi.Use(rc.Middleware()))
	_, err := app.Start()
	for _, part := range []string{"must be a token", "TTL must", "Memory must", "MaxBody must", "LoadTimeout must", "StaleIfError must", "StaleWhileRevalidate must", "Identify has"} {
		require.ErrorContains(t, err, part)
	}
	require.Error(t, rc.Mistake())
	const year = 366 * 24 * time.Hour
	long := middleware.NewResponseCache("a", middleware.ResponseCacheConfig{
		TTL: year + 1, StaleIfError: year + 1, StaleWhileRevalidate: year + 1, LoadTimeout: 24*time.Hour + 1,
	}).Mistake()
	for _, part := range []string{"TTL must be at most 8784h", "LoadTimeout must be at most 24h", "StaleIfError must be at most", "StaleWhileRevalidate must be at most"} {
		require.ErrorContains(t, long, part)
	}
	require.NoError(t, middleware.NewResponseCache("a", middleware.ResponseCacheConfig{
		TTL: year, StaleIfError: year, StaleWhileRevalidate: year, LoadTimeout: 24 * time.Hour,
	}).Mistake())
}
