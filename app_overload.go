package fasterapi

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/overload"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// overloadEnv is the variable of Config.Overload.Off.
const overloadEnv = "OVERLOAD_PROTECTION"

// The delay and the time are those of RFC 8289 sections 4.2 and 4.3.
const (
	defaultOverloadTarget   = 5 * time.Millisecond
	defaultOverloadInterval = 100 * time.Millisecond
	defaultRetryAfter       = time.Second
)

// OverloadConfig says when an app has more work than it can do, and answers requests with
// 503 and Retry-After before their handler starts, so that the others are answered in time.
// The zero value protects: users who wait for their answers before they ask again, bursts
// and pauses are not taken for overload. See the option [Priority] for who goes first, and
// [App.Overload] for what was seen.
//
// Owner: any (a value).
type OverloadConfig struct {
	// Off refuses nothing, and measures nothing. Default: the environment variable
	// OVERLOAD_PROTECTION, "on" or "off", else false.
	Off bool
	// Target is for how long a request may wait for the processor at any time. A normal one
	// is refused when it has waited four times as long, a batch one when as long, and a
	// critical one when 16 times. Default 5 ms; from 1 ms to 1 s.
	Target time.Duration
	// Interval is for how long the delay must be above Target, while more and more requests
	// wait, until that is overload. Default 100 ms; from 10 ms to 10 s, and above Target.
	Interval time.Duration
	// RetryAfter is when refused clients are told to come back, at the earliest; each is
	// told a number of seconds from this to twice this, so that they do not come together.
	// Default 1 s; from 1 s to 1 h.
	RetryAfter time.Duration
}

// resolve sets what is zero, and returns what is wrong.
func (o *OverloadConfig) resolve() error {
	var errs []error
	switch text := os.Getenv(overloadEnv); text {
	case "", "on":
	case "off":
		o.Off = true
	default:
		errs = append(errs, fmt.Errorf("the environment variable %s must be on or off, not %q", overloadEnv, text))
	}
	o.Target = cmp.Or(o.Target, defaultOverloadTarget)
	o.Interval = cmp.Or(o.Interval, defaultOverloadInterval)
	o.RetryAfter = cmp.Or(o.RetryAfter, defaultRetryAfter)
	for _, f := range [...]struct {
		name               string
		value, least, most time.Duration
	}{
		{"Target", o.Target, time.Millisecond, time.Second},
		{"Interval", o.Interval, 10 * time.Millisecond, 10 * time.Second},
		{"RetryAfter", o.RetryAfter, time.Second, time.Hour},
	} {
		if f.value < f.least || f.value > f.most {
			errs = append(errs, fmt.Errorf("Config.Overload.%s must be from %v to %v, not %v", f.name, f.least, f.most, f.value))
		}
	}
	if len(errs) == 0 && o.Interval <= o.Target {
		errs = append(errs, errors.New("Config.Overload.Interval must be above Target"))
	}
	return errors.Join(errs...)
}

// retryAfter is what a client that is refused is told, in seconds.
func (o *OverloadConfig) retryAfter() string {
	least := int64(o.RetryAfter / time.Second)
	return strconv.FormatInt(least+rand.Int64N(least+1), 10)
}

// OverloadStats is what the protection from overload has seen on one core.
//
// Owner: whoever asked for it.
type OverloadStats struct {
	Core int
	// Overloaded: it refuses requests that have waited for too long, of which Delay is how
	// long the latest one had; 0 otherwise.
	Overloaded bool
	Delay      time.Duration
	// Started are the requests that were let start. Normal, Batch and Critical are those of
	// these classes that were refused because the core was overloaded, and Limited those
	// that were because their route had become slow with too many in flight.
	Started, Normal, Batch, Critical, Limited uint64
	// Limits are the routes that are limited now: how many requests may be in flight.
	Limits map[string]int64
}

// guard protects an app from overload.
//
// Owner: any (immutable after begin); turns of a core: its reactor.
type guard struct {
	queues []*overload.Queue
	turns  []overload.Turns
}

