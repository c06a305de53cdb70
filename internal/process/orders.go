package process

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/internal/restart"
)

// Orders are what a process that serves is told from outside.
//
// Owner: any (immutable once made; Serving is atomic).
type Orders struct {
	Stop  context.Context // ends when the process is to stop
	Force context.Context // ends when it is not to wait for anything
	// Serving: it has started.
	Serving atomic.Bool
	// Restart has a value when a new process is to take the place of this one; nil: never.
	Restart <-chan os.Signal
}

// errInterrupted is the cause of a stop that somebody at a terminal waits for.
var errInterrupted = errors.New("fasterapi: interrupted")

// forceGrace is how long a process that is told twice to stop may take to say what it
// has cut off: cutting takes 2 s at most, and stop hooks together a second.
const forceGrace = 5 * time.Second

// TakeSignals takes the signals of the process from here on. Being PID 1, which has
// no default for them, changes nothing. A second one that tells it to stop is logged; a process that has not
// started by then, or does not end in time, is ended with status 1.
func TakeSignals(log *slog.Logger) *Orders {
	signals := make(chan os.Signal, 4) // a second and a third may come at once
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	stop, stopNow := context.WithCancelCause(context.Background())
	force, forceNow := context.WithCancel(context.Background())
	restarts := make(chan os.Signal, 1)
	if asks := restart.Signals(); len(asks) > 0 {
		signal.Notify(restarts, asks...)
	}
	o := &Orders{Stop: stop, Force: force, Restart: restarts}
	go func() {
		var cause error
		if <-signals == os.Interrupt {
			cause = errInterrupted
		}
		stopNow(cause)
		s := <-signals
		Tell(func() { log.Warn("told twice to stop: cutting off what is left", slog.String("signal", s.String())) })
		if o.Serving.Load() {
			forceNow()
			select {
			case <-signals:
			case <-time.After(forceGrace):
			}
		}
		os.Exit(1)
	}()
	return o
}

// Interrupted tells whether somebody at a terminal waits for the end.
func (o *Orders) Interrupted() bool { return errors.Is(context.Cause(o.Stop), errInterrupted) }
