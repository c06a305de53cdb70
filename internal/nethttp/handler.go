package nethttp

import (
	"cmp"
	"io"
	"log/slog"
	"net/http"
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
// Owner: any (immutable after New; seats, remotes, running, apart and lastResponses are atomic).
type Handler struct {
	handler  exchange.Handler
	reactors *reactor.Group
	options  Options
	unsent   []*exchange.Unsent // by core
	seats    sync.Pool
	remotes  remotes
	running  running
	apart    apart
	// lastResponses: each response is the last one of its connection.
	lastResponses atomic.Bool
}

// New returns the engine.
func New(h exchange.Handler, reactors *reactor.Group, o Options) *Handler {
	n := &Handler{handler: h, reactors: reactors, options: o.resolve(), seats: sync.Pool{New: newSeat}}
	for core := range reactors.Len() {
		n.unsent = append(n.unsent, exchange.NewUnsent(reactors.Reactor(core), n.options.MaxUnsent, n.options.Logger, time.Now))
	}
	return n
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	own := h.served(r)
	s := h.sit(w, r, r.TLS != nil)
	c, x := s.carrier, s.x
	defer h.stand(s)
	if len(w.Header()) > 0 { // of middleware around this handler
		x.Load(w.Header())
		if h.options.ServerName != "" {
			x.DeleteField("Server")
		}
		x.Within()
	}
	x.Original = r
	s.text.fillHead(&x.Head, r)
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
	h.serve(c)
	broken := x.Streamed() && !c.complete
	h.release(c)
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

// sit returns a seat for r, whose carrier has an exchange. The reactor counts it until stand.
func (h *Handler) sit(w http.ResponseWriter, r *http.Request, secure bool) *seat {
	s := h.seats.Get().(*seat)
	c, x := s.carrier, s.x
	c.handler, c.options, c.last = h.handler, &h.options, &h.lastResponses
	c.w, c.r, c.x = w, r, x
	c.control = *http.NewResponseController(w)
	c.sending = exchange.NewCredit(h.options.WriteTimeout)
	c.reactor = h.reactors.LeastLoaded()
	c.unsent = h.unsent[c.reactor.Core()]
	c.reactor.ConnOpened() // least loaded counts requests here
	x.Attach(c, c.reactor, false)
	x.Remote = h.remotes.read(r.RemoteAddr)
	x.Secure = secure
	return s
}

// stand ends what sit began. It is deferred: net/http lets handlers panic, and others end the goroutine.
func (h *Handler) stand(s *seat) {
	c := s.carrier
	h.running.remove(c)
	c.leave()
	c.uncount()
	if c.released { // else a panic has come between, of which nobody knows what it left
		s.leave(c.kept || c.leaving.stop != nil)
		h.seats.Put(s)
	}
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
				h.release(c)
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

// release ends the handler's use of the exchange.
func (h *Handler) release(c *carrier) {
	h.running.remove(c) // before another request has the exchange
	h.handler.Release(c.x)
	c.released = true
}

// fillHead copies what net/http has parsed.
func (t *text) fillHead(head *wire.Head, r *http.Request) {
	head.Method = t.put(r.Method)
	head.Target = t.put(r.RequestURI)
	head.Path = t.put(r.URL.EscapedPath())
	switch {
	case r.Method == http.MethodConnect:
		head.Path = nil // authority form has none
	case r.RequestURI == "*", r.Method == http.MethodOptions && r.URL.Host != "" && r.URL.Path == "" && r.URL.RawQuery == "" && !r.URL.ForceQuery:
		// RFC 9112 section 3.2.4
		head.Path = t.put("*")
	case len(head.Path) == 0:
		head.Path = t.put("/")
	}
	head.RawQuery = t.put(r.URL.RawQuery)
	head.Host = t.put(r.Host)
	head.Minor = 1
	if r.ProtoMajor == 1 && r.ProtoMinor == 0 {
		head.Minor = 0
	}
	head.ContentLength = r.ContentLength
	head.Chunked = r.ContentLength < 0
	head.Headers = append(head.Headers, wire.Header{Name: t.put("Host"), Value: head.Host})
	for name, values := range r.Header {
		for _, value := range values {
			head.Headers = append(head.Headers, wire.Header{Name: t.put(name), Value: t.put(value)})
		}
	}
	for name := range r.Trailer { // announced; net/http takes the field away
		head.Headers = append(head.Headers, wire.Header{Name: t.put("Trailer"), Value: t.put(name)})
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
	c.kept = true // by the reader
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
