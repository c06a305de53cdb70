package reactor

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
)

// batch lets n jobs start, one every per, and returns the room after that.
func batch(p *pace, c *ManualClock, handed *int64, n int, per time.Duration) int64 {
	*handed += int64(n)
	p.open(*handed)
	for range n {
		p.started(c)
		c.set(c.nanos() + int64(per))
	}
	p.close()
	return p.most
}

// TestPace: as many jobs are handed out as start within 4 ms; more again, soon, when they take
// less.
func TestPace(t *testing.T) {
	c, p, handed := NewManualClock(time.Time{}), &pace{most: mostJobs}, int64(0)
	c.set(1)
	require.EqualValues(t, 4, batch(p, c, &handed, 9, time.Millisecond))
	require.EqualValues(t, 4, batch(p, c, &handed, 4, time.Millisecond))
	require.EqualValues(t, 2, batch(p, c, &handed, 4, 20*time.Millisecond), "two always")
	require.EqualValues(t, 2, batch(p, c, &handed, 1, 20*time.Millisecond), "one says nothing")
	for _, most := range []int64{4, 8, 16, 32, 64, 64} {
		require.EqualValues(t, most, batch(p, c, &handed, int(p.most), 10*time.Microsecond))
	}
	require.EqualValues(t, 64, batch(p, c, &handed, 3, 0), "no time that could be seen")
}

// TestRoom: those who wait for a processor take it, those who run or block do not.
func TestRoom(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	hold := make(chan struct{})
	var started atomic.Int64
	for i := range mostJobs {
		require.LessOrEqual(t, r.Room(), mostJobs)
		require.GreaterOrEqual(t, r.Room(), mostJobs-i)
		r.Worker(async.TaskFunc(func() { started.Add(1); <-hold }))
	}
	require.True(t, v.RunUntil(func() bool { return started.Load() == mostJobs }))
	require.Equal(t, mostJobs, r.Room())
	r.workers.pace.most = 2
	r.counts.jobs += 5 // handed out, and not come to a processor
	require.Zero(t, r.Room())
	ran := 0
	v.Do(func() { r.WhenRoom(async.TaskFunc(func() { ran++ })) })
	require.Zero(t, ran)
	r.counts.jobs -= 5
	v.RunUntilIdle()
	require.Equal(t, 1, ran)
	close(hold)
}

// TestStopWaitsForRoom: what is held back is handed out before the reactor ends, and runs.
func TestStopWaitsForRoom(t *testing.T) {
	v := newLab(1)
	r := v.Reactor
	r.workers.pace.most = 2
	var ran atomic.Int64
	left := 10
	var more async.TaskFunc
	more = func() {
		for ; left > 0 && r.Room() > 0; left-- {
			r.Worker(async.TaskFunc(func() { ran.Add(1) }))
		}
		if left > 0 {
			r.WhenRoom(more)
		}
	}
	r.stop(draining)
	r.WhenRoom(more)
	require.False(t, r.drain())
	v.Close()
	require.EqualValues(t, 10, ran.Load())
}
