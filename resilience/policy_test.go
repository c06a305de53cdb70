package resilience_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// exact are pauses without chance: 100 ms, 200 ms, ...
var exact = async.Backoff{First: 100 * time.Millisecond, Factor: 2, Jitter: -1}

func TestRetryInAChain(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{Retry: resilience.Retry{Attempts: 4, Backoff: exact, Idempotent: true}})
	var at []time.Duration
	began := l.Now()
	f := p.DoFuture(l.ctx, func(context.Context) async.Future[int] {
		at = append(at, l.Now().Sub(began))
		return async.Failed[int](errBad)
	})
	l.Advance(time.Second)
	_, err := settle(l, f)
	require.ErrorIs(t, err, errBad)
	require.Equal(t, []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond}, at)
}

func TestWhatIsRetried(t *testing.T) {
	idempotent := resilience.Retry{Idempotent: true, Backoff: async.Backoff{First: -1}}
	plain := resilience.Retry{Backoff: async.Backoff{First: -1}}
	only := resilience.Retry{Backoff: async.Backoff{First: -1}, If: func(err error) bool { return err == errBad }}
	for name, c := range map[string]struct {
		retry resilience.Retry
		err   error
		mark  bool // the context says that the work is idempotent
		want  int  // attempts
	}{
		"not known":          {plain, errBad, false, 1},
		"safe":               {plain, safe{}, false, 3},
		"idempotent":         {idempotent, errBad, false, 3},
		"idempotent context": {plain, errBad, true, 3},
		"predicate":          {only, errBad, false, 3},
		"not the predicate":  {only, safe{}, false, 1},
		"request at fault":   {idempotent, status(404), false, 1},
		"overload":           {idempotent, status(503), false, 3},
		"cancelled":          {idempotent, context.Canceled, false, 1},
		"no retry":           {resilience.Retry{}, safe{}, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 1)
			ctx := l.ctx
			if c.mark {
				ctx = resilience.Idempotent(ctx)
			}
			p := resilience.New("p", resilience.Config{Retry: c.retry})
			n := 0
			_, err := p.Do(ctx, func(context.Context) (int, error) { n++; return 0, c.err })
			require.Equal(t, c.err, err)
			require.Equal(t, c.want, n)
			n = 0
			f := p.DoFuture(ctx, func(context.Context) async.Future[int] { n++; return async.Failed[int](c.err) })
			_, err = settle(l, f)
			require.Equal(t, c.err, err)
			require.Equal(t, c.want, n)
		})
	}
}

func TestPanicsAreNotRetried(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{Retry: resilience.Retry{Idempotent: true, If: func(error) bool { return true }}})
	n := 0
	require.Panics(t, func() { _, _ = p.Do(l.ctx, func(context.Context) (int, error) { n++; panic("oh") }) })
	_, err := settle(l, p.DoFuture(l.ctx, func(context.Context) async.Future[int] { n++; panic("oh") }))
	require.ErrorContains(t, err, "oh")
	require.Equal(t, 2, n)
}

func TestRetryAfterIsHonoured(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{Retry: resilience.Retry{Attempts: 2, Backoff: exact}})
	n := 0
	f := p.DoFuture(l.ctx, func(context.Context) async.Future[int] { n++; return async.Failed[int](safe{3 * time.Second}) })
	l.Advance(2999 * time.Millisecond)
	require.Equal(t, 1, n)
	l.Advance(time.Millisecond)
	_, err := settle(l, f)
	require.Equal(t, safe{3 * time.Second}, err)
	require.Equal(t, 2, n)

	_, err = settle(l, p.DoFuture(l.ctx, func(context.Context) async.Future[int] { n++; return async.Failed[int](safe{time.Hour}) }))
	require.Equal(t, safe{time.Hour}, err)
	require.Equal(t, 3, n, "nobody waits an hour")
}

