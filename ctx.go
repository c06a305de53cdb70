package fasterapi

import (
	"bytes"
	"crypto/tls"
	"io"
	"iter"
	"log/slog"
	"net/netip"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/reactor"
)

// Ctx is the context of one request: a context.Context that ends when the client
// leaves or the request is over, the request beyond what the input struct takes, and
// the response beyond what the handler returns.
//
// A request is over when its handler and the middleware around it have returned and its
// response has been made: what makes a [Stream], [SSE] or [JSONLines] belongs to it and may
// use c, though it runs after the handler has returned. So do providers' cleanups. Tasks of
// [Ctx.After] come later and are given a context of their own.
//
// Any goroutine may use a Ctx, and keep it. A kept one, and every context derived
// from it, is over for ever once its request is: Err is [context.Canceled], what
// it says of the request is empty, what it is told changes nothing, and readers and
// writers that it gave fail with [ErrRequestOver]. It never shows or ends anything
// of another request. Values of [Ctx.Set] stay. Work that goes on after the
// response takes c.Detach(), which does not end.
//
// A Ctx is a handle of 48 bytes, made anew for each request. What it refers to is
// pooled, and only reached through the handle, under the lock that the end of the
// request takes.
//
// Owner: any. The fields of request: the goroutine of the handler, and whoever
// holds mu.
type Ctx struct {
	mu sync.Mutex
	// request is the pooled state, nil once the request is over. It is set and
	// cleared by the owner of the exchange, under mu.
	*request
	app     *App
	reactor *reactor.Reactor
	// life is what only a Ctx needs that is waited for or given values: nil until
	// then. Under mu.
	life *life
	// state says whether c has ended, and why. Atomic; written under mu.
	state atomic.Uint32
	// asks: the engine tells of the client's end only once it is asked to. Immutable.
	asks bool
}

// read returns what f finds in the state of the request, and the zero value once
// the request is over. f must not call methods of c.
func read[T any](c *Ctx, f func(r *request) T) (v T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.request != nil {
		v = f(c.request)
	}
	return v
}

// change lets f change the state of the request and reports false, without a call,
// once the request is over. f must not call methods of c.
func (c *Ctx) change(f func(r *request)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.request == nil {
		return false
	}
	f(c.request)
	return true
}

// Request

// Method is the method of the request.
func (c *Ctx) Method() string {
	return read(c, func(r *request) string { return wire.MethodName(r.x.Head.Method) })
}

// Path is the path of the request, percent-encoded as it came.
func (c *Ctx) Path() string {
	return read(c, func(r *request) string { return string(r.x.Head.Path) })
}

// LogPath is [Ctx.Path] for logs: "***" stands for the values of path fields
// that are sensitive (`format:"password"`, `sensitive:"true"`), in the input of
// the route and of what it needs injected. A request without a route may be a mistyped
// one for such a route, with another method or another end: the values are replaced
// where all routes that begin like its path have them. For a target that could not be
// read (see [Ctx.Refused]) LogPath is its beginning.
func (c *Ctx) LogPath() string {
	return read(c, func(r *request) string { return r.logPath(c.app, string(r.x.Head.Path)) })
}

// logPath is what logs and records show of path, that of the request.
func (r *request) logPath(a *App, path string) string {
	if path == "" {
		path = r.targetPart()
	}
	if r.route != nil {
		return r.route.pattern.Redact(path, path, r.route.secrets)
	}
	shown := path
	for _, route := range a.routes {
		shown = route.pattern.Redact(path, shown, route.secrets)
	}
	return shown
}

// targetPart is what can be shown of a target that could not be read: a path as far
// as it goes. What stands in front of it may be a password, and the query, too.
func (r *request) targetPart() string {
	target := r.x.Head.Target
	if _, rest, ok := bytes.Cut(target, []byte("://")); ok {
		target = rest[max(0, bytes.IndexByte(rest, '/')):]
	}
	if len(target) == 0 || target[0] != '/' {
		return ""
	}
	path, _, _ := bytes.Cut(target, []byte("?"))
	return string(path)
}

// RawQuery is the query of the request, without the question mark.
func (c *Ctx) RawQuery() string {
	return read(c, func(r *request) string { return string(r.x.Head.RawQuery) })
}

// Host is the host that the client asked for, with its port if it gave one.
func (c *Ctx) Host() string {
	return read(c, func(r *request) string { return string(r.x.Head.Host) })
}

// Pattern is the pattern of the route, "" when no route matched.
func (c *Ctx) Pattern() string { return read(c, (*request).pattern) }

// Param returns the decoded value of a path wildcard, "" when the route has
// none of that name.
func (c *Ctx) Param(name string) string {
	return read(c, func(r *request) string {
		for i := range r.params.Len() {
			if r.params.Name(i) == name {
				return string(r.params.AppendValue(nil, i))
			}
		}
		return ""
	})
}

// Header returns the first value of a request header field, "" when absent.
func (c *Ctx) Header(name string) string {
	return read(c, func(r *request) string { return string(r.x.Head.Get(name)) })
}

// Headers returns all values of a request header field, in their order.
func (c *Ctx) Headers(name string) []string {
	return read(c, func(r *request) (values []string) {
		for value := range r.x.Head.Values(name) {
			values = append(values, string(value))
		}
		return values
	})
}

// AllHeaders yields every header field of the request, by its canonical name
// ("Content-Type"): a field with several lines several times, in their order. Fields of
// different names have an order on HTTP/1.1 without TLS only.
//
//	for name, value := range c.AllHeaders() {
//
// What is yielded is that of the call of range, and may be kept; a Ctx that is over
// yields nothing.
func (c *Ctx) AllHeaders() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		type line struct{ name, value string }
		lines := read(c, func(r *request) []line {
			list := make([]line, 0, len(r.x.Head.Headers))
			for _, h := range r.x.Head.Headers {
				list = append(list, line{string(h.Name), string(h.Value)})
			}
			return list
		})
		for _, l := range lines { // not under the lock: yield may call methods of c
			if !yield(textproto.CanonicalMIMEHeaderKey(l.name), l.value) {
				return
			}
		}
	}
}

