package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/background"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/process"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/timeouts"
	"github.com/fasterapi/fasterapi/internal/websocket"
	"github.com/fasterapi/fasterapi/reactor"
)

// stage is how far an app has come. It never goes back.
type stage uint32

const (
	registered stage = iota // routes, providers and hooks are being registered
	compiled                // they have no mistakes, and are as they will be
	running                 // the reactors run; values and hooks are started, or being started
	stopped                 // all of that has ended
)

// lifecycle is what an app does when it starts and when it stops.
//
// Owner: mu, from the first change of the stage on; stage, sealed and startEnd are atomic.
type lifecycle struct {
	hooks []hook

	// mu is held while the app goes to its next stage.
	mu    sync.Mutex
	stage atomic.Uint32
	// failed is why the app will not run: the error of every start.
	failed error
	// sealed is who has taken the app as it is: nothing is registered any more.
	sealed atomic.Pointer[mistake.Place]
	// starting is the context of the start. Once it has ended the app does not
	// serve, and has until startEnd to undo what has been started.
	starting context.Context
	startEnd atomic.Pointer[time.Time]
	stops    []stopHook // what has been started, in order
	stopErr  error
	// tails are the cleanups of requests that have been answered.
	tails async.Gate
	// tailing are the names of their routes, by core.
	tailing []exchange.Names
}

// reached tells whether the app has come as far as s, or further.
func (l *lifecycle) reached(s stage) bool { return stage(l.stage.Load()) >= s }

// seal keeps the place of the first call that takes the app as it is.
func (l *lifecycle) seal() {
	if l.sealed.Load() == nil {
		place := mistake.Here()
		l.sealed.CompareAndSwap(nil, &place)
	}
}

// errStartEnded is why an app does not serve that was told to stop while it
// started.
var errStartEnded = errors.New("fasterapi: told to stop before it could serve")

// errStopped is why an app does not start.
var errStopped = errors.New("fasterapi: the app has stopped, and cannot start again")

// start takes the app to the stage running, once: everything but an engine. When ctx
// ends before that is done, the error is errStartEnded, with what else went wrong.
func (a *App) start(ctx context.Context) error {
	l := &a.life
	l.seal()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := a.compileOnce(); err != nil {
		return err
	}
	if l.failed == nil && !l.reached(running) {
		l.failed = a.startOnce(ctx)
	}
	if l.failed == nil && l.reached(stopped) {
		return errStopped
	}
	return l.failed
}

// startOnce starts the reactors and what stands on them, and stops them again when
// it cannot.
func (a *App) startOnce(ctx context.Context) (err error) {
	if a.reactors, err = reactor.Start(a.cfg.reactors(a.log)); err != nil {
		return fmt.Errorf("start the reactors: %w", err)
	}
	a.tellUnused()
	process.WatchStuck(a.reactors, a.cfg.StuckLimit, a.log)
	a.beginRecording()
	a.drain.begin(a.reactors.Len())
	a.guard.begin(a, a.reactors.Len())
	a.life.tailing = make([]exchange.Names, a.reactors.Len())
	a.life.stage.Store(uint32(running)) // from here on there is something to stop
	a.life.starting = ctx
	stop := context.AfterFunc(ctx, func() {
		end := time.Now().Add(a.cfg.DrainTimeout)
		a.life.startEnd.Store(&end)
	})
	defer stop()
	if err = a.startAll(); err == nil {
		err = a.probes.begin(a)
	}
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = errStartEnded
	}
	if err != nil {
		return errors.Join(err, a.undo(a.stop))
	}
	return nil
}

// undo stops, by stop, an app that does not come to serve.
func (a *App) undo(stop func(context.Context) error) error {
	end := time.Now().Add(a.cfg.DrainTimeout)
	if at := a.life.startEnd.Load(); at != nil {
		end = *at
	}
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	return stop(ctx)
}

// startAll makes the values of providers and runs the OnStart hooks, until one fails
// or the app is told to stop.
func (a *App) startAll() error {
	for _, p := range a.providers.list {
		if err := a.handReactors(p.values().Value, p.options(), &a.life.stops); err != nil {
			return err
		}
	}
	if err := a.providers.start(a, &a.life.stops); err != nil {
		return err
	}
	for _, h := range a.life.hooks {
		if err := a.life.starting.Err(); err != nil {
			return err
		}
		if h.stop {
			a.life.stops = append(a.life.stops, stopHook{name: "OnStop hook", site: h.site, timeout: h.timeout, run: h.run})
			continue
		}
		ctx, cancel := context.WithTimeout(a.life.starting, h.timeout)
		err := a.runHook(ctx, "OnStart hook", h.site, h.run)
		cancel()
		if err != nil {
			return fmt.Errorf("fasterapi: OnStart hook (%s): %w", h.site, err)
		}
	}
	return nil
}

