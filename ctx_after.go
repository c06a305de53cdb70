package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/observe"
)

const (
	// backgroundRunning is how many background tasks of one core run at once.
	backgroundRunning = 64
	// backgroundQueued is how many more may wait.
	backgroundQueued = 4096
)

// ErrBackgroundFull is returned by [Ctx.After] when too many background tasks
// of this core wait already. A handler that returns it answers with 503.
var ErrBackgroundFull error = backgroundFull{}

type backgroundFull struct{}

func (backgroundFull) Error() string             { return "fasterapi: too many background tasks" }
func (backgroundFull) HTTPStatus() int           { return http.StatusServiceUnavailable }
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
	if !own.reserve() {
		if rec := c.app.recorder; rec != nil {
			rec.TaskRefused(c.Core())
		}
		return ErrBackgroundFull
	}
	if !c.change(func(r *request) { r.after = append(r.after, task) }) {
		own.release(1)
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
		drain.background[c.Core()].start(r.routeName(), func() { counted.run(func() bool { return runAfter(base, log, task) }) })
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
		c.app.drain.background[c.Core()].release(dropped)
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

// background runs the tasks of one core.
//
// Owner: mu; names its own.
type background struct {
	mu       sync.Mutex
	reserved int // tasks that have not ended
	running  int
	waiting  []backgroundTask
	names    exchange.Names // of those that were started
	// idle is closed when nothing is left; nil while nobody waits.
	idle chan struct{}
}

// reserve takes a place for a task.
func (b *background) reserve() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reserved >= backgroundRunning+backgroundQueued {
		return false
	}
	b.reserved++
	return true
}

// release gives places back.
func (b *background) release(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reserved -= n
	if b.reserved == 0 && b.idle != nil {
		close(b.idle)
		b.idle = nil
	}
}

// start runs a task that has a place, now or when another one has ended.
func (b *background) start(route string, run func()) {
	task := backgroundTask{route, run}
	b.names.Add(route)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running == backgroundRunning {
		b.waiting = append(b.waiting, task)
		return
	}
	b.running++
	go b.run(task)
}

// backgroundTask is a task of the requests of a route.
//
// Owner: any (immutable once made).
type backgroundTask struct {
	route string
	run   func()
}

// run runs task; its end, be it runtime.Goexit, starts the next one.
func (b *background) run(task backgroundTask) {
	defer b.next(task.route)
	task.run()
}

// next follows a task of a route.
func (b *background) next(route string) {
	b.names.Remove(route)
	b.release(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		b.running--
		return
	}
	task := b.waiting[0]
	b.waiting[0] = backgroundTask{}
	b.waiting = b.waiting[1:]
	go b.run(task)
}

// drain waits until every task has ended, or ctx.
func (b *background) drain(ctx context.Context) error {
	b.mu.Lock()
	if b.reserved == 0 {
		b.mu.Unlock()
		return nil
	}
	if b.idle == nil {
		b.idle = make(chan struct{})
	}
	idle := b.idle
	b.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		b.mu.Lock()
		defer b.mu.Unlock()
		return fmt.Errorf("shutdown: %d background tasks were cut off: %w%s", b.reserved, context.Cause(ctx), b.names.String())
	}
}

var errDrained = errors.New("fasterapi: the service has shut down")
