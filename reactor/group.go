package reactor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// Group is the reactors of a process, one per core. Its methods may be called
// by any goroutine.
//
// Owner: any (immutable after Start).
type Group struct {
	reactors []*Reactor
	stopOnce sync.Once
	watchEnd chan struct{} // closed to end the watchdog
	watching chan struct{} // closed when it has ended
	manual   *ManualClock  // nil: the real one
	log      *slog.Logger
	stalls   stallLog
}

// Start starts cfg.Cores reactors; they run when it returns. Where the platform
// has no poller they schedule, time and hand out work, but Register fails.
func Start(cfg Config) (*Group, error) {
	cfg, err := cfg.resolve()
	if err != nil {
		return nil, err
	}
	g := &Group{watchEnd: make(chan struct{}), watching: make(chan struct{}), log: cfg.Logger}
	watchdog := newSleeper()
	for core := range cfg.Cores {
		p, err := newPoller(cfg)
		if err != nil {
			for _, r := range g.reactors {
				_ = r.poller.Close()
			}
			return nil, fmt.Errorf("reactor: start core %d: %w", core, err)
		}
		r := newReactor(core, cfg, p, cfg.clock())
		r.watchdog = watchdog
		g.reactors = append(g.reactors, r)
	}
	for _, r := range g.reactors {
		go r.run()
	}
	go g.watch(cfg)
	if cfg.Clock != nil {
		g.manual = cfg.Clock
		g.manual.follow(g)
	}
	return g, nil
}

func (c Config) clock() clock {
	if c.Clock != nil {
		return c.Clock
	}
	return newRealClock()
}

func newPoller(cfg Config) (poll.Poller, error) {
	p, err := poll.New(poll.Options{Pin: cfg.Pin})
	if errors.Is(err, poll.ErrUnsupported) {
		return poll.NewBlank(), nil
	}
	return p, err
}

func (g *Group) watch(cfg Config) {
	defer close(g.watching)
	w := &watchdog{reactors: g.reactors, threshold: cfg.StallThreshold, log: g.log, sleeper: g.reactors[0].watchdog, kept: &g.stalls}
	w.run(g.watchEnd)
}

// Len returns the number of reactors.
func (g *Group) Len() int { return len(g.reactors) }

// Reactor returns the reactor of a core, 0 to Len()-1.
func (g *Group) Reactor(core int) *Reactor { return g.reactors[core] }

// Logger is where the group logs: Config.Logger.
func (g *Group) Logger() *slog.Logger { return g.log }

// LeastLoaded returns a reactor with the fewest open connections; one that is
// stuck only if all are.
func (g *Group) LeastLoaded() *Reactor {
	best := g.reactors[0]
	for _, r := range g.reactors[1:] {
		if r.Lighter(best) {
			best = r
		}
	}
	return best
}

// Stats returns the statistics of every reactor, by core.
func (g *Group) Stats() []Stats {
	all := make([]Stats, len(g.reactors))
	for i, r := range g.reactors {
		all[i] = r.Stats()
	}
	return all
}

// stopGrace is what reactors get to come to their end once ctx has.
const stopGrace = 300 * time.Millisecond

// Stop ends all reactors: each runs what is queued and posted, waits for its
// workers, interrupts suspended coroutines with [ErrStopped], and refuses later
// posts. Armed timers do not fire any more, registered descriptors stay open.
// When ctx ends first, each runs what is queued at that moment and leaves the
// rest; the error is then that of ctx. It returns when every reactor has ended,
// so it must not be called on one; but a reactor that is held by a task is left
// behind 0.3 s after the end of ctx, and the error says what holds it.
// Calling it again waits, too.
func (g *Group) Stop(ctx context.Context) error {
	for _, r := range g.reactors {
		r.stop(draining)
	}
	hasten := context.AfterFunc(ctx, func() {
		for _, r := range g.reactors {
			r.stop(forced)
		}
	})
	left := g.await(ctx)
	g.stopOnce.Do(func() {
		close(g.watchEnd)
		if g.manual != nil {
			g.manual.forget(g)
		}
	})
	<-g.watching
	if !hasten() {
		err := fmt.Errorf("reactor: stopped before all work was done: %w", context.Cause(ctx))
		return errors.Join(append([]error{err}, left...)...)
	}
	return nil
}

// await waits for the end of all reactors, or for the end of ctx and stopGrace;
// it returns an error for each one that is left behind.
func (g *Group) await(ctx context.Context) (left []error) {
	for _, r := range g.reactors {
		select {
		case <-r.done:
		case <-ctx.Done():
			return g.awaitGrace()
		}
	}
	return nil
}

func (g *Group) awaitGrace() (left []error) {
	over, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	for _, r := range g.reactors {
		select {
		case <-r.done:
			continue
		case <-over.Done():
		}
		select {
		case <-r.done: // both have come
		default:
			left = append(left, r.stuckError())
		}
	}
	return left
}
