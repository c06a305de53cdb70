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
	// OnStall, if set, is called on a goroutine of the watchdog for each stall that
	// it reports or counts, with its length so far.
	OnStall func(time.Duration)
	stalls  atomic.Int64
}

// Stalls returns how many pieces of work under this label held their reactor
// for longer than the threshold. Any goroutine.
func (l *Label) Stalls() int64 { return l.stalls.Load() }

// stallWatch is what the watchdog remembers of one reactor.
//
// Owner: watchdog; histogram and stuck any reads (atomic); hooks any (their mu).
type stallWatch struct {
	pulse     int64
	held      time.Duration // for how long pulse has not changed
	stalled   bool
	again     int    // reports since the first one
	kept      *Stall // the one that lasts
	histogram metric.Histogram
	// stuck is held, in nanoseconds, from stuckAfter on; else 0.
	stuck atomic.Int64
	hooks stuckHooks
}

// reportAgainAt is how long a stall has lasted at its next report, when it was
// reported again n times: 1 s, 10 s, and every minute.
func reportAgainAt(n int) time.Duration {
	switch n {
	case 0:
		return time.Second
	case 1:
		return 10 * time.Second
	}
	return time.Duration(n-1) * time.Minute
}

// watchdog looks at all reactors of a group: twice per threshold, and at least
// every stuckLook; not while all are parked. It never waits for the logger, which may be what a reactor is
// stuck in.
//
// Owner: its own goroutine.
type watchdog struct {
	reactors  []*Reactor
	threshold time.Duration // negative: stalls are not reported
	log       *slog.Logger
	sleeper   *sleeper
	reports   *reports  // nil: look reports itself
	last      time.Time // the latest detailed report
	unlogged  int       // stalls since then
	kept      *stallLog
}

// reportEvery is how often a stall is logged with its place in the code:
// finding that means to look at the stack of every goroutine. One that lasts is
// reported again whatever else was.
const reportEvery = time.Second

func (w *watchdog) run(end <-chan struct{}) {
	period := stuckLook
	if w.threshold > 0 {
		period = min(period, w.threshold/2)
	}
	w.reports = newReports()
	defer w.reports.end()
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	before, calm := time.Now(), 0
	for {
		select {
		case <-end:
			return
		case now := <-ticker.C:
			// A late tick says that this process, not the reactor, was held up.
			passed := min(now.Sub(before), 2*period)
			before = now
			if w.lookAtAll(passed, now) {
				calm++
			} else {
				calm = 0
			}
		}
		if calm < looksBeforeSleep {
			continue
		}
		ticker.Stop()
		if !w.sleeper.sleep(w.reactors, end) {
			return
		}
		ticker.Reset(period)
		before, calm = time.Now(), 0
	}
}

// lookAtAll looks at every reactor and tells whether all are parked and have done
// nothing since the look before.
func (w *watchdog) lookAtAll(passed time.Duration, now time.Time) bool {
	calm := allParked(w.reactors)
	for _, r := range w.reactors {
		calm = calm && r.pulse.Load() == r.watch.pulse
		w.look(r, passed, now)
	}
	return calm
}

// look compares the reactor's pulse with the one before.
func (w *watchdog) look(r *Reactor, passed time.Duration, now time.Time) {
	s := r.watch
	pulse := r.pulse.Load()
	if pulse != s.pulse || pulse&1 == 1 {
		if s.stalled {
			s.histogram.Record(int64(s.held))
			held := s.held
			w.kept.set(s.kept, func(k *Stall) { k.For, k.Over = held, true })
			s.kept = nil
		}
		s.pulse, s.held, s.stalled, s.again = pulse, 0, false, 0
		s.setStuck(0)
		return
	}
	s.held += passed
	if s.kept != nil {
		w.kept.set(s.kept, func(k *Stall) { k.For = s.held })
	}
	w.reportOn(r, now)
	if s.held >= stuckAfter {
		s.setStuck(s.held)
	}
}

// reportOn reports the stall of r when that is due.
func (w *watchdog) reportOn(r *Reactor, now time.Time) {
	s := r.watch
	switch {
	case w.threshold < 0, s.held < w.threshold:
	case !s.stalled:
		s.stalled = true
		s.skipReports()
		w.report(r, s.held, now)
	case s.held >= reportAgainAt(s.again):
		s.skipReports()
		w.say(r, s.kept, slog.LevelError, "reactor: still stalled", slog.Duration("for", s.held))
	}
}

// skipReports passes over the reports that are due: one is made for all of them.
func (s *stallWatch) skipReports() {
	for s.held >= reportAgainAt(s.again) {
		s.again++
	}
}

// report reports the beginning of a stall.
func (w *watchdog) report(r *Reactor, held time.Duration, now time.Time) {
	label := r.shownLabel.Load()
	if label != nil {
		label.stalls.Add(1)
	}
	kept := w.kept.begin(Stall{Core: r.core, Holder: r.work(), Noticed: now, For: held})
	r.watch.kept = kept
	if w.last.IsZero() || now.Sub(w.last) >= reportEvery {
		w.say(r, kept, slog.LevelWarn, "reactor: stalled", slog.Duration("for", held), slog.Int("unlogged", w.unlogged))
		w.last, w.unlogged = now, 0
	} else {
		w.unlogged++
	}
	if label != nil && label.OnStall != nil {
		w.reports.do(func() { label.OnStall(held) })
	}
}
