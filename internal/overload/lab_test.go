package overload

import (
	"math/rand/v2"
	"slices"
	"time"
)

const ms = time.Millisecond

// load is a phase of arrivals: so many in a second for so long, with exponential gaps.
type load struct {
	perSecond float64
	lasts     time.Duration
}

// arrivals are the times at which requests come.
func arrivals(seed uint64, phases ...load) (all []time.Duration) {
	random := rand.New(rand.NewPCG(seed, 1))
	var from time.Duration
	for _, p := range phases {
		at := from
		for {
			at += time.Duration(random.ExpFloat64() / p.perSecond * float64(time.Second))
			if at >= from+p.lasts {
				break
			}
			all = append(all, at)
		}
		from += p.lasts
	}
	return all
}

// outcome is what became of a request.
type outcome struct {
	at      time.Duration // it came
	latency time.Duration
	shed    bool
	class   Class
}

// between are the outcomes of what came in that time.
func between(all []outcome, from, to time.Duration) (some []outcome) {
	for _, o := range all {
		if from <= o.at && o.at < to {
			some = append(some, o)
		}
	}
	return some
}

func shedIn(all []outcome) (n int) {
	for _, o := range all {
		if o.shed {
			n++
		}
	}
	return n
}

// quantile is that of the latencies of those who were admitted.
func quantile(all []outcome, q float64) time.Duration {
	var took []time.Duration
	for _, o := range all {
		if !o.shed {
			took = append(took, o.latency)
		}
	}
	slices.Sort(took)
	return took[int(q*float64(len(took)-1))]
}

// processor is a core that works off requests in their order: each takes service, or
// refusal when it is shed.
type processor struct {
	queue            *Queue
	service, refusal time.Duration
	class            func(i int) Class
	// pause: the core does nothing from then on, for so long.
	pause, pauseFor time.Duration
}

// run works off what comes at these times.
func (p *processor) run(times []time.Duration) []outcome {
	var all []outcome
	var free time.Duration // when the core has done what came so far
	var starts []time.Duration
	for i, at := range times {
		class := Normal
		if p.class != nil {
			class = p.class(i)
		}
		now := max(at, free)
		if p.pause > 0 && now >= p.pause && now < p.pause+p.pauseFor {
			now = p.pause + p.pauseFor
		}
		for len(starts) > 0 && starts[0] < at {
			starts = starts[1:]
		}
		v := p.queue.Start(Work{Now: now, Age: now - at, Passed: uint64(len(starts)), Class: class})
		if v == Admit {
			free = now + p.service
			starts = append(starts, now)
		} else {
			free = now + p.refusal
		}
		all = append(all, outcome{at: at, latency: free - at, shed: v != Admit, class: class})
	}
	return all
}

// backend is something that requests wait for: it works off perSecond of them, in their
// order, each of which takes latency besides.
type backend struct {
	limit   *Limit
	service time.Duration                         // between two answers, at best
	latency func(at time.Duration) time.Duration  // besides
	hang    func(end time.Duration) time.Duration // when an answer comes that would come at end; nil: then
}

// run sends it what comes at these times.
func (b *backend) run(times []time.Duration) []outcome {
	type pending struct {
		end time.Duration
		i   int
	}
	all := make([]outcome, len(times))
	var flying []pending // by end
	var free time.Duration
	finish := func(until time.Duration) {
		for len(flying) > 0 && flying[0].end <= until {
			f := flying[0]
			flying = flying[1:]
			all[f.i].latency = f.end - all[f.i].at
			if b.limit.Leave() {
				b.limit.Ended(f.end, all[f.i].latency)
			}
		}
	}
	for i, at := range times {
		finish(at)
		all[i].at = at
		if !b.limit.Enter(at) {
			all[i].shed = true
			continue
		}
		free = max(free, at) + b.service
		end := free + b.latency(at)
		if b.hang != nil {
			end = b.hang(end)
		}
		at, _ := slices.BinarySearchFunc(flying, end, func(p pending, end time.Duration) int { return int(p.end - end) })
		flying = slices.Insert(flying, at, pending{end, i})
	}
	finish(1 << 62)
	return all
}

func always(d time.Duration) func(time.Duration) time.Duration {
	return func(time.Duration) time.Duration { return d }
}
