package resilience_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// The budget of a policy that has none of its own pays for 10 retries per second of the last ten, and for a fifth of the calls.
func TestDefaultBudget(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{
		Retry: resilience.Retry{Attempts: 2, Backoff: async.Backoff{First: -1}, Idempotent: true},
	})
	retries := func(calls int) (n int) {
		for range calls {
			_, _ = p.Do(l.ctx, func(context.Context) (int, error) { n++; return 0, errBad })
		}
		return n - calls
	}
	require.Equal(t, 100, retries(100), "ten seconds of ten")
	require.Equal(t, 25, retries(25), "120 calls pay for 24 more, the 125th for one")
	require.Equal(t, 20, retries(100), "the rest is spent: a fifth")
	require.EqualValues(t, 145, p.Stats().Retries)
	l.Advance(10 * time.Second)
	require.Equal(t, 140, retries(200), "and the seconds pay again")
}

// Without a Jitter the pauses have all of it: each lasts anything from nothing to 50, 100, 200 ms. Below 0 they have none.
func TestFullJitterIsTheDefault(t *testing.T) {
	pauses := func(backoff async.Backoff) (all [3][]time.Duration) {
		for seed := range uint64(200) {
			l := newLab(t, seed)
			p := resilience.New("p", resilience.Config{Retry: resilience.Retry{Attempts: 4, Idempotent: true, Backoff: backoff}})
			last, n := l.Now(), 0
			f := p.DoFuture(l.ctx, func(context.Context) async.Future[int] {
				if n > 0 {
					all[n-1] = append(all[n-1], l.Now().Sub(last))
				}
				n++
				last = l.Now()
				return async.Failed[int](errBad)
			})
			l.Advance(time.Second)
			_, err := settle(l, f)
			require.ErrorIs(t, err, errBad)
		}
		return all
	}
	for i, list := range pauses(async.Backoff{}) {
		longest := 50 * time.Millisecond << i
		require.Len(t, list, 200)
		low, high := 0, 0
		for _, d := range list {
			require.LessOrEqual(t, d, longest+time.Millisecond) // timers have steps of one
			if d < longest/4 {
				low++
			}
			if d > longest*3/4 {
				high++
			}
		}
		// Of 200 that are spread evenly 50 are in each quarter; fewer than 15 are there once in 10^9 runs.
		require.Greater(t, low, 14, "pause %d", i)
		require.Greater(t, high, 14, "pause %d", i)
	}
	for i, list := range pauses(async.Backoff{Jitter: -1}) {
		for _, d := range list {
			require.InDelta(t, float64(50*time.Millisecond<<i), float64(d), float64(time.Millisecond))
		}
	}
}