func TestNoAttemptBeyondTheDeadline(t *testing.T) {
	l := newLab(t, 1)
	retry := resilience.Retry{Attempts: 10, Backoff: exact, Idempotent: true}
	for name, c := range map[string]struct {
		cfg resilience.Config
		ctx func() (context.Context, context.CancelFunc)
	}{
		"total": {resilience.Config{Timeout: 300 * time.Millisecond, Retry: retry}, l.cancelled},
		"caller": {resilience.Config{Retry: retry}, func() (context.Context, context.CancelFunc) {
			return context.WithDeadline(l.ctx, l.Now().Add(300*time.Millisecond))
		}},
	} {
		n := 0
		ctx, cancel := c.ctx()
		if at, ok := ctx.Deadline(); ok { // the runtime's timer is none of the lab
			ctx = bounded{l.ctx, at}
		}
		f := resilience.New(name, c.cfg).DoFuture(ctx, func(context.Context) async.Future[int] { n++; return async.Failed[int](errBad) })
		l.Advance(100 * time.Millisecond)
		_, err := settle(l, f) // the second attempt, and no pause of 200 ms after it
		require.ErrorIs(t, err, errBad, name)
		require.Equal(t, 2, n, name)
		cancel()
	}
}

// bounded is a context with a deadline that nothing ends.
type bounded struct {
	context.Context
	at time.Time
}

func (b bounded) Deadline() (time.Time, bool) { return b.at, true }

func TestLateWorkIsNotStarted(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{Timeout: time.Second})
	ran := false
	_, err := p.Do(bounded{l.ctx, l.Now()}, func(context.Context) (int, error) { ran = true; return 0, nil })
	require.ErrorIs(t, err, resilience.ErrLate)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, ran)
	ctx, cancel := l.cancelled()
	cancel()
	_, err = settle(l, p.DoFuture(ctx, func(context.Context) async.Future[int] { ran = true; return async.Ready(1) }))
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, ran)
}

func TestAttemptTimeout(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{
		Timeout: 250 * time.Millisecond, AttemptTimeout: 100 * time.Millisecond,
		Retry: resilience.Retry{Attempts: 5, Backoff: async.Backoff{First: -1}, Idempotent: true},
	})
	n, ended := 0, 0
	f := p.DoFuture(l.ctx, func(ctx context.Context) async.Future[int] {
		n++
		return async.Sleep(ctx, time.Hour).Then(func(struct{}) int { return 0 }).Recover(func(err error) (int, error) {
			ended++
			return 0, err
		})
	})
	l.Advance(100 * time.Millisecond)
	require.Equal(t, 1, ended, "the work of the attempt is cancelled")
	require.Equal(t, 2, n)
	l.Advance(100 * time.Millisecond)
	require.Equal(t, 3, n)
	l.Advance(50 * time.Millisecond)
	_, err := settle(l, f)
	var timeout *resilience.TimeoutError
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Total)
	require.Equal(t, 250*time.Millisecond, timeout.Limit)
	require.Equal(t, 504, timeout.HTTPStatus())
	require.Equal(t, 3, n)
	require.Equal(t, 3, ended)
}

// A future whose work does not look at its context fails in time all the same.
func TestTimeoutOfDeafWork(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{AttemptTimeout: time.Second})
	f := p.DoFuture(l.ctx, never[int])
	l.Advance(time.Second)
	_, err := settle(l, f)
	require.ErrorIs(t, err, async.ErrTimeout)
	require.ErrorContains(t, err, "p: took longer than 1s")
}

