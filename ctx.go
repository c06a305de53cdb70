package fasterapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/reactor"
)

// keepScratch is the largest response buffer in bytes that a Ctx keeps for the
// next request.
const keepScratch = 16 << 10

// Ctx is the context of one request: a context.Context that ends when the
// client leaves or the handler has returned, the request beyond what the input
// struct takes, and the response beyond what the handler returns.
//
// It is the handler's until the handler returns; a Ctx may be reused for a
// later request. Work that goes on takes c.Detach().
//
// Owner: the handler of the request; its cancellation: mu.
type Ctx struct {
	app     *App
	x       *exchange.Exchange
	reactor *reactor.Reactor
	route   *route
	params  router.Params
	// missed is how a request without a route is answered.
	missed router.Match[*route]
	routed bool
	status int
	// scratch holds the encoded response until the exchange has finished.
	scratch []byte
	// coroutine is what the handler runs on, while it runs on one.
	coroutine *reactor.Coroutine
	// via is the net/http middleware that the response goes through, if any.
	via *relay
	// added is the context that this middleware has made of c.
	added context.Context
	// after are the background tasks of the request.
	after []func(context.Context) error
	// stages is what middleware wants done with the response.
	stages stages
	// direct: the handler runs on the reactor.
	direct bool

	// injected are the values that providers made for this request, by slot;
	// cleanups give them back, and outcome is the error of the handler.
	injected []any
	cleanups []func(error)
	outcome  error
	// uploads are the temporary files of the request.
	uploads []io.Closer

	mu       sync.Mutex
	done     chan struct{}
	values   map[any]any
	watchers async.Watchers
	// ended: cancelled. shared: somebody else may hold this Ctx, so it is not
	// reused. watching counts watchers. All three are atomic.
	ended, shared atomic.Bool
	// expired: CancelAfter has ended c. Atomic.
	expired  atomic.Bool
	watching atomic.Int32
}

// Request

// Method is the method of the request.
func (c *Ctx) Method() string { return wire.MethodName(c.x.Head.Method) }

// Path is the path of the request, percent-encoded as it came.
func (c *Ctx) Path() string { return string(c.x.Head.Path) }

// RawQuery is the query of the request, without the question mark.
func (c *Ctx) RawQuery() string { return string(c.x.Head.RawQuery) }

// Host is the host that the client asked for, with its port if it gave one.
func (c *Ctx) Host() string { return string(c.x.Head.Host) }

// Pattern is the pattern of the route, "" when no route matched.
func (c *Ctx) Pattern() string {
	if c.route == nil {
		return ""
	}
	return c.route.pattern
}

// Param returns the decoded value of a path wildcard, "" when the route has
// none of that name.
func (c *Ctx) Param(name string) string {
	for i := range c.params.Len() {
		if c.params.Name(i) == name {
			return string(c.params.AppendValue(nil, i))
		}
	}
	return ""
}

// Header returns the first value of a request header field, "" when absent.
func (c *Ctx) Header(name string) string { return string(c.x.Head.Get(name)) }

// Trailer returns the first value of a trailer field, which comes behind a chunked
// body: "" when absent, and before a streamed body was read to its end. Fields that
// RFC 9110 6.5.1 keeps out of trailers, such as Authorization, are left out.
func (c *Ctx) Trailer(name string) string {
	for _, h := range c.x.Trailers {
		if strings.EqualFold(string(h.Name), name) {
			return string(h.Value)
		}
	}
	return ""
}