// Mistakes of Hedge are told with the name of the policy and the line of New; so is a time beyond a day, which is a slip of units.
func TestBadHedgeAndLongTimes(t *testing.T) {
	const day = 24 * time.Hour
	for want, cfg := range map[string]resilience.Config{
		"Hedge.Percentile must be 0.5 to 0.9999, it is 0.2": {Hedge: resilience.Hedge{Percentile: 0.2}},
		"Hedge.Percentile must be 0.5 to 0.9999, it is 95":  {Hedge: resilience.Hedge{Percentile: 95}},
		"Hedge.Percentile must be 0.5 to 0.9999, it is -1":  {Hedge: resilience.Hedge{Percentile: -1}},
		"Hedge.Most must be 1 to 10, it is 11":              {Hedge: resilience.Hedge{After: time.Second, Most: 11}},
		"Hedge.Most must be 1 to 10, it is -1":              {Hedge: resilience.Hedge{After: time.Second, Most: -1}},
		"Hedge.Most needs Percentile or After, to say when": {Hedge: resilience.Hedge{Most: 2}},
		"Hedge.After": {Hedge: resilience.Hedge{After: -1}},
		"Hedge.After must be at most 24h0m0s, it is 24h0m0.000000001s": {Hedge: resilience.Hedge{After: day + 1}},
		"Timeout":        {Timeout: day + 1},
		"AttemptTimeout": {AttemptTimeout: day + 1},
		"Retry.Backoff.First must be at most 24h0m0s": {Retry: resilience.Retry{Backoff: async.Backoff{First: day + 1}}},
		"Retry.Backoff.Last":                          {Retry: resilience.Retry{Backoff: async.Backoff{Last: day + 1}}},
	} {
		err := resilience.New("slow", cfg).Mistake()
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, `policy "slow"`)
		require.ErrorContains(t, err, "defaults_test.go:")
	}
	require.ErrorContains(t, resilience.NewBreaker("b", resilience.BreakerConfig{OpenFor: day + 1}).Mistake(), "OpenFor")
	require.ErrorContains(t, resilience.NewBulkhead("b", resilience.BulkheadConfig{Concurrent: 1, Wait: day + 1}).Mistake(), "Wait")
	require.ErrorContains(t, resilience.NewBudget("b", resilience.BudgetConfig{Over: day + 1}).Mistake(), "Over")
	require.ErrorContains(t, resilience.NewLimiter("l", resilience.LimiterConfig{
		Limit: resilience.Limit{Requests: 1, Window: day + 1},
	}).Mistake(), "Limit.Window")
	require.NoError(t, resilience.New("p", resilience.Config{
		Timeout: day, AttemptTimeout: day, Hedge: resilience.Hedge{After: day, Percentile: 0.9999, Most: 10},
		Retry: resilience.Retry{Backoff: async.Backoff{First: day, Last: day}},
	}).Mistake(), "a day is allowed")
}

// What the program gives to a policy may panic: Retry.If, the key of a limiter, a fallback. The caller gets the panic, or the
// error of the future; no place is lost, and the next call is as good as ever.
func TestFunctionsOfTheProgramPanic(t *testing.T) {
	l := newLab(t, 1)
	broken := true
	places := resilience.NewBulkhead("places", resilience.BulkheadConfig{Concurrent: 1, Queue: -1})
	breaker := resilience.NewBreaker("breaker", resilience.BreakerConfig{Failures: 1000})
	oh := func() {
		if broken {
			panic("oh")
		}
	}
	retried := resilience.Config{Retry: resilience.Retry{Attempts: 2, Backoff: async.Backoff{First: -1}, If: func(error) bool { oh(); return true }}}
	keyed := resilience.Config{Limiter: resilience.NewLimiter("limiter", resilience.LimiterConfig{
		Limit: resilience.Limit{Requests: 100, Window: time.Second}, Key: func(context.Context) string { oh(); return "k" },
	})}
	fallback := func(context.Context, error) (int, error) { oh(); return 7, nil }
	for name, cfg := range map[string]resilience.Config{"Retry.If": retried, "Limiter.Key": keyed, "fallback": {}} {
		cfg.Bulkhead, cfg.Breaker = places, breaker
		p := resilience.New("p", cfg)
		own := fallback
		if name != "fallback" {
			own = func(_ context.Context, err error) (int, error) { return 0, err }
		}
		straight := func() (err error) {
			defer func() {
				if v := recover(); v != nil {
					err = &async.PanicError{Value: v}
				}
			}()
			_, err = p.DoOr(l.ctx, fails(errBad), own)
			return err
		}
		chain := func() error {
			_, err := settle(l, p.DoFutureOr(l.ctx, func(context.Context) async.Future[int] { return async.Failed[int](errBad) }, own))
			return err
		}
		for range 2 {
			broken = true
			require.ErrorContains(t, straight(), "oh", name)
			require.ErrorContains(t, chain(), "oh", name)
			require.Equal(t, 1, places.Stats().Free, name)
			broken = false
			for _, call := range []func() error{straight, chain} {
				if err := call(); name == "fallback" {
					require.NoError(t, err, name)
				} else {
					require.ErrorIs(t, err, errBad, name)
				}
			}
			require.Equal(t, 1, places.Stats().Free, name)
			v, err := p.Do(l.ctx, works)
			require.NoError(t, err, name)
			require.Equal(t, 1, v)
			require.Equal(t, resilience.Closed, breaker.State(), name)
		}
	}
}
