package fasterapi

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/internal/note"
	"github.com/fasterapi/fasterapi/internal/timeouts"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/reactor"
)

// Interfaces that the async package and package context look for.
var (
	_ context.Context   = (*Ctx)(nil)
	_ async.SiteCarrier = (*Ctx)(nil)
	_ async.Watchable   = (*Ctx)(nil)
)

// States of a Ctx. The first one that is not live stays.
const (
	live     uint32 = iota
	canceled        // the client has left, or the handler has returned
	expired         // CancelAfter
)

// life is what a Ctx needs that is waited for, or given values. Like the Ctx it is
// never reused: contexts that are derived from it may be kept.
//
// Owner: the mu of the Ctx. watchers: any.
type life struct {
	done     chan struct{} // nil until it is asked for
	values   map[any]any   // of Set
	watchers async.Watchers
	// latest is the last call of CancelAfter, until they are stopped, and soonest the one that c has its
	// deadline from.
	latest, soonest *expiry
}

// timed is a life that began with a call of CancelAfter, as nearly all do that have one.
//
// Owner: as its parts.
type timed struct {
	life
	expiry
}

// living returns c.life. Under mu.
func (c *Ctx) living() *life {
	if c.life == nil {
		c.life = new(life)
	}
	return c.life
}

// Deadline implements context.Context: a request has no deadline of its own,
// but what [Ctx.CancelAfter] gave it.
func (c *Ctx) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life == nil || c.life.soonest == nil {
		return time.Time{}, false
	}
	return c.life.soonest.At(), true
}

// Done implements context.Context: the channel closes when the client leaves,
// the server shuts down hard, or the handler has returned.
func (c *Ctx) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.living()
	if l.done == nil {
		c.watchClient()
		l.done = make(chan struct{})
		if c.state.Load() != live {
			close(l.done)
		}
	}
	return l.done
}

// Err implements context.Context: nil, context.Canceled, or, when
// [Ctx.CancelAfter] has ended c, context.DeadlineExceeded. What it was once it
// stays.
func (c *Ctx) Err() error {
	switch c.state.Load() {
	case live:
		if !c.asks || !read(c, func(r *request) bool { return r.x.ClientLeft() }) {
			return nil
		}
		c.cancel()
		return c.Err()
	case expired:
		return context.DeadlineExceeded
	default:
		return context.Canceled
	}
}

// Value implements context.Context with the values of c.Set, which it has for ever,
// and, while the request lasts, those that net/http middleware has put into the
// context of the request: [WrapMiddleware], and middleware around [App.Handler]. What
// [Ctx.Detach] makes has those of c.Set only.
func (c *Ctx) Value(key any) any {
	value := c.own(key)
	if value != nil {
		return value
	}
	type contexts struct {
		added, around context.Context
		trace         *observe.Trace
	}
	of := read(c, func(r *request) (of contexts) {
		of.trace = r.work.trace
		if of.added = r.reply.Added(); r.x.Original != nil {
			of.around = r.x.Original.Context()
		}
		return of
	})
	if of.trace != nil {
		if value = c.app.cfg.Observe.Tracer.Value(of.trace, key); value != nil {
			return value
		}
	}
	if of.added != nil {
		value = of.added.Value(key)
	}
	if value == nil && of.around != nil {
		value = of.around.Value(key)
	}
	return value
}

