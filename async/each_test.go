package async

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Never more than limit pending, results in order, and after the first error
// everything pending is cancelled and nothing is started.
func TestMapAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLab(rapid.Uint64().Draw(t, "seed"))
		n, limit := rapid.IntRange(0, 20).Draw(t, "n"), rapid.IntRange(0, 5).Draw(t, "limit")
		failing := rapid.IntRange(0, 40).Draw(t, "failing")
		ready := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "ready")
		items := make([]int, n)
		for i := range items {
			items[i] = i
		}
		pending := map[int]Promise[int]{}
		started, cancelled := 0, 0
		stopped := false
		f := Map(l.ctx(), items, limit, func(i int) Future[int] {
			require.False(t, stopped, "started after the end")
			require.Equal(t, started, i)
			started++
			if ready[i] {
				if i == failing {
					stopped = true
					return Failed[int](errOdd)
				}
				return Ready(i * i)
			}
			p, f := NewPromise[int](l)
			p.OnCancel(func() { delete(pending, i); cancelled++ })
			pending[i] = p
			if limit > 0 {
				require.LessOrEqual(t, len(pending), limit)
			}
			return f
		})
		l.run()
		for len(pending) > 0 && !f.Ready() {
			keys := make([]int, 0, len(pending))
			for i := range n {
				if _, ok := pending[i]; ok {
					keys = append(keys, i)
				}
			}
			i := rapid.SampledFrom(keys).Draw(t, "next")
			p := pending[i]
			delete(pending, i)
			if i == failing {
				p.Fail(errOdd)
				stopped = true
			} else {
				p.Resolve(i * i)
			}
			l.run()
		}
		got, err, done := f.Result()
		require.True(t, done)
		require.Empty(t, pending, "all that was pending is cancelled")
		if failing < n {
			require.ErrorIs(t, err, errOdd)
			return
		}
		require.NoError(t, err)
		require.Zero(t, cancelled)
		require.Len(t, got, n)
		for i, v := range got {
			require.Equal(t, i*i, v)
		}
	})
}

func TestEachYieldsToItsScheduler(t *testing.T) {
	l := newLab(0)
	f := ForEach(l.ctx(), make([]int, 10*eachBudget), 1, Ready[int])
	require.False(t, f.Ready())
	l.run()
	want(t, f, struct{}{})
	require.GreaterOrEqual(t, l.ran, 9)

	n := 0
	g := Repeat(l.ctx(), func() Future[bool] { n++; return Ready(n < 10*eachBudget) })
	require.False(t, g.Ready())
	l.run()
	want(t, g, struct{}{})
}

func TestEachEndsWithItsContext(t *testing.T) {
	l := newLab(0)
	cause := errors.New("enough")
	for name, start := range map[string]func(ctx context.Context, hook func()) Future[struct{}]{
		"ForEach": func(ctx context.Context, hook func()) Future[struct{}] {
			return ForEach(ctx, []int{1, 2, 3}, 2, func(int) Future[int] {
				p, f := NewPromise[int](l)
				p.OnCancel(hook)
				return f
			})
		},
		"Repeat": func(ctx context.Context, hook func()) Future[struct{}] {
			return Repeat(ctx, func() Future[bool] {
				p, f := NewPromise[bool](l)
				p.OnCancel(hook)
				return f
			})
		},
		"Sleep": func(ctx context.Context, hook func()) Future[struct{}] {
			return Sleep(ctx, time.Hour).Recover(func(err error) (struct{}, error) { hook(); return struct{}{}, err })
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(l.ctx())
			var n atomic.Int32
			f := start(ctx, func() { n.Add(1) })
			require.False(t, f.Ready())
			cancel(cause)
			for !f.Ready() || n.Load() == 0 {
				l.run()
				runtime.Gosched()
			}
			wantErr(t, f, cause)
			wantErr(t, start(ctx, func() {}), cause)
			l.run()
			require.Empty(t, l.timers)
		})
	}
}

func TestForEachFromManyGoroutines(t *testing.T) {
	var inside, most, calls atomic.Int32
	var mu sync.Mutex
	f := Map(context.Background(), make([]int, 500), 4, func(int) Future[int] {
		if !mu.TryLock() {
			t.Error("fn is called twice at the same time")
		} else {
			defer mu.Unlock()
		}
		most.Store(max(most.Load(), inside.Add(1)))
		return Go(context.Background(), func(context.Context) (int, error) {
			inside.Add(-1)
			return int(calls.Add(1)), nil
		})
	})
	got, err := f.Await(context.Background())
	require.NoError(t, err)
	require.Len(t, got, 500)
	require.EqualValues(t, 500, calls.Load())
	require.LessOrEqual(t, most.Load(), int32(4))
}

