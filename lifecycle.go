package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/reactor"
)

// The times that hooks may take unless [Within] says otherwise.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 10 * time.Second
	// stopGrace is what the stop hooks get together when Shutdown is out of time:
	// most of them are quick, and give back what others wait for. stopLeast is what
	// each of them gets even when others have used that up.
	stopGrace = time.Second
	stopLeast = 100 * time.Millisecond
)

// lifecycle is what an app does when it starts and when it stops.
type lifecycle struct {
	hooks []hook

	starting sync.Once
	startErr error
	stopping sync.Once
	stopErr  error
	stops    []stopHook // what has been started, in order
	// tails are the cleanups of requests that have been answered.
	tails async.Gate
	// tailing are the names of their routes, by core.
	tailing []exchange.Names
}

// hook is a function given to OnStart or OnStop.
//
// Owner: any (immutable after New).
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
// OnStop. A hook that goes on after its context has ended is left behind.
func Within(d time.Duration) HookOption { return func(h *hook) { h.timeout = d } }

// OnStart calls fn when the app starts, before it listens: after the reactors
// run and all providers PerApp and PerCore have made their values, and in the
// order of registration. An error ends the start, and undoes it: the OnStop
// hooks that were registered before run.
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
	h := hook{run: fn, site: callSite(2), timeout: timeout, stop: stop}
	for _, opt := range opts {
		opt(&h)
	}
	a.life.hooks = append(a.life.hooks, h)
}

// open builds the app and starts all that is not an engine, once.
func (a *App) open() error {
	if err := a.build(); err != nil {
		return err
	}
	a.life.starting.Do(func() {
		if a.life.startErr = a.begin(); a.life.startErr != nil {
			a.life.startErr = errors.Join(a.life.startErr, a.Stop(context.Background()))
		}
	})
	return a.life.startErr
}

func (a *App) begin() error {
	for _, p := range a.providers {
		if err := a.adopt(p.source().value, p.about(), &a.life.stops); err != nil {
			return err
		}
	}
	if err := a.openProviders(&a.life.stops); err != nil {
		return err
	}
	for _, h := range a.life.hooks {
		if h.stop {
			a.life.stops = append(a.life.stops, stopHook{name: "OnStop hook", site: h.site, timeout: h.timeout, run: h.run})
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), h.timeout)
		err := runHook(ctx, h.run)
		cancel()
		if err != nil {
			return fmt.Errorf("fasterapi: OnStart hook (%s): %w", h.site, err)
		}
	}
	return nil
}

// Values that work on the reactors of an app: drivers whose connections belong
// to them.
type (
	reactorUser interface {
		UseReactors(g *reactor.Group) error
	}
	reactorLeaver interface {
		LeaveReactors(ctx context.Context, g *reactor.Group) error
	}
)

// adopt tells a provided value, or its driver, about the reactors; stops takes
// that they will be gone.
func (a *App) adopt(v any, about *provision, stops *[]stopHook) error {
	user, ok := userOf(v)
	if !ok {
		return nil
	}
	if err := user.UseReactors(a.reactors); err != nil {
		return fmt.Errorf("fasterapi: hand the reactors to %T (%s): %w", v, about.site, err)
	}
	if leaver, ok := user.(reactorLeaver); ok {
		*stops = append(*stops, stopHook{
			name: fmt.Sprintf("take the reactors from %T", v), site: about.site,
			run: func(ctx context.Context) error { return leaver.LeaveReactors(ctx, a.reactors) },
		})
	}
	return nil
}

// userOf returns what works on reactors: v itself, or the driver of a *db.Pool,
// which this package does not know.
func userOf(v any) (reactorUser, bool) {
	if user, ok := v.(reactorUser); ok || v == nil {
		return user, ok
	}
	driver := reflect.ValueOf(v).MethodByName("Driver")
	if !driver.IsValid() || driver.Type().NumIn() != 0 || driver.Type().NumOut() != 1 {
		return nil, false
	}
	user, ok := driver.Call(nil)[0].Interface().(reactorUser)
	return user, ok
}

// Stop undoes what Start or Handler started: it ends event streams and
// WebSockets, waits for background tasks and the cleanups of requests, runs the OnStop hooks and closes the values of providers, the latest
// first, and stops the reactors. Shutdown of a [Server] does it, behind its last
// request; only who serves [App.Handler] calls it.
func (a *App) Stop(ctx context.Context) error {
	a.life.stopping.Do(func() { a.life.stopErr = a.end(ctx) })
	return a.life.stopErr
}

func (a *App) end(ctx context.Context) error {
	if a.reactors == nil {
		return nil
	}
	errs := []error{a.ongoing.drain(ctx)}
	if _, err := a.life.tails.Close().Await(ctx); err != nil {
		errs = append(errs, fmt.Errorf("fasterapi: cleanups of requests are still running: %w%s", err, a.life.tailNames()))
	}
	over := overtime(stopGrace)
	for _, s := range slices.Backward(a.life.stops) {
		if err := s.stop(ctx, &over); err != nil {
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

func (s *stopHook) stop(ctx context.Context, over *overtime) error {
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
	return runHook(ctx, s.run)
}

// runHook runs fn until it returns or ctx ends.
func runHook(ctx context.Context, fn func(context.Context) error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- &async.PanicError{Value: v, Stack: debug.Stack()}
			}
		}()
		done <- fn(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select { // both may have come
	case err := <-done:
		return err
	default:
		return fmt.Errorf("did not return in time: %w", ctx.Err())
	}
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
			r.ctx.app.logger(r.routeName(), r.ctx.Core(), r.stages.requestID).Error("cleanup of a provider panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
		}
	}()
	cleanup(r.outcome)
}
