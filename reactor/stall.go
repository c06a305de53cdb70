package reactor

import (
	"log/slog"
	"slices"
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
	last      time.Time // the latest report that was due
	logged    []string  // the labels of the reports since then
	unlogged  int       // stalls since then, without one
	lookup    lookup
	kept      *stallLog
}

const (
	// reportEvery is how often stalls of one label are logged. One that lasts is
	// reported again whatever else was.
	reportEvery = time.Second
	// maxLogged is how many labels are logged in that time.
	maxLogged = 8
)

// lookup bounds what it costs to find the place of a stall in the code, which means to look at the stack
// of every goroutine: some 0.1 ms where there are few, and 20 ms where there are 10,000.
//
// Owner: watchdog; took: any (atomic).
type lookup struct {
	begun time.Time
	took  atomic.Int64 // ns, the latest one
}

// lookupShare is for how many times what the latest took nothing is looked up: so it costs at most one
// percent of a processor.
const lookupShare = 100

// affordable tells whether another place may be looked up, and begins that.
func (l *lookup) affordable(now time.Time) bool {
	if now.Sub(l.begun) < lookupShare*time.Duration(l.took.Load()) {
		return false
	}
	l.begun = now
	return true
}

// place looks up what holds r.
func (l *lookup) place(r *Reactor) (at, stack string) {
	begun := time.Now()
	defer func() { l.took.Store(int64(time.Since(begun))) }()
	return whereabouts(r.core)
}

func (w *watchdog) run(end <-chan struct{}) {
	period := stuckLook
	if w.threshold > 0 {
		period = min(period, w.threshold/2)
	}
	w.reports = newReports()
	defer w.reports.end()
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	before, calm, enough := time.Now(), 0, looksBeforeSleep
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
		if calm < enough {
			continue
		}
		ticker.Stop()
		begun := time.Now()
		by, more := w.sleeper.sleep(w.reactors, end)
		if !more {
			return
		}
		ticker.Reset(period)
		before, calm = time.Now(), 0
		enough = looksAfter(before.Sub(begun))
		w.wakeUp(by, before, period)
	}
}

// wakeUp makes the look that was left out in the sleep, so that the next one can tell which
// piece of work has lasted. The first one of the reactor that goes on has lasted since then, or for
// a period: what is beyond that may be the time that a busy machine took to wake the watchdog.
func (w *watchdog) wakeUp(by waking, now time.Time, period time.Duration) {
	for _, r := range w.reactors {
		w.look(r, 0, now)
		if first := (by.units + 1) << 1; r == by.reactor && r.watch.pulse == first {
			r.watch.held = max(0, min(now.Sub(by.at), period))
		}
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
	switch {
	case w.due(kept.Label, now):
		w.say(r, kept, slog.LevelWarn, "reactor: stalled", slog.Duration("for", held), slog.Int("unlogged", w.unlogged))
		w.unlogged = 0
	case w.lookup.affordable(now):
		w.unlogged++
		w.reports.do(func() { w.find(r, kept) })
	default:
		w.unlogged++
	}
	if label != nil && label.OnStall != nil {
		w.reports.do(func() { label.OnStall(held) })
	}
}

// due tells whether a stall of a label is logged: one a second, and the first of each other label.
func (w *watchdog) due(label string, now time.Time) bool {
	switch {
	case w.last.IsZero() || now.Sub(w.last) >= reportEvery:
		w.last, w.logged = now, w.logged[:0]
	case len(w.logged) == maxLogged || slices.Contains(w.logged, label):
		return false
	}
	w.logged = append(w.logged, label)
	w.lookup.begun = now
	return true
}

// find keeps the place of a stall that still lasts.
func (w *watchdog) find(r *Reactor, kept *Stall) (at, stack string) {
	at, stack = w.lookup.place(r)
	w.kept.set(kept, func(k *Stall) {
		if k.At == "" && !k.Over { // else it may be of what came behind it
			k.At, k.Stack = at, stack
		}
	})
	return at, stack
}