func TestFilterReducePipeline(t *testing.T) {
	l := newLab(3)
	later := func(v int) Future[int] {
		return Sleep(l.ctx(), time.Duration(10-v)).Then(func(struct{}) int { return v })
	}
	items := []int{1, 2, 3, 4, 5}
	even := Filter(l.ctx(), items, 2, func(v int) Future[bool] { return later(v).Then(func(v int) bool { return v%2 == 0 }) })
	digits := Reduce(l.ctx(), items, 0, func(acc, v int) Future[int] { return later(v).Then(func(v int) int { return acc*10 + v }) })
	piped := Pipeline(l.ctx(), items, 2, later, func(v int) Future[int] { return Ready(v * v) }, later)
	none := Reduce(l.ctx(), nil, "start", func(string, int) Future[string] { return Failed[string](io.EOF) })
	l.advance(time.Minute)
	want(t, even, []int{2, 4})
	want(t, digits, 12345)
	want(t, piped, []int{1, 4, 9, 16, 25})
	want(t, none, "start")
}

func TestSleep(t *testing.T) {
	l := newLab(0)
	f := Sleep(l.ctx(), time.Second)
	g := Sleep(WithSite(context.Background(), Site{Scheduler: l}), time.Second) // from a goroutine
	l.advance(time.Second - 1)
	require.False(t, f.Ready())
	l.advance(1)
	want(t, f, struct{}{})
	want(t, g, struct{}{})
	want(t, Sleep(l.ctx(), 0), struct{}{})

	f = Sleep(l.ctx(), time.Second)
	f.Cancel()
	l.run()
	wantErr(t, f, context.Canceled)
	require.Empty(t, l.timers)

	_, err := Sleep(context.Background(), time.Microsecond).Await(context.Background())
	require.NoError(t, err)
}

func TestRetry(t *testing.T) {
	l := newLab(0)
	var at []time.Duration
	fails := func(n int, err error) func() Future[int] {
		at = nil
		return func() Future[int] {
			at = append(at, time.Duration(l.now.UnixNano()))
			if len(at) <= n {
				return Failed[int](err)
			}
			return Ready(len(at))
		}
	}
	start := func() { l.now = time.Unix(0, 0) }
	const ms = time.Millisecond

	f := Retry(l.ctx(), RetryPolicy{}, fails(2, io.EOF))
	l.advance(time.Minute)
	want(t, f, 3)
	require.Equal(t, []time.Duration{0, 50 * ms, 150 * ms}, at)

	start()
	f = Retry(l.ctx(), RetryPolicy{}, fails(3, io.EOF))
	l.advance(time.Minute)
	wantErr(t, f, io.EOF)
	require.Len(t, at, 3)

	start()
	f = Retry(l.ctx(), RetryPolicy{Attempts: -1, Backoff: Backoff{First: 10 * ms, Last: 40 * ms, Factor: 3}}, fails(4, io.EOF))
	l.advance(time.Minute)
	want(t, f, 5)
	require.Equal(t, []time.Duration{0, 10 * ms, 40 * ms, 80 * ms, 120 * ms}, at)

	start()
	f = Retry(l.ctx(), RetryPolicy{Attempts: 2, Backoff: Backoff{First: 100 * ms, Jitter: 0.5}}, fails(1, io.EOF))
	l.advance(time.Minute)
	want(t, f, 2)
	require.GreaterOrEqual(t, at[1], 50*ms)
	require.LessOrEqual(t, at[1], 100*ms)

	for _, err := range []error{context.Canceled, &PanicError{Value: 1}} {
		wantErr(t, Retry(l.ctx(), RetryPolicy{}, fails(1, err)), err)
	}
	wantErr(t, Retry(l.ctx(), RetryPolicy{If: func(error) bool { return false }}, fails(1, io.EOF)), io.EOF)
	require.Len(t, at, 1)

	f = Retry(l.ctx(), RetryPolicy{}, fails(9, io.EOF))
	f.Cancel() // during the pause
	l.advance(time.Minute)
	wantErr(t, f, context.Canceled)
	require.Len(t, at, 1)
	require.Empty(t, l.timers)
}
