package fasterapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/observe"
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
	// failing: the answer to an error is being made. left: its handle does not reach it any more.
	failing, left bool
	inside        inside
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
	r.ctx = &Ctx{app: a, request: r, reactor: r.x.Reactor(), asks: r.x.Original != nil}
	r.reply.Begin(r.x)
}

// leave takes the request away from its handle: from now on nobody reaches what is
// going to be reused. It waits for a reader or writer that is at work. Any number
// of times, by the owner of the exchange.
func (r *request) leave() {
	if r.left {
		return
	}
	r.left = true
	c := r.ctx
	c.mu.Lock()
	c.request = nil
	last := c.life.takeLatest()
	c.mu.Unlock()
	last.stopAll()
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
	r.injected, r.outcome, r.failing, r.left = r.injected[:0], nil, false, false
	r.inside.closed = false
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

// ErrBackgroundFull is returned by [Ctx.After] when too many background tasks
// of this core wait already. A handler that returns it answers with 503.
var ErrBackgroundFull error = backgroundFull{}

type backgroundFull struct{}

func (backgroundFull) Error() string { return "fasterapi: too many background tasks" }

func (backgroundFull) HTTPStatus() int { return http.StatusServiceUnavailable }

func (backgroundFull) RetryAfter() time.Duration { return time.Second }

// After runs task once the response is sent, on a goroutine: mails,
// notifications, clean-up. It does not run when the handler fails. Its context
// has the values of the request and ends only when a shutdown runs out of
// time; Config.DrainTimeout is how long a shutdown may take. What task returns, and its
// panics, are logged.
//
// At most 64 tasks of one core run at once and 4096 more wait; beyond that
// After returns [ErrBackgroundFull]. Tasks are lost when the process dies: what
// must happen belongs in a queue.
func (c *Ctx) After(task func(ctx context.Context) error) error {
	own := &c.app.drain.background[c.Core()]
	if !own.Reserve() {
		if rec := c.app.recorder; rec != nil {
			rec.TaskRefused(c.Core())
		}
		return ErrBackgroundFull
	}
	if !c.change(func(r *request) { r.after = append(r.after, task) }) {
		own.Release(1)
		return ErrRequestOver
	}
	return nil
}

// startAfter starts the tasks of a request whose response is sent.
func (r *request) startAfter() {
	c := r.ctx
	drain := &c.app.drain
	base := detached{drain.ctx, c.reactor, c.copyValues()}
	log := c.app.logger(r.routeName(), c.Core(), r.requestID)
	for _, task := range r.after {
		counted := c.app.countTask(c.Core())
		drain.background[c.Core()].Start(r.routeName(), func() { counted.run(func() bool { return runAfter(base, log, task) }) })
	}
	clear(r.after)
	r.after = r.after[:0]
}

// dropAfter forgets the tasks of a request that has failed.
func (c *Ctx) dropAfter() {
	dropped := read(c, func(r *request) int {
		n := len(r.after)
		clear(r.after)
		r.after = r.after[:0]
		return n
	})
	if dropped > 0 {
		c.app.drain.background[c.Core()].Release(dropped)
	}
}

// countedTask is a task of a core that the recorder counts.
//
// Owner: any (immutable once made).
type countedTask struct {
	recorder *observe.Recorder // nil: nobody counts
	core     int
}

// countTask counts a task that waits for its turn.
func (a *App) countTask(core int) countedTask {
	if a.recorder != nil {
		a.recorder.TaskQueued(core)
	}
	return countedTask{a.recorder, core}
}

// run runs the task, which tells whether it has done its work.
func (t countedTask) run(task func() (done bool)) {
	if t.recorder == nil {
		task()
		return
	}
	done := false
	t.recorder.TaskStarted(t.core)
	defer func() { t.recorder.TaskEnded(t.core, !done) }() // when it ends its goroutine, too
	done = task()
}

// runAfter runs one task to its end, whatever that is, and tells whether it has done its work.
func runAfter(ctx context.Context, log *slog.Logger, task func(context.Context) error) (done bool) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			log.Error("background task panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
		} else {
			log.Error("background task called runtime.Goexit")
		}
	}()
	err := task(ctx)
	returned = true
	if err != nil {
		log.Error("background task failed", failureAttrs(err)...)
	}
	return err == nil
}

// cleanUp gives back what providers made for a request that was answered. It
// keeps r, which is not used again; its Ctx ends behind them.
func (r *request) cleanUp() {
	app := r.ctx.app
	inside := app.life.tails.Enter() == nil
	route, names := r.routeName(), &app.life.tailing[r.ctx.Core()]
	names.Add(route)
	go func() {
		if inside {
			defer app.life.tails.Leave()
		}
		defer names.Remove(route)
		defer r.ctx.cancel()
		defer closeUploads(r.uploads)
		for _, cleanup := range slices.Backward(r.cleanups) {
			r.runCleanup(cleanup)
		}
	}()
}

func (r *request) runCleanup(cleanup func(error)) {
	defer func() {
		if v := recover(); v != nil {
			r.ctx.app.logger(r.routeName(), r.ctx.Core(), r.requestID).Error("cleanup of a provider panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
		}
	}()
	cleanup(r.outcome)
}

var errDrained = errors.New("fasterapi: the service has shut down")

// inside counts the handlers that are reading the request, for their input. Middleware may call next on a goroutine and return
// before that does, as one with a timeout of its own: the end of the request waits for such a handler, with the context
// ended, until its input is there, and then it does not begin. One that has begun reaches the request through its Ctx alone, and
// is not waited for.
//
// Owner: closed: the mu of the Ctx; readers: any (atomic); outside: who concludes the request.
type inside struct {
	closed  bool // no other begins
	readers atomic.Int64
	outside chan struct{} // closed by the last one, for who waits
}

// awaited is added to inside.readers by who waits until nobody is left.
const awaited = -1 << 32

// enterInput counts a handler until visit.leave, and returns nil when the middleware has returned.
func (c *Ctx) enterInput() (in *inside) {
	c.change(func(r *request) {
		if !r.inside.closed {
			in = &r.inside
			in.readers.Add(1)
		}
	})
	return in
}

// visit is what a handler has entered.
//
// Owner: the goroutine of the handler.
type visit struct{ inside *inside }

// leave ends enterInput, and tells whether somebody waits for that, so that the handler is not to begin. Any
// number of times, and of nothing.
func (v *visit) leave() (over bool) {
	if v.inside == nil {
		return false
	}
	in := v.inside
	v.inside = nil
	left := in.readers.Add(-1)
	if left == awaited {
		close(in.outside)
	}
	return left < 0
}

// awaitInside waits for the handlers that middleware has left behind while they read. No other begins.
func (c *Ctx) awaitInside() {
	in := &c.request.inside
	in.outside = make(chan struct{})
	if in.readers.Add(awaited) > awaited {
		c.cancel()
		<-in.outside
	}
	in.readers.Store(0)
}
