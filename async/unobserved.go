package async

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/safelog"
)

// failure is the error of a future that failed before anybody looked at it.
//
// Owner: any (atomic).
type failure struct {
	error
	log  *slog.Logger // nil: slog.Default
	seen atomic.Bool
}

// unobserved counts the failures that nobody has looked at before the garbage
// collector found them.
var unobserved atomic.Int64

// Unobserved returns how many futures of this process failed, were dropped, and
// had nobody look at their error. Each is also logged (above one hundred, every
// hundredth), see [Logged]. Cancelled futures do not count. A failure is noticed
// when the garbage collector finds the future.
func Unobserved() int64 { return unobserved.Load() }

// unseen wraps the error of n, which has no consumer yet.
func unseen(n *node, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	f := &failure{error: err, log: ownLogger(n.up.scheduler())}
	runtime.AddCleanup(n, (*failure).report, f)
	return f
}

// see unwraps the error of a future and notes that it was looked at.
func see(err error) error {
	if f, ok := err.(*failure); ok {
		f.seen.Store(true)
		return f.error
	}
	return err
}

// logEach is how many unobserved failures are logged one by one; a program with
// more has one mistake many times.
const logEach = 100

// report runs once the future is gone.
func (f *failure) report() {
	if f.seen.Load() {
		return
	}
	n := unobserved.Add(1)
	if n <= logEach || n%logEach == 0 {
		safelog.Of(f.log).Error("async: a future failed and nobody looked at it", slog.Any("error", f.error), slog.Int64("count", n))
	}
}
