package middleware

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/parts"
)

// ResponseCacheConfig configures NewResponseCache. The zero value is ready: it keeps what responses say may be kept, in
// 64 MiB.
type ResponseCacheConfig struct {
	// TTL is how long a response is fresh that does not say so itself, with s-maxage, max-age or Expires. Default: it is not
	// kept. At most 366 days.
	TTL time.Duration
	// StaleWhileRevalidate and StaleIfError are for responses that do not say them themselves (RFC 5861). Default: none; at
	// most 366 days.
	StaleWhileRevalidate, StaleIfError time.Duration
	// App lets responses be made anew in the background, by a request of its own to the app; without it one of those who
	// ask for a stale response waits for the new one.
	App *fasterapi.App
	// Memory is how much may be kept, in bytes. Default 64 MiB.
	Memory int64
	// MaxBody is the largest body that is kept, in bytes. Default 1 MiB.
	MaxBody int
	// LoadTimeout is how long others wait for the one who makes a response. Default 30 s; at most 24 h.
	LoadTimeout time.Duration
	// Identify are the request fields that say who asks: requests with one of them are neither answered from the cache
	// nor kept. Default: Authorization, Proxy-Authorization, Cookie, and the usual names of keys (X-Api-Key,
	// Api-Key, X-Auth-Token, X-Access-Token). Shared responses that a field shall not hinder: name all the others. Even
	// then a response to a request with Authorization is kept only if it says public, s-maxage or must-revalidate.
	Identify []string
	// IgnoreClient answers from the cache although the client asks for a response that is newer (Cache-Control: no-cache, max-age).
	IgnoreClient bool
}

// ResponseCache keeps responses to GET, as a shared cache of RFC 9111 on the server itself. It may serve many routes.
//
//	responses := middleware.NewResponseCache("reports", middleware.ResponseCacheConfig{TTL: time.Minute})
//	app.Get("/report", report, fasterapi.Use(responses.Middleware()))
//
// Kept are staged responses with the status 200, 203, 301 or 308 that are fresh for a time, and say neither private, no-store,
// no-cache nor Set-Cookie. The key is the scheme, the host, the path, the query, and the request fields that Vary
// names. Those who ask at the same time share one call of the handler. A response gets an ETag if it has none, and conditions
// of requests are evaluated. Requests with another method that succeed (POST, PUT, PATCH, DELETE), through
// the same Middleware, end what is kept for their path and query, and for those in Location and Content-Location.
//
// Age and Cache-Status (RFC 9211) say where a response comes from. The middleware stands before the providers of the route, and
// so before its authentication: a request that is answered from the cache is not asked who it is. Requests that say
// who they are (Identify) are therefore not answered from it. Routes whose responses depend on anything else, such as
// the client's address or certificate, must say private.
//
// Owner: any (immutable after New); pending: any (its own lock); changes: changing.
type ResponseCache struct {
	name  string
	cfg   ResponseCacheConfig
	wrong mistake.List
	store *cache.Cache[string, *keptResponse]
	vary  *cache.Cache[string, []string] // by URI: the fields that responses depend on
	// pending are the requests that are made in the background, by token: *making.
	pending sync.Map
	handler func() http.Handler

	changing sync.Mutex
	changes  uint64 // how often something was ended
}

// backgroundField carries the token of a request that is made in the background.
const backgroundField = "Fasterapi-Revalidation"

