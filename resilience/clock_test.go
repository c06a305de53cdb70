package resilience_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// wall is a scheduler whose clock a test sets as it likes.
type wall struct {
	async.Scheduler
	now *time.Time
}

func (w wall) WallTime() time.Time { return *w.now }

// A clock that is set back, or ahead, makes no state last longer than it should.
func TestClockSetBack(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	ctx := async.WithSite(t.Context(), async.Site{Scheduler: wall{async.Background(), &now}})
	b := resilience.NewBreaker("b", resilience.BreakerConfig{Failures: 3, Rate: 1, Minimum: 3, OpenFor: time.Minute, ProbeLimit: time.Second})
	open := func() {
		for range 3 {
			_, _ = b.Do(ctx, fails(errBad))
		}
		require.Equal(t, resilience.Open, b.State())
	}
	open()
	now = now.Add(-24 * time.Hour)
	_, err := b.Do(ctx, works)
	require.ErrorIs(t, err, resilience.ErrOpen)
	require.Equal(t, time.Minute, err.(*resilience.Refusal).After)
	now = now.Add(time.Minute)
	_, err = b.Allow(ctx) // a probe that is never reported
	require.NoError(t, err)
	now = now.Add(-time.Hour)
	_, err = b.Do(ctx, works)
	require.NoError(t, err, "its time is over, whatever the clock says")
	require.Equal(t, resilience.Closed, b.State())

	now = now.Add(-time.Hour) // the window begins anew
	open()
	now = now.Add(48 * time.Hour)
	_, err = b.Do(ctx, works)
	require.NoError(t, err)

	budget := resilience.NewBudget("b", resilience.BudgetConfig{Share: 0.5, PerSecond: -1})
	p := resilience.New("p", resilience.Config{Retry: resilience.Retry{
		Attempts: 2, Idempotent: true, Budget: budget, Backoff: async.Backoff{First: -1},
	}})
	for _, jump := range []time.Duration{0, -time.Hour, 24 * time.Hour} {
		now = now.Add(jump)
		n := 0
		for range 10 {
			_, _ = p.Do(ctx, func(context.Context) (int, error) { n++; return 0, errBad })
		}
		require.Equal(t, 15, n, "after a jump of %v", jump)
	}
}

// The attempt's time is that of the clock, also when it is set while an attempt is under way.
func TestClockSetDuringAnAttempt(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	ctx := async.WithSite(t.Context(), async.Site{Scheduler: wall{async.Background(), &now}})
	p := resilience.New("p", resilience.Config{Timeout: time.Hour, AttemptTimeout: time.Minute})
	_, err := p.Do(ctx, func(ctx context.Context) (int, error) {
		now = now.Add(24 * time.Hour)
		require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
		return 0, ctx.Err()
	})
	require.ErrorIs(t, err, async.ErrTimeout)
	v, err := p.Do(ctx, func(ctx context.Context) (int, error) {
		now = now.Add(-48 * time.Hour)
		return 1, ctx.Err()
	})
	require.NoError(t, err)
	require.Equal(t, 1, v)
}
