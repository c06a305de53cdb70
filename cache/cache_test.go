package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

var errDown = errors.New("the database is down")

// source is a loader that a test tells what to answer.
type source struct {
	calls atomic.Int64
	mu    sync.Mutex
	err   error
	gate  chan struct{} // calls wait for it; nil: they do not
}

func (s *source) set(err error, gate chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.gate = err, gate
}

// load returns the number of the call.
func (s *source) load(context.Context, string) (int64, error) {
	n := s.calls.Add(1)
	s.mu.Lock()
	err, gate := s.err, s.gate
	s.mu.Unlock()
	if gate != nil {
		<-gate
	}
	return n, err
}

// rig is a cache with a manual clock and a source.
type rig struct {
	*cache.Cache[string, int64]
	source
	clock *reactor.ManualClock
}

func newRig(t *testing.T, cfg cache.Config[string, int64]) *rig {
	t.Helper()
	r := &rig{clock: reactor.NewManualClock(time.Time{})}
	cfg.Clock, cfg.Load = r.clock, r.load
	r.Cache = cache.New("rig", cfg)
	return r
}

func (r *rig) get(t *testing.T, want int64) {
	t.Helper()
	v, err := r.Load(t.Context(), "key")
	require.NoError(t, err)
	require.Equal(t, want, v)
}

// quiet waits until no load is under way.
func (r *rig) quiet(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return r.Stats().Loading == 0 }, 10*time.Second, 100*time.Microsecond)
}

func TestTTL(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{TTL: time.Minute})
	r.get(t, 1)
	r.clock.Advance(time.Minute - 1)
	r.get(t, 1)
	v, ok := r.Get(t.Context(), "key")
	require.True(t, ok)
	require.EqualValues(t, 1, v)
	r.clock.Advance(1)
	_, ok = r.Get(t.Context(), "key")
	require.False(t, ok)
	r.get(t, 2)
	stats := r.Stats()
	require.EqualValues(t, 2, stats.Hits)
	require.EqualValues(t, 3, stats.Misses)
	require.EqualValues(t, 2, stats.Loads)
}

func TestSet(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{TTL: time.Minute})
	r.Set(t.Context(), "key", 7, 5*time.Minute)
	r.clock.Advance(5*time.Minute - 1)
	r.get(t, 7)
	r.clock.Advance(1)
	r.get(t, 1)
	r.Set(t.Context(), "key", 8, 0)
	r.get(t, 8)
	r.clock.Advance(time.Minute)
	r.get(t, 2)
	r.Set(t.Context(), "key", 9, cache.Forever)
	r.clock.Advance(10 * 365 * 24 * time.Hour)
	r.get(t, 9)
}

// TestJitter: entries stored together end at moments of their own, none after the TTL, none much before.
func TestJitter(t *testing.T) {
	clock := reactor.NewManualClock(time.Time{})
	c := cache.New("jitter", cache.Config[int, int]{TTL: 100 * time.Second, Jitter: 0.5, Clock: clock})
	for i := range 200 {
		c.Set(t.Context(), i, i, 0)
	}
	alive := func() (n int) {
		for i := range 200 {
			if _, ok := c.Get(t.Context(), i); ok {
				n++
			}
		}
		return n
	}
	clock.Advance(50*time.Second - 1)
	require.Equal(t, 200, alive())
	clock.Advance(25 * time.Second)
	require.InDelta(t, 100, alive(), 60)
	clock.Advance(25*time.Second + 1)
	require.Zero(t, alive())
}

// TestEarlyRefresh: what is used is loaded before it is over, once, and nobody waits.
func TestEarlyRefresh(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{TTL: time.Minute, EarlyRefresh: 0.25})
	r.get(t, 1)
	r.clock.Advance(45*time.Second - 1)
	r.get(t, 1)
	require.EqualValues(t, 1, r.calls.Load())
	r.clock.Advance(1)
	gate := make(chan struct{})
	r.set(nil, gate)
	for range 10 {
		r.get(t, 1)
	}
	close(gate)
	r.quiet(t)
	r.get(t, 2)
	require.EqualValues(t, 1, r.Stats().Refreshes)
	r.clock.Advance(59 * time.Second)
	r.get(t, 2)
	require.Zero(t, r.Stats().Stale)
}

