package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/reactor"
)

const (
	// stuckEnv is the variable of Config.StuckLimit.
	stuckEnv = "REACTOR_STUCK_LIMIT"
	// minStuckLimit is what Config.StuckLimit is at least: a second is what a core
	// without a processor of its own may wait for one.
	minStuckLimit = time.Second
	// stuckStatus is the exit status of a process that a stuck reactor has ended:
	// that of a Go program that panics.
	stuckStatus = 2
	// logGrace is how long the end of a process waits for its logger, which may be
	// what a handler is stuck in.
	logGrace = 500 * time.Millisecond
	// maxStacks bounds, in bytes, what is written of the stacks of all goroutines.
	maxStacks = 1 << 20
)

// stuckLimit is the limit of c, or that of the environment; 0: none.
func (c Config) stuckLimit() (time.Duration, error) {
	if text := os.Getenv(stuckEnv); c.StuckLimit == 0 && text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < minStuckLimit {
			return 0, fmt.Errorf("the environment variable %s must be a duration of at least %v, such as 30s, not %q", stuckEnv, minStuckLimit, text)
		}
		return d, nil
	}
	if c.StuckLimit != 0 && c.StuckLimit < minStuckLimit {
		return 0, errors.New("Config.StuckLimit must be at least 1s, or 0")
	}
	return c.StuckLimit, nil
}

// watchStuck ends the process when a reactor is stuck for longer than it may be.
func (a *App) watchStuck() {
	limit := a.cfg.StuckLimit
	if limit == 0 {
		return
	}
	var once sync.Once
	for core := range a.reactors.Len() {
		r := a.reactors.Reactor(core)
		r.WhileStuck(func(held time.Duration) {
			if held >= limit {
				once.Do(func() { go a.endStuck(r, held) })
			}
		})
	}
}

// endStuck ends the process because r has been stuck for so long. It says what
// holds r, by the logger, and then the stacks of all goroutines, as Go does when it
// ends a process.
func (a *App) endStuck(r *reactor.Reactor, held time.Duration) {
	a.tell(func() {
		h := r.Holder()
		a.log.Error("a reactor is stuck: the process ends", slog.Int("core", r.Core()), slog.Duration("for", held),
			slog.Duration("limit", a.cfg.StuckLimit), slog.String("label", h.Label), slog.String("registered", h.Registered),
			slog.String("at", h.At), slog.String("stack", h.Stack))
	})
	a.tell(func() {
		stacks := make([]byte, maxStacks)
		fmt.Fprintf(os.Stderr, "%s\n", stacks[:runtime.Stack(stacks, true)])
	})
	os.Exit(stuckStatus)
}

// tell runs log, but waits no longer than logGrace for it.
func (a *App) tell(log func()) {
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
