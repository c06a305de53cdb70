package resilience_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// lasts is work of the given durations, call by call, which resolves to the number of its call.
func lasts(calls *int, ends *[]int, durations ...time.Duration) func(context.Context) async.Future[int] {
	return func(ctx context.Context) async.Future[int] {
		n := *calls
		*calls++
		return async.Sleep(ctx, durations[n]).Then(func(struct{}) int { return n }).Recover(func(err error) (int, error) {
			*ends = append(*ends, n)
			return 0, err
		})
	}
}

func TestHedgeTakesTheFirst(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{
		Hedge: resilience.Hedge{After: 100 * time.Millisecond, Most: 3}, Retry: resilience.Retry{Attempts: 1, Idempotent: true},
		Bulkhead: resilience.NewBulkhead("b", resilience.BulkheadConfig{Concurrent: 1}),
		Timeout:  time.Minute,
	})
	var (
		calls int
		ends  []int
	)
	f := p.DoFuture(l.ctx, lasts(&calls, &ends, time.Hour, 50*time.Millisecond, time.Hour))
	l.Advance(99 * time.Millisecond)
	require.Equal(t, 1, calls)
	l.Advance(time.Millisecond)
	require.Equal(t, 2, calls)
	l.Advance(50 * time.Millisecond)
	v, err := settle(l, f)
	require.NoError(t, err)
	require.Equal(t, 1, v)
	l.Advance(time.Second)
	require.Equal(t, 2, calls)
	require.Equal(t, []int{0}, ends, "the slow one is cancelled")
	s := p.Stats()
	require.EqualValues(t, 1, s.Hedges)
	require.EqualValues(t, 1, s.HedgesWon)
	require.EqualValues(t, 1, s.Calls)
}

func TestHedgeByPercentile(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{Hedge: resilience.Hedge{Percentile: 0.9}, Retry: resilience.Retry{Attempts: 1, Idempotent: true}})
	calls := 0
	for i := range 100 {
		d := 10 * time.Millisecond
		if i%5 == 0 {
			d = 100 * time.Millisecond
		}
		f := p.DoFuture(l.ctx, func(ctx context.Context) async.Future[int] {
			calls++
			return async.Sleep(ctx, d).Then(func(struct{}) int { return 1 })
		})
		l.Advance(d)
		_, err := settle(l, f)
		require.NoError(t, err)
	}
	require.Equal(t, 100, calls, "nothing is known yet")
	began := l.Now()
	var hedged time.Duration
	f := p.DoFuture(l.ctx, func(ctx context.Context) async.Future[int] {
		if calls++; calls == 102 {
			hedged = l.Now().Sub(began)
			return async.Ready(1)
		}
		return never[int](ctx)
	})
	l.Advance(time.Second)
	_, err := settle(l, f)
	require.NoError(t, err)
	require.InDelta(t, 100, hedged.Milliseconds(), 13, "a fifth took 100 ms")
}

func TestHedgeWithinReason(t *testing.T) {
	l := newLab(t, 1)
	hedge := resilience.Hedge{After: 10 * time.Millisecond}
	once := resilience.Retry{Attempts: 1, Idempotent: true}
	calls := 0
	run := func(cfg resilience.Config) int {
		calls = 0
		f := resilience.New("p", cfg).DoFuture(l.ctx, func(ctx context.Context) async.Future[int] { calls++; return never[int](ctx) })
		l.Advance(time.Second)
		f.Cancel()
		_, err := settle(l, f)
		require.ErrorIs(t, err, context.Canceled)
		return calls
	}
	require.Equal(t, 2, run(resilience.Config{Hedge: hedge, Retry: once}))
	require.Equal(t, 1, run(resilience.Config{Hedge: hedge}), "not known to be idempotent")
	once.Budget = resilience.NewBudget("none", resilience.BudgetConfig{Share: -1, PerSecond: -1})
	require.Equal(t, 1, run(resilience.Config{Hedge: hedge, Retry: once}), "nothing to pay with")
}

// When an attempt and its hedge fail, the call fails, or is repeated.
func TestHedgesThatFail(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBreaker("b", resilience.BreakerConfig{Failures: 100})
	p := resilience.New("p", resilience.Config{
		Hedge: resilience.Hedge{After: 100 * time.Millisecond}, AttemptTimeout: 150 * time.Millisecond,
		Retry: resilience.Retry{Attempts: 2, Idempotent: true, Backoff: async.Backoff{First: -1}}, Breaker: b,
	})
	calls := 0
	f := p.DoFuture(l.ctx, func(ctx context.Context) async.Future[int] { calls++; return never[int](ctx) })
	l.Advance(time.Second)
	_, err := settle(l, f)
	require.ErrorIs(t, err, async.ErrTimeout)
	require.Equal(t, 4, calls)
	require.EqualValues(t, 4, b.Stats().Failures)
}

