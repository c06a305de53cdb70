package timeouts

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// one is work that notes when it expired.
type one struct {
	Timeout
	expired atomic.Int64 // ns since the beginning, 0: it has not
	begun   time.Time
}

func (o *one) set(q *Queue, d time.Duration) {
	o.Of(o, time.Now().Add(d))
	q.Set(&o.Timeout)
}

func (o *one) Expire() { o.expired.Add(int64(time.Since(o.begun))) }

// TestModel: of many timeouts of all durations, set and stopped at any time, each one that was not
// stopped expires once, to the nanosecond, and no other.
func TestModel(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			var q Queue
			begun := time.Now()
			var live, over []*one
			want := map[*one]time.Duration{}
			for range 400 {
				switch r.IntN(4) {
				case 0, 1:
					d := time.Second
					if r.IntN(3) == 0 {
						d = time.Duration(r.Int64N(int64(3*time.Second))) + 1
					}
					o := &one{begun: begun}
					o.set(&q, d)
					live = append(live, o)
					want[o] = time.Since(begun) + d
				case 2:
					if len(live) > 0 {
						i := r.IntN(len(live))
						o := live[i]
						synctest.Wait()
						late := !time.Now().Before(o.at)
						if !late {
							delete(want, o)
						}
						require.Equal(t, late, q.Stop(&o.Timeout))
						require.Equal(t, late, q.Stop(&o.Timeout), "for ever")
						q.Set(&o.Timeout) // too late
						live = append(live[:i], live[i+1:]...)
						over = append(over, o)
					}
				case 3:
					time.Sleep(time.Duration(r.Int64N(int64(200 * time.Millisecond))))
				}
			}
			time.Sleep(4 * time.Second)
			synctest.Wait()
			for _, o := range append(live, over...) {
				require.Equal(t, want[o], time.Duration(o.expired.Load()), "seed %d", seed)
			}
			q.mu.Lock()
			defer q.mu.Unlock()
			require.Nil(t, q.first)
			require.Nil(t, q.last)
			require.Empty(t, q.apart)
			require.Zero(t, q.waked, "the timer rests")
		})
	}
}

// TestRests: stopped timeouts cost one more waking of the timer, however many they were.
func TestRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q Queue
		for range 1000 {
			var o one
			o.set(&q, time.Second)
			time.Sleep(time.Microsecond)
			q.Stop(&o.Timeout)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		q.mu.Lock()
		defer q.mu.Unlock()
		require.True(t, q.waked.IsZero())
	})
}

// TestManyDurations: who sets timeouts that belong in front of all others has no long list walked.
func TestManyDurations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q Queue
		all := make([]one, 100)
		for i := range all {
			all[i].begun = time.Now()
			all[i].set(&q, time.Duration(len(all)-i)*time.Second)
		}
		listed := 0
		q.mu.Lock()
		for o := q.first; o != nil; o = o.next {
			listed++
		}
		q.mu.Unlock()
		require.Equal(t, farthest, listed)
		time.Sleep(time.Duration(len(all)) * time.Second)
		synctest.Wait()
		for i := range all {
			require.Equal(t, time.Duration(len(all)-i)*time.Second, time.Duration(all[i].expired.Load()))
		}
	})
}

// TestTogether is for the race detector.
func TestTogether(t *testing.T) {
	var q Queue
	var wait sync.WaitGroup
	var expired atomic.Int64
	for range 8 {
		wait.Go(func() {
			for i := range 500 {
				var o counted
				o.n = &expired
				d := time.Duration(i%7) * 100 * time.Microsecond
				o.Of(&o, time.Now().Add(d))
				q.Set(&o.Timeout)
				if i%3 > 0 {
					q.Stop(&o.Timeout)
				}
			}
		})
	}
	wait.Wait()
	require.Eventually(t, func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return q.first == nil && expired.Load() >= 8*500/3
	}, 10*time.Second, time.Millisecond)
}

type counted struct {
	Timeout
	n *atomic.Int64
}

func (c *counted) Expire() { c.n.Add(1) }

func BenchmarkSetStop(b *testing.B) {
	var q Queue
	at := time.Now().Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		var o one
		o.Of(&o, at)
		q.Set(&o.Timeout)
		q.Stop(&o.Timeout)
	}
}

func BenchmarkTimerOfRuntime(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		o := &one{}
		time.AfterFunc(10*time.Second, o.Expire).Stop()
	}
}
