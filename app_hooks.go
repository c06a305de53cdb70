package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/fasterapi/fasterapi/async"
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
	a.tell(func() {
		a.log.Error("a hook panicked", slog.String("hook", name), slog.String("site", site), slog.Any("panic", v),
			slog.String("stack", string(err.Stack)))
	})
	return err
}
