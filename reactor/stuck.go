package reactor

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// A reactor is stuck when one piece of work has held it for so long that other
// reactors should have what is new. The watchdog says so; whoever spreads work asks
// [Reactor.Stuck] or is told by [Reactor.WhileStuck].

const (
	// stuckAfter is how long a piece of work has held its reactor when the reactor
	// counts as stuck: longer than a page fault or a collection of garbage.
	stuckAfter = 100 * time.Millisecond
	// stuckLook is how often the watchdog looks at least, whether it reports stalls
	// or not.
	stuckLook = 25 * time.Millisecond
)

// Stuck returns for how long one piece of work has held the reactor, once that is
// 100 ms; else 0. New work belongs on another reactor then. Any goroutine.
func (r *Reactor) Stuck() time.Duration { return time.Duration(r.watch.stuck.Load()) }

// Lighter tells whether r should be given new work rather than other: it is not
// stuck, or has fewer open connections. Any goroutine.
func (r *Reactor) Lighter(other *Reactor) bool {
	if stuck := r.Stuck() > 0; stuck != (other.Stuck() > 0) {
		return !stuck
	}
	return r.open.Load() < other.open.Load()
}

// WhileStuck lets the watchdog call fn on its goroutine, at each of its looks while
// the reactor is stuck, with the time so far, and once with 0 when it turns again.
// fn must not block. stop ends that; fn may be at work when it returns. Any
// goroutine.
func (r *Reactor) WhileStuck(fn func(held time.Duration)) (stop func()) {
	return r.watch.hooks.add(fn)
}

// setStuck says how the reactor is now.
func (s *stallWatch) setStuck(held time.Duration) {
	if s.stuck.Swap(int64(held)) == 0 && held == 0 {
		return // as before
	}
	s.hooks.call(held)
}

// stuckHooks are the functions given to WhileStuck.
//
// Owner: mu.
type stuckHooks struct {
	mu  sync.Mutex
	all []*func(time.Duration) // never changed, only replaced
}

func (h *stuckHooks) add(fn func(time.Duration)) (remove func()) {
	own := &fn
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(slices.Clone(h.all), own)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.all = slices.DeleteFunc(slices.Clone(h.all), func(other *func(time.Duration)) bool { return other == own })
	}
}

func (h *stuckHooks) call(held time.Duration) {
	h.mu.Lock()
	all := h.all
	h.mu.Unlock()
	for _, fn := range all {
		(*fn)(held)
	}
}

// Holder describes the piece of work that holds a reactor.
//
// Owner: whoever asked for it.
type Holder struct {
	Label      string // its [Label], such as "GET /users/{id}"; "" without one
	Registered string // file:line of where that was registered
	At         string // file:line of the innermost call outside the standard library, or "unknown"
	Stack      string // the calls around it, innermost first; "" where they are not to be had
}

// Holder describes what the reactor is doing now. It looks at the stacks of all
// goroutines, so it takes milliseconds. Any goroutine.
func (r *Reactor) Holder() Holder {
	h := r.work()
	h.At, h.Stack = whereabouts(r.core)
	return h
}

// work is the cheap part of Holder: its label.
func (r *Reactor) work() (h Holder) {
	if label := r.shownLabel.Load(); label != nil {
		h.Label, h.Registered = label.Name, label.Site
	}
	return h
}

// stuckError says what a reactor is left behind with.
func (r *Reactor) stuckError() error {
	h := r.Holder()
	return fmt.Errorf("reactor: core %d is still held by %q (registered %s) at %s", r.core, h.Label, h.Registered, h.At)
}

// say logs what holds r, and where, and keeps it in kept.
func (w *watchdog) say(r *Reactor, kept *Stall, level slog.Level, message string, attrs ...slog.Attr) {
	h := r.work() // it may be another piece of work by the time that the stacks are there
	w.reports.do(func() {
		at, stack := w.find(r, kept)
		w.log.LogAttrs(context.Background(), level, message, append([]slog.Attr{
			slog.Int("core", r.core), slog.String("label", h.Label), slog.String("registered", h.Registered),
			slog.String("at", at), slog.String("stack", stack),
		}, attrs...)...)
	})
}

// reports runs what the watchdog has to say, in order, on a goroutine of its own.
//
// Owner: watchdog; dropped: any (immutable after New).
type reports struct {
	queue chan func()
	ended chan struct{}
}

const (
	// reportsQueued is how many reports wait while the logger is busy; more are
	// dropped. Each reactor has four in the first minute of a stall.
	reportsQueued = 256
	// reportsGrace is how long the end of the watchdog waits for a logger.
	reportsGrace = 100 * time.Millisecond
)

func newReports() *reports {
	p := &reports{queue: make(chan func(), reportsQueued), ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		for report := range p.queue {
			report()
		}
	}()
	return p
}

// do runs report soon; at once where p is nil.
func (p *reports) do(report func()) {
	if p == nil {
		report()
		return
	}
	select {
	case p.queue <- report:
	default:
	}
}

// end waits for what is under way, but not for a logger that blocks.
func (p *reports) end() {
	close(p.queue)
	grace := time.NewTimer(reportsGrace)
	defer grace.Stop()
	select {
	case <-p.ended:
	case <-grace.C:
	}
}
