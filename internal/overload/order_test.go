package overload

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTimesOutOfOrder: goroutines on several processors read the clock and come to the queue in another order.
// That ends no overload, nor the look at what may become one.
func TestTimesOutOfOrder(t *testing.T) {
	overdue := func(now time.Duration) Work { return Work{Now: now, Age: time.Second, Passed: 1000} }
	overloadedQueue := func() *Queue {
		q := NewQueue(Rule{})
		for now, n := 1000*ms, 100; q.Waiting(now, 20*ms, n) != NewestFirst; now, n = now+4*ms, n+50 {
			require.Less(t, now, 2000*ms)
		}
		return q
	}
	for name, late := range map[string]func(q *Queue, now time.Duration){
		"a request that starts": func(q *Queue, now time.Duration) { require.Equal(t, Admit, q.Start(Work{Now: now, Age: ms})) },
		"a turn of its reactor": func(q *Queue, now time.Duration) { require.Equal(t, NewestFirst, q.Waiting(now, 20*ms, 100)) },
	} {
		q := overloadedQueue()
		now := q.refused + 10*ms
		require.Equal(t, ShedFirst, q.Start(overdue(now)))
		late(q, now-time.Microsecond)
		require.Equal(t, Shed, q.Start(overdue(now+ms)), name)
		q.Start(Work{Now: now - time.Second, Age: ms})
		require.Equal(t, Admit, q.Start(overdue(now-time.Second)), "%s: the clock was set back", name)
	}

	q := NewQueue(Rule{})
	require.Equal(t, Admit, q.Start(overdue(1000*ms)))
	require.Equal(t, Admit, q.Start(overdue(1000*ms-time.Microsecond)))
	require.Equal(t, watched, q.state.Load())
}

// TestLimitTimesOutOfOrder: nor do they end a limit.
func TestLimitTimesOutOfOrder(t *testing.T) {
	l := NewLimit(Rule{}, Normal)
	l.most.Store(lowest)
	l.refused = 1000 * ms
	for range lowest {
		require.True(t, l.Enter(1000*ms))
	}
	require.False(t, l.Enter(1001*ms))
	require.False(t, l.Enter(1001*ms-time.Microsecond))
	require.False(t, l.Enter(1001*ms))
	require.True(t, l.Enter(0), "the clock was set back")
	require.Zero(t, l.most.Load())
}
