package reactor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
)

// job is a CoroutineJob made of functions.
type job struct {
	run    func(*Coroutine)
	panics []any
	exits  int
}

func (j *job) RunOn(co *Coroutine)          { j.run(co) }
func (j *job) Panicked(v any, stack []byte) { j.panics = append(j.panics, v, len(stack) > 0) }
func (j *job) Goexited()                    { j.exits++ }

func TestCoroutineSuspendsAndResumes(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	var trace []string
	j := &job{run: func(co *Coroutine) {
		trace = append(trace, "a")
		co.Suspend()
		trace = append(trace, "b")
		co.Suspend()
		trace = append(trace, "c")
	}}
	co := v.Reactor.Coroutine(j)
	require.NotNil(t, co)
	require.Equal(t, []string{"a"}, trace)
	co.Run()
	require.Equal(t, []string{"a", "b"}, trace)
	co.Run()
	require.Equal(t, []string{"a", "b", "c"}, trace)
	co.Run() // it has ended: nothing happens
	require.Nil(t, v.Reactor.Coroutine(&job{run: func(again *Coroutine) {
		require.Same(t, co, again, "coroutines are reused")
	}}))
	require.Empty(t, v.Reactor.coroutines.live)
}

func TestRunWhileRunningIsRemembered(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	passed := false
	require.Nil(t, v.Reactor.Coroutine(&job{run: func(co *Coroutine) {
		co.Run()
		co.Suspend()
		passed = true
	}}))
	require.True(t, passed)
	// It is not remembered for the next job.
	require.Nil(t, v.Reactor.Coroutine(&job{run: func(co *Coroutine) { co.Run() }}))
	co := v.Reactor.Coroutine(&job{run: func(co *Coroutine) { co.Suspend() }})
	require.NotNil(t, co)
	co.Run()
}

func TestCoroutinePanicIsReported(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	j := &job{run: func(co *Coroutine) {
		co.Suspend()
		panic("boom")
	}}
	v.Reactor.Coroutine(j).Run()
	require.Equal(t, []any{"boom", true}, j.panics)
	require.Nil(t, v.Reactor.Coroutine(&job{run: func(*Coroutine) {}}))
	require.EqualValues(t, 1, v.Reactor.counts.panics)
	require.Len(t, v.Reactor.coroutines.idle, 1, "it goes on being used")
}

// hookPanics panics again when it is told about its panic.
type hookPanics struct{ job }

func (j *hookPanics) Panicked(any, []byte) { panic("again") }

func TestPanicInPanickedLosesTheCoroutineOnly(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	require.Nil(t, v.Reactor.Coroutine(&hookPanics{job{run: func(*Coroutine) { panic("boom") }}}))
	require.EqualValues(t, 2, v.Reactor.counts.panics)
	require.Empty(t, v.Reactor.coroutines.live)
	require.Empty(t, v.Reactor.coroutines.idle)
}

func TestCoroutineGoexitCostsTheCoroutineOnly(t *testing.T) {
	for _, pin := range []bool{false, true} {
		g := start(t, Config{Cores: 1, Pin: pin})
		r := g.Reactor(0)
		for range 10 {
			order := []string{}
			j := &job{run: func(co *Coroutine) {
				defer func() { order = append(order, "deferred") }()
				co.Suspend()
				runtime.Goexit()
			}}
			on(t, r, func() {
				co := r.Coroutine(j)
				co.Run()
				order = append(order, "reactor")
			})
			on(t, r, func() {
				require.Equal(t, []string{"deferred", "reactor"}, order)
				require.Equal(t, 1, j.exits)
				require.Empty(t, r.coroutines.live)
			})
		}
	}
}

func TestInterruptEndsASuspension(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	gone := errors.New("the client is gone")
	var got error
	co := v.Reactor.Coroutine(&job{run: func(co *Coroutine) {
		require.NoError(t, co.Interrupted())
		co.Suspend()
		got = co.Interrupted()
	}})
	co.Interrupt(gone)
	require.Equal(t, gone, got)
	co.Interrupt(gone) // of nobody
	require.Nil(t, v.Reactor.Coroutine(&job{run: func(co *Coroutine) { got = co.Interrupted() }}))
	require.NoError(t, got, "the next job starts afresh")
}

