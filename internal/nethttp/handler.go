package nethttp

import (
	"cmp"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/reactor"
)

// Options are what holds for every request, whoever listens. Of the limits those of
// connections do not: MaxConns, HeadTimeout and IdleTimeout are the server's, and so
// is MaxHead where the server is not that of [Start].
type Options struct {
	exchange.Limits
	// BrokenOff is told that the client did not take all of a staged response,
	// and why. Default: nobody is.
	BrokenOff func(x *exchange.Exchange, err error)
	// Arrivals hears of requests that come. Default: nobody does.
	Arrivals exchange.Arrivals
	Logger   *slog.Logger // default slog.Default()
}

func (o Options) resolve() Options {
	o.Limits, _ = o.Limits.Resolve() // the app has checked them
	if o.BrokenOff == nil {
		o.BrokenOff = func(*exchange.Exchange, error) {}
	}
	o.Logger = cmp.Or(o.Logger, slog.Default())
	return o
}

// Handler is an http.Handler that gives every request to an exchange.Handler.
//
// Owner: any (immutable after New; pool, running, apart and lastResponses are atomic).
type Handler struct {
	handler  exchange.Handler
	reactors *reactor.Group
	options  Options
	unsent   []*exchange.Unsent // by core
	pool     sync.Pool
	running  running
	apart    apart
	// lastResponses: each response is the last one of its connection.
	lastResponses atomic.Bool
}

// New returns the engine.
func New(h exchange.Handler, reactors *reactor.Group, o Options) *Handler {
	n := &Handler{handler: h, reactors: reactors, options: o.resolve()}
	for core := range reactors.Len() {
		n.unsent = append(n.unsent, exchange.NewUnsent(reactors.Reactor(core), n.options.MaxUnsent, n.options.Logger, time.Now))
	}
	return n
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	own := h.served(r)
	c := h.carry(w, r, r.TLS != nil)
	x := c.x
	defer c.uncount()
	defer c.leave()
	if len(w.Header()) > 0 { // of middleware around this handler
		x.Load(w.Header())
		if h.options.ServerName != "" {
			x.DeleteField("Server")
		}
		x.Within()
	}
	x.Original = r
	fillHead(&x.Head, r)
	if why := h.refusal(x, r, own); why != nil {
		c.refuse(why)
	}
	h.handler.Begin(x)
	c.meetBody()
	if x.Refusal == nil && r.Body != nil && r.ContentLength != 0 {
		h.takeBody(c)
	}
	h.arrive(x)
	h.running.add(c)
	defer h.running.remove(c)
	h.serve(c)
	broken := x.Streamed() && !c.complete
	h.release(x)
	if broken {
		panic(http.ErrAbortHandler) // the client must not take it for the whole
	}
}

// arrive tells of a request, and lets it stand in the queue of the goroutines once: how
// long it has stood there before, net/http does not know.
func (h *Handler) arrive(x *exchange.Exchange) {
	if h.options.Arrivals == nil || x.Refusal != nil {
		return
	}
	h.options.Arrivals.Arrive(x, x.Reactor().Clock())
	if h.options.Arrivals.Lane(x) != exchange.Ahead {
		runtime.Gosched()
	}
}

// WithoutArrivals returns a handler like h that tells nobody of requests that come. The
// requests of both are counted together.
func (h *Handler) WithoutArrivals() *Handler {
	other := New(h.handler, h.reactors, h.options)
	other.options.Arrivals = nil
	return other
}

// carry returns a carrier with an exchange for r. The reactor counts it until
// ConnClosed.
func (h *Handler) carry(w http.ResponseWriter, r *http.Request, secure bool) *carrier {
	x := h.acquire()
	c := &carrier{handler: h.handler, options: &h.options, w: w, r: r, x: x, reactor: h.reactors.LeastLoaded(), last: &h.lastResponses}
	c.sending = exchange.NewCredit(h.options.WriteTimeout)
	c.control = *http.NewResponseController(w)
	c.unsent = h.unsent[c.reactor.Core()]
	c.reactor.ConnOpened() // least loaded counts requests here
	x.Attach(c, c.reactor, false)
	x.Remote, _ = netip.ParseAddrPort(r.RemoteAddr)
	x.Secure = secure
	return c
}

