package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/reply"
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
	if a.reactors, err = reactor.Start(a.cfg.reactors()); err != nil {
		return fmt.Errorf("start the reactors: %w", err)
	}
	a.tellUnused()
	a.watchStuck()
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

// start makes the values of the scopes app and core, in the order in which they need
// each other.
func (p *providers) start(a *App, stops *[]stopHook) error {
	all := make([]int, len(p.list))
	for i := range all {
		all[i] = i
	}
	for _, scope := range []inject.Scope{inject.App, inject.Core} {
		for _, i := range p.graph.Order(scope, all...) {
			if scope == inject.App && p.replaced(i) {
				continue
			}
			if err := p.list[i].makeValues(a, stops); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaced tells whether provider i would make a value that an override has taken
// the place of.
func (p *providers) replaced(i int) bool {
	if _, makes := p.list[i].(interface{ fillWith([]inject.Fill) }); !makes {
		return false // the value is there, and may have to be closed
	}
	found, err := p.graph.Find(inject.Need{Type: p.list[i].values().Type, Name: p.list[i].options().name})
	return err == nil && found != i
}

// newSetupCtx returns the Ctx of a provider that belongs to no request.
func newSetupCtx(a *App, r *reactor.Reactor) *Ctx {
	return &Ctx{app: a, reactor: r}
}

// Values that work on the reactors of an app: drivers whose connections belong
// to them.
type (
	reactorUser interface {
		UseReactors(g *reactor.Group) error
	}
	reactorHolder interface {
		ReactorUser() any
	}
	reactorLeaver interface {
		LeaveReactors(ctx context.Context, g *reactor.Group) error
	}
)

// handReactors hands the reactors to a provided value, or its driver, and appends to
// stops what takes them away again. It lists the value's health check.
func (a *App) handReactors(v any, r *registration, stops *[]stopHook) error {
	a.probes.addChecker(v, r.name)
	user, ok := userOf(v)
	if !ok {
		return nil
	}
	if err := user.UseReactors(a.reactors); err != nil {
		return fmt.Errorf("fasterapi: hand the reactors to %T (%s): %w", v, r.site, err)
	}
	if leaver, ok := user.(reactorLeaver); ok {
		*stops = append(*stops, stopHook{
			name: fmt.Sprintf("take the reactors from %T", v), site: r.site,
			run: func(ctx context.Context) error { return leaver.LeaveReactors(ctx, a.reactors) },
		})
	}
	return nil
}

// userOf returns what works on reactors: v itself, or what it says does, as a *db.Pool
// says of its driver.
func userOf(v any) (reactorUser, bool) {
	if holder, ok := v.(reactorHolder); ok {
		v = holder.ReactorUser()
	}
	user, ok := v.(reactorUser)
	return user, ok
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
	background []background // one for each core
	// watchers want to hear that the app shuts down; ending: it does; leaving: it is going
	// to, and should get no more requests.
	watchers async.Watchers
	ending   atomic.Bool
	leaving  atomic.Bool
	copies   reply.Copier
	// sockets are the open WebSockets of each core.
	sockets []websocket.Set
	pools   websocket.Pools
}

func (d *drain) begin(cores int) {
	d.ctx, d.end = context.WithCancelCause(context.Background())
	d.background = make([]background, cores)
	d.sockets = make([]websocket.Set, cores)
}

// announce tells everything without an end of its own that the app shuts down.
func (d *drain) announce() {
	d.ending.Store(true)
	d.watchers.CancelAll()
	for i := range d.sockets {
		d.sockets[i].CloseAll()
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
		errs = append(errs, d.background[i].drain(ctx))
	}
	d.end(errDrained)
	return errors.Join(errs...)
}
