package overload

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// samples is how many latencies of a window are kept; beyond those one of every
	// sampleEvery takes the place of an older one.
	samples     = 32
	sampleEvery = 16
	// fewSamples is how many a window must have.
	fewSamples = 16
	// learning is how many windows make the first idea of a latency.
	learning = 5
	// fewInFlight is how many requests are never too many, until there is a limit, and
	// lowest is the least limit.
	fewInFlight = 16
	lowest      = 4
	// longest is the latency from which on a route waits for events, not for work.
	longest = time.Second
	// drift is how long the usual latency takes to follow one that is twice as high.
	drift = 10 * time.Second
	// accept is after how many intervals a latency that has risen, but not the requests in
	// flight with it, is the usual one.
	accept = 10
	// probeEvery is after how many intervals a limit is doubled to see what comes of it, and
	// probeSeldom after how many at most when nothing came of it the times before: a probe makes
	// everybody wait for twice as long.
	probeEvery  = 20
	probeSeldom = 80
	// release is for how many intervals nothing must have been refused for a limit to end.
	release = 5
)

// Limit bounds how many requests of a route are in flight on a core, when they have become
// too many. Any goroutine may use it.
//
// Owner: mu; the first fields are atomic, rule and class are immutable.
type Limit struct {
	inFlight atomic.Int64
	most     atomic.Int64 // 0: no limit
	ends     atomic.Uint32
	shed     atomic.Uint64

	rule  Rule
	class Class

	mu sync.Mutex
	// base is the usual lower quartile of the latency, learned how many windows made it.
	base    time.Duration
	learned int
	// begun is when the window began, took its latencies.
	begun time.Duration
	took  [samples]time.Duration
	taken int
	// before is how many requests were in flight at the end of the window before.
	before int64
	rise   rise
	// refused is when a request was refused last, and full whether that was in this window.
	refused time.Duration
	full    bool
	probe   probe
}

// rise is a latency that has risen over what it was.
//
// Owner: the mu of the limit.
type rise struct {
	// since is when that was noticed; 0: it has not risen.
	since time.Duration
	// settled is when as many requests would be in flight as there will be, if it goes on
	// being as slow but not slower; at is how many they were then.
	settled time.Duration
	at      int64
	// area is what the latency to come, as long as it is more than the present one, and the
	// time make together, ns², in so many windows.
	area    float64
	windows int
}

// NewLimit returns a limit for a route of class c, which does not limit yet.
func NewLimit(r Rule, c Class) *Limit { return &Limit{rule: r.Resolve(), class: c} }

// Enter tells whether another request may begin. If so, Leave ends it.
func (l *Limit) Enter(now time.Duration) bool {
	n := l.inFlight.Add(1)
	most := l.most.Load()
	if most == 0 {
		return true
	}
	return l.enterLimited(now, n, most)
}

func (l *Limit) enterLimited(now time.Duration, n, most int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if apart(now, l.refused) >= release*l.rule.Interval {
		l.lift()
		return true
	}
	if n <= most {
		return true
	}
	l.inFlight.Add(-1)
	l.shed.Add(1)
	l.refused, l.full = now, true
	return false
}

// lift ends the limit.
func (l *Limit) lift() {
	l.most.Store(0)
	l.rise, l.full, l.probe = rise{}, false, probe{}
}

// Leave ends a request. It reports whether its latency is wanted: then Ended follows.
func (l *Limit) Leave() (timed bool) {
	l.inFlight.Add(-1)
	n := l.ends.Add(1)
	return n <= samples || n%sampleEvery == 0
}

// Forget ends a request whose latency says nothing.
func (l *Limit) Forget() { l.inFlight.Add(-1) }

// Ended notes the latency of a request that has ended at now.
func (l *Limit) Ended(now, latency time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	span := now - l.begun
	if l.taken == 0 || span < 0 || span > 10*l.rule.Interval {
		// The first, one behind a clock that was set back, or of a route with so few
		// requests that old latencies would be held against new ones.
		l.restart(now)
		span = 0
	}
	l.took[l.taken%samples] = max(latency, 0)
	l.taken++
	if l.taken >= fewSamples && span >= l.rule.Interval/10 {
		l.close(now, span)
	}
}

// restart begins a window.
func (l *Limit) restart(now time.Duration) {
	l.begun, l.taken, l.full = now, 0, false
	l.ends.Store(0)
}

// close draws the conclusions from a window.
func (l *Limit) close(now, span time.Duration) {
	took := l.took[:min(l.taken, samples)]
	slices.Sort(took)
	low := took[len(took)/4]
	switch {
	case l.learned < learning:
		l.learn(low)
	case l.most.Load() == 0:
		l.watch(now, span, low)
	default:
		l.follow(now, span, low)
	}
	l.before = l.inFlight.Load()
	l.restart(now)
}