// own is Value without what net/http middleware has added.
func (c *Ctx) own(key any) any {
	switch key {
	case async.SiteKey():
		return c.AsyncSite()
	case note.Key{}:
		return c.notes()
	case ctxKey{}, field.IncomingKey{}:
		return c
	}
	if o, ok := key.(inject.Overriding); ok {
		return c.overriding(o.Type)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life == nil {
		return nil
	}
	return c.life.values[key]
}

// Set stores a value for this request: for middleware to hand something on.
func (c *Ctx) Set(key, value any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.living()
	if l.values == nil {
		l.values = make(map[any]any)
	}
	l.values[key] = value
}

// AfterFunc calls f on a goroutine of its own once c is done, unless stop is
// called before. Package context uses it, so that deriving a context starts no
// goroutine.
func (c *Ctx) AfterFunc(f func()) (stop func() bool) {
	w := &async.Watcher{Cancelled: func() { go f() }}
	if !c.Watch(w) {
		go f()
		return func() bool { return false }
	}
	return w.Stop
}

// Watch calls w once when c is done; it reports false when c is done already.
// Drivers use it to notice cancellation without a goroutine or a channel.
func (c *Ctx) Watch(w *async.Watcher) bool {
	l := c.watchable()
	return l != nil && l.watchers.Add(w)
}

// watchable returns the life of c, nil when c is done.
func (c *Ctx) watchable() *life {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Load() != live {
		return nil
	}
	c.watchClient()
	return c.living()
}

// watchClient has the engine tell of the client's end. Under mu.
func (c *Ctx) watchClient() {
	if c.asks && c.request != nil {
		c.x.WatchClient()
	}
}

// Unwatch ends Watch.
func (c *Ctx) Unwatch(w *async.Watcher) {
	c.mu.Lock()
	l := c.life
	c.mu.Unlock()
	if l != nil {
		l.watchers.Remove(w)
	}
}

// AsyncSite tells package async where its caller runs: on the reactor of the
// request, on a coroutine of it, or on any other goroutine. It is found out at each
// call, so it is right wherever c was taken.
func (c *Ctx) AsyncSite() async.Site {
	site := c.reactor.Here()
	if site.Coroutine != nil {
		own := c.ownCoroutine()
		site.Bound = own != nil && site.Coroutine == async.Coroutine(own)
	}
	return site
}

// Detach returns a context that has the values of this request but does not
// end with it: for work that goes on after the response. Futures started with it
// belong to the reactor of the request, and may be awaited anywhere.
func (c *Ctx) Detach() context.Context {
	return detached{context.Background(), c.reactor, c.copyValues()}
}

// copyValues returns the values of c.Set for somebody who outlives c.
func (c *Ctx) copyValues() map[any]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life == nil {
		return nil
	}
	return maps.Clone(c.life.values)
}

// detached carries the values and the reactor of a request beyond its end.
//
// Owner: any (immutable once made).
type detached struct {
	context.Context
	reactor *reactor.Reactor
	values  map[any]any
}

// Value implements context.Context.
func (d detached) Value(key any) any {
	if key == async.SiteKey() {
		return d.AsyncSite()
	}
	if value, ok := d.values[key]; ok {
		return value
	}
	return d.Context.Value(key)
}

// AsyncSite implements [async.SiteCarrier].
func (d detached) AsyncSite() async.Site { return d.reactor.Here() }

// cancel ends c: the client has gone, or the handler has returned.
func (c *Ctx) cancel() {
	if c.state.Load() == live {
		c.end(canceled)
	}
}

// end ends c, unless it has ended already, and tells those who wait for it.
func (c *Ctx) end(as uint32) {
	c.mu.Lock()
	first := c.state.CompareAndSwap(live, as)
	l := c.life
	if first && l != nil && l.done != nil {
		close(l.done)
	}
	last := l.takeLatest()
	c.mu.Unlock()
	if first && l != nil {
		l.watchers.CancelAll()
	}
	last.stopAll()
}

// CancelAfter ends c after d, as if the client had left, but with
// context.DeadlineExceeded: what the handler awaits fails, and the database is
// told. A handler that returns such an error is answered with 504. Code that
// does not look at c runs on. stop disarms the timer and reports whether it had
// fired; the end of the handler does so too. Any goroutine may call it, at any time.
func (c *Ctx) CancelAfter(d time.Duration) (stop func() (expired bool)) {
	if c.Err() != nil {
		over := c.state.Load() == expired
		return func() bool { return over }
	}
	e := c.newExpiry(c.app.now().Add(d))
	if c.app.cfg.Clock != nil {
		e.manual.arm(c, d, e.Expire)
	} else {
		c.app.drain.timeouts[c.Core()].Set(&e.Timeout)
	}
	return e.stop
}