// serve runs the handler and sends its answer, also when the handler ends its
// goroutine. With HTTP/1.1 that ends the connection, after the answer. HTTP/2
// would reset the stream and lose the answer, so there the handler gets a
// goroutine of its own.
func (h *Handler) serve(c *carrier) {
	returned := false
	if c.r.ProtoMajor >= 2 {
		h.serveApart(c)
	} else {
		defer func() {
			if !returned {
				if c.x.Status == 0 {
					c.failed(nil)
				}
				c.endInput()
				c.x.CloseAfter = true
				c.answer()
				if !c.hijacked {
					_ = c.flush() // nobody else will
				}
				h.release(c.x)
			}
		}()
		c.run()
	}
	returned = true
	c.endInput()
	c.answer()
}

// serveApart runs the handler on a goroutine of its own.
func (h *Handler) serveApart(c *carrier) {
	ended := make(chan struct{})
	h.apart.run(func() {
		defer close(ended)
		defer func() {
			if v := recover(); v != nil {
				h.options.Logger.Error("nethttp: a handler panicked outside of its route", slog.Any("panic", v),
					slog.String("stack", string(debug.Stack())))
				c.failed(v)
			}
		}()
		c.run()
	})
	<-ended
}

func (h *Handler) acquire() *exchange.Exchange {
	if x, ok := h.pool.Get().(*exchange.Exchange); ok {
		return x
	}
	return new(exchange.Exchange)
}

func (h *Handler) release(x *exchange.Exchange) {
	h.handler.Release(x)
	x.Reset()
	h.pool.Put(x)
}

// fillHead copies what net/http has parsed.
func fillHead(head *wire.Head, r *http.Request) {
	head.Method = []byte(r.Method)
	head.Target = []byte(r.RequestURI)
	head.Path = []byte(r.URL.EscapedPath())
	switch {
	case r.Method == http.MethodConnect:
		head.Path = nil // authority form has none
	case r.RequestURI == "*", r.Method == http.MethodOptions && r.URL.Host != "" && r.URL.Path == "" && r.URL.RawQuery == "" && !r.URL.ForceQuery:
		// RFC 9112 section 3.2.4
		head.Path = []byte("*")
	case len(head.Path) == 0:
		head.Path = []byte("/")
	}
	head.RawQuery = []byte(r.URL.RawQuery)
	head.Host = []byte(r.Host)
	head.Minor = 1
	if r.ProtoMajor == 1 && r.ProtoMinor == 0 {
		head.Minor = 0
	}
	head.ContentLength = r.ContentLength
	head.Chunked = r.ContentLength < 0
	head.Headers = append(head.Headers, wire.Header{Name: []byte("Host"), Value: head.Host})
	for name, values := range r.Header {
		for _, value := range values {
			head.Headers = append(head.Headers, wire.Header{Name: []byte(name), Value: []byte(value)})
		}
	}
	for name := range r.Trailer { // announced; net/http takes the field away
		head.Headers = append(head.Headers, wire.Header{Name: []byte("Trailer"), Value: []byte(name)})
	}
}

// takeBody reads or streams the body, as the handler wants it, or refuses the request.
func (h *Handler) takeBody(c *carrier) {
	x, r := c.x, c.r
	adm := h.handler.Admit(x)
	switch {
	case adm.Discard:
		return
	case r.ContentLength > adm.Limit:
		c.refuse(exchange.TooLong)
		return
	}
	body := &patient{body: http.MaxBytesReader(c.w, r.Body, adm.Limit), c: c, credit: exchange.NewCredit(h.options.BodyTimeout)}
	if adm.MayStream && (r.ContentLength < 0 || r.ContentLength > h.options.StreamAbove) {
		x.BodyReader = body
		return
	}
	var err error
	if x.Body, err = io.ReadAll(body); err != nil {
		c.refuse(bodyRefusal(err))
	}
}
