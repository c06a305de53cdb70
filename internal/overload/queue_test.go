package overload

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What users see of a core at three times what it can do: it does as much as before, what it
// admits is quick once it has noticed, and it forgets.
func TestThreeTimesTheCapacity(t *testing.T) {
	for _, service := range []time.Duration{ms, ms / 4, 10 * ms} {
		capacity := float64(time.Second / service)
		p := &processor{queue: NewQueue(Rule{}), service: service, refusal: service / 50}
		all := p.run(arrivals(7, load{.7 * capacity, 10 * time.Second}, load{3 * capacity, 10 * time.Second}, load{.7 * capacity, 5 * time.Second}))
		before, during := between(all, 0, 10*time.Second), between(all, 10*time.Second, 20*time.Second)
		after := between(all, 21*time.Second, 25*time.Second)

		require.Zero(t, shedIn(before), service)
		require.Zero(t, shedIn(after), service)
		require.Greater(t, float64(len(during)-shedIn(during)), .85*10*capacity, service)
		require.Less(t, quantile(between(all, 13*time.Second, 20*time.Second), .99), max(5*quantile(before, .99), 5*defaultTarget), service)
		if service == ms {
			require.Less(t, quantile(during, 1), 500*ms, "before it is noticed")
		}
	}
}

// Batch goes first, critical last; what one class can bear takes nothing from the next.
func TestBatchGoesFirst(t *testing.T) {
	classes := []Class{Batch, Normal, Critical, Exempt}
	shed := func(load1 float64) (lost [Classes]int, came [Classes]int) {
		p := &processor{queue: NewQueue(Rule{}), service: ms, refusal: ms / 50, class: func(i int) Class { return classes[i%4] }}
		for _, o := range p.run(arrivals(3, load{load1, 10 * time.Second})) {
			came[o.class]++
			if o.shed {
				lost[o.class]++
			}
		}
		return lost, came
	}
	lost, came := shed(1200)
	require.Greater(t, lost[Batch], came[Batch]/2, "a fifth of all has to go, and they are a quarter")
	require.Less(t, lost[Normal], came[Normal]/20)
	require.Less(t, lost[Critical], came[Critical]/20, "those who were waiting when it was noticed")

	lost, came = shed(1800)
	require.Greater(t, lost[Batch], came[Batch]*9/10)
	require.Greater(t, lost[Normal], came[Normal]/2)
	require.Less(t, lost[Critical], came[Critical]/20)

	lost, came = shed(3000)
	require.Greater(t, lost[Normal], came[Normal]*9/10)
	require.Greater(t, lost[Critical], came[Critical]/2)
	require.Zero(t, lost[Exempt], "never")
}

// What looks like overload to a careless rule, and is none.
func TestHealthyTrafficIsNotShed(t *testing.T) {
	at := func(n int, gap time.Duration) (all []time.Duration) {
		for i := range n {
			all = append(all, time.Second+time.Duration(i)*gap)
		}
		return all
	}
	for name, c := range map[string]struct {
		p     processor
		times []time.Duration
	}{
		"a burst behind idle":             {processor{service: ms}, at(1000, 0)},
		"one that takes a while to come":  {processor{service: ms}, at(200, ms/5)},
		"a larger one of quick requests":  {processor{service: 50 * time.Microsecond}, at(20_000, 0)},
		"few of them, but slow ones":      {processor{service: 200 * ms}, at(16, 0)},
		"slow ones, one behind the other": {processor{service: 100 * ms}, at(600, 100*ms)},
		"a pause of the process":          {processor{service: ms / 10, pause: 1100 * ms, pauseFor: 80 * ms}, at(3000, ms)},
		"a machine that was suspended":    {processor{service: ms / 10, pause: 1100 * ms, pauseFor: time.Hour}, append(at(100, ms), 2*time.Hour)},
		"seven tenths of the capacity":    {processor{service: ms}, arrivals(5, load{700, 20 * time.Second})},
	} {
		c.p.queue = NewQueue(Rule{})
		require.Zero(t, shedIn(c.p.run(c.times)), name)
	}
}

// However many users there are and however slow it is: as long as they wait for their answer
// before they ask again, nobody is refused.
func TestClosedLoopIsNotShed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, users := range []int{1, 20, 64, 256, 1000} {
		for _, over := range []time.Duration{0, 10 * ms, 40 * ms, time.Second} { // they come in that time
			if over == time.Second && users > growth {
				continue
			}
			for _, service := range []time.Duration{ms / 20, ms, 20 * ms} {
				q := NewQueue(Rule{})
				var waiting []time.Duration // when they came
				for i := range users {
					waiting = append(waiting, over*time.Duration(i)/time.Duration(users))
				}
				starts := make(map[time.Duration]uint64) // how many had started when one came
				now, started := time.Duration(0), uint64(0)
				for range 5_000 {
					at := waiting[0]
					waiting = waiting[1:]
					now = max(now, at)
					w := Work{Now: now, Age: now - at, Passed: started - starts[at], Class: Batch}
					require.Equal(t, Admit, q.Start(w), "%d users in %v, %v each", users, over, service)
					started++
					now += time.Duration((.5 + random.Float64()) * float64(service))
					starts[now] = started
					waiting = append(waiting, now)
				}
			}
		}
	}
}

