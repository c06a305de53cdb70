package reactor

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
)

// Here tells the loop's goroutine, each coroutine and every other goroutine apart,
// whatever runs inside of what.
func TestHere(t *testing.T) {
	r := one(t)
	elsewhere := func() async.Site {
		told := make(chan async.Site)
		go func() { told <- r.Here() }()
		return <-told
	}
	require.Equal(t, async.Site{Scheduler: r}, r.Here())
	on(t, r, func() {
		onLoop := async.Site{Scheduler: r, Direct: true}
		require.Equal(t, onLoop, r.Here())
		var inner *Coroutine
		outer := r.Coroutine(&job{run: func(co *Coroutine) {
			here := async.Site{Scheduler: r, Direct: true, Coroutine: co}
			require.Equal(t, here, r.Here())
			inner = r.Coroutine(&job{run: func(co *Coroutine) {
				require.Equal(t, async.Coroutine(co), r.Here().Coroutine)
				co.Suspend()
				require.Equal(t, async.Coroutine(co), r.Here().Coroutine, "after it was resumed by the loop")
			}})
			require.Equal(t, here, r.Here(), "while another one is suspended")
			require.Equal(t, async.Site{Scheduler: r}, elsewhere(), "while a coroutine runs")
			co.Suspend()
			require.Equal(t, here, r.Here())
		}})
		require.Equal(t, onLoop, r.Here())
		require.Equal(t, async.Site{Scheduler: r}, elsewhere())
		inner.Run()
		outer.Run()
		require.Equal(t, onLoop, r.Here())
	})
}

// A panic in the middle of a coroutine, and the loss of the loop's goroutine, leave
// Here right.
func TestHereAfterFaults(t *testing.T) {
	r := one(t)
	on(t, r, func() {
		r.Coroutine(&job{run: func(*Coroutine) { panic("told in the log") }})
		require.Equal(t, async.Site{Scheduler: r, Direct: true}, r.Here())
	})
	r.Post(async.TaskFunc(func() { runtime.Goexit() }))
	on(t, r, func() { require.Equal(t, async.Site{Scheduler: r, Direct: true}, r.Here()) })
	require.Equal(t, async.Site{Scheduler: r}, r.Here())
}

// Suspending a coroutine from another goroutine would switch the wrong stack: it is
// refused, and the coroutine goes on.
func TestSuspendElsewhere(t *testing.T) {
	r := one(t)
	refused := make(chan any, 1)
	on(t, r, func() {
		ended := false
		co := r.Coroutine(&job{run: func(co *Coroutine) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { refused <- recover() }()
				co.Suspend()
			}()
			<-done
			co.Suspend()
			ended = true
		}})
		co.Run()
		require.True(t, ended)
	})
	require.Contains(t, wait(t, refused), "does not run on")
}