// learn makes the first idea of the latency: the mean of some windows.
func (l *Limit) learn(low time.Duration) {
	l.base += low / learning
	l.learned++
}

// slack is the latency that is borne.
func (l *Limit) slack() time.Duration {
	switch l.class {
	case Batch:
		return l.base + (l.base+l.rule.Target)/2
	case Critical:
		return 4 * (l.base + l.rule.Target)
	default:
		return 2*l.base + l.rule.Target
	}
}

// watch looks for a latency that rises with the requests in flight.
func (l *Limit) watch(now, span, low time.Duration) {
	n, before, slack := l.inFlight.Load(), l.before, l.slack()
	l.adapt(span, low)
	if low <= slack || n < fewInFlight || low >= longest || l.class == Exempt {
		l.rise = rise{}
		return
	}
	r := &l.rise
	if r.since == 0 {
		r.since, r.settled = now, now+low
	}
	if now >= r.settled && r.at == 0 {
		r.at = n
	}
	// Those who come now will be in flight for twice as long as those who leave were, or more.
	if ahead := time.Duration(float64(n) / float64(l.ends.Load()) * float64(span)); n > before && ahead > 2*low {
		r.area += float64(ahead-slack) * float64(span)
		r.windows++
	} else {
		r.area, r.windows = 0, 0
	}
	switch {
	case r.windows > 1 && r.area >= l.rule.area(), now-r.since >= l.rule.Interval && r.at > 0 && 2*n >= 3*r.at+fewInFlight:
		l.most.Store(l.wanted(l.rate(span)))
		l.refused, l.rise, l.probe = now, rise{}, probe{}
		l.probe.later(now, probeEvery*l.rule.Interval)
	case now-r.settled >= accept*l.rule.Interval && 10*n <= 11*r.at:
		l.base, l.rise = low, rise{} // slower, but it is not getting more
	}
}

// adapt lets the usual latency follow the present one: downwards within a second or so,
// upwards within drift.
func (l *Limit) adapt(span, low time.Duration) {
	if low < l.base {
		l.base -= time.Duration(float64(l.base-low) * min(1, span.Seconds()))
		return
	}
	l.base = min(low, l.base+time.Duration(float64(l.base+l.rule.Target/100)*(span.Seconds()/drift.Seconds())))
}

// wanted is how many requests are in flight when the route does so much in a second, at
// the latency that is borne (Little's law).
func (l *Limit) wanted(perSecond float64) int64 {
	return max(int64(perSecond*l.slack().Seconds()), lowest)
}

// rate is what the route does in a second, by this window.
func (l *Limit) rate(span time.Duration) float64 { return float64(l.ends.Load()) / span.Seconds() }

// probe asks whether the route does more when more may be in flight. If so, what it does
// is bounded by the limit and not by what it needs: it has become slower.
//
// Owner: the mu of the limit.
type probe struct {
	next  time.Duration // when to ask
	pause time.Duration // until the question after this one
	since time.Duration // it is being asked
	from  int64         // the limit before; 0: it is not being asked
	rate  float64       // what the route did in a second before
}

// follow adapts the limit while it limits.
func (l *Limit) follow(now, span, low time.Duration) {
	most, p := l.most.Load(), &l.probe
	switch {
	case p.from != 0:
		if l.begun >= p.since+low {
			l.judge(now, span, low)
		}
	case l.inFlight.Load() > most+1, !l.full: // those from before the limit; or it limits nobody now
	case now >= p.next:
		p.since, p.from, p.rate = now, most, l.rate(span)
		l.most.Store(2 * most)
	default:
		l.most.Store(max((most+l.wanted(l.rate(span)))/2, lowest))
	}
}

// judge ends a probe.
func (l *Limit) judge(now, span, low time.Duration) {
	p := &l.probe
	if 2*l.rate(span) >= 3*p.rate {
		l.base, p.from, p.pause = max(l.base, low), 0, probeEvery*l.rule.Interval // and asks again at once
		return
	}
	l.most.Store(p.from)
	p.from = 0
	p.later(now, min(2*p.pause, probeSeldom*l.rule.Interval))
}

// later puts the next question off.
func (p *probe) later(now, pause time.Duration) { p.next, p.pause = now+pause, pause }

// LimitStats is what a limit has seen.
//
// Owner: any (a value).
type LimitStats struct {
	InFlight int64
	Limit    int64 // 0: none
	Shed     uint64
}

// Stats returns what the limit has seen.
func (l *Limit) Stats(now time.Duration) LimitStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.most.Load() != 0 && now-l.refused >= release*l.rule.Interval {
		l.lift()
	}
	return LimitStats{InFlight: l.inFlight.Load(), Limit: l.most.Load(), Shed: l.shed.Load()}
}
