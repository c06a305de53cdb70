package async

import (
	"context"
	"time"
)

// wallClock is a scheduler whose clock any goroutine may read, as that of a reactor.
type wallClock interface{ WallTime() time.Time }

// Now returns the time by the clock of where the holder of ctx runs: that of its scheduler,
// which a test may move by hand, else time.Now. It has a monotonic reading whenever that
// clock has one, so that setting the time of the machine does not move it.
func Now(ctx context.Context) time.Time {
	site := SiteOf(ctx)
	if site.Scheduler == nil {
		return time.Now()
	}
	if site.Direct {
		return site.Scheduler.Now()
	}
	if w, ok := site.Scheduler.(wallClock); ok {
		return w.WallTime()
	}
	return time.Now()
}

// Alarm calls a function once a time has passed, by the clock of a scheduler. It is kept
// in whatever it is the alarm of, so that setting it allocates no more than the timer. The
// zero value is ready to be set, once. Any goroutine may use it.
//
//	var alarm async.Alarm
//	alarm.Set(ctx, time.Second, func() { work.Cancel() })
//	defer alarm.Stop()
//
// Owner: mu of the clock.
type Alarm struct{ clock clock }

// Set makes fn be called after d by the clock of where ctx runs, on its scheduler, or on a
// plain goroutine when that has stopped. The end of ctx does not stop it.
func (a *Alarm) Set(ctx context.Context, d time.Duration, fn func()) {
	site := SiteOf(ctx)
	a.clock.sched, a.clock.delay, a.clock.fire = site.home(), d, fn
	if site.owner() {
		(*arming)(&a.clock).Run()
	} else {
		a.clock.arm()
	}
}

// Stop keeps fn from being called, unless it has been or is being called. An alarm that was
// never set may be stopped.
func (a *Alarm) Stop() {
	if a.clock.sched != nil {
		a.clock.abandon()
	}
}
