package overload

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A route that waits for a database which answers so many queries a second.
func TestLimitAtThreeTimesTheCapacity(t *testing.T) {
	for _, c := range []struct{ service, latency time.Duration }{{ms / 3, ms / 2}, {ms, 20 * ms}, {10 * ms, 50 * ms}} {
		for _, times := range []float64{1.3, 3, 10} {
			capacity := float64(time.Second / c.service)
			b := &backend{limit: NewLimit(Rule{}, Normal), service: c.service, latency: always(c.latency)}
			all := b.run(arrivals(7, load{.7 * capacity, 10 * time.Second}, load{times * capacity, 10 * time.Second}, load{.7 * capacity, 5 * time.Second}))
			before, during := between(all, 0, 10*time.Second), between(all, 10*time.Second, 20*time.Second)
			after := between(all, 21*time.Second, 25*time.Second)

			require.Zero(t, shedIn(before), "%v", c)
			require.Zero(t, shedIn(after), "%v", c)
			require.Greater(t, float64(len(during)-shedIn(during)), .85*10*capacity, "%v %v", c, times)
			if times != 3 || c.latency > ms { // it takes some tens of answers to notice
				during = between(all, 11*time.Second+300*c.service, 20*time.Second)
			}
			borne := max(5*quantile(before, .99), 5*defaultTarget)
			if times < 3 { // the less there is too much, the longer it takes to notice, and nobody waits for long meanwhile
				borne *= 2
			}
			require.Less(t, quantile(during, .99), borne, "%v %v", c, times)
			require.Zero(t, b.limit.Stats(time.Minute).Limit)
		}
	}
}

func TestHealthyRoutesHaveNoLimit(t *testing.T) {
	slower := func(at time.Duration) time.Duration { // than it was, five times
		if at > 10*time.Second {
			return 100 * ms
		}
		return 20 * ms
	}
	n := 0
	mixed := func(time.Duration) time.Duration { // half of them wait for an event
		if n++; n%2 == 0 {
			return 30 * time.Second
		}
		return ms
	}
	hang := func(end time.Duration) time.Duration { // the database stops for half a second
		if end > 10*time.Second && end < 10*time.Second+500*ms {
			return 10*time.Second + 500*ms
		}
		return end
	}
	var burst []time.Duration
	for round := range 30 { // of 150, which take 50 ms
		for range 150 {
			burst = append(burst, time.Duration(round)*500*ms)
		}
	}
	steady := arrivals(5, load{1000, 30 * time.Second})
	for name, c := range map[string]struct {
		b     backend
		times []time.Duration
	}{
		"a constant load":                      {backend{latency: always(20 * ms)}, steady},
		"a database that has become slower":    {backend{latency: slower}, steady},
		"one that has stopped for a while":     {backend{latency: always(2 * ms), hang: hang}, steady},
		"half of the requests wait for events": {backend{latency: mixed}, steady},
		"requests that wait for events":        {backend{latency: always(20 * time.Second)}, steady},
		"bursts":                               {backend{latency: always(ms), service: ms / 3}, burst},
		"few requests, however slow they become": {
			backend{latency: func(at time.Duration) time.Duration { return ms + at/200 }}, arrivals(5, load{100, 30 * time.Second}),
		},
		"a load that grows": {backend{latency: always(10 * ms)}, arrivals(5,
			load{100, 5 * time.Second}, load{500, 5 * time.Second}, load{2500, 5 * time.Second}, load{12500, 5 * time.Second})},
	} {
		c.b.limit = NewLimit(Rule{}, Normal)
		require.Zero(t, shedIn(c.b.run(c.times)), name)
	}
}