// Stop undoes what Start or Handler started: it ends event streams and
// WebSockets, waits for background tasks and the cleanups of requests, runs the OnStop hooks and closes the values of providers, the latest
// first, and stops the reactors. Shutdown of a [Server] does it, behind its last
// request; a program that serves [App.Handler] calls it itself. It waits for a start that is under
// way, so OnStart hooks must not call it.
func (a *App) Stop(ctx context.Context) error {
	a.life.mu.Lock()
	defer a.life.mu.Unlock()
	return a.stop(ctx)
}

// stop takes an app that runs to the stage stopped, with life.mu held.
func (a *App) stop(ctx context.Context) error {
	if a.life.reached(running) && !a.life.reached(stopped) {
		a.life.stopErr = a.stopAll(ctx)
		a.life.stage.Store(uint32(stopped))
	}
	return a.life.stopErr
}

func (a *App) stopAll(ctx context.Context) error {
	errs := []error{a.drain.wait(ctx)}
	if _, err := a.life.tails.Close().Await(ctx); err != nil {
		errs = append(errs, fmt.Errorf("fasterapi: cleanups of requests are still running: %w%s", err, a.life.tailNames()))
	}
	over := overtime(stopGrace)
	for _, s := range slices.Backward(a.life.stops) {
		if err := s.stop(ctx, a, &over); err != nil {
			errs = append(errs, fmt.Errorf("fasterapi: %s (%s): %w", s.name, s.site, err))
		}
	}
	return errors.Join(append(errs, a.reactors.Stop(ctx))...)
}

// tailNames lists the routes whose cleanups are running.
func (l *lifecycle) tailNames() string {
	var all exchange.Names
	for i := range l.tailing {
		l.tailing[i].AddTo(&all)
	}
	return all.String()
}

// drain is what outlives single requests, and has to end when the app does.
//
// Owner: any (atomic), background after begin.
type drain struct {
	// ctx is the context of background tasks; end ends it.
	ctx        context.Context
	end        context.CancelCauseFunc
	background []background.Tasks // one for each core
	// watchers want to hear that the app shuts down; ending: it does; leaving: it is going
	// to, and should get no more requests.
	watchers async.Watchers
	ending   atomic.Bool
	leaving  atomic.Bool
	copies   reply.Copier
	// sockets are the open WebSockets of each core.
	sockets []websocket.Set
	// timeouts are those of requests by the clock of the machine, by core.
	timeouts []timeouts.Queue
	pools    websocket.Pools
}

func (d *drain) begin(cores int) {
	d.ctx, d.end = context.WithCancelCause(context.Background())
	d.background = make([]background.Tasks, cores)
	d.sockets = make([]websocket.Set, cores)
	d.timeouts = make([]timeouts.Queue, cores)
}

// announce tells everything without an end of its own that the app shuts down.
func (d *drain) announce() {
	d.ending.Store(true)
	d.watchers.CancelAll()
	for i := range d.sockets {
		d.sockets[i].CloseAll()
	}
}

// cutSockets cuts the WebSockets off that are left.
func (d *drain) cutSockets(cause error) {
	for i := range d.sockets {
		d.sockets[i].CutOff(cause)
	}
}

// wait waits for background tasks, when it has announced the end; when ctx ends
// first it cuts them off and says so.
func (d *drain) wait(ctx context.Context) error {
	if d.ctx == nil {
		return nil // never began
	}
	d.announce()
	var errs []error
	for i := range d.sockets {
		errs = append(errs, d.sockets[i].Drain(ctx))
	}
	for i := range d.background {
		errs = append(errs, d.background[i].Drain(ctx))
	}
	d.end(errDrained)
	return errors.Join(errs...)
}

// The times that hooks may take unless [Within] says otherwise.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 10 * time.Second
	// stopGrace is what the stop hooks get together when Shutdown is out of time:
	// most of them are quick, and give back what others wait for. stopLeast is what
	// each of them gets even when others have used that up.
	stopGrace = time.Second
	stopLeast = 100 * time.Millisecond
	// lastWord is how long a hook whose time is over has to return the error that says
	// what it has waited for.
	lastWord = 200 * time.Millisecond
)

