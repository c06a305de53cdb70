package resilience_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// until is work that lasts until its promise is settled.
func until() (async.Promise[int], func(context.Context) async.Future[int]) {
	p, f := async.NewPromise[int](nil)
	return p, func(context.Context) async.Future[int] { return f }
}

func TestBulkheadBoundsAndQueues(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBulkhead("b", resilience.BulkheadConfig{Concurrent: 1, Queue: 2, Wait: time.Second})
	one, work := until()
	first := b.DoFuture(l.ctx, work)
	second := b.DoFuture(l.ctx, func(context.Context) async.Future[int] { return async.Ready(2) })
	ctx, leave := l.cancelled()
	third := b.DoFuture(ctx, func(context.Context) async.Future[int] { return async.Ready(3) })
	_, err := settle(l, b.DoFuture(l.ctx, work))
	require.ErrorIs(t, err, resilience.ErrFull)
	require.Equal(t, time.Second, err.(*resilience.Refusal).RetryAfter())

	leave() // who waits leaves with their caller
	_, err = settle(l, third)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, b.Stats().Waiting)

	one.Post(1, nil)
	v, err := settle(l, second)
	require.NoError(t, err)
	require.Equal(t, 2, v)
	_, err = settle(l, first)
	require.NoError(t, err)
	require.Equal(t, 1, b.Stats().Free)
}

func TestBulkheadWaitEnds(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBulkhead("b", resilience.BulkheadConfig{Concurrent: 1, Wait: time.Second})
	one, work := until()
	first := b.DoFuture(l.ctx, work)
	second := b.DoFuture(l.ctx, work)
	l.Advance(time.Second)
	_, err := settle(l, second)
	require.ErrorIs(t, err, resilience.ErrWaited)
	require.EqualValues(t, 1, b.Stats().Waited)
	one.Post(1, nil)
	_, err = settle(l, first)
	require.NoError(t, err)
}

// A place comes back however the work ends.
func TestPlacesAreNotLost(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBulkhead("b", resilience.BulkheadConfig{Concurrent: 1, Queue: -1})
	p := resilience.New("p", resilience.Config{Bulkhead: b, Timeout: time.Second})
	for name, way := range map[string]func(){
		"panic": func() {
			require.Panics(t, func() { _, _ = p.Do(l.ctx, func(context.Context) (int, error) { panic("oh") }) })
		},
		"panic of a future": func() {
			_, err := settle(l, p.DoFuture(l.ctx, func(context.Context) async.Future[int] { panic("oh") }))
			require.ErrorContains(t, err, "oh")
		},
		"Goexit": func() {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				p.DoFuture(l.ctx, func(context.Context) async.Future[int] { runtime.Goexit(); return async.Ready(1) })
			}()
			<-ended
		},
		"cancelled": func() {
			f := p.DoFuture(l.ctx, never[int])
			f.Cancel()
			_, err := settle(l, f)
			require.ErrorIs(t, err, context.Canceled)
		},
		"timeout": func() {
			f := p.DoFuture(l.ctx, never[int])
			l.Advance(time.Second)
			_, err := settle(l, f)
			require.ErrorIs(t, err, async.ErrTimeout)
		},
	} {
		way()
		require.Equal(t, 1, b.Stats().Free, name)
	}
}

func TestLimiter(t *testing.T) {
	l := newLab(t, 1)
	limiter := resilience.NewLimiter("api", resilience.LimiterConfig{Limit: resilience.Limit{Requests: 10, Window: time.Second, Burst: 2}})
	for range 2 {
		_, err := limiter.Do(l.ctx, works)
		require.NoError(t, err)
	}
	_, err := limiter.Do(l.ctx, works)
	require.ErrorIs(t, err, resilience.ErrLimited)
	require.Equal(t, 100*time.Millisecond, err.(*resilience.Refusal).After)
	l.Advance(100 * time.Millisecond)
	_, err = limiter.Do(l.ctx, works)
	require.NoError(t, err)
	require.Equal(t, resilience.LimiterStats{Name: "api", Passed: 3, Refused: 1}, limiter.Stats())
}