func TestStaleWhileRevalidate(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{TTL: time.Minute, StaleWhileRevalidate: time.Minute})
	r.get(t, 1)
	r.clock.Advance(2*time.Minute - 1)
	gate := make(chan struct{})
	r.set(nil, gate)
	for range 10 {
		r.get(t, 1)
	}
	close(gate)
	r.quiet(t)
	r.get(t, 2)
	require.EqualValues(t, 2, r.calls.Load())
	require.EqualValues(t, 10, r.Stats().Stale)
	r.clock.Advance(2 * time.Minute)
	r.get(t, 3) // too old: callers wait
}

// TestRefreshFails: a load in the background that fails is tried again after a second, not at each hit.
func TestRefreshFails(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{TTL: time.Minute, StaleWhileRevalidate: time.Hour})
	r.get(t, 1)
	r.clock.Advance(time.Minute)
	r.set(errDown, nil)
	for range 10 {
		r.get(t, 1)
		r.quiet(t)
	}
	require.EqualValues(t, 2, r.calls.Load())
	r.clock.Advance(time.Second)
	r.get(t, 1)
	r.quiet(t)
	require.EqualValues(t, 3, r.calls.Load())
	require.EqualValues(t, 2, r.Stats().Failures)
}

func TestStaleIfError(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{TTL: time.Minute, StaleIfError: time.Hour})
	r.get(t, 1)
	r.set(errDown, nil)
	r.clock.Advance(time.Hour)
	r.get(t, 1)
	require.EqualValues(t, 1, r.Stats().Saved)
	r.clock.Advance(time.Minute)
	_, err := r.Load(t.Context(), "key")
	require.ErrorIs(t, err, errDown)
	r.set(nil, nil)
	r.get(t, 4)
	r.set(problem.New(http.StatusNotFound, ""), nil)
	r.clock.Advance(time.Minute)
	_, err = r.Load(t.Context(), "key")
	require.ErrorContains(t, err, "Not Found", "what is gone is not shown")
}

// TestSoftTimeout: who has an old value does not wait long, and the load goes on.
func TestSoftTimeout(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{TTL: time.Minute, StaleIfError: time.Hour, SoftTimeout: 100 * time.Millisecond})
	r.get(t, 1)
	r.clock.Advance(time.Minute)
	gate := make(chan struct{})
	r.set(nil, gate)
	got := make(chan int64)
	go func() {
		v, _ := r.Load(context.Background(), "key")
		got <- v
	}()
	require.True(t, r.clock.WaitForTimers(2), "the soft timeout and that of the load")
	r.clock.Advance(100 * time.Millisecond)
	require.EqualValues(t, 1, <-got)
	require.EqualValues(t, 1, r.Stats().Late)
	close(gate)
	r.quiet(t)
	r.get(t, 2)
	require.EqualValues(t, 2, r.calls.Load())
}

func TestNegative(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{NegativeTTL: 10 * time.Second})
	r.set(problem.New(http.StatusNotFound, ""), nil)
	for range 3 {
		_, err := r.Load(t.Context(), "key")
		require.ErrorContains(t, err, "Not Found")
	}
	require.EqualValues(t, 1, r.calls.Load())
	_, ok := r.Get(t.Context(), "key")
	require.False(t, ok)
	r.set(errDown, nil)
	r.clock.Advance(10 * time.Second)
	for range 3 {
		_, err := r.Load(t.Context(), "key")
		require.ErrorIs(t, err, errDown)
	}
	require.EqualValues(t, 4, r.calls.Load(), "errors are not kept")
}

// TestLife: the times of one value are its own.
func TestLife(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{Life: func(_ string, v int64, general cache.Life) cache.Life {
		if v == 1 {
			return cache.Life{}
		}
		general.TTL = time.Duration(v) * time.Second
		return general
	}})
	r.get(t, 1)
	r.get(t, 2)
	r.clock.Advance(2*time.Second - 1)
	r.get(t, 2)
	r.clock.Advance(1)
	r.get(t, 3)
}

