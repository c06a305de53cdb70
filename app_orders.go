package fasterapi

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

// orders are what a process that serves is told from outside.
//
// Owner: any (immutable after New; serving is atomic).
type orders struct {
	stop  context.Context // ends when the app is to stop
	force context.Context // ends when it is not to wait for anything
	// serving: it has started.
	serving atomic.Bool
	// restart has a value when a new process is to take the place of this one; nil: never.
	restart <-chan os.Signal
}

// errInterrupted is the cause of a stop that somebody at a terminal waits for.
var errInterrupted = errors.New("fasterapi: interrupted")

// forceGrace is how long a process that is told twice to stop may take to say what it
// has cut off: cutting takes 0.2 s, and stop hooks have stopGrace.
const forceGrace = 3 * time.Second

// ordersOfSignals takes the signals of the process from here on. Being PID 1, which has
// no default for them, changes nothing.
func ordersOfSignals(a *App) *orders {
	signals := make(chan os.Signal, 4) // a second and a third may come at once
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	stop, stopNow := context.WithCancelCause(context.Background())
	force, forceNow := context.WithCancel(context.Background())
	restarts := make(chan os.Signal, 1)
	if asks := restart.Signals(); len(asks) > 0 {
		signal.Notify(restarts, asks...)
	}
	o := &orders{stop: stop, force: force, restart: restarts}
	go func() {
		var cause error
		if <-signals == os.Interrupt {
			cause = errInterrupted
		}
		stopNow(cause)
		s := <-signals
		a.tell(func() { a.log.Warn("told twice to stop: cutting off what is left", slog.String("signal", s.String())) })
		if o.serving.Load() {
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

// interrupted tells whether somebody at a terminal waits for the end.
func (o *orders) interrupted() bool { return errors.Is(context.Cause(o.stop), errInterrupted) }