// On a goroutine the context of the attempt ends, by the clock of the reactor.
func TestTimeoutOnAGoroutine(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{AttemptTimeout: time.Second})
	ctx := async.WithSite(t.Context(), async.Site{Scheduler: l.Reactor})
	got := make(chan error)
	begun := make(chan struct{})
	go func() {
		_, err := p.Do(ctx, func(ctx context.Context) (int, error) {
			at, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, l.Now().Add(time.Second), at)
			done := ctx.Done()
			close(begun)
			<-done
			return 0, ctx.Err()
		})
		got <- err
	}()
	<-begun
	l.RunUntilIdle()
	l.Advance(time.Second)
	err := <-got
	require.ErrorIs(t, err, async.ErrTimeout)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestTheCallerLeaves(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBreaker("b", resilience.BreakerConfig{Failures: 1})
	p := resilience.New("p", resilience.Config{
		Timeout: time.Minute, AttemptTimeout: time.Second, Breaker: b,
		Retry: resilience.Retry{Idempotent: true, Backoff: exact},
	})
	for _, in := range []string{"an attempt", "a pause"} {
		ctx, leave := l.cancelled()
		n := 0
		f := p.DoFuture(ctx, func(ctx context.Context) async.Future[int] {
			if n++; in == "a pause" {
				return async.Failed[int](safe{})
			}
			return never[int](ctx)
		})
		l.RunUntilIdle()
		b.Reset()
		leave()
		_, err := settle(l, f)
		require.ErrorIs(t, err, context.Canceled, in)
		require.Equal(t, 1, n, in)
		require.Equal(t, resilience.Closed, b.State(), in)
	}
}

func TestBreakerEndsRetries(t *testing.T) {
	l := newLab(t, 1)
	b := resilience.NewBreaker("b", resilience.BreakerConfig{Failures: 2})
	p := resilience.New("p", resilience.Config{Breaker: b, Retry: resilience.Retry{Attempts: 9, Idempotent: true, Backoff: async.Backoff{First: -1}}})
	n := 0
	_, err := p.Do(l.ctx, func(context.Context) (int, error) { n++; return 0, errBad })
	require.ErrorIs(t, err, resilience.ErrOpen)
	require.ErrorIs(t, err, errBad, "what has opened it")
	require.False(t, resilience.SafeToRetry(err), "there were attempts")
	require.Equal(t, 2, n)
}

func TestBudget(t *testing.T) {
	l := newLab(t, 1)
	budget := resilience.NewBudget("shared", resilience.BudgetConfig{PerSecond: -1})
	n := 0
	var policies []*resilience.Policy
	for _, name := range []string{"one", "two"} {
		policies = append(policies, resilience.New(name, resilience.Config{
			Retry: resilience.Retry{Attempts: 2, Backoff: async.Backoff{First: -1}, Idempotent: true, Budget: budget},
		}))
	}
	for i := range 100 {
		_, _ = policies[i%2].Do(l.ctx, func(context.Context) (int, error) { n++; return 0, errBad })
	}
	require.Equal(t, 120, n, "retries for 20 % of the calls of both")
	l.Advance(10 * time.Second)
	for range 10 {
		_, _ = policies[0].Do(l.ctx, func(context.Context) (int, error) { n++; return 0, errBad })
	}
	require.Equal(t, 132, n, "calls of ten seconds ago pay for nothing")
}

func TestBadPolicy(t *testing.T) {
	l := newLab(t, 1)
	p := resilience.New("p", resilience.Config{
		Timeout: time.Second, AttemptTimeout: 2 * time.Second,
		Retry:   resilience.Retry{Attempts: -1, Backoff: async.Backoff{Factor: 0.5, Jitter: 2, Last: -1}},
		Breaker: resilience.NewBreaker("b", resilience.BreakerConfig{Probes: -1}),
	})
	err := p.Mistake()
	_, used := p.Do(l.ctx, works)
	require.Equal(t, err, used)
	_, used = settle(l, p.DoFuture(l.ctx, func(context.Context) async.Future[int] { return async.Ready(1) }))
	require.Equal(t, err, used)
	for _, want := range []string{"AttemptTimeout (2s) must not be longer than Timeout (1s)", "Retry.Attempts", "Factor", "Jitter", "Last", `breaker "b": Probes`, "policy_test.go:"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, resilience.NewBudget("b", resilience.BudgetConfig{Share: 2}).Mistake(), "Share must be 0 to 1")
}