func TestCoroutinesNest(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	outerLabel, innerLabel := &Label{Name: "outer"}, &Label{Name: "inner"}
	var inner *Coroutine
	var trace []string
	note := func(what string) {
		name := "none"
		if r.label != nil {
			name = r.label.Name
		}
		trace = append(trace, what+" "+name)
	}
	outer := r.Coroutine(&job{run: func(co *Coroutine) {
		r.SetLabel(outerLabel)
		inner = r.Coroutine(&job{run: func(co *Coroutine) {
			r.SetLabel(innerLabel)
			co.Suspend()
			note("inner")
		}})
		note("outer")
		inner.Run()
		note("outer")
		co.Suspend()
		note("outer")
	}})
	note("reactor")
	outer.Run()
	require.Equal(t, []string{"outer outer", "inner inner", "outer outer", "reactor none", "outer outer"}, trace)
	require.Empty(t, r.coroutines.live)
}

func TestAwaitOnCoroutine(t *testing.T) {
	r := one(t)
	got := make(chan string, 1)
	on(t, r, func() {
		p, f := async.NewPromise[string](r)
		co := r.Coroutine(&job{run: func(co *Coroutine) {
			v, err := f.Await(async.WithSite(context.Background(), co.Site()))
			got <- fmt.Sprint(v, err)
		}})
		require.NotNil(t, co)
		r.After(time.Millisecond, async.TaskFunc(func() { p.Resolve("done") }))
	})
	require.Equal(t, "done<nil>", wait(t, got))
}

func TestStopInterruptsCoroutines(t *testing.T) {
	g, err := Start(Config{Cores: 1, Logger: quiet})
	require.NoError(t, err)
	r := g.Reactor(0)
	var polite error
	stubborn, deferred := 0, false
	bad := &job{run: func(co *Coroutine) {
		defer func() { deferred = true; co.Suspend() }()
		for {
			co.Suspend()
			stubborn++
		}
	}}
	on(t, r, func() {
		r.Coroutine(&job{run: func(co *Coroutine) {
			co.Suspend()
			polite = co.Interrupted()
		}})
		r.Coroutine(bad)
	})
	require.NoError(t, g.Stop(context.Background()))
	require.ErrorIs(t, polite, ErrStopped)
	require.Positive(t, stubborn)
	require.True(t, deferred)
	require.Equal(t, 1, bad.exits)
}

// TestAResultThatComesAfterTheEndResumesNobody: a promise that another goroutine
// resolves while its reactor abandons coroutines must not resume one of them there.
func TestAResultThatComesAfterTheEndResumesNobody(t *testing.T) {
	g, err := Start(Config{Cores: 1, Logger: quiet})
	require.NoError(t, err)
	r := g.Reactor(0)
	var refused bool
	var resumed atomic.Bool
	on(t, r, func() {
		p, f := async.NewPromise[int](r)
		r.Coroutine(&job{run: func(co *Coroutine) { // the first to be abandoned
			defer func() {
				refused = !r.Post(async.TaskFunc(func() {}))
				done := make(chan struct{})
				go func() { p.Post(1, nil); close(done) }()
				<-done
				for range 10_000 {
					runtime.Gosched()
				}
			}()
			co.Suspend()
		}})
		r.Coroutine(&job{run: func(co *Coroutine) {
			_, _ = f.Await(async.WithSite(context.Background(), co.Site()))
			resumed.Store(true)
		}})
	})
	r.Post(async.TaskFunc(func() { // no time to end in peace
		for r.phase.Load() != forced {
			runtime.Gosched()
		}
	}))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, g.Stop(ctx), context.Canceled)
	require.True(t, refused)
	require.False(t, resumed.Load())
}

func TestCoroutinePoolShrinks(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	var many []*Coroutine
	for range 300 {
		many = append(many, r.Coroutine(&job{run: func(co *Coroutine) { co.Suspend() }}))
	}
	for _, co := range many {
		co.Run()
	}
	require.Len(t, r.coroutines.idle, defaultIdle)
	for range 3 {
		v.Advance(reapEvery)
	}
	require.Len(t, r.coroutines.idle, keepIdle)
	require.False(t, r.reaper.Armed())
}