// newExpiry gives c the time until at.
func (c *Ctx) newExpiry(at time.Time) *expiry {
	c.mu.Lock()
	defer c.mu.Unlock()
	var e *expiry
	if c.life == nil {
		t := new(timed)
		c.life, e = &t.life, &t.expiry
	} else {
		e = new(expiry)
	}
	e.Of(e, at)
	e.c, e.before = c, c.life.latest
	if c.app.cfg.Clock != nil {
		e.manual = new(manualTimeout)
	}
	c.life.latest = e
	if s := c.life.soonest; s == nil || at.Before(s.At()) {
		c.life.soonest = e
	}
	return e
}

// takeLatest returns the latest of the calls of CancelAfter, which the caller stops. Under mu.
func (l *life) takeLatest() (e *expiry) {
	if l != nil {
		e, l.latest = l.latest, nil
	}
	return e
}

// expiry is one call of CancelAfter: a timeout of its core, or, in tests, one by Config.Clock.
//
// Owner: any (immutable, and the parts have locks). before: who has taken it, see takeLatest.
type expiry struct {
	timeouts.Timeout
	c      *Ctx
	manual *manualTimeout
	before *expiry
}

// Expire implements [timeouts.Expirer].
func (e *expiry) Expire() {
	e.c.end(expired)
	if e.c.ownCoroutine() != nil { // it watches nothing else
		e.c.reactor.Post(async.TaskFunc(e.c.interrupt)) // false: the reactor has ended, and it with that
	}
}

// stop ends e and tells whether its time was over.
func (e *expiry) stop() (over bool) {
	if e.manual != nil {
		return e.manual.stop(e.c.reactor)
	}
	return e.c.app.drain.timeouts[e.c.Core()].Stop(&e.Timeout)
}

// stopAll stops e and those before it.
func (e *expiry) stopAll() {
	for ; e != nil; e = e.before {
		e.stop()
	}
}

// manualTimeout is a timeout by Config.Clock, which tests move: what is waited for on a reactor fires in turn with
// what else that waits for.
//
// Owner: mu. timer, when direct: reactor.
type manualTimeout struct {
	mu          sync.Mutex
	fired, over bool // over: fired or stopped
	direct      bool // the timer is one of the reactor
	timer       interface{ Stop() bool }
}

func (m *manualTimeout) arm(c *Ctx, d time.Duration, expire func()) {
	fire := func() {
		m.mu.Lock()
		due := !m.over
		m.fired, m.over = m.fired || due, true
		m.mu.Unlock()
		if due {
			expire()
		}
	}
	direct := c.reactor.Here().Direct
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.over: // the request has ended meanwhile
	case direct:
		m.direct = true
		m.timer = c.reactor.After(d, async.TaskFunc(fire))
	default:
		m.timer = c.app.afterFunc(d, fire)
	}
}

func (m *manualTimeout) stop(r *reactor.Reactor) (fired bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.over && m.timer != nil && (!m.direct || r.Here().Direct) { // else it fires for nothing
		m.timer.Stop()
	}
	m.over = true
	return m.fired
}

// ownCoroutine is what the handler runs on, nil when it runs on none.
func (c *Ctx) ownCoroutine() *reactor.Coroutine {
	return read(c, func(r *request) *reactor.Coroutine { return r.coroutine })
}

// interrupt tells a handler on a coroutine that its time is over. Reactor only.
func (c *Ctx) interrupt() {
	if co := c.ownCoroutine(); co != nil {
		co.Interrupt(context.DeadlineExceeded)
	}
}
