package reactor

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/metric"
)

// Label names on whose behalf a piece of work runs: a route, a job. One Label
// serves all its pieces of work.
//
// Owner: any (immutable after first use); the count is atomic.
type Label struct {
	Name string // what the log calls it, such as "GET /users/{id}"
	Site string // file:line of where it was registered
	// OnStall, if set, is called on the watchdog's goroutine for each stall as
	// it is detected, with its length so far.
	OnStall func(time.Duration)
	stalls  atomic.Int64
}

// Stalls returns how many pieces of work under this label held their reactor
// for longer than the threshold. Any goroutine.
func (l *Label) Stalls() int64 { return l.stalls.Load() }

// stallWatch is what the watchdog remembers of one reactor.
//
// Owner: watchdog; histogram any reads (atomic).
type stallWatch struct {
	pulse     int64
	held      time.Duration // for how long pulse has not changed
	stalled   bool
	histogram metric.Histogram
}

// watchdog looks at all reactors of a group twice per threshold.
//
// Owner: its own goroutine.
type watchdog struct {
	reactors  []*Reactor
	threshold time.Duration
	log       *slog.Logger
	last      time.Time // the latest detailed report
	unlogged  int       // stalls since then
}

// reportEvery is how often a stall is logged with its place in the code:
// finding that means to look at the stack of every goroutine.
const reportEvery = time.Second

func (w *watchdog) run(end <-chan struct{}) {
	period := w.threshold / 2
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	before := time.Now()
	for {
		select {
		case <-end:
			return
		case now := <-ticker.C:
			// A late tick says that this process, not the reactor, was held up.
			passed := min(now.Sub(before), 2*period)
			before = now
			for _, r := range w.reactors {
				w.look(r, passed, now)
			}
		}
	}
}

// look compares the reactor's pulse with the one before.
func (w *watchdog) look(r *Reactor, passed time.Duration, now time.Time) {
	s := r.watch
	pulse := r.pulse.Load()
	if pulse != s.pulse || pulse&1 == 1 {
		if s.stalled {
			s.histogram.Record(int64(s.held))
		}
		s.pulse, s.held, s.stalled = pulse, 0, false
		return
	}
	s.held += passed
	if s.stalled || s.held < w.threshold {
		return
	}
	s.stalled = true
	w.report(r, s.held, now)
}

func (w *watchdog) report(r *Reactor, held time.Duration, now time.Time) {
	label := r.shownLabel.Load()
	name, registered := "", ""
	if label != nil {
		label.stalls.Add(1)
		name, registered = label.Name, label.Site
	}
	if w.last.IsZero() || now.Sub(w.last) >= reportEvery {
		site, stack := whereabouts(r.core)
		w.log.Warn("reactor: stalled", "core", r.core, "label", name, "registered", registered,
			"at", site, "for", held, "stack", stack, "unlogged", w.unlogged)
		w.last, w.unlogged = now, 0
	} else {
		w.unlogged++
	}
	if label != nil && label.OnStall != nil {
		label.OnStall(held)
	}
}