// Clients who wait for their answer before they ask again cannot make the queue grow:
// however many there are, they are as many as before.
func TestClosedLoopHasNoLimit(t *testing.T) {
	l := NewLimit(Rule{}, Normal)
	now := time.Duration(0)
	step := func(clients int, steps int) {
		sent := make([]time.Duration, clients) // a ring: the backend answers in order, one each ms/3
		for i := range sent {
			sent[i] = now
			require.True(t, l.Enter(now))
		}
		for i := range steps {
			now += ms / 3
			was := sent[i%clients]
			if l.Leave() {
				l.Ended(now, now-was)
			}
			sent[i%clients] = now
			require.True(t, l.Enter(now))
		}
		for range clients {
			l.Forget()
		}
	}
	step(2, 10_000)
	step(256, 30_000)
	require.Equal(t, LimitStats{}, l.Stats(now))
}

// Behind a limit that was too low, because the route has become slower meanwhile, there is
// soon none.
func TestLimitIsNotStuck(t *testing.T) {
	slow := func(at time.Duration) time.Duration {
		if at > 20*time.Second {
			return 40 * ms
		}
		return ms
	}
	b := &backend{limit: NewLimit(Rule{}, Normal), service: ms / 3, latency: slow}
	all := b.run(arrivals(7, load{2000, 19 * time.Second}, load{9000, 3 * time.Second}, load{2000, 20 * time.Second}))
	require.NotZero(t, shedIn(between(all, 19*time.Second, 22*time.Second)))
	require.Zero(t, shedIn(between(all, 25*time.Second, 42*time.Second)))
}

// Batch is limited where normal requests to the same database are not.
func TestLimitOfBatchComesFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "base"))
		slack := func(c Class) time.Duration {
			l := NewLimit(Rule{}, c)
			l.base = base
			return l.slack()
		}
		require.Less(t, slack(Batch), slack(Normal))
		require.Less(t, slack(Normal), slack(Critical))
		require.GreaterOrEqual(t, slack(Batch), base)
	})
}

// A model that counts: whatever the latencies and the clock, as many are in flight as
// have entered and not left, nobody is refused while no more than the limit are, and nobody
// below four or, without a limit, at all.
func TestLimitCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLimit(Rule{}, Class(rapid.IntRange(0, 2).Draw(t, "class")))
		var now time.Duration
		var in []time.Duration
		shed := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"pass": func(t *rapid.T) { now += time.Duration(rapid.Int64Range(-int64(ms), int64(50*ms)).Draw(t, "d")) },
			"enter": func(t *rapid.T) {
				for range rapid.IntRange(1, 40).Draw(t, "n") {
					most := l.most.Load()
					if l.Enter(now) {
						in = append(in, now)
						continue
					}
					shed++
					require.GreaterOrEqual(t, most, int64(lowest))
					require.GreaterOrEqual(t, int64(len(in)), most)
				}
			},
			"leave": func(t *rapid.T) {
				for range min(len(in), rapid.IntRange(1, 40).Draw(t, "n")) {
					if l.Leave() {
						l.Ended(now, now-in[0])
					}
					in = in[1:]
				}
			},
			"forget": func(*rapid.T) {
				if len(in) > 0 {
					l.Forget()
					in = in[1:]
				}
			},
			"": func(t *rapid.T) {
				require.Equal(t, int64(len(in)), l.inFlight.Load())
				require.Equal(t, shed, l.shed.Load())
				require.GreaterOrEqual(t, l.base, time.Duration(0))
			},
		})
	})
}

// Goroutines of several threads may use both at once.
func TestTogether(t *testing.T) {
	q, l := NewQueue(Rule{}), NewLimit(Rule{}, Normal)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 2000 {
				now := time.Duration(i) * ms / 4
				q.Start(Work{Now: now, Age: time.Duration(i%40) * ms, Passed: 100, Class: Class(g) % Classes})
				if l.Enter(now) && l.Leave() {
					l.Ended(now, time.Duration(i%7)*ms)
				}
				q.Stats(now)
				l.Stats(now)
			}
		})
	}
	all.Wait()
	require.Zero(t, l.Stats(time.Hour).InFlight)
	shed := uint64(0)
	for _, n := range q.Stats(time.Hour).Shed {
		shed += n
	}
	require.Equal(t, uint64(8000), shed+q.Started())
}