// NewResponseCache returns an empty cache. Its name is for Stats and Cache-Status: a token.
func NewResponseCache(name string, cfg ResponseCacheConfig) *ResponseCache {
	rc := &ResponseCache{name: name}
	cfg.Memory = cmp.Or(cfg.Memory, 64<<20)
	cfg.MaxBody = cmp.Or(cfg.MaxBody, 1<<20)
	cfg.LoadTimeout = cmp.Or(cfg.LoadTimeout, 30*time.Second)
	if cfg.Identify == nil {
		cfg.Identify = []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key", "X-Auth-Token", "X-Access-Token"}
	}
	rc.wrong.Unless(field.IsToken(name), fmt.Sprintf("the name of a ResponseCache must be a token, it is %q", name))
	rc.wrong.Duration("ResponseCacheConfig.TTL", cfg.TTL, mistake.LongestKept, true)
	rc.wrong.Duration("ResponseCacheConfig.StaleWhileRevalidate", cfg.StaleWhileRevalidate, mistake.LongestKept, true)
	rc.wrong.Duration("ResponseCacheConfig.StaleIfError", cfg.StaleIfError, mistake.LongestKept, true)
	rc.wrong.Unless(cfg.Memory > 0, "ResponseCacheConfig.Memory must be positive")
	rc.wrong.Unless(cfg.MaxBody > 0, "ResponseCacheConfig.MaxBody must be positive")
	rc.wrong.Duration("ResponseCacheConfig.LoadTimeout", cfg.LoadTimeout, mistake.LongestWait, false)
	for _, name := range cfg.Identify {
		rc.wrong.Unless(field.IsToken(name), fmt.Sprintf("ResponseCacheConfig.Identify has %q, which is no field", name))
	}
	rc.cfg = cfg
	if len(rc.wrong) > 0 {
		return rc
	}
	rc.store = cache.New(name, cache.Config[string, *keptResponse]{
		MaxWeight: cfg.Memory, Weight: func(key string, r *keptResponse) int { return len(key) + r.size() },
		LoadTimeout: cfg.LoadTimeout, NegativeTTL: -1, Negative: func(err error) bool { return !isFailure(err) },
		Life: func(key string, r *keptResponse, _ cache.Life) cache.Life {
			if r.key != key {
				return cache.Life{} // it depends on more than was known
			}
			return r.life
		},
		Tags: func(_ string, r *keptResponse) []string { return []string{r.uri} },
	})
	rc.vary = cache.New(name+" fields", cache.Config[string, []string]{TTL: cache.Forever})
	if cfg.App != nil {
		rc.handler = sync.OnceValue(cfg.App.Handler)
	}
	return rc
}

// Stats returns the numbers of the cache.
func (rc *ResponseCache) Stats() cache.Stats { return rc.store.Stats() }

// Name returns the name of the cache.
func (rc *ResponseCache) Name() string { return rc.name }

// Invalidate ends what is kept for a URI of a scheme and host, such as "https", "example.com", "/report?year=2026".
func (rc *ResponseCache) Invalidate(ctx context.Context, scheme, host, target string) {
	rc.end(ctx, scheme+"://"+host+target)
}

// end ends what is kept for a URI, and what is being made for it.
func (rc *ResponseCache) end(ctx context.Context, uri string) {
	rc.changed()
	rc.store.InvalidateTag(ctx, uri)
}

func (rc *ResponseCache) changed() {
	rc.changing.Lock()
	defer rc.changing.Unlock()
	rc.changes++
}

// Clear ends all that is kept.
func (rc *ResponseCache) Clear() {
	rc.changed()
	rc.store.Clear()
}

// Mistake returns what is wrong with the settings, nil when nothing is.
func (rc *ResponseCache) Mistake() error { return rc.wrong.Err() }

// Middleware answers from the cache: for a route (fasterapi.Use), a group, or the app.
func (rc *ResponseCache) Middleware() fasterapi.Middleware {
	if len(rc.wrong) > 0 {
		return mistaken(rc.wrong)
	}
	return fasterapi.Describing(func(next fasterapi.Handler) fasterapi.Handler {
		parts.Tell(rc)
		return func(c *fasterapi.Ctx) error { return rc.serve(c, next) }
	}, notModified())
}

// errAlone is why a response is not for those who wait for it: each makes their own.
var errAlone = errors.New("middleware: the response is not for others")