// TestOneLoad: a thousand callers who miss a key run one load, those of functions and of futures.
func TestOneLoad(t *testing.T) {
	const callers = 1000
	r := newRig(t, cache.Config[string, int64]{})
	gate := make(chan struct{})
	r.set(nil, gate)
	var all sync.WaitGroup
	var wrong atomic.Int64
	for i := range callers {
		all.Go(func() {
			ctx := context.Background()
			var v int64
			var err error
			if i%2 == 0 {
				v, err = r.Load(ctx, "key")
			} else {
				v, err = r.GetOrLoadFuture(ctx, "key", func(ctx context.Context) async.Future[int64] {
					return async.Go(ctx, func(ctx context.Context) (int64, error) { return r.load(ctx, "key") })
				}).Await(ctx)
			}
			if v != 1 || err != nil {
				wrong.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return r.Stats().Misses == callers }, 10*time.Second, time.Millisecond)
	close(gate)
	all.Wait()
	require.Zero(t, wrong.Load())
	require.EqualValues(t, 1, r.calls.Load())
}

// TestLoaderFails: however a loader ends, all who wait are told, and the key is free again.
func TestLoaderFails(t *testing.T) {
	goexit := func() { runtime.Goexit() }
	for name, tc := range map[string]struct {
		end  func()
		want func(error) bool
	}{
		"panic":  {func() { panic("broken") }, func(err error) bool { var p *async.PanicError; return errors.As(err, &p) }},
		"goexit": {goexit, func(err error) bool { return errors.Is(err, async.ErrGoexit) }},
	} {
		t.Run(name, func(t *testing.T) {
			c := cache.New(name, cache.Config[string, int64]{})
			gate := make(chan struct{})
			errs := make(chan error, 20)
			for range 10 {
				go func() {
					_, err := c.GetOrLoad(context.Background(), "function", func(context.Context) (int64, error) {
						<-gate
						tc.end()
						return 1, nil
					})
					errs <- err
				}()
			}
			require.Eventually(t, func() bool { return c.Stats().Misses == 10 }, 10*time.Second, time.Millisecond)
			close(gate)
			for range 10 {
				require.True(t, tc.want(<-errs))
			}
			// A loader of futures ends in its caller.
			entered, on := make(chan struct{}), make(chan struct{})
			go func() {
				c.GetOrLoadFuture(context.Background(), "future", func(context.Context) async.Future[int64] {
					close(entered)
					<-on
					tc.end()
					return async.Ready(int64(1))
				}).OnDone(func(int64, error) {})
			}()
			<-entered
			waiting := c.GetOrLoadFuture(context.Background(), "future", nil)
			close(on)
			_, err := waiting.Await(t.Context())
			require.True(t, tc.want(err))
			for _, key := range []string{"function", "future"} {
				v, err := c.GetOrLoad(t.Context(), key, func(context.Context) (int64, error) { return 2, nil })
				require.NoError(t, err)
				require.EqualValues(t, 2, v)
			}
			require.Eventually(t, func() bool { return c.Stats().Loading == 0 }, 10*time.Second, time.Millisecond)
		})
	}
}

// TestNeverReturns: loads that hang end for their callers, take no key hostage, and are bounded.
func TestNeverReturns(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{LoadTimeout: time.Second, Loads: 2, StaleIfError: time.Hour})
	r.Set(t.Context(), "old", 42, 0)
	r.clock.Advance(6 * time.Minute)
	gate := make(chan struct{})
	r.set(nil, gate)
	for i := range 2 {
		got := make(chan error)
		go func() {
			_, err := r.Load(context.Background(), fmt.Sprint("key", i))
			got <- err
		}()
		require.True(t, r.clock.WaitForTimers(1))
		r.clock.Advance(time.Second)
		err := <-got
		require.ErrorIs(t, err, cache.ErrLoadTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	_, err := r.Load(t.Context(), "another")
	require.ErrorIs(t, err, cache.ErrBusy)
	v, err := r.Load(t.Context(), "old")
	require.NoError(t, err, "an old value is better than ErrBusy")
	require.EqualValues(t, 42, v)
	require.EqualValues(t, 2, r.Stats().Loading)
	require.EqualValues(t, 2, r.Stats().Timeouts)
	close(gate)
	r.quiet(t)
	r.set(nil, nil)
	r.get(t, 3)
}

// TestCallersLeave: whoever leaves gets their own error; the load goes on, for others and for later.
func TestCallersLeave(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{})
	gate := make(chan struct{})
	r.set(nil, gate)
	leaving, leave := context.WithCancel(t.Context())
	errs := make(chan error)
	go func() {
		_, err := r.Load(leaving, "key")
		errs <- err
	}()
	require.Eventually(t, func() bool { return r.calls.Load() == 1 }, 10*time.Second, time.Millisecond)
	stays := r.LoadFuture(t.Context(), "key")
	leave()
	require.ErrorIs(t, <-errs, context.Canceled)
	close(gate)
	v, err := stays.Await(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, v)

	gate = make(chan struct{}) // all leave
	r.set(nil, gate)
	leaving, leave = context.WithCancel(t.Context())
	go func() {
		_, err := r.Load(leaving, "other")
		errs <- err
	}()
	require.Eventually(t, func() bool { return r.calls.Load() == 2 }, 10*time.Second, time.Millisecond)
	leave()
	require.ErrorIs(t, <-errs, context.Canceled)
	close(gate)
	r.quiet(t)
	v, ok := r.Get(t.Context(), "other")
	require.True(t, ok)
	require.EqualValues(t, 2, v)
}

type secretKey struct{}

// TestContext: a loader sees nothing of the request that began it, and ends with the load.
func TestContext(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{LoadTimeout: time.Minute})
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), secretKey{}, "mine"))
	var seen context.Context
	_, err := r.GetOrLoad(ctx, "key", func(ctx context.Context) (int64, error) {
		seen = ctx
		cancel()
		deadline, ok := ctx.Deadline()
		if !ok || !deadline.Equal(r.clock.Now().Add(time.Minute)) || ctx.Value(secretKey{}) != nil || ctx.Err() != nil {
			return 0, errDown
		}
		return 1, nil
	})
	if err != nil {
		require.ErrorIs(t, err, context.Canceled, "the caller has left")
	}
	r.quiet(t)
	_, ok := r.Get(t.Context(), "key")
	require.True(t, ok)
	require.Error(t, seen.Err())
}