// hook is a function given to OnStart or OnStop.
//
// Owner: any (immutable once made).
type hook struct {
	run     func(context.Context) error
	site    string
	timeout time.Duration
	stop    bool
}

// stopHook is one thing to do when the app stops.
//
// Owner: any (immutable after New).
type stopHook struct {
	name, site string
	timeout    time.Duration
	run        func(context.Context) error
}

// HookOption changes one hook.
type HookOption func(*hook)

// Within bounds how long a hook may take. Default: 30 s for OnStart, 10 s for
// OnStop. A hook that goes on after this time is left behind.
func Within(d time.Duration) HookOption { return func(h *hook) { h.timeout = d } }

// OnStart calls fn when the app starts, before it listens: after the reactors
// run and all providers PerApp and PerCore have made their values, and in the
// order of registration. An error or a panic ends the start, and undoes it: the
// OnStop hooks that were registered before run.
//
// The context of fn ends when its time is over (see [Within]), and when the app is
// told to stop while it starts, by SIGTERM or the context of [App.Serve]. The app
// then does not serve: it waits until fn has returned, undoes the start as above,
// all within Config.DrainTimeout, and ends without an error if there was none.
func (a *App) OnStart(fn func(context.Context) error, opts ...HookOption) {
	a.addHook(fn, false, startTimeout, opts)
}

// OnStop calls fn when the app stops, when all requests have been answered: the
// hook that was registered last comes first, and all of them before the values of
// providers are closed. An error is part of what Shutdown returns.
func (a *App) OnStop(fn func(context.Context) error, opts ...HookOption) {
	a.addHook(fn, true, stopTimeout, opts)
}

func (a *App) addHook(fn func(context.Context) error, stop bool, timeout time.Duration, opts []HookOption) {
	name := "OnStart"
	if stop {
		name = "OnStop"
	}
	place := a.registering(name)
	a.wrong.Unless(fn != nil, "the function is nil")
	h := hook{run: fn, site: place.Site, timeout: timeout, stop: stop}
	for _, opt := range opts {
		opt(&h)
	}
	a.wrong.Unless(h.timeout > 0, "Within needs a time above zero")
	a.life.hooks = append(a.life.hooks, h)
}

// overtime is what is left of stopGrace.
//
// Owner: the goroutine that stops the app.
type overtime time.Duration

// allow is how long a hook may take that asks for wanted, when the shutdown has
// left so long.
func (o overtime) allow(wanted, left time.Duration) time.Duration {
	return min(wanted, max(left+time.Duration(o), stopLeast))
}

// use takes off what a hook has used of it.
func (o *overtime) use(used, left time.Duration) { *o -= overtime(max(0, used-left)) }

func (s *stopHook) stop(ctx context.Context, a *App, over *overtime) error {
	timeout := s.timeout
	if timeout == 0 {
		timeout = stopTimeout
	}
	left := stopTimeout + timeout // nothing bounds it
	if deadline, ok := ctx.Deadline(); ok {
		left = max(0, time.Until(deadline))
	}
	if ctx.Err() != nil {
		left = 0
	}
	begin := time.Now()
	defer func() { over.use(time.Since(begin), left) }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), over.allow(timeout, left))
	defer cancel()
	return a.runHook(ctx, s.name, s.site, s.run)
}

// runHook runs fn until it returns or is out of time. A hook whose context was
// cancelled gets DrainTimeout to return, one that is out of time lastWord.
func (a *App) runHook(ctx context.Context, name, site string, fn func(context.Context) error) error {
	done := make(chan error, 1)
	go func() {
		err := async.ErrGoexit
		defer func() {
			if v := recover(); v != nil {
				err = a.hookPanicked(name, site, v)
			}
			done <- err
		}()
		err = fn(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	wait := lastWord
	if errors.Is(ctx.Err(), context.Canceled) {
		wait = max(wait, a.cfg.DrainTimeout)
	}
	more := time.NewTimer(wait)
	defer more.Stop()
	select {
	case err := <-done:
		return err
	case <-more.C:
	}
	select { // both may have come
	case err := <-done:
		return err
	default:
		return fmt.Errorf("did not return in time: %w", context.DeadlineExceeded)
	}
}

// hookPanicked logs a panic, whose stack the error does not show.
func (a *App) hookPanicked(name, site string, v any) error {
	err := &async.PanicError{Value: v, Stack: debug.Stack()}
	process.Tell(func() {
		a.log.Error("a hook panicked", slog.String("hook", name), slog.String("site", site), slog.Any("panic", v),
			slog.String("stack", string(err.Stack)))
	})
	return err
}