// Straight-line work is hedged on goroutines.
func TestHedgeOfAFunction(t *testing.T) {
	p := resilience.New("p", resilience.Config{Hedge: resilience.Hedge{After: time.Millisecond}, Retry: resilience.Retry{Attempts: 1, Idempotent: true}})
	first := make(chan struct{}, 1)
	first <- struct{}{}
	ended := make(chan error, 1)
	v, err := p.Do(t.Context(), func(ctx context.Context) (string, error) {
		select {
		case <-first:
			<-ctx.Done()
			ended <- ctx.Err()
			return "", ctx.Err()
		default:
			return "hedge", nil
		}
	})
	require.NoError(t, err)
	require.Equal(t, "hedge", v)
	require.ErrorIs(t, <-ended, context.Canceled)
}

// permit is a result that has to be given back.
type permit struct{ given *int }

func (p permit) Discard() { *p.given++ }

// A value that comes when another has won is given back.
func TestLateValuesAreGivenBack(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{Hedge: resilience.Hedge{After: time.Millisecond}, Retry: resilience.Retry{Attempts: 1, Idempotent: true}})
	given, calls := 0, 0
	slow, f := async.NewPromise[permit](l.Reactor)
	out := p.DoFuture(l.ctx, func(ctx context.Context) async.Future[permit] {
		if calls++; calls == 1 {
			return f
		}
		slow.Post(permit{&given}, nil) // both have a value now
		return async.Ready(permit{&given})
	})
	l.Advance(time.Millisecond)
	_, err := settle(l, out)
	require.NoError(t, err)
	l.RunUntilIdle()
	require.Equal(t, 1, given)
}

func TestFallback(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{})
	last := func(_ context.Context, err error) (int, error) {
		require.ErrorIs(t, err, errBad)
		return 40, nil
	}
	v, err := p.DoOr(l.ctx, fails(errBad), last)
	require.NoError(t, err)
	require.Equal(t, 40, v)
	v, err = settle(l, p.DoFutureOr(l.ctx, func(context.Context) async.Future[int] { return async.Failed[int](errBad) }, last))
	require.NoError(t, err)
	require.Equal(t, 40, v)
	require.EqualValues(t, 2, p.Stats().Fallbacks)
	ctx, leave := l.cancelled()
	leave()
	_, err = p.DoOr(ctx, works, last)
	require.ErrorIs(t, err, context.Canceled)
	f := p.DoFutureOr(l.ctx, never[int], last)
	f.Cancel()
	_, err = settle(l, f)
	require.ErrorIs(t, err, context.Canceled)
	require.EqualValues(t, 2, p.Stats().Fallbacks)
}

func TestRegistry(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBreaker("db", resilience.BreakerConfig{Failures: 1, Critical: true, OpenFor: time.Minute})
	other := resilience.NewBreaker("other", resilience.BreakerConfig{Failures: 1})
	p := resilience.New("p", resilience.Config{
		Breaker: b, Retry: resilience.Retry{Attempts: 2, Backoff: async.Backoff{First: -1}, Idempotent: true},
		Bulkhead: resilience.NewBulkhead("p", resilience.BulkheadConfig{Concurrent: 1}),
		Limiter:  resilience.NewLimiter("p", resilience.LimiterConfig{Limit: resilience.Limit{Requests: 9, Window: time.Hour}}),
	})
	r := resilience.NewRegistry(p, other, b)
	require.NoError(t, r.Mistake())
	require.NoError(t, r.Ready(l.ctx))
	_, _ = other.Do(l.ctx, fails(errBad))
	require.NoError(t, r.Ready(l.ctx), "it is not critical")
	_, err := p.Do(l.ctx, fails(errBad))
	require.ErrorIs(t, err, resilience.ErrOpen)
	l.Advance(20 * time.Second)
	var not *resilience.NotReady
	require.ErrorAs(t, r.Ready(l.ctx), &not)
	require.Equal(t, &resilience.NotReady{Breaker: "db", After: 40 * time.Second}, not)

	s := r.Stats()
	require.Equal(t, []resilience.PolicyStats{{Name: "p", Calls: 1, Failures: 1, Retries: 1}}, s.Policies)
	require.Equal(t, []resilience.BreakerStats{
		{Name: "db", State: resilience.Open, Critical: true, Failures: 1, Refused: 1, Opened: 1},
		{Name: "other", State: resilience.Open, Failures: 1, Opened: 1},
	}, s.Breakers)
	require.Equal(t, []resilience.BudgetStats{{Name: "p", Paid: 1}}, s.Budgets)
	require.Len(t, s.Bulkheads, 1)
	require.Equal(t, []resilience.LimiterStats{{Name: "p", Passed: 1}}, s.Limiters)

	l.Advance(40 * time.Second)
	require.NoError(t, r.Ready(l.ctx), "a request may try")
	b.Isolate()
	require.Error(t, r.Ready(l.ctx))

	r.Add(resilience.NewBreaker("db", resilience.BreakerConfig{Probes: -1}))
	require.ErrorContains(t, r.Mistake(), "two breakers have the name db")
	require.ErrorContains(t, r.Mistake(), "Probes must be 1 to 64")
}