// TestDuringLoad: what is stored or invalidated during a load wins, however it is done.
func TestDuringLoad(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(r *rig)
		want   int64
	}{
		"Set":           {func(r *rig) { r.Set(context.Background(), "key", 100, 0) }, 100},
		"Invalidate":    {func(r *rig) { r.Invalidate(context.Background(), "key") }, 2},
		"InvalidateTag": {func(r *rig) { r.InvalidateTag(context.Background(), "tag") }, 2},
		"Clear":         {func(r *rig) { r.Clear() }, 2},
		"many tags": {func(r *rig) {
			r.InvalidateTag(context.Background(), "tag")
			for i := range 3000 {
				r.InvalidateTag(context.Background(), fmt.Sprint(i))
			}
		}, 2},
		"other tags": {func(r *rig) { r.InvalidateTag(context.Background(), "another") }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, cache.Config[string, int64]{Tags: func(string, int64) []string { return []string{"tag", "more"} }})
			gate := make(chan struct{})
			r.set(nil, gate)
			before := make(chan int64)
			go func() {
				v, _ := r.Load(context.Background(), "key")
				before <- v
			}()
			require.Eventually(t, func() bool { return r.calls.Load() == 1 }, 10*time.Second, time.Millisecond)
			tc.change(r)
			r.set(nil, nil)
			close(gate)
			require.EqualValues(t, 1, <-before, "who asked before gets the answer")
			r.get(t, tc.want)
			r.quiet(t)
			r.get(t, tc.want)
		})
	}
}