// Trailer returns the first value of a trailer field, which comes behind a chunked
// body: "" when absent, and before a streamed body was read to its end. Fields that
// RFC 9110 6.5.1 keeps out of trailers, such as Authorization, are left out.
func (c *Ctx) Trailer(name string) string {
	return read(c, func(r *request) string {
		for _, h := range r.x.Trailers() {
			if strings.EqualFold(string(h.Name), name) {
				return string(h.Value)
			}
		}
		return ""
	})
}

// Cookie returns the value of a request cookie, "" when absent.
func (c *Ctx) Cookie(name string) string {
	if values := c.Cookies(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Cookies returns the values of all request cookies of this name; a pair that is
// malformed hides no other. There is more than one when a cookie was set for
// several paths or domains, possibly by somebody else: where that matters, refuse it.
func (c *Ctx) Cookies(name string) (values []string) {
	for _, line := range c.Headers("Cookie") {
		for key, value := range field.Cookies(line) {
			if key == name {
				values = append(values, value)
			}
		}
	}
	return values
}

// Remote is the address of the peer of the connection: the client, or the
// proxy in front of the service. It is not valid for unix sockets, whose peers have no address: net/http
// handlers and the access log show "@" for them.
func (c *Ctx) Remote() netip.AddrPort {
	return read(c, func(r *request) netip.AddrPort { return r.x.Remote })
}

// Secure tells whether the request came over TLS.
func (c *Ctx) Secure() bool { return read(c, func(r *request) bool { return r.x.Secure }) }

// TLS is what the handshake of the connection has found: the version, the name that the
// client asked for, its certificates. It is nil for a request that came without TLS, also
// when a proxy in front says that the client used it.
func (c *Ctx) TLS() *tls.ConnectionState { return read(c, (*request).tls) }

func (r *request) tls() *tls.ConnectionState {
	switch {
	case r.x.Original != nil:
		return r.x.Original.TLS
	case r.x.TLS != nil:
		state := r.x.TLS.State()
		return &state
	}
	return nil
}

// SetClient records what a trusted proxy says about the client: its address,
// and whether it came over TLS.
func (c *Ctx) SetClient(client netip.Addr, secure bool) {
	c.change(func(r *request) { r.client, r.x.Secure = client, secure })
}

// Client is the address of the client: that of the connection's peer, unless
// middleware knows that this is a proxy. It is not valid for unix sockets.
func (c *Ctx) Client() netip.Addr {
	return read(c, (*request).clientAddr)
}

func (r *request) clientAddr() netip.Addr {
	if r.client.IsValid() {
		return r.client
	}
	return r.x.Remote.Addr().Unmap()
}

// Body reads the request body, from its beginning, or from where it was read to
// when it is large: then it is read from the client only as fast as it is read
// here. It blocks; on a reactor the body was collected before. Once the request is
// over it fails with [ErrRequestOver].
//
// The bytes are those that came, unless middleware has a filter for them
// ([Ctx.FilterBody]), so a body with a Content-Encoding is still coded: c.Header says
// how. It is the same for mounted handlers. Fields for a body or a form, and
// [Ctx.Multipart], refuse one with 415 instead. middleware.Decompress decodes it for all.
func (c *Ctx) Body() io.Reader {
	body := read(c, (*request).body)
	if body == nil {
		return overBody{}
	}
	return body
}

// LimitBody refuses a request body of more than limit bytes: at once when its
// length is known, and otherwise while it is read, with the error that is
// answered with 413. The option [MaxBody] does it before the body is received.
func (c *Ctx) LimitBody(limit int64) error {
	return read(c, func(r *request) error { return r.limitBody(limit) })
}

// Core is the index of the reactor that the request belongs to.
func (c *Ctx) Core() int { return c.reactor.Core() }

// SetRequestID names the request in its log lines and in problem documents. The
// id is seen by the client: it must be made of letters, digits, "-", "_", "."
// and the like.
func (c *Ctx) SetRequestID(id string) { c.change(func(r *request) { r.requestID = id }) }

// RequestID is what SetRequestID set, or "".
func (c *Ctx) RequestID() string {
	return read(c, func(r *request) string { return r.requestID })
}

// Logger is the logger of the app with the route and the core of the request,
// which are left out once the request is over.
func (c *Ctx) Logger() *slog.Logger {
	type names struct{ route, id string }
	n := read(c, func(r *request) names { return names{r.routeName(), r.requestID} })
	return c.app.logger(n.route, c.Core(), n.id)
}

// logger returns a logger that names what it is about; route and request may be "".
func (a *App) logger(route string, core int, request string) *slog.Logger {
	log := a.placeLog(place{route, core})
	if request != "" {
		log = log.With(slog.String("request", request))
	}
	return log
}

// place is what a logger names besides the request.
//
// Owner: any (a plain value).
type place struct {
	route string
	core  int
}

// placeLog returns the logger of a place in a, of which there are only so many: it takes 2 us to make one.
func (a *App) placeLog(p place) *slog.Logger {
	if log, ok := a.logs.Load(p); ok {
		return log.(*slog.Logger)
	}
	log := a.log
	if p.route != "" {
		log = log.With(slog.String("route", p.route))
	}
	kept, _ := a.logs.LoadOrStore(p, log.With(slog.Int("core", p.core)))
	return kept.(*slog.Logger)
}
