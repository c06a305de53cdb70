package async

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func inc(i int) int { return i + 1 }

func TestContinuationsRunAsTasks(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[int](l)
	ran := false
	g := f.Then(func(int) int { ran = true; return 1 })
	require.True(t, p.Resolve(1))
	require.False(t, ran, "the continuation ran inside Resolve")
	require.False(t, g.Ready())
	l.run()
	require.True(t, ran)
	want(t, g, 1)
}

func TestErrorsPassThenBy(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[int](l)
	g := f.Then(func(int) int { t.Error("called"); return 0 }).
		ThenErr(func(int) (int, error) { t.Error("called"); return 0, nil }).
		ThenFuture(func(int) Future[int] { t.Error("called"); return Ready(0) })
	p.Fail(io.EOF)
	l.run()
	wantErr(t, g, io.EOF)
	wantErr(t, Failed[int](nil), errNil)
}

func TestPanicsBecomeErrors(t *testing.T) {
	boom := func(int) int { panic(io.ErrUnexpectedEOF) }
	steps := map[string]func(Future[int]) Future[int]{
		"Then":    func(f Future[int]) Future[int] { return f.Then(boom) },
		"ThenErr": func(f Future[int]) Future[int] { return f.ThenErr(func(v int) (int, error) { return boom(v), nil }) },
		"ThenFuture": func(f Future[int]) Future[int] {
			return f.ThenFuture(func(v int) Future[int] { return Ready(boom(v)) })
		},
		"Finally": func(f Future[int]) Future[int] { return f.Finally(func() { boom(0) }) },
		"Recover": func(f Future[int]) Future[int] {
			return f.ThenErr(func(int) (int, error) { return 0, io.EOF }).Recover(func(error) (int, error) { return boom(0), nil })
		},
		"Zip": func(f Future[int]) Future[int] {
			return f.Zip(Ready(1), func(a, b int) (int, error) { return boom(a), nil })
		},
		"Map": func(f Future[int]) Future[int] {
			return f.ThenFuture(func(int) Future[int] {
				return Map(context.Background(), []int{1}, 1, func(v int) Future[int] { return Ready(boom(v)) }).Then(func(v []int) int { return v[0] })
			})
		},
		"Repeat": func(f Future[int]) Future[int] {
			return f.ThenFuture(func(int) Future[int] {
				return Repeat(context.Background(), func() Future[bool] { boom(0); return Ready(false) }).Then(func(struct{}) int { return 0 })
			})
		},
		"Retry": func(f Future[int]) Future[int] {
			return f.ThenFuture(func(int) Future[int] {
				return Retry(context.Background(), RetryPolicy{}, func() Future[int] { return Ready(boom(0)) })
			})
		},
		"Hold": func(f Future[int]) Future[int] {
			return f.ThenFuture(func(int) Future[int] { return new(Gate).Hold(func() Future[int] { return Ready(boom(0)) }) })
		},
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			l := newLab(0)
			p, pending := NewPromise[int](l)
			g := step(pending)
			p.Resolve(1)
			l.run()
			for _, f := range []Future[int]{step(Ready(1)), g} {
				wantErr(t, f, io.ErrUnexpectedEOF)
				_, err, _ := f.Result()
				var panicked *PanicError
				require.ErrorAs(t, err, &panicked)
				require.Contains(t, string(panicked.Stack), "TestPanicsBecomeErrors", "the stack shows where")
				require.Contains(t, err.Error(), "unexpected EOF")
			}
		})
	}
}

func TestAPanicInOnDoneIsContained(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[int](l)
	f.OnDone(func(int, error) { panic("logged") })
	p.Resolve(1)
	l.run()
	Ready(1).OnDone(func(int, error) { panic("logged") })
}

func TestGoexitInAStepFailsItsFuture(t *testing.T) {
	p, f := NewPromise[int](nil)
	g := f.Then(func(int) int { runtime.Goexit(); return 0 }).Then(inc)
	p.Resolve(1)
	_, err := g.Await(context.Background())
	require.ErrorIs(t, err, ErrGoexit)
}

func TestSecondConsumerPanics(t *testing.T) {
	_, f := NewPromise[int](newLab(0))
	f.Then(inc)
	require.PanicsWithValue(t, "async: second consumer of a pending future; a future has one consumer, use Shared for more",
		func() { f.Then(inc) })
	require.Panics(t, func() { f.OnDone(func(int, error) {}) })
}

func TestCancelReachesTheProducer(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[int](l)
	hooks, finals := 0, 0
	p.OnCancel(func() { hooks++ })
	g := f.Then(inc).ThenFuture(func(v int) Future[int] { return Ready(v) }).
		Finally(func() { finals++ }).Timeout(time.Hour).Via(newLab(0)).Then(inc)
	g.Cancel()
	g.Cancel()
	require.Equal(t, 1, hooks)
	require.False(t, p.Resolve(1), "the promise was settled by the cancellation")
	l.run()
	require.Equal(t, 1, finals)
	require.Panics(t, func() { p.OnCancel(func() {}) })

	p, f = NewPromise[int](l)
	f.Cancel()
	p.OnCancel(func() { hooks++ })
	require.Equal(t, 2, hooks, "a hook that comes late is called at once")

	p, f = NewPromise[int](l)
	p.Resolve(1)
	f.Cancel()
	p.OnCancel(func() { t.Error("called for a value") })
	want(t, f, 1)
}

