package overload

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// paced is a core that sees who waits before they start: it works for a while, and looks
// again.
type paced struct {
	queue            *Queue
	service, refusal time.Duration
	class            Class

	waiting []*pacedRequest
	picks   int
}

type pacedRequest struct {
	outcome
	ticket uint64
}

// turn serves those who go first, from now on, and returns when it is done. users get to know
// who has an answer.
func (p *paced) turn(now time.Duration, answered func(r *pacedRequest)) time.Duration {
	order := p.queue.Waiting(now, now-p.waiting[0].at, len(p.waiting))
	if order == NewestFirst {
		p.waiting = slices.DeleteFunc(p.waiting, func(r *pacedRequest) bool {
			r.shed = p.queue.Overdue(p.work(r, now)) != Admit
			if r.shed {
				now += p.refusal
				p.end(r, now, answered)
			}
			return r.shed
		})
	}
	for range max(2, 4*ms/p.service) {
		if len(p.waiting) == 0 {
			break
		}
		r := p.take(order)
		if r.shed = p.queue.Start(p.work(r, now)) != Admit; r.shed {
			now += p.refusal
		} else {
			now += p.service
		}
		p.end(r, now, answered)
	}
	return now
}

func (p *paced) end(r *pacedRequest, now time.Duration, answered func(r *pacedRequest)) {
	r.latency = now - r.at
	answered(r)
}

func (p *paced) work(r *pacedRequest, now time.Duration) Work {
	return Work{Now: now, Age: now - r.at, Passed: p.queue.Started() - r.ticket, Class: p.class}
}

func (p *paced) take(order Order) *pacedRequest {
	p.picks++
	at := 0
	if order == NewestFirst || order == Mixed && p.picks%4 != 0 {
		at = len(p.waiting) - 1
	}
	r := p.waiting[at]
	p.waiting = slices.Delete(p.waiting, at, at+1)
	return r
}

func (p *paced) come(at time.Duration) *pacedRequest {
	r := &pacedRequest{outcome{at: at, class: p.class}, p.queue.Started()}
	p.waiting = append(p.waiting, r)
	return r
}

// run serves an open loop.
func (p *paced) run(times []time.Duration) []outcome {
	var all []*pacedRequest
	now := time.Duration(0)
	for len(times) > 0 || len(p.waiting) > 0 {
		if len(p.waiting) == 0 {
			now = max(now, times[0])
		}
		for len(times) > 0 && times[0] <= now {
			all = append(all, p.come(times[0]))
			times = times[1:]
		}
		now = p.turn(now, func(*pacedRequest) {})
	}
	var out []outcome
	for _, r := range all {
		out = append(out, r.outcome)
	}
	return out
}

// A core that looks at those who wait knows of three times its capacity soon enough that of
// all that it admits, from the first moment on, one in a hundred waits for no longer than
// five times what it does at 70 %.
func TestWaitingAtThreeTimesTheCapacity(t *testing.T) {
	for seed := range uint64(5) {
		p := &paced{queue: NewQueue(Rule{}), service: ms, refusal: ms / 50}
		all := p.run(arrivals(seed, load{700, 10 * time.Second}, load{3000, 10 * time.Second}, load{700, 5 * time.Second}))
		before, during := between(all, 0, 10*time.Second), between(all, 10*time.Second, 20*time.Second)

		require.Zero(t, shedIn(before))
		require.Zero(t, shedIn(between(all, 20100*ms, 25*time.Second)))
		require.Greater(t, len(during)-shedIn(during), 8500)
		require.Less(t, quantile(during, .99), 25*ms, "a bar of 5 where one in a hundred waits for 5 ms at 70 %% load")
		for _, o := range during {
			if o.shed {
				require.Less(t, o.latency, 250*ms, "those who waited when it was noticed learn it")
			}
		}
		first := slices.IndexFunc(during, func(o outcome) bool { return o.shed })
		require.Less(t, during[first].at+during[first].latency, 10*time.Second+250*ms)
	}
}

// The rules of Waiting and of Start together refuse no healthy traffic.
func TestHealthyTrafficThatWaitsIsNotShed(t *testing.T) {
	at := func(n int, gap time.Duration) (all []time.Duration) {
		for i := range n {
			all = append(all, time.Second+time.Duration(i)*gap)
		}
		return all
	}
	var bursts []time.Duration // of three times the capacity, for 80 ms each, and time to do it
	for round := range 20 {
		for i := range 240 {
			bursts = append(bursts, time.Duration(round)*time.Second/2+time.Duration(i)*ms/3)
		}
	}
	for name, c := range map[string]struct {
		service time.Duration
		times   []time.Duration
	}{
		"a burst behind idle":             {ms, at(1000, 0)},
		"one that takes a while to come":  {ms, at(200, ms/5)},
		"a larger one of quick requests":  {50 * time.Microsecond, at(20_000, 0)},
		"few of them, but slow ones":      {200 * ms, at(16, 0)},
		"slow ones, one behind the other": {100 * ms, at(600, 100*ms)},
		"seven tenths of the capacity":    {ms, arrivals(5, load{700, 20 * time.Second})},
		"nine tenths":                     {ms, arrivals(5, load{900, 20 * time.Second})},
		"bursts again and again":          {ms, bursts},
	} {
		p := &paced{queue: NewQueue(Rule{}), service: c.service, refusal: ms / 50, class: Normal}
		require.Zero(t, shedIn(p.run(c.times)), name)
	}
}

