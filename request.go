package fasterapi

import (
	"context"
	"io"
	"sync"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/reactor"
)

// keepScratch is the largest response buffer in bytes that a request keeps for the
// next one.
const keepScratch = 16 << 10

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
	status int
	// scratch holds the encoded response; nil while somebody fills it. The engine keeps
	// it when the client does not take it (KeepsPayload).
	scratch []byte
	// lentScratch: somebody may have kept what scratch holds.
	lentScratch bool
	// coroutine is what the handler runs on, while it runs on one.
	coroutine *reactor.Coroutine
	// via is the net/http middleware that the response goes through, if any.
	via *relay
	// added is the context that this middleware has made of the Ctx.
	added context.Context
	// thrown is the panic of the handler inside of net/http middleware.
	thrown *async.PanicError
	// after are the background tasks of the request.
	after []func(context.Context) error
	// stages is what middleware wants done with the response.
	stages stages
	// bodies are the readers that were given out for the body, writers those of the
	// response: they end with the request.
	bodies  []interface{ end() }
	writers []*StreamWriter
	// uses counts what is being done with the exchange without mu.
	uses sync.WaitGroup

	// injected are the values that providers made for this request, by slot;
	// cleanups give them back, and outcome is the error of the handler.
	injected []any
	cleanups []func(error)
	outcome  error
	// uploads are the temporary files of the request.
	uploads []io.Closer
}

// begin makes r the request that has come, with a handle of its own.
func (r *request) begin(a *App) {
	r.ctx = &Ctx{app: a, request: r, reactor: r.x.Reactor()}
}

// takeOver lets take have the connection, which may take its time, so that mu is not
// for it: the end of the request waits. One at a time, and none beside a response that
// is sent.
func (c *Ctx) takeOver(take func(x *exchange.Exchange) error) error {
	sent := false
	r := read(c, func(r *request) *request {
		if sent = r.sent() || r.stages.opening || r.stages.taking; sent {
			return nil
		}
		r.stages.taking = true
		r.uses.Add(1)
		return r
	})
	switch {
	case sent:
		return exchange.ErrResponseSent
	case r == nil:
		return ErrRequestOver
	}
	defer r.uses.Done()
	err := take(r.x)
	c.mu.Lock() // not change: the request may be over, but is waiting
	defer c.mu.Unlock()
	r.stages.taking, r.stages.taken = false, err == nil
	return err
}

// leave takes the request away from its handle: from now on nobody reaches what is
// going to be reused. It waits for a reader or writer that is at work. Any number
// of times, by the owner of the exchange.
func (r *request) leave() {
	c := r.ctx
	c.mu.Lock()
	c.request = nil
	c.mu.Unlock()
	r.uses.Wait()
	for _, b := range r.bodies {
		b.end()
	}
	for _, w := range r.writers {
		w.end()
	}
	clear(r.bodies)
	clear(r.writers)
	r.bodies, r.writers = r.bodies[:0], r.writers[:0]
}

// reset makes r ready for another request.
func (r *request) reset() {
	if cap(r.scratch) > keepScratch || r.lentScratch || r.x.KeepsPayload() {
		r.scratch = nil
	}
	invariant.Poison(r.scratch[:cap(r.scratch)])
	r.params.Reset()
	r.ctx, r.route, r.missed = nil, nil, router.Match[*route]{}
	r.via, r.added, r.thrown = nil, nil, nil
	r.status, r.coroutine, r.lentScratch = 0, nil, false
	clear(r.injected)
	r.injected, r.outcome = r.injected[:0], nil
	r.stages.reset()
}

// spare takes scratch, empty, to be filled and given to stageSpare or keepSpare:
// nobody else is given the same. It takes none when somebody may still look at what it
// holds. What was staged from it is not any more. Under mu.
func (r *request) spare() (b []byte) {
	if !r.lentScratch {
		b = r.scratch[:0]
	}
	r.scratch, r.lentScratch = nil, false
	r.x.Payload = nil
	return b
}

// spare is that of the request.
func (c *Ctx) spare() []byte { return read(c, (*request).spare) }

// stageSpare is stage for a body that was filled into what spare has returned.
func (c *Ctx) stageSpare(status int, contentType string, body []byte) {
	c.change(func(r *request) {
		r.scratch = body
		r.stage(status, contentType, body)
	})
}

// keepSpare gives back what spare has returned.
func (c *Ctx) keepSpare(b []byte) { c.change(func(r *request) { r.scratch = b }) }

// lease tells the engine whether the staged payload may be used for something else
// once the request is over: by a cleanup of a provider, or a task of [Ctx.After].
func (r *request) lease() {
	if p := r.x.Payload; len(r.after)+len(r.cleanups) > 0 && len(p) > 0 {
		r.x.PayloadLeased = cap(r.scratch) == 0 || &p[0] != &r.scratch[:1][0]
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