// Cookie returns the value of a request cookie, "" when absent.
func (c *Ctx) Cookie(name string) string {
	if values := c.Cookies(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Cookies returns the values of all request cookies of this name. There is more
// than one when a cookie was set for several paths or domains, possibly by somebody
// else: where that matters, refuse it.
func (c *Ctx) Cookies(name string) (values []string) {
	for line := range c.x.Head.Values("Cookie") {
		cookies, err := http.ParseCookie(string(line))
		if err != nil {
			continue
		}
		for _, cookie := range cookies {
			if cookie.Name == name {
				values = append(values, cookie.Value)
			}
		}
	}
	return values
}

// Remote is the address of the peer of the connection: the client, or the
// proxy in front of the service.
func (c *Ctx) Remote() netip.AddrPort { return c.x.Remote }

// Secure tells whether the request came over TLS.
func (c *Ctx) Secure() bool { return c.x.Secure }

// Body reads the request body. A large one is read from the client only as
// fast as it is read here. It blocks: on a reactor the body was collected
// before.
func (c *Ctx) Body() io.Reader {
	if c.x.Stream != nil {
		return c.x.Stream
	}
	return &leasedBody{c: c, rest: c.x.Body}
}

// leasedBody reads a collected body, as long as the request lasts.
//
// Owner: the handler of the request.
type leasedBody struct {
	c    *Ctx
	rest []byte
}

func (b *leasedBody) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// Response

// SetStatus sets the status of a successful response. Default: 200, or what
// the type of the response says.
func (c *Ctx) SetStatus(status int) { c.status = status }

// AddHeader adds a response header field. Values with control characters are
// dropped with a log line: they could end the field.
func (c *Ctx) AddHeader(name, value string) {
	if !wire.ValidHeader(name, value) {
		c.Logger().Error("response header dropped: not a valid field", slog.String("name", name))
		return
	}
	c.x.AddField(name, value)
}

// SetHeader adds a response header field, instead of those of the same name
// that were added before.
func (c *Ctx) SetHeader(name, value string) {
	c.DeleteHeader(name)
	c.AddHeader(name, value)
}

// DeleteHeader removes the response header fields of this name.
func (c *Ctx) DeleteHeader(name string) {
	kept := c.x.Fields[:0]
	for _, f := range c.x.Fields {
		if !strings.EqualFold(f.Name, name) {
			kept = append(kept, f)
		}
	}
	c.x.Fields = kept
}

// SetCookie adds a Set-Cookie field. An invalid cookie is dropped with a log
// line.
func (c *Ctx) SetCookie(cookie *http.Cookie) {
	text := cookie.String()
	if text == "" {
		c.Logger().Error("cookie dropped: not valid", slog.String("name", cookie.Name))
		return
	}
	c.AddHeader("Set-Cookie", text)
}

// Status is the status of the response as far as it is known: 0 before the
// handler has returned.
func (c *Ctx) Status() int { return c.x.Status }

// Core is the index of the reactor that the request belongs to.
func (c *Ctx) Core() int { return c.reactor.Core() }

// Logger is the logger of the app with the route and the core of the request.
func (c *Ctx) Logger() *slog.Logger {
	return c.app.logger(c.routeName(), c.Core(), c.stages.requestID)
}

// logger returns a logger that names what it is about; request may be "".
func (a *App) logger(route string, core int, request string) *slog.Logger {
	log := a.log.With(slog.String("route", route), slog.Int("core", core))
	if request != "" {
		log = log.With(slog.String("request", request))
	}
	return log
}

func (c *Ctx) routeName() string {
	if c.route == nil || c.route.label == nil {
		return "none"
	}
	return c.route.label.Name
}

// stage makes body, which must stay unchanged until the exchange finishes, the
// response.
func (c *Ctx) stage(status int, contentType string, body []byte) {
	if c.status != 0 {
		status = c.status
	}
	c.x.Respond(status, contentType, body)
}

// reset makes c ready for another request.
func (c *Ctx) reset() {
	if cap(c.scratch) > keepScratch {
		c.scratch = nil
	}
	invariant.Poison(c.scratch[:cap(c.scratch)])
	c.params.Reset()
	c.route, c.missed, c.routed = nil, router.Match[*route]{}, false
	c.via, c.added = nil, nil
	c.status, c.coroutine, c.direct = 0, nil, false
	clear(c.values)
	clear(c.injected)
	c.injected, c.outcome = c.injected[:0], nil
	c.stages.reset()
}