func TestLimiterWaits(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{Limiter: resilience.NewLimiter("api", resilience.LimiterConfig{
		Limit: resilience.Limit{Requests: 10, Window: time.Second, Burst: 1}, Wait: 150 * time.Millisecond,
	})})
	begun := map[int]time.Duration{}
	began := l.Now()
	call := func(ctx context.Context, n int) async.Future[int] {
		return p.DoFuture(ctx, func(context.Context) async.Future[int] {
			begun[n] = l.Now().Sub(began)
			return async.Ready(n)
		})
	}
	call(l.ctx, 0)
	second := call(l.ctx, 1)
	_, err := settle(l, call(bounded{l.ctx, began.Add(50 * time.Millisecond)}, 2))
	require.ErrorIs(t, err, resilience.ErrLimited, "its turn would come after its deadline")
	l.Advance(100 * time.Millisecond)
	_, err = settle(l, second)
	require.NoError(t, err)
	require.Equal(t, map[int]time.Duration{0: 0, 1: 100 * time.Millisecond}, begun)

	ctx, leave := l.cancelled()
	third := call(ctx, 3)
	leave()
	_, err = settle(l, third)
	require.ErrorIs(t, err, context.Canceled)
}

// brokenBuckets fail, or panic.
type brokenBuckets struct{ panics bool }

func (b brokenBuckets) Take(context.Context, string, resilience.Limit) async.Future[resilience.Decision] {
	if b.panics {
		panic("oh")
	}
	return async.Failed[resilience.Decision](errBad)
}

func TestBrokenBuckets(t *testing.T) {
	l := newLab(t, 1)
	limit := resilience.Limit{Requests: 1, Window: time.Hour}
	limiter := resilience.NewLimiter("api", resilience.LimiterConfig{Limit: limit, Buckets: brokenBuckets{}})
	for range 3 {
		_, err := limiter.Do(l.ctx, works)
		require.NoError(t, err, "what counts is broken, not what is called")
	}
	require.EqualValues(t, 3, limiter.Stats().Broken)
	limiter = resilience.NewLimiter("api", resilience.LimiterConfig{Limit: limit, Buckets: brokenBuckets{panics: true}})
	_, err := limiter.Do(l.ctx, works)
	require.ErrorContains(t, err, "oh")
}

// A clock that is set back by an hour keeps nobody waiting for an hour.
func TestLimiterAndAClockSetBack(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	buckets := resilience.NewLocal(resilience.LocalConfig{Now: func() time.Time { return now }})
	limit := resilience.Limit{Requests: 1, Window: time.Second}
	take := func() resilience.Decision {
		d, _, _ := buckets.Take(t.Context(), "k", limit).Result()
		return d
	}
	require.True(t, take().OK)
	now = now.Add(-time.Hour)
	d := take()
	require.False(t, d.OK)
	require.Equal(t, time.Second, d.Retry)
	now = now.Add(time.Second)
	require.True(t, take().OK)
}

func TestBadBulkheadAndLimiter(t *testing.T) {
	err := resilience.NewBulkhead("b", resilience.BulkheadConfig{Wait: -1}).Mistake()
	require.ErrorContains(t, err, "Concurrent must be 1 to 1048576, it is 0")
	require.ErrorContains(t, err, "Wait must not be negative")
	limiter := resilience.NewLimiter("l", resilience.LimiterConfig{Wait: -1, Buckets: resilience.NewLocal(resilience.LocalConfig{Keys: -1})})
	for _, want := range []string{"Limit.Requests", "Limit.Window", "Wait", "LocalConfig.Keys"} {
		require.ErrorContains(t, limiter.Mistake(), want)
	}
	_, err = limiter.Do(t.Context(), works)
	require.Equal(t, limiter.Mistake(), err)
	_, err = resilience.NewBulkhead("b", resilience.BulkheadConfig{}).Do(t.Context(), works)
	require.ErrorContains(t, err, "Concurrent")
}
