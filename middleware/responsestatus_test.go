package middleware_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
)

// TestStatusIsTrue: a response says that it is stored when the same request is answered from the cache next, and only then.
func TestStatusIsTrue(t *testing.T) {
	onCached(t, middleware.ResponseCacheConfig{TTL: time.Minute}, false, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		stored := func(r *fasterapitest.Response) bool {
			return strings.Contains(r.Header.Get("Cache-Status"), "; stored")
		}
		check := func(c *fasterapitest.Client, path string, want bool) {
			t.Helper()
			first := c.Get(path)
			require.Equal(t, want, stored(first), "%s: %s", path, first.Header.Get("Cache-Status"))
			hit := strings.Contains(c.Get(path).Header.Get("Cache-Status"), "; hit")
			require.Equal(t, want, hit, "%s: the second time", path)
		}
		each(func(path string) {
			check(c, path, true)
			check(c.With("Accept-Language", "de"), path+"&vary=Accept-Language", true)
			check(c.With("Accept-Language", "en"), path+"&vary=Accept-Language", true)
			check(c.With("X-A", "1"), path+"&vary=X-A&other=Accept-Language", true)
			check(c.With("X-A", "1").With("Accept-Language", "de"), path+"&vary=X-A,Accept-Language", true)
			check(c, path+"&control=no-store", false)
			check(c, path+"&control=private", false)
			check(c, path+"&vary=*", false)
			check(c, path+"&status=404", false)
			for _, name := range []string{"Range", "Authorization"} {
				require.Equal(t, "test; fwd=bypass", c.With(name, "bytes=0-1").Get(path).Header.Get("Cache-Status"), "it is not asked for")
			}
			head := c.Send("HEAD", path+"&head=1", nil)
			require.Equal(t, "test; fwd=miss", head.Header.Get("Cache-Status"))
			tagged := c.With("If-None-Match", "*").Get(path + "&tagged=1").Expect(http.StatusNotModified)
			require.True(t, stored(tagged))
			require.Contains(t, c.With("If-None-Match", "*").Get(path+"&tagged=1").Expect(http.StatusNotModified).Header.Get("Cache-Status"), "; hit")
		})
	})
}

// TestStatusOfTooLarge: what there is no room for is not stored.
func TestStatusOfTooLarge(t *testing.T) {
	onCached(t, middleware.ResponseCacheConfig{TTL: time.Minute, Memory: 2000}, false, func(t *testing.T, _ *cachedApp, c *fasterapitest.Client) {
		each(func(path string) {
			path += "&long=" + strings.Repeat("x", 2000)
			for _, vary := range []string{"", "&vary=X-A"} {
				for range 2 {
					require.Equal(t, "test; fwd=miss", c.Get(path+vary).Header.Get("Cache-Status"))
				}
			}
		})
	})
}

// TestStatusOfChange: what is changed while a response is made is not stored, and the response does not say so.
func TestStatusOfChange(t *testing.T) {
	onCached(t, middleware.ResponseCacheConfig{TTL: time.Minute}, false, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		for name, change := range map[string]func(host, path string){
			"the URI":     func(host, path string) { a.responses.Invalidate(t.Context(), "http", host, path) },
			"everything":  func(string, string) { a.responses.Clear() },
			"nothing":     func(string, string) {},
			"another URI": func(host, _ string) { a.responses.Invalidate(t.Context(), "http", host, "/waits") },
		} {
			for _, vary := range []string{"", "&vary=Accept-Language"} {
				gate := make(chan struct{})
				a.gate.Store(&gate)
				path := "/waits?of=" + strings.ReplaceAll(name, " ", "%20") + vary
				misses := a.responses.Stats().Misses
				got := make(chan *fasterapitest.Response, 1)
				host := make(chan string, 1)
				a.hosts.Store(&host)
				go func() { got <- c.Get(path) }()
				at := <-host
				require.Equal(t, misses+1, a.responses.Stats().Misses)
				change(at, path)
				close(gate)
				first := <-got
				want := name == "nothing" || name == "another URI"
				if name == "another URI" && vary != "" {
					want = c.Get(path).Text() == first.Text() // it may be kept, or not
				}
				require.Equal(t, want, strings.Contains(first.Header.Get("Cache-Status"), "; stored"), "%s%s: %s", name, vary, first.Header.Get("Cache-Status"))
				require.Equal(t, want, c.Get(path).Text() == first.Text(), "%s%s", name, vary)
			}
		}
	})
}

// TestCountsAreTrue: a hit is a response that came from the cache.
func TestCountsAreTrue(t *testing.T) {
	onCached(t, middleware.ResponseCacheConfig{TTL: time.Minute}, false, func(t *testing.T, a *cachedApp, c *fasterapitest.Client) {
		hits, misses, calls := int64(0), int64(0), int64(0)
		after := func(what string, hit, miss, call int64) {
			t.Helper()
			hits, misses, calls = hits+hit, misses+miss, calls+call
			s := a.responses.Stats()
			require.Equal(t, []int64{hits, misses, calls}, []int64{s.Hits, s.Misses, a.calls.Load()}, what)
		}
		each(func(path string) {
			c.Get(path)
			after("the first", 0, 1, 1)
			c.Get(path)
			after("a hit", 1, 0, 0)
			c.Send("HEAD", path, nil)
			after("HEAD", 1, 0, 0)
			c.With("If-None-Match", "*").Get(path).Expect(304)
			after("304", 1, 0, 0)
			a.clock.Advance(10 * time.Second)
			for _, wish := range []string{"max-age=4", "min-fresh=55", "no-cache", "no-store"} {
				c.With("Cache-Control", wish).Get(path)
				after(wish, 0, 0, 1)
				c.With("Cache-Control", wish).Send("HEAD", path, nil)
				after(wish+" by HEAD", 0, 0, 1)
			}
			c.With("Cache-Control", "only-if-cached").Get(path).Expect(200)
			after("only-if-cached", 1, 0, 0)
			c.With("Cache-Control", "only-if-cached, max-age=4").Get(path).Expect(504)
			after("only-if-cached, and newer", 0, 0, 0)
			c.With("Range", "bytes=0-1").Get(path)
			after("a range", 0, 0, 1)
			c.Get(path + "&vary=X-A")
			after("a Vary that was not known", 0, 1, 1)
			c.Get(path + "&vary=X-A")
			after("and is now", 1, 0, 0)
		})
	})
}
