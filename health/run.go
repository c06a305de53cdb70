package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// ErrTimeout is the error of a check that has not answered within its Timeout.
var ErrTimeout = errors.New("health: the check has not answered in time")

// errExited is the error of a check that called runtime.Goexit.
var errExited = errors.New("health: the check ended its goroutine")

// entry is one check and what is known of it.
//
// Owner: mu. check, log: immutable.
type entry struct {
	check Check
	log   *slog.Logger

	mu     sync.Mutex
	latest Result // the zero value: none yet
	run    *run   // nil: none is under way
}

// run is one call of a check.
//
// Owner: immutable; its channels are closed by the goroutine of the run or its timer.
type run struct {
	began    time.Time
	answered chan struct{} // closed when there is a result: of the check, or that it is late
	once     sync.Once
}

// begin starts the check when its result is too old, or there is none, and it is not
// under way.
func (e *entry) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.run != nil || !e.latest.At.IsZero() && e.fresh(time.Now()) {
		return
	}
	r := &run{began: time.Now(), answered: make(chan struct{})}
	e.run = r
	// A run serves all who ask: it has nothing of the one who was first.
	ctx, cancel := context.WithTimeout(context.Background(), e.check.Timeout)
	stop := context.AfterFunc(ctx, func() { e.answer(r, ErrTimeout, false) })
	go func() {
		err := errExited
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("health: the check panicked: %v", v)
			}
			stop()
			if err != nil && ctx.Err() != nil {
				err = errors.Join(ErrTimeout, err)
			}
			cancel()
			e.answer(r, err, true)
		}()
		err = e.check.Run(ctx)
	}()
}

// fresh tells whether the latest result may be told again. A clock that was set back
// makes no result last longer.
func (e *entry) fresh(now time.Time) bool {
	age := now.Sub(e.latest.At)
	return age >= 0 && age < e.check.MaxAge
}

// answer is called with what a run has said, or that it is late; done: it has come back.
func (e *entry) answer(r *run, err error, done bool) {
	e.mu.Lock()
	if !done && e.run != r {
		e.mu.Unlock()
		return // it has come back at the last moment
	}
	before := e.latest
	now := time.Now()
	if late := done && err == nil && now.Sub(r.began) > e.check.Timeout; late {
		err = ErrTimeout // it works, but not well enough: the timer is about to say so, or has
	}
	e.latest = Result{Name: e.check.Name, Critical: e.check.Critical, Status: OK, Err: err, At: now, Took: max(0, now.Sub(r.began))}
	if err != nil {
		e.latest.Status = Failing
	}
	if done {
		e.run = nil
	}
	after := e.latest
	e.mu.Unlock()
	r.once.Do(func() { close(r.answered) })
	e.tell(before, after)
}

// tell logs that a check has begun to fail, or works again.
func (e *entry) tell(before, after Result) {
	switch {
	case after.Status == Failing && before.Status != Failing:
		e.log.Warn("health: a check fails", slog.String("check", after.Name), slog.Bool("critical", after.Critical), slog.Any("error", after.Err))
	case after.Status == OK && before.Status == Failing:
		e.log.Info("health: a check works again", slog.String("check", after.Name), slog.Duration("after", after.At.Sub(before.At)))
	}
}

// wait returns the result of the run that is under way, once there is one, or the latest.
func (e *entry) wait(ctx context.Context) Result {
	e.mu.Lock()
	r, latest := e.run, e.latest
	e.mu.Unlock()
	if r == nil {
		return latest
	}
	select {
	case <-r.answered:
	case <-ctx.Done():
		return Result{Name: e.check.Name, Critical: e.check.Critical, Status: Failing, Err: context.Cause(ctx), At: time.Now()}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.latest
}