func TestCancelReachesTheInnerFuture(t *testing.T) {
	l := newLab(0)
	outer, f := NewPromise[int](l)
	inner, g := NewPromise[int](l)
	hooks := 0
	inner.OnCancel(func() { hooks++ })
	end := f.ThenFuture(func(int) Future[int] { return g.Then(inc) }).Then(inc)

	outer.Resolve(1)
	end.Cancel() // the source is settled, the step has not run yet
	require.Zero(t, hooks)
	l.run()
	require.Equal(t, 1, hooks, "a step that runs after the cancellation cancels its future")
	wantErr(t, end, context.Canceled)
}

func TestTimeout(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[int](l)
	hooks := 0
	p.OnCancel(func() { hooks++ })
	g := f.Then(inc).Timeout(time.Second)
	l.advance(time.Second - 1)
	require.False(t, g.Ready())
	l.advance(1)
	wantErr(t, g, ErrTimeout)
	wantErr(t, g, context.DeadlineExceeded)
	require.Equal(t, 1, hooks)

	p, f = NewPromise[int](l)
	g = f.Timeout(time.Second)
	l.run()
	require.Len(t, l.timers, 1)
	p.Resolve(1)
	l.run()
	want(t, g, 1)
	require.Empty(t, l.timers, "the timer is stopped")

	p, f = NewPromise[int](l)
	g = f.Timeout(time.Second)
	p.Resolve(1)
	l.advance(time.Hour) // the result comes before the timer is armed
	want(t, g, 1)
	require.Empty(t, l.timers)
	want(t, Ready(1).Timeout(0), 1)
}

func TestATimeoutCanBeRecoveredUpstream(t *testing.T) {
	l := newLab(0)
	_, f := NewPromise[int](l)
	g := f.Recover(func(err error) (int, error) { require.ErrorIs(t, err, ErrTimeout); return 9, nil }).Timeout(time.Second)
	l.advance(time.Second)
	want(t, g, 9)
}

func TestViaMovesContinuations(t *testing.T) {
	here, there := newLab(0), newLab(0)
	p, f := NewPromise[int](here)
	ran := false
	g := f.Then(inc).Via(there).Then(func(v int) int { ran = true; return v })
	p.Resolve(1)
	here.run()
	require.False(t, ran)
	there.run()
	want(t, g, 2)
	want(t, Ready(1).Via(there), 1)
}

func TestAnInnerFutureOfAnotherSchedulerComesHome(t *testing.T) {
	here, there := newLab(0), newLab(0)
	p, f := NewPromise[int](here)
	q, inner := NewPromise[int](there)
	ran := false
	g := f.ThenFuture(func(int) Future[int] { return inner }).Then(func(v int) int { ran = true; return v })
	p.Resolve(1)
	here.run()
	q.Resolve(5)
	there.run()
	require.False(t, ran, "a continuation ran on a foreign scheduler")
	here.run()
	want(t, g, 5)
}

func TestAStoppedSchedulerLosesNobody(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[int](l)
	g := f.Then(inc)
	l.stopped = true
	p.Post(1, nil)
	v, err := g.Await(context.Background())
	require.NoError(t, err)
	require.Equal(t, 2, v)
}

func TestUnobservedFailuresAreCounted(t *testing.T) {
	before := Unobserved()
	boring := errors.New("nobody looks at this one; the test expects this log line")
	l := newLab(0)
	func() {
		p, f := NewPromise[int](l)
		p.Fail(boring)
		_ = f

		seen, g := NewPromise[int](l)
		seen.Fail(boring)
		_, _, _ = g.Result()

		taken, h := NewPromise[int](l)
		h.Then(inc).OnDone(func(int, error) {})
		taken.Fail(boring)

		_, c := NewPromise[int](l)
		c.Cancel()
		l.run()
	}()
	deadline := time.After(10 * time.Second)
	for Unobserved() == before {
		runtime.GC()
		select {
		case <-deadline:
			t.Fatal("the failure was not noticed")
		default:
			runtime.Gosched()
		}
	}
	for range 3 {
		runtime.GC()
	}
	require.Equal(t, before+1, Unobserved())
}

func TestResultAndReady(t *testing.T) {
	p, f := NewPromise[int](newLab(0))
	_, _, ready := f.Result()
	require.False(t, ready)
	require.False(t, f.Ready())
	p.Resolve(3)
	want(t, f, 3)
	var zero Future[string]
	want(t, zero, "")
	require.True(t, strings.HasPrefix(ErrTimeout.Error(), "async: "))
}
