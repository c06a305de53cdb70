package process

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/reactor"
)

const (
	// stuckStatus is the exit status of a process that a stuck reactor has ended:
	// that of a Go program that panics.
	stuckStatus = 2
	// logGrace is how long the end of a process waits for its logger, which may be
	// what a handler is stuck in, or wait for a processor.
	logGrace = 2 * time.Second
	// maxStacks bounds, in bytes, what is written of the stacks of all goroutines.
	maxStacks = 1 << 20
)

// WatchStuck ends the process when a reactor is stuck for longer than limit; 0: never.
func WatchStuck(reactors *reactor.Group, limit time.Duration, log *slog.Logger) {
	if limit == 0 {
		return
	}
	var once sync.Once
	for core := range reactors.Len() {
		r := reactors.Reactor(core)
		r.WhileStuck(func(held time.Duration) {
			if held >= limit {
				once.Do(func() { go endStuck(r, held, limit, log) })
			}
		})
	}
}

// endStuck ends the process because r has been stuck for so long. It says what
// holds r, by the logger, and then the stacks of all goroutines, as Go does when it
// ends a process.
func endStuck(r *reactor.Reactor, held, limit time.Duration, log *slog.Logger) {
	Tell(func() {
		h := r.Holder()
		log.Error("a reactor is stuck: the process ends", slog.Int("core", r.Core()), slog.Duration("for", held),
			slog.Duration("limit", limit), slog.String("label", h.Label), slog.String("registered", h.Registered),
			slog.String("at", h.At), slog.String("stack", h.Stack))
	})
	Tell(func() {
		stacks := make([]byte, maxStacks)
		fmt.Fprintf(os.Stderr, "%s\n", stacks[:runtime.Stack(stacks, true)])
	})
	os.Exit(stuckStatus)
}

// Tell runs log, but waits no longer than logGrace for it.
func Tell(log func()) {
	over, cancel := context.WithTimeout(context.Background(), logGrace)
	defer cancel()
	told := make(chan struct{})
	go func() {
		defer close(told)
		log()
	}()
	select {
	case <-told:
	case <-over.Done():
	}
}
