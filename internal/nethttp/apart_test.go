package nethttp

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// waiting are those that wait for a job.
func (a *apart) waiting() []*apartWorker {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.idle)
}

// TestApart: goroutines are used again, and end when nothing comes for a while; one that its job
// has ended is not used again.
func TestApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a apart
		var ran atomic.Int64
		job := func() { ran.Add(1) }
		for range 10 {
			a.run(job)
			synctest.Wait()
			require.Len(t, a.waiting(), 1, "one after another they need one goroutine")
		}
		a.run(func() { ran.Add(1); runtime.Goexit() })
		synctest.Wait()
		require.Empty(t, a.waiting())

		hold := make(chan struct{})
		for range 3 {
			a.run(func() { <-hold; ran.Add(1) })
		}
		synctest.Wait()
		require.Empty(t, a.waiting())
		close(hold)
		synctest.Wait()
		require.Len(t, a.waiting(), 3)
		first := a.waiting()[0]
		for range 4 { // the others wait meanwhile
			time.Sleep(apartIdle / 2)
			a.run(job)
			synctest.Wait()
		}
		require.Len(t, a.waiting(), 1)
		require.NotSame(t, first, a.waiting()[0], "the latest one is used")
		time.Sleep(2 * apartIdle)
		synctest.Wait()
		require.Empty(t, a.waiting())
		require.EqualValues(t, 18, ran.Load())
	})
}

// TestApartAtOnce: whoever gives a job while goroutines give up waiting has it run.
func TestApartAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a apart
		var all sync.WaitGroup
		for range 200 {
			for range 5 {
				all.Add(1)
				a.run(all.Done)
			}
			time.Sleep(apartIdle) // they give up at this very time
			all.Add(1)
			a.run(all.Done)
			all.Wait()
		}
		time.Sleep(2 * apartIdle)
	})
}
