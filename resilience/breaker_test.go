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

func TestBreakerOpensAndTries(t *testing.T) {
	l := newLab(t, 1)
	var seen []resilience.State
	b := resilience.NewBreaker("db", resilience.BreakerConfig{
		Failures: 3, OpenFor: time.Minute, OnChange: func(_, to resilience.State) { seen = append(seen, to) },
	})
	for range 2 {
		_, err := b.Do(l.ctx, fails(errBad))
		require.ErrorIs(t, err, errBad)
	}
	_, err := b.Do(l.ctx, works) // ends the run
	require.NoError(t, err)
	for range 3 {
		require.Equal(t, resilience.Closed, b.State())
		_, _ = b.Do(l.ctx, fails(errBad))
	}
	require.Equal(t, resilience.Open, b.State())

	l.Advance(20 * time.Second)
	_, err = b.Do(l.ctx, works)
	require.ErrorIs(t, err, resilience.ErrOpen)
	var refusal *resilience.Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, 40*time.Second, refusal.RetryAfter())
	require.Equal(t, 503, refusal.HTTPStatus())
	require.True(t, resilience.SafeToRetry(err))

	l.Advance(40 * time.Second)
	_, err = b.Do(l.ctx, fails(errBad)) // a probe
	require.ErrorIs(t, err, errBad)
	require.Equal(t, resilience.Open, b.State())
	l.Advance(time.Minute)
	_, err = b.Do(l.ctx, works)
	require.NoError(t, err)
	require.Equal(t, resilience.Closed, b.State())
	require.Equal(t, []resilience.State{
		resilience.Open, resilience.HalfOpen, resilience.Open, resilience.HalfOpen, resilience.Closed,
	}, seen)
}

func TestBreakerRate(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBreaker("db", resilience.BreakerConfig{Rate: 0.5, Minimum: 10, Over: 10 * time.Second})
	for range 9 {
		_, _ = b.Do(l.ctx, fails(errBad))
	}
	require.Equal(t, resilience.Closed, b.State(), "too few calls to tell")
	l.Advance(10 * time.Second) // they are forgotten
	for range 6 {
		_, _ = b.Do(l.ctx, works)
	}
	for range 5 {
		_, _ = b.Do(l.ctx, fails(errBad))
	}
	require.Equal(t, resilience.Closed, b.State(), "5 of 11")
	_, _ = b.Do(l.ctx, fails(errBad))
	require.Equal(t, resilience.Open, b.State(), "6 of 12")
}

// A probe that ends in any way, or in none, does not keep the breaker half-open for ever.
func TestProbesAreNotLost(t *testing.T) {
	ways := map[string]func(l *lab, b *resilience.Breaker){
		"cancelled": func(l *lab, b *resilience.Breaker) {
			f := b.DoFuture(l.ctx, never[int])
			f.Cancel()
			_, err := settle(l, f)
			require.ErrorIs(l.t, err, context.Canceled)
		},
		"caller left": func(l *lab, b *resilience.Breaker) {
			ctx, leave := l.cancelled()
			_, err := b.Do(ctx, func(context.Context) (int, error) { leave(); return 0, errBad })
			require.ErrorIs(l.t, err, errBad)
		},
		"never reported": func(l *lab, b *resilience.Breaker) {
			_, err := b.Allow(l.ctx)
			require.NoError(l.t, err)
			_, err = b.Allow(l.ctx)
			require.ErrorIs(l.t, err, resilience.ErrOpen, "one probe at a time")
			l.Advance(30 * time.Second)
		},
		"timeout": func(l *lab, b *resilience.Breaker) {
			p := resilience.New("p", resilience.Config{Breaker: b, AttemptTimeout: time.Second})
			f := p.DoFuture(l.ctx, never[int])
			l.Advance(time.Second)
			_, err := settle(l, f)
			require.ErrorIs(l.t, err, async.ErrTimeout)
			require.Equal(l.t, resilience.Open, b.State(), "a timeout is a failure")
			l.Advance(time.Minute)
		},
		"panic": func(l *lab, b *resilience.Breaker) {
			require.Panics(l.t, func() { _, _ = b.Do(l.ctx, func(context.Context) (int, error) { panic("oh") }) })
			require.Equal(l.t, resilience.Open, b.State())
			l.Advance(time.Minute)
		},
		"panic of a future": func(l *lab, b *resilience.Breaker) {
			_, err := settle(l, b.DoFuture(l.ctx, func(context.Context) async.Future[int] { panic("oh") }))
			require.ErrorContains(l.t, err, "oh")
			l.Advance(time.Minute)
		},
		"Goexit": func(l *lab, b *resilience.Breaker) {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = b.Do(l.ctx, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
			}()
			<-ended
			require.Equal(l.t, resilience.Open, b.State())
			l.Advance(time.Minute)
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 1)
			b := resilience.NewBreaker("db", resilience.BreakerConfig{Failures: 1})
			_, _ = b.Do(l.ctx, fails(errBad))
			l.Advance(time.Minute)
			way(l, b)
			_, err := b.Do(l.ctx, works)
			require.NoError(t, err)
			require.Equal(t, resilience.Closed, b.State())
		})
	}
}