// Whatever came before, what has waited for less than the target starts, and so does what few
// have passed, and what is exempt.
func TestWhatAlwaysStarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := NewQueue(Rule{})
		now := time.Duration(0)
		for range rapid.IntRange(1, 400).Draw(t, "requests") {
			// The clock jumps in both directions.
			now += time.Duration(rapid.Int64Range(-int64(200*ms), int64(200*ms)).Draw(t, "step"))
			w := Work{
				Now: now, Age: time.Duration(rapid.Int64Range(-int64(ms), int64(300*ms)).Draw(t, "age")),
				Passed: rapid.Uint64Range(0, 200).Draw(t, "passed"), Class: Class(rapid.IntRange(0, int(Classes)-1).Draw(t, "class")),
			}
			started := q.Started()
			if v := q.Start(w); v != Admit {
				require.GreaterOrEqual(t, w.Age, defaultTarget)
				require.GreaterOrEqual(t, w.Passed, uint64(4))
				require.NotEqual(t, Exempt, w.Class)
				require.Equal(t, started, q.Started())
			} else {
				require.Equal(t, started+1, q.Started())
			}
		}
	})
}

// Fifteen old requests between two that did not wait are no overload, whatever the clock does.
func TestFewOldOnesAreNoOverload(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := NewQueue(Rule{})
		now := time.Duration(0)
		for range rapid.IntRange(1, 40).Draw(t, "rounds") {
			require.Equal(t, Admit, q.Start(Work{Now: now}))
			for range rapid.IntRange(0, enoughOld-1).Draw(t, "old") {
				now += time.Duration(rapid.Int64Range(-int64(time.Minute), int64(time.Hour)).Draw(t, "step"))
				require.Equal(t, Admit, q.Start(Work{Now: now, Age: time.Hour, Passed: 1000, Class: Batch}))
			}
		}
	})
}

// In the same place a less important class never starts where a more important one does not.
func TestClassesAreOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Work{
			Now: time.Second, Age: time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "age")),
			Passed: rapid.Uint64Range(0, 200).Draw(t, "passed"),
		}
		starts := func(c Class) int {
			q := flooded(t)
			w.Class = c
			if q.Start(w) == Admit {
				return 1
			}
			return 0
		}
		require.LessOrEqual(t, starts(Batch), starts(Normal))
		require.LessOrEqual(t, starts(Normal), starts(Critical))
		require.Equal(t, 1, starts(Exempt))
	})
}

// flooded is a queue that is overloaded at about one second.
func flooded(t require.TestingT) *Queue {
	q := NewQueue(Rule{})
	for i := range 16 {
		passed := uint64(200)
		if i < 3 { // those of the first half of an interval
			passed = 20
		}
		v := q.Start(Work{Now: 700*ms + time.Duration(i)*20*ms, Age: 100 * ms, Passed: passed})
		if i < 15 {
			require.Equal(t, Admit, v, i)
		} else {
			require.Equal(t, ShedFirst, v)
		}
	}
	require.Equal(t, Shed, q.Start(Work{Now: time.Second, Age: 100 * ms, Passed: 100}))
	return q
}

func TestQueueStats(t *testing.T) {
	q := flooded(t)
	s := q.Stats(time.Second)
	require.True(t, s.Overloaded)
	require.Equal(t, 100*ms, s.Delay)
	require.Equal(t, [Classes]uint64{Normal: 2}, s.Shed)

	s = q.Stats(1101 * ms) // nothing came since
	require.False(t, s.Overloaded)
	require.Zero(t, s.Delay)
	require.Equal(t, uint64(2), s.Shed[Normal])
}

func TestTickets(t *testing.T) {
	q, turns := NewQueue(Rule{}), Turns{}
	start := func(n int) {
		for range n {
			q.Start(Work{})
		}
	}
	require.Equal(t, uint64(0), turns.Ticket(1, q))
	start(3)
	require.Equal(t, uint64(0), turns.Ticket(1, q))
	require.Equal(t, uint64(0), turns.Ticket(2, q), "it may have come before those three started")
	start(2)
	require.Equal(t, uint64(3), turns.Ticket(5, q))
	require.Equal(t, uint64(5), turns.Ticket(6, q))
}

func TestNamesOfClasses(t *testing.T) {
	for c := range Classes {
		found, err := ClassOf(c.String())
		require.NoError(t, err)
		require.Equal(t, c, found)
	}
	_, err := ClassOf("Batch")
	require.ErrorContains(t, err, `no class "Batch": say "critical"`)
}