// TestInvalidatedWhileItFails: an old value that was invalidated does not stand in for an error.
func TestInvalidatedWhileItFails(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{TTL: time.Minute, StaleIfError: time.Hour})
	r.get(t, 1)
	r.clock.Advance(time.Minute)
	gate := make(chan struct{})
	r.set(errDown, gate)
	errs := make(chan error)
	go func() {
		_, err := r.Load(context.Background(), "key")
		errs <- err
	}()
	require.Eventually(t, func() bool { return r.calls.Load() == 2 }, 10*time.Second, time.Millisecond)
	r.Invalidate(t.Context(), "key")
	close(gate)
	require.ErrorIs(t, <-errs, errDown)
}

func TestTags(t *testing.T) {
	c := cache.New("tags", cache.Config[int, int]{Tags: func(k, _ int) []string { return []string{fmt.Sprint("mod", k%3), "all"} }})
	fill := func() {
		for i := range 30 {
			c.Set(t.Context(), i, i, 0)
		}
	}
	present := func() (n int) {
		for i := range 30 {
			if _, ok := c.Get(t.Context(), i); ok {
				n++
			}
		}
		return n
	}
	fill()
	require.Equal(t, 4, c.Stats().Tags)
	c.InvalidateTag(t.Context(), "mod1")
	require.Equal(t, 20, present())
	_, ok := c.Get(t.Context(), 4)
	require.False(t, ok)
	require.EqualValues(t, 10, c.Stats().Invalidated)
	fill()
	require.Equal(t, 30, present())
	c.InvalidateTag(t.Context(), "all")
	require.Zero(t, present())
	require.Zero(t, c.Stats().Tags, "tags that no entry bears are forgotten")
	fill()
	for i := range 30 {
		c.Invalidate(t.Context(), i)
	}
	require.Zero(t, c.Stats().Tags)
}

// TestBounds: a cache holds what it may, by count and by weight.
func TestBounds(t *testing.T) {
	byCount := cache.New("count", cache.Config[int, int]{Size: 100})
	for i := range 10_000 {
		byCount.Set(t.Context(), i, i, 0)
	}
	require.LessOrEqual(t, byCount.Stats().Size, 100)
	require.GreaterOrEqual(t, byCount.Stats().Size, 50)
	require.GreaterOrEqual(t, byCount.Stats().Evicted, int64(9_000))

	byWeight := cache.New("weight", cache.Config[int, string]{MaxWeight: 1000, Weight: func(_ int, v string) int { return len(v) }})
	for i := range 1000 {
		byWeight.Set(t.Context(), i, fmt.Sprintf("%0100d", i), 0)
	}
	require.LessOrEqual(t, byWeight.Stats().Weight, uint64(1000))
	require.Positive(t, byWeight.Stats().Weight)
	byWeight.Set(t.Context(), 1, fmt.Sprintf("%02000d", 1), 0)
	_, ok := byWeight.Get(t.Context(), 1)
	require.False(t, ok, "heavier than the cache")
}

// TestBrokenFunctions: functions of the Config that panic fail the load, or their caller, and hold nothing.
func TestBrokenFunctions(t *testing.T) {
	var panics *async.PanicError
	broken := func() int { panic("broken") }
	for name, cfg := range map[string]cache.Config[float64, int]{
		"Weight":   {MaxWeight: 10, Weight: func(float64, int) int { return broken() }},
		"Life":     {Life: func(float64, int, cache.Life) cache.Life { broken(); return cache.Life{} }},
		"Tags":     {Tags: func(float64, int) []string { broken(); return nil }},
		"Negative": {Negative: func(error) bool { return broken() == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			c := cache.New(name, cfg)
			for range 2 {
				_, err := c.GetOrLoad(t.Context(), 1, func(context.Context) (int, error) {
					if name == "Negative" {
						return 0, errDown
					}
					return 1, nil
				})
				if name == "Negative" {
					require.ErrorIs(t, err, errDown)
					continue
				}
				require.ErrorAs(t, err, &panics)
				require.Panics(t, func() { c.Set(t.Context(), 1, 1, 0) })
			}
		})
	}
	_, err := cache.New("NaN", cache.Config[float64, int]{}).GetOrLoad(t.Context(), math.NaN(), func(context.Context) (int, error) { return 1, nil })
	require.ErrorContains(t, err, "not equal to itself")
}