// isFailure tells which errors an old response is better than: those of the server.
func isFailure(err error) bool {
	if errors.Is(err, errAlone) || errors.Is(err, context.Canceled) {
		return false
	}
	var s interface{ HTTPStatus() int }
	return !errors.As(err, &s) || s.HTTPStatus() >= 500
}

// making is a response that is being made for all who wait.
//
// Owner: whoever makes it.
type making struct {
	key, uri string
	promise  async.Promise[*keptResponse]
	before   map[[2]string]int // the lines of the response that were set around the cache, and how often
	changes  uint64            // those of the cache when it began
}

func (rc *ResponseCache) serve(c *fasterapi.Ctx, next fasterapi.Handler) error {
	switch c.Method() {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions, http.MethodTrace, "QUERY":
		return next(c)
	default:
		return rc.change(c, next)
	}
	if token := c.Header(backgroundField); token != "" {
		if m, ok := rc.pending.LoadAndDelete(token); ok {
			_, err := rc.make(c, next, m.(*making)) // nobody gets it
			return err
		}
	}
	wish, ok := rc.wishOf(c)
	if !ok {
		return rc.alone(c, next, "fwd=bypass")
	}
	uri := uriOf(c)
	for range 3 { // a response may turn out to depend on other fields than those that were known, or its maker may leave
		names, _ := rc.vary.Get(c, uri)
		done, err := rc.shared(c, next, &making{key: keyOf(c, uri, names), uri: uri}, wish)
		if done {
			return err
		}
	}
	return rc.alone(c, next, "fwd=miss; detail=not-shared")
}

// shared answers with a response for many; false: there is none for this request.
func (rc *ResponseCache) shared(c *fasterapi.Ctx, next fasterapi.Handler, m *making, wish wish) (done bool, err error) {
	if wish.anew {
		return true, rc.alone(c, next, "fwd=request")
	}
	if kept, ok := rc.store.Peek(c, m.key); ok && !wish.takes(kept, c) { // which counts as no hit, since it is none
		if wish.onlyCached {
			return true, gatewayTimeout()
		}
		return true, rc.alone(c, next, "fwd=request")
	}
	if c.Method() == http.MethodHead || wish.onlyCached {
		kept, ok := rc.store.Get(c, m.key)
		switch {
		case ok && wish.takes(kept, c):
			return true, rc.answer(c, kept, "hit")
		case wish.onlyCached:
			return true, gatewayTimeout()
		}
		return true, rc.alone(c, next, "fwd=miss") // the answer to HEAD is none to GET
	}
	makes := false
	got := rc.store.GetOrLoadFuture(c, m.key, func(ctx context.Context) async.Future[*keptResponse] {
		makes = true
		var f async.Future[*keptResponse]
		m.promise, f = async.NewPromise[*keptResponse](async.SiteOf(ctx).Scheduler)
		return f
	})
	if makes {
		return true, rc.lead(c, next, m, got, wish)
	}
	waited := !got.Ready()
	kept, err := got.Await(c)
	switch {
	case c.Err() != nil:
		return true, context.Cause(c)
	case errors.Is(err, cache.ErrBusy):
		return true, rc.alone(c, next, "fwd=miss; detail=busy")
	case err != nil:
		return isFailure(err), err
	case kept.key != keyOf(c, m.uri, kept.vary):
		return false, nil // the variant of another
	case !wish.takes(kept, c):
		return true, rc.alone(c, next, "fwd=request")
	case waited:
		return true, rc.answer(c, kept, "fwd=miss; collapsed")
	}
	return true, rc.answer(c, kept, "hit")
}

