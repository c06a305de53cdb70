package fasterapi

import (
	"context"
	"io"
	"net/netip"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/reactor"
)

// request is the state of one request, which is reused for the next one. Users
// reach it only through the [Ctx] of its time. It lives in the exchange (User).
//
// Owner: the goroutine of the handler. What several goroutines may reach through
// the Ctx is changed under the mu of the Ctx; see [read] and [Ctx.change].
type request struct {
	x *exchange.Exchange
	// ctx is the handle that users have; nil between two requests.
	ctx    *Ctx
	route  *route
	params router.Params
	// missed is how a request without a route is answered.
	missed router.Match[*route]
	// reply is the response.
	reply reply.Reply
	// requestID and client are what middleware knows of the request.
	requestID string
	client    netip.Addr
	// waited is what is known of it until it starts, and flying what is to be done about it
	// when its handler has ended.
	waited waited
	flying flying
	// coroutine is what the handler runs on, while it runs on one.
	coroutine *reactor.Coroutine
	// thrown is the panic of the handler inside of net/http middleware.
	thrown *async.PanicError
	// after are the background tasks of the request.
	after []func(context.Context) error
	// given are the readers and writers of bodies that were given out: they end with the
	// request.
	given []interface{ end() }

	// injected are the values that providers made for this request, by slot;
	// settlers want to hear how the handler has ended, before the response is sent;
	// cleanups give them back, and outcome is the error of the handler.
	injected []any
	settlers []func(error) error
	cleanups []func(error)
	outcome  error
	// failing: the answer to an error is being made.
	failing bool
	// seen is what its record is going to say; opened is when the head of a stream was sent, or
	// the connection taken over (atomic). place is the one in the list of those that have not ended, and
	// bodied tells whether a body follows the head, which may be moved until it is there.
	seen   seen
	opened atomic.Int64
	place  uint32
	bodied bool
	// work is what others have done for it.
	work work
	// uploads are the temporary files of the request.
	uploads []io.Closer
}

// begin makes r the request that has come, with a handle of its own.
func (r *request) begin(a *App) {
	r.ctx = &Ctx{app: a, request: r, reactor: r.x.Reactor()}
	r.reply.Begin(r.x)
}

// leave takes the request away from its handle: from now on nobody reaches what is
// going to be reused. It waits for a reader or writer that is at work. Any number
// of times, by the owner of the exchange.
func (r *request) leave() {
	c := r.ctx
	c.mu.Lock()
	c.request = nil
	c.mu.Unlock()
	r.reply.Leave()
	for _, g := range r.given {
		g.end()
	}
	clear(r.given)
	r.given = r.given[:0]
}

// reset makes r ready for another request.
func (r *request) reset() {
	r.reply.Reset()
	r.params.Reset()
	r.ctx, r.route, r.missed = nil, nil, router.Match[*route]{}
	r.thrown, r.coroutine = nil, nil
	r.requestID, r.client, r.waited = "", netip.Addr{}, waited{}
	clear(r.injected)
	r.injected, r.outcome, r.failing = r.injected[:0], nil, false
	r.seen = seen{}
	if r.opened.Load() != 0 {
		r.opened.Store(0)
	}
	r.work.reset()
}

// lease tells the engine whether the staged payload may be used for something else
// once the request is over: by a cleanup of a provider, or a task of [Ctx.After].
func (r *request) lease() {
	if len(r.after)+len(r.cleanups) > 0 {
		r.reply.Lease()
	}
}

func (r *request) pattern() string {
	if r.route == nil {
		return ""
	}
	return r.route.pattern.String()
}

func (r *request) routeName() string {
	if r.route == nil || r.route.label == nil {
		return "none"
	}
	return r.route.label.Name
}