// A probe that is never reported is replaced, too, when one that began before it has succeeded.
func TestALaterProbeIsNotLost(t *testing.T) {
	for late := range 3 {
		l := newLab(t, 1)
		b := resilience.NewBreaker("db", resilience.BreakerConfig{Failures: 1, Probes: 3})
		_, _ = b.Do(l.ctx, fails(errBad))
		l.Advance(time.Minute)
		var permits []resilience.Permit
		for range 3 {
			permit, err := b.Allow(l.ctx)
			require.NoError(t, err)
			permits = append(permits, permit)
		}
		for i, permit := range permits {
			if i != late {
				permit.Done(nil)
			}
		}
		_, err := b.Do(l.ctx, works)
		require.ErrorIs(t, err, resilience.ErrOpen, "the one under way can close it")
		l.Advance(30 * time.Second)
		_, err = b.Do(l.ctx, works)
		require.NoError(t, err, late)
		permits[late].Done(errBad) // too late to count
		require.Equal(t, resilience.Closed, b.State())
	}
}

// A permit counts once, and only in the state in which it was given.
func TestPermitCountsOnce(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBreaker("db", resilience.BreakerConfig{Failures: 2, Probes: 2})
	old, err := b.Allow(l.ctx)
	require.NoError(t, err)
	b.Isolate()
	b.Reset()
	old.Done(errBad)
	_, _ = b.Do(l.ctx, fails(errBad))
	require.Equal(t, resilience.Closed, b.State(), "one failure since the reset")
	_, _ = b.Do(l.ctx, fails(errBad))
	l.Advance(time.Minute)

	one, err := b.Allow(l.ctx)
	require.NoError(t, err)
	two, err := b.Allow(l.ctx)
	require.NoError(t, err)
	one.Done(nil)
	one.Done(nil)
	require.Equal(t, resilience.HalfOpen, b.State(), "one probe of two")
	_, err = b.Allow(l.ctx)
	require.ErrorIs(t, err, resilience.ErrOpen, "the other is enough")
	two.Done(nil)
	require.Equal(t, resilience.Closed, b.State())
}

func TestIsolate(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBreaker("db", resilience.BreakerConfig{})
	b.Isolate()
	b.Isolate()
	l.Advance(time.Hour)
	_, err := b.Do(l.ctx, works)
	require.ErrorIs(t, err, resilience.ErrOpen)
	require.Equal(t, resilience.Isolated, b.State())
	b.Reset()
	_, err = b.Do(l.ctx, works)
	require.NoError(t, err)
}

// What is nobody's failure opens no breaker.
func TestWhatIsNoFailure(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBreaker("db", resilience.BreakerConfig{Failures: 1})
	for _, err := range []error{context.Canceled, status(404), status(422)} {
		_, _ = b.Do(l.ctx, fails(err))
		require.Equal(t, resilience.Closed, b.State(), "%v", err)
	}
	for _, err := range []error{status(500), status(429), status(408), context.DeadlineExceeded} {
		_, _ = b.Do(l.ctx, fails(err))
		require.Equal(t, resilience.Open, b.State(), "%v", err)
		b.Reset()
	}
}

// A predicate that panics counts as a failure, and the panic reaches the caller.
func TestPredicatePanics(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBreaker("db", resilience.BreakerConfig{Failures: 1, If: func(error) bool { panic("oh") }})
	require.PanicsWithValue(t, "oh", func() { _, _ = b.Do(l.ctx, fails(errBad)) })
	require.Equal(t, resilience.Open, b.State())
	b.Reset()
	f := b.DoFuture(l.ctx, func(ctx context.Context) async.Future[int] {
		return async.Sleep(ctx, time.Second).ThenErr(func(struct{}) (int, error) { return 0, errBad })
	})
	l.Advance(time.Second)
	_, err := settle(l, f)
	require.ErrorContains(t, err, "oh")
	require.Equal(t, resilience.Open, b.State())
}

func TestBadBreaker(t *testing.T) {
	b := resilience.NewBreaker("db", resilience.BreakerConfig{Failures: -1, Rate: 2, Over: -1, Minimum: -3, OpenFor: -time.Second, Probes: 65})
	err := b.Mistake()
	require.ErrorContains(t, err, "resilience.NewBreaker (")
	require.ErrorContains(t, err, "breaker_test.go:")
	for _, field := range []string{"Failures", "Rate", "Over", "Minimum", "OpenFor", "Probes"} {
		require.ErrorContains(t, err, `breaker "db": `+field)
	}
	b.Reset()
	_, err = b.Do(t.Context(), works)
	require.ErrorContains(t, err, "Probes must be 1 to 64, it is 65", "it lets nothing through, and says why")
	require.ErrorContains(t, resilience.NewBreaker("", resilience.BreakerConfig{}).Mistake(), "needs a name")
}