// lead makes the response, or has it made in the background where the cache has an old one.
func (rc *ResponseCache) lead(c *fasterapi.Ctx, next fasterapi.Handler, m *making, got async.Future[*keptResponse], wish wish) error {
	status := "fwd=miss"
	if kept, _, ready := got.Result(); ready && kept != nil && kept.key == keyOf(c, m.uri, kept.vary) {
		status = "fwd=stale"
		if rc.handler != nil && wish.takes(kept, c) && rc.inBackground(c, m) {
			return rc.answer(c, kept, "hit")
		}
	}
	made, err := rc.make(c, next, m)
	if err == nil {
		_, _ = got.Await(c) // it is kept when the client has its answer
		return rc.told(c, made, status)
	}
	if !isFailure(err) {
		return err
	}
	if kept, failed := got.Await(c); failed == nil && kept.key == keyOf(c, m.uri, kept.vary) {
		return rc.answer(c, kept, "hit; fwd=stale; detail=error")
	}
	return err
}

// told answers with what was just made; nil: that is for nobody else.
func (rc *ResponseCache) told(c *fasterapi.Ctx, made *keptResponse, status string) error {
	if made == nil {
		c.AddHeader("Cache-Status", rc.name+"; "+status)
		return nil
	}
	if kept, ok := rc.store.Peek(c, made.key); ok && kept == made { // else it was too large, took too long, or something has ended it
		status += "; stored"
	}
	c.SetHeader("ETag", made.tag)
	c.AddHeader("Cache-Status", rc.name+"; "+status)
	return evaluateSuccess(c, made.tag)
}

// make runs the handler, and gives its response to those who wait.
func (rc *ResponseCache) make(c *fasterapi.Ctx, next fasterapi.Handler, m *making) (*keptResponse, error) {
	settled := false
	defer func() {
		if !settled { // a panic: everybody finds out alone
			m.promise.Post(nil, errAlone)
		}
	}()
	m.before = linesOf(c)
	rc.changing.Lock()
	m.changes = rc.changes
	rc.changing.Unlock()
	if err := next(c); err != nil {
		settled = true
		m.promise.Post(nil, shareable(c, err))
		return nil, err
	}
	kept := rc.keepable(c, m)
	settled = true
	if kept == nil {
		m.promise.Post(nil, errAlone)
		return nil, nil
	}
	if names, _ := rc.vary.Get(c, m.uri); !slices.Equal(names, kept.vary) {
		rc.vary.Set(c, m.uri, kept.vary, 0)
	}
	rc.keepElsewhere(c, m, kept)
	m.promise.Post(kept, nil)
	return kept, nil
}

// keepElsewhere keeps a response that depends on more fields than were known when it was asked for, under the key that it has with them. What was ended
// meanwhile, perhaps for another URI, is not kept.
func (rc *ResponseCache) keepElsewhere(c *fasterapi.Ctx, m *making, kept *keptResponse) {
	if kept.key == m.key {
		return // as what the load has brought
	}
	rc.changing.Lock()
	defer rc.changing.Unlock()
	if rc.changes == m.changes {
		rc.store.Set(c, kept.key, kept, 0)
	}
}

// shareable is err for those who wait: a failure of the server is theirs too, what is about one request is not.
func shareable(c *fasterapi.Ctx, err error) error {
	if c.Err() != nil || !isFailure(err) {
		return errAlone
	}
	return err
}

// alone runs the handler for this request only.
func (rc *ResponseCache) alone(c *fasterapi.Ctx, next fasterapi.Handler, status string) error {
	err := next(c)
	if err == nil && !c.Sent() {
		c.AddHeader("Cache-Status", rc.name+"; "+status)
	}
	return err
}

// change runs a request that may change something, and ends what is kept of it (RFC 9111 section 4.4).
func (rc *ResponseCache) change(c *fasterapi.Ctx, next fasterapi.Handler) error {
	err := next(c)
	if status := c.Status(); err != nil || status < 200 || status >= 400 {
		return err
	}
	rc.end(c, uriOf(c))
	for _, name := range []string{"Location", "Content-Location"} {
		if uri, ok := sameOrigin(c, c.ResponseHeader(name)); ok {
			rc.end(c, uri)
		}
	}
	return nil
}