// begin prepares the routes for so many cores.
func (g *guard) begin(a *App, cores int) {
	cfg := a.cfg.Overload
	if cfg.Off {
		return
	}
	rule := overload.Rule{Target: cfg.Target, Interval: cfg.Interval}
	g.turns = make([]overload.Turns, cores)
	for range cores {
		g.queues = append(g.queues, overload.NewQueue(rule))
	}
	for _, r := range a.own {
		r.class = overload.Exempt
	}
	for _, r := range a.routes {
		if r.class = r.opts.class; a.watched(r) {
			r.class = overload.Exempt
		}
		if r.class == overload.Exempt {
			continue
		}
		for range cores {
			r.limits = append(r.limits, overload.NewLimit(rule, r.class))
		}
	}
}

// watched tells whether r is what those who watch the service ask.
func (a *App) watched(r *route) bool {
	h, p := a.cfg.Health, r.pattern.String()
	return !h.Off && (p == h.Live || p == h.Ready || p == h.Path)
}

// arrivals is whom the engines tell of requests, nil when the protection is off.
func (a *App) arrivals() exchange.Arrivals {
	if a.cfg.Overload.Off {
		return nil
	}
	return (*dispatcher)(a)
}

// waited is what is known of a request that has not started.
//
// Owner: as request.
type waited struct {
	known  bool
	since  time.Duration // by its reactor
	ticket uint64
}

// Arrive implements [exchange.Arrivals].
func (d *dispatcher) Arrive(x *exchange.Exchange, since time.Duration) {
	core := x.Reactor().Core()
	w := waited{known: true, since: since}
	if x.OnReactor() {
		w.ticket = d.guard.turns[core].Ticket(since, d.guard.queues[core])
	} else {
		w.ticket = d.guard.queues[core].Started()
	}
	x.User.(*request).waited = w
}

// judge refuses c, which is about to start, where there is too much work. It returns the time by its reactor, 0 when it
// had no need to know.
func (d *dispatcher) judge(c *Ctx, r *route) (now time.Duration) {
	w := c.waited
	c.waited = waited{}
	if c.x.Refusal != nil {
		return 0
	}
	core := c.reactor.Core()
	q := d.guard.queues[core]
	now = c.reactor.Clock()
	work := w.work(q, now, d.classOf(c.request))
	verdict := q.Start(work)
	if verdict == overload.Admit && d.recorder != nil {
		d.recorder.Delayed(core, int64(work.Age))
	}
	if verdict == overload.ShedFirst {
		d.logFirst(core, work.Age, c.request)
	}
	if verdict == overload.Admit {
		if r.limits == nil {
			return now
		}
		if limit := r.limits[core]; limit.Enter(now) {
			c.flying = flying{limit, now}
			return now
		}
	}
	c.change(func(s *request) { s.x.Refuse(exchange.Overloaded) })
	return now
}

// work is what the queue of its core is told of a request, of which w is known.
func (w waited) work(q *overload.Queue, now time.Duration, class overload.Class) overload.Work {
	return overload.Work{Now: now, Age: now - w.since, Passed: q.Started() - w.ticket, Class: class}
}

// logFirst logs that a period of overload begins.
func (d *dispatcher) logFirst(core int, delay time.Duration, r *request) {
	d.log.Warn("overload: requests are refused because they have waited for too long",
		slog.Int("core", core), slog.Duration("delay", delay), slog.String("route", r.routeName()))
}

// Lane implements [exchange.Arrivals].
func (d *dispatcher) Lane(x *exchange.Exchange) exchange.Lane {
	return [overload.Classes]exchange.Lane{
		overload.Exempt: exchange.Ahead, overload.Critical: exchange.First, overload.Normal: exchange.Middle, overload.Batch: exchange.Last,
	}[d.classOf(x.User.(*request))]
}

func (d *dispatcher) classOf(r *request) overload.Class {
	if r.route == nil {
		return d.missedClass(r)
	}
	return r.route.class
}