// Users who wait for their answers before they ask again are served however many they are, and
// the one who waits for longest waits for what all the others take, and two intervals more, in which the
// newest go first.
func TestClosedLoopThatWaitsIsNotShed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, users := range []int{1, 20, 64, 256, 1000} {
		for _, over := range []time.Duration{0, 10 * ms, 40 * ms, time.Second} {
			if over == time.Second && users > growth {
				continue
			}
			for _, service := range []time.Duration{ms / 20, ms, 20 * ms} {
				p := &paced{queue: NewQueue(Rule{}), service: service, class: Batch}
				var next []time.Duration // when they come, in order
				for i := range users {
					next = append(next, over*time.Duration(i)/time.Duration(users))
				}
				now, longest := time.Duration(0), time.Duration(0)
				for range 200 {
					for len(next) > 0 && (next[0] <= now || len(p.waiting) == 0) {
						now = max(now, next[0])
						p.come(next[0])
						next = next[1:]
					}
					now = p.turn(now, func(r *pacedRequest) {
						require.False(t, r.shed, "%d users in %v, %v each", users, over, service)
						longest = max(longest, r.latency)
						next = append(next, r.at+r.latency+time.Duration(random.Float64()*float64(ms)))
					})
					slices.Sort(next)
				}
				require.LessOrEqual(t, longest, over+time.Duration(users)*service*3/2+4*service+200*ms, "%d users in %v, %v each", users, over, service)
			}
		}
	}
}

// Whatever is said of those who wait, the newest one goes first only while the queue is overloaded or has
// become twice as long, and who comes when nobody is old goes in order.
func TestOrderOfThoseWhoWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := NewQueue(Rule{})
		now, fewest := time.Duration(0), 1<<30
		for range rapid.IntRange(1, 200).Draw(t, "turns") {
			now += time.Duration(rapid.Int64Range(-int64(20*ms), int64(60*ms)).Draw(t, "step"))
			n := rapid.IntRange(1, 2000).Draw(t, "waiting")
			fewest = min(fewest, n)
			age := time.Duration(rapid.Int64Range(0, int64(50*ms)).Draw(t, "age"))
			was := q.state.Load() == overloaded
			switch order := q.Waiting(now, age, n); order {
			case NewestFirst:
				require.Equal(t, overloaded, q.state.Load())
				if !was {
					require.GreaterOrEqual(t, n, fewest+growth)
					require.GreaterOrEqual(t, age, defaultTarget)
				}
			case Mixed:
				require.GreaterOrEqual(t, n, max(2*fewest, manyWaiting))
			case OldestFirst:
			}
			if q.state.Load() != overloaded {
				require.Equal(t, Admit, q.Overdue(Work{Now: now, Age: time.Hour, Passed: 1000, Class: Batch}))
			}
		}
	})
}

// What waits is refused by the age and the class, as what starts, and is counted; the first one
// of a period is told.
func TestOverdue(t *testing.T) {
	q := flooded(t)
	work := Work{Now: time.Second, Age: 21 * ms, Passed: 100, Class: Normal}
	require.Equal(t, Shed, q.Overdue(work))
	work.Class = Critical
	require.Equal(t, Admit, q.Overdue(work))
	work.Class = Exempt
	require.Equal(t, Admit, q.Overdue(work))
	work.Class, work.Age = Batch, 6*ms
	require.Equal(t, Shed, q.Overdue(work))
	s := q.Stats(time.Second)
	require.Equal(t, [Classes]uint64{Normal: 3, Batch: 1}, s.Shed)
	require.Equal(t, 6*ms, s.Delay)

	require.Equal(t, OldestFirst, q.Waiting(1200*ms, ms, 5), "nobody was refused for an interval")
	require.False(t, q.Stats(1200*ms).Overloaded)
	for now := 1200 * ms; ; now += 4 * ms {
		if q.Waiting(now, 10*ms, int(now/ms-1100)*2) == NewestFirst {
			require.Less(t, now, 1350*ms)
			break
		}
	}
	require.Equal(t, ShedFirst, q.Overdue(Work{Now: 1350 * ms, Age: 21 * ms, Passed: 100}))
	require.Equal(t, Shed, q.Overdue(Work{Now: 1350 * ms, Age: 21 * ms, Passed: 100}))
}