// TestSweep: entries that are over are given back, although nobody asks for them.
func TestSweep(t *testing.T) {
	clock := reactor.NewManualClock(time.Time{})
	c := cache.New("sweep", cache.Config[int, int]{TTL: time.Minute, Clock: clock})
	for i := range 1000 {
		c.Set(t.Context(), i, i, 0)
	}
	clock.Advance(2 * time.Minute)
	require.Eventually(t, func() bool {
		c.Set(t.Context(), -1, 0, 0) // the sweep of the first store may still be under way
		return c.Stats().Size == 1
	}, 20*time.Second, time.Millisecond)
}

// TestMemoizeOfMany: as many computations as there are callers, and one that asks for others itself.
func TestMemoizeOfMany(t *testing.T) {
	const many = 3000 // more than the loads that a cache begins at a time
	begun, all := make(chan struct{}), sync.WaitGroup{}
	var asked, wrong atomic.Int32
	asks := func() {
		if asked.Add(1) == many {
			close(begun)
		}
	}
	slow := cache.Memoize("slow", many, func(n int) (int, error) {
		asks()
		<-begun
		return n, nil
	})
	for n := range many {
		all.Go(func() {
			if got, err := slow(n); err != nil {
				wrong.Add(1)
				asks() // in its place
			} else if got != n {
				wrong.Add(1)
			}
		})
	}
	all.Wait()
	require.Zero(t, wrong.Load())

	var sum func(int) (int, error)
	sum = cache.Memoize("sums", 10, func(n int) (int, error) {
		if n == 0 {
			return 0, nil
		}
		below, err := sum(n - 1)
		return below + n, err
	})
	got, err := sum(many)
	require.NoError(t, err)
	require.Equal(t, many*(many+1)/2, got)
}

// TestMemoize: the guide's lru_cache.
func TestMemoize(t *testing.T) {
	var calls atomic.Int64
	square := cache.Memoize("squares", 100, func(n int) (int, error) {
		calls.Add(1)
		switch {
		case n == 13:
			return 0, errDown
		case n == 17:
			panic("seventeen")
		}
		return n * n, nil
	})
	for range 3 {
		v, err := square(9)
		require.NoError(t, err)
		require.Equal(t, 81, v)
	}
	require.EqualValues(t, 1, calls.Load())
	for range 2 {
		_, err := square(13)
		require.ErrorIs(t, err, errDown)
		var p *async.PanicError
		_, err = square(17)
		require.ErrorAs(t, err, &p)
	}
	require.EqualValues(t, 5, calls.Load(), "errors are not remembered")
	for n := range 1000 {
		_, _ = square(n + 100)
	}
	before := calls.Load()
	for n := range 1000 {
		_, _ = square(n + 100)
	}
	require.Greater(t, calls.Load(), before+800, "it holds 100")
}