// missedClass is the class of a request that no route matches. Whoever asks for nothing must not go
// before those who ask for something. Preflights and spellings of a path stand before a request that does.
func (d *dispatcher) missedClass(r *request) overload.Class {
	switch {
	case len(d.missed.middleware) == 0: // it is answered on the reactor, by what a refusal costs
		return overload.Exempt
	case r.missed.Outcome == router.Redirect, string(r.x.Head.Method) == http.MethodOptions:
		return overload.Normal
	}
	return overload.Batch
}

// Waiting implements [exchange.Arrivals].
func (d *dispatcher) Waiting(r *reactor.Reactor, n int, since time.Duration) exchange.Order {
	now := r.Clock()
	switch d.guard.queues[r.Core()].Waiting(now, now-since, n) {
	case overload.NewestFirst:
		return exchange.NewestFirst
	case overload.Mixed:
		return exchange.Mixed
	default:
		return exchange.OldestFirst
	}
}

// Overdue implements [exchange.Arrivals].
func (d *dispatcher) Overdue(x *exchange.Exchange) bool {
	r, core := x.User.(*request), x.Reactor().Core()
	q := d.guard.queues[core]
	if !r.waited.known { // it came behind another one of its connection, and now waits by itself
		r.waited = waited{known: true, since: x.Reactor().Clock(), ticket: q.Started()}
		return false
	}
	work := r.waited.work(q, x.Reactor().Clock(), d.classOf(r))
	verdict := q.Overdue(work)
	switch verdict {
	case overload.Admit:
		return false
	case overload.ShedFirst:
		d.logFirst(core, work.Age, r)
	}
	r.waited = waited{}
	return r.ctx.change(func(s *request) { s.x.Refuse(exchange.Overloaded) })
}

// flying is a request that its route counts as in flight.
//
// Owner: as request.
type flying struct {
	limit *overload.Limit // nil: it does not count
	since time.Duration
}

// land ends the counting. Any number of times.
func (r *request) land() {
	f := r.flying
	if f.limit == nil {
		return
	}
	r.flying = flying{}
	if r.x.Streamed() || r.x.Hijacked() { // its time is the client's
		f.limit.Forget()
		return
	}
	if f.limit.Leave() {
		now := r.x.Reactor().Clock()
		f.limit.Ended(now, now-f.since)
	}
}

// overloaded is the problem of a request that was refused because of overload.
func (a *App) overloaded() *problem.Problem {
	return problem.New(exchange.Overloaded.Status, exchange.Overloaded.Reason).
		WithHeader("Retry-After", a.cfg.Overload.retryAfter())
}

// Overload tells what the protection from overload has seen, by core; nil where it is
// off, and before the app was started.
func (a *App) Overload() []OverloadStats {
	if !a.life.reached(running) {
		return nil
	}
	var all []OverloadStats
	for core, q := range a.guard.queues {
		now := a.reactors.Reactor(core).Clock()
		seen := q.Stats(now)
		s := OverloadStats{
			Core: core, Overloaded: seen.Overloaded, Delay: seen.Delay, Started: q.Started(),
			Normal: seen.Shed[overload.Normal], Batch: seen.Shed[overload.Batch], Critical: seen.Shed[overload.Critical],
		}
		for _, r := range a.routes {
			if r.limits == nil {
				continue
			}
			l := r.limits[core].Stats(now)
			s.Limited += l.Shed
			if l.Limit > 0 {
				if s.Limits == nil {
					s.Limits = map[string]int64{}
				}
				s.Limits[r.String()] = l.Limit
			}
		}
		s.Started -= min(s.Started, s.Limited)
		all = append(all, s)
	}
	return all
}

// Priority says how important the requests of a route are when there are more than can be
// answered (see [OverloadConfig]): "critical", "normal", "batch", which goes first, or
// "exempt", which is never refused. Without it they are normal; the routes of Config.Health
// and of the documents are exempt.
//
//	app.Post("/reports", rebuild, fasterapi.Priority("batch"))
//	admin := app.Group("/admin", fasterapi.Priority("exempt"))
func Priority(class string) RouteOption {
	c, err := overload.ClassOf(class)
	if err != nil {
		return Mistake[RouteOption](fmt.Errorf("Priority: %w", err))
	}
	return func(o *options) { o.class = c }
}
