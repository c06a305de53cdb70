package reactor

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/async"
)

// armed is the model's view of a timer.
type armed struct {
	id   int
	when int64 // tick
}

// The wheel fires what a sorted list would, in tick order, and never promises
// to be idle beyond the next timer.
func TestWheelAgainstSortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w wheel
		w.init()
		timers := make([]Timer, 40)
		var model []armed
		now := int64(0) // ns
		delay := rapid.OneOf(
			rapid.Int64Range(0, int64(5*time.Millisecond)),
			rapid.Int64Range(0, int64(5*time.Second)),
			rapid.Int64Range(0, int64(100*time.Hour)),
		)
		drop := func(id int) {
			model = slices.DeleteFunc(model, func(a armed) bool { return a.id == id })
		}
		t.Repeat(map[string]func(*rapid.T){
			"arm": func(t *rapid.T) {
				id := rapid.IntRange(0, len(timers)-1).Draw(t, "timer")
				d := delay.Draw(t, "delay")
				if timers[id].Armed() {
					w.remove(&timers[id])
					drop(id)
				}
				w.add(&timers[id], now+d)
				tickOf := (now + d + int64(tick) - 1) / int64(tick)
				require.GreaterOrEqual(t, timers[id].when, tickOf)
				require.LessOrEqual(t, timers[id].when, tickOf+1)
				model = append(model, armed{id, timers[id].when})
			},
			"disarm": func(t *rapid.T) {
				id := rapid.IntRange(0, len(timers)-1).Draw(t, "timer")
				if timers[id].Armed() {
					w.remove(&timers[id])
				}
				drop(id)
			},
			"advance": func(t *rapid.T) {
				now += delay.Draw(t, "by")
				checkFired(t, &w, timers, &model, now)
			},
			"sleep until next": func(t *rapid.T) {
				if w.next != never {
					now = max(now, w.next)
					checkFired(t, &w, timers, &model, now)
				}
			},
			"sleep until a timer is due": func(t *rapid.T) {
				if w.next != never {
					now = max(now, w.soonest())
					checkFired(t, &w, timers, &model, now)
				}
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(model), w.count)
				require.GreaterOrEqual(t, w.soonest(), w.next)
				first := int64(never)
				for _, a := range model {
					first = min(first, a.when*int64(tick))
				}
				if len(model) > 0 {
					require.LessOrEqual(t, w.soonest(), max(first, now))
				}
				if len(model) > 0 && len(model) <= longSlot {
					require.GreaterOrEqual(t, w.soonest(), first, "it parks until then")
				}
				for _, a := range model {
					require.True(t, timers[a.id].Armed())
					require.LessOrEqual(t, w.next, max(a.when*int64(tick), now))
				}
			},
		})
	})
}

func checkFired(t *rapid.T, w *wheel, timers []Timer, model *[]armed, now int64) {
	w.advance(now)
	var want, got []armed
	*model = slices.DeleteFunc(*model, func(a armed) bool {
		due := a.when <= now/int64(tick)
		if due {
			want = append(want, a)
		}
		return due
	})
	for timer := w.pop(); timer != nil; timer = w.pop() {
		for id := range timers {
			if timer == &timers[id] {
				got = append(got, armed{id, timer.when})
			}
		}
		require.False(t, timer.Armed())
	}
	require.True(t, slices.IsSortedFunc(got, func(a, b armed) int { return int(a.when - b.when) }))
	require.ElementsMatch(t, want, got)
}

func TestTimersFireInOrderAndNotEarly(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	began := v.Now()
	var fired []time.Duration
	for _, ms := range []int{500, 3, 70, 3000, 64, 1} {
		d := time.Duration(ms) * time.Millisecond
		r.After(d, async.TaskFunc(func() {
			require.GreaterOrEqual(t, v.Now().Sub(began), d)
			fired = append(fired, d)
		}))
	}
	v.Advance(64 * time.Millisecond)
	require.Equal(t, []time.Duration{1e6, 3e6, 64e6}, fired)
	v.Advance(time.Hour)
	require.Equal(t, []time.Duration{1e6, 3e6, 64e6, 70e6, 500e6, 3e9}, fired)
	require.EqualValues(t, 6, r.counts.timers)
}

func TestTimerStopAndRearm(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	n := 0
	stopped := r.After(time.Millisecond, async.TaskFunc(func() { t.Error("it was stopped") }))
	require.True(t, stopped.Stop())
	require.False(t, stopped.Stop())
	timer := Timer{Task: async.TaskFunc(func() { n++ })}
	require.False(t, r.Disarm(&timer))
	r.Arm(&timer, time.Millisecond)
	r.Arm(&timer, time.Second) // moves
	v.Advance(500 * time.Millisecond)
	require.Zero(t, n)
	v.Advance(500 * time.Millisecond)
	require.Equal(t, 1, n)
	r.Arm(&timer, -time.Second)
	v.Advance(time.Millisecond)
	require.Equal(t, 2, n)
	r.Arm(&timer, 1<<63-1)
	v.Advance(100 * 365 * 24 * time.Hour)
	require.False(t, r.Disarm(&timer), "17 years are the longest delay")
}

func TestTimerThatRearmsItselfWaits(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	n := 0
	timer := &Timer{}
	timer.Task = async.TaskFunc(func() { n++; v.Reactor.Arm(timer, 0) })
	v.Reactor.Arm(timer, 0)
	v.Advance(10 * time.Millisecond)
	require.Equal(t, 10, n)
}

func TestPanicInTimerKeepsTheOthers(t *testing.T) {
	r := one(t)
	fired := make(chan int, 3)
	on(t, r, func() {
		for i := range 3 {
			r.After(time.Millisecond, async.TaskFunc(func() { fired <- i; panic("timer") }))
		}
	})
	for i := range 3 {
		require.Equal(t, i, wait(t, fired))
	}
}

func TestParkedReactorKeepsTime(t *testing.T) {
	r := one(t)
	for range 5 {
		began := time.Now()
		fired := make(chan time.Time, 1)
		on(t, r, func() { r.After(5*time.Millisecond, async.TaskFunc(func() { fired <- time.Now() })) })
		require.GreaterOrEqual(t, wait(t, fired).Sub(began), 4*time.Millisecond)
	}
	stats := counted(t, r)
	require.Zero(t, stats.Armed)
	require.Positive(t, stats.IdleTime)
}