// TestRefused: every setting that is wrong is told, at the line of the user.
func TestRefused(t *testing.T) {
	refused := func(f func()) (text string) {
		defer func() { text = fmt.Sprint(recover()) }()
		f()
		return ""
	}
	mistaken := func(cfg cache.Config[int, int]) string { return cache.New("x", cfg).Mistake().Error() }
	wrong := cache.New(" x", cache.Config[int, int]{
		Size: -1, TTL: -1, Jitter: 2, EarlyRefresh: 1, StaleWhileRevalidate: -1, StaleIfError: -1,
		SoftTimeout: time.Hour, LoadTimeout: time.Second, Loads: -1, PerCore: -1,
	})
	text := wrong.Mistake().Error()
	for _, part := range []string{
		"cache_test.go:", "cache.New", "needs a name", "Size must be 1 to", "TTL must be", "Jitter must be", "EarlyRefresh must be",
		"StaleWhileRevalidate must", "StaleIfError must", "SoftTimeout needs", "shorter than LoadTimeout", "Loads must be", "PerCore must be",
	} {
		require.Contains(t, text, part)
	}
	for _, d := range []time.Duration{-1, 24*time.Hour + 1, math.MaxInt64} {
		require.Contains(t, mistaken(cache.Config[int, int]{LoadTimeout: d}), "Config.LoadTimeout must ")
	}
	require.Contains(t, mistaken(cache.Config[int, int]{Size: 1, MaxWeight: 1}), "both Size and MaxWeight")
	require.Contains(t, mistaken(cache.Config[int, int]{MaxWeight: 1}), "MaxWeight needs Weight")
	require.Contains(t, mistaken(cache.Config[int, int]{MaxWeight: -1}), "MaxWeight must be 1 to")
	require.Contains(t, mistaken(cache.Config[int, int]{Weight: func(int, int) int { return 1 }}), "Weight needs MaxWeight")
	require.Contains(t, refused(func() { cache.Memoize("x", 0, func(int) (int, error) { return 0, nil }) }), "Size must be 1 to")
	wrong.Set(t.Context(), 1, 1, 0)
	_, err := wrong.GetOrLoad(t.Context(), 1, func(context.Context) (int, error) { return 1, nil })
	require.ErrorContains(t, err, "needs a name")
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0"})
	app.Provide(wrong)
	_, err = app.Start()
	require.ErrorContains(t, err, "Size must be 1 to")
	_, err = cache.New("x", cache.Config[int, int]{}).Load(t.Context(), 1)
	require.ErrorIs(t, err, cache.ErrNoLoader)
}

// noReason is an error as a load returns it that gives back a nil pointer.
type noReason struct{ text string }

func (n *noReason) Error() string { return n.text }

// TestRefreshFailsWithoutText: those who wait for a load that began in the background hear of its end, although it fails with an error
// that panics when it is asked what it says.
func TestRefreshFailsWithoutText(t *testing.T) {
	r := newRig(t, cache.Config[string, int64]{TTL: time.Minute, StaleWhileRevalidate: time.Minute, LoadTimeout: 24 * time.Hour})
	r.get(t, 1)
	r.clock.Advance(time.Minute)
	gate := make(chan struct{})
	r.set((*noReason)(nil), gate)
	r.get(t, 1) // and load in the background
	require.Eventually(t, func() bool { return r.calls.Load() == 2 }, time.Minute, time.Millisecond)
	r.clock.Advance(time.Hour) // nobody gets the old one any more
	waiting := r.LoadFuture(t.Context(), "key")
	require.False(t, waiting.Ready())
	close(gate)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := waiting.Await(ctx)
	require.IsType(t, (*noReason)(nil), err)
	require.EqualValues(t, 2, r.calls.Load(), "they waited for that one")
}

// TestPeek: Peek sees what Get would, and counts nothing.
func TestPeek(t *testing.T) {
	clock := reactor.NewManualClock(time.Unix(1, 0))
	c := cache.New("peek", cache.Config[string, int]{TTL: time.Minute, StaleWhileRevalidate: time.Hour, Clock: clock})
	_, ok := c.Peek(t.Context(), "x")
	require.False(t, ok)
	c.Set(t.Context(), "x", 7, 0)
	v, ok := c.Peek(t.Context(), "x")
	require.True(t, ok)
	require.Equal(t, 7, v)
	clock.Advance(2 * time.Minute)
	_, ok = c.Peek(t.Context(), "x")
	require.False(t, ok, "it is old")
	c.Set(t.Context(), "x", 8, 0)
	c.Invalidate(t.Context(), "x")
	_, ok = c.Peek(t.Context(), "x")
	require.False(t, ok)
	s := c.Stats()
	require.Zero(t, s.Hits+s.Misses)
}
