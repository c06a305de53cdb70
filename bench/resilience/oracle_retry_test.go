package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

var (
	errTransient = errors.New("again, please")
	errFinal     = errors.New("never")
)

// plan is what a call comes to: how long each attempt takes, and how it ends.
type plan struct {
	takes []time.Duration
	ends  []error
}

// attempts are those of one call by a plan, and when each began.
//
// Owner: mu, since a call that the deadline ends leaves an attempt behind.
type attempts struct {
	plan
	zero   time.Time
	mu     sync.Mutex
	begins []time.Duration
}

func (a *attempts) next() (int, error) {
	a.mu.Lock()
	i := len(a.begins)
	a.begins = append(a.begins, time.Since(a.zero))
	a.mu.Unlock()
	time.Sleep(a.takes[i])
	return i, a.ends[i]
}

func (a *attempts) begun() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.begins)
}

// TestRetryAgrees: how often a call is repeated, after which errors, and when each attempt begins is the same as with failsafe-go, also
// under a deadline.
//
// They rightly differ in when a call ends that the deadline stops: theirs waits for it, then says that it is over; ours ends with the
// error of the last attempt as soon as the next one could not begin in time. Budgets, jitter and Retry-After, which they define
// differently, are off.
func TestRetryAgrees(t *testing.T) {
	repeated, stopped := 0, 0
	run := func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 4))
		n := 1 + rng.IntN(6)
		first := time.Duration(1+rng.IntN(50)) * time.Millisecond
		// Powers of 1.5 are exact in milliseconds: theirs rounds to nanoseconds each time.
		backoff := async.Backoff{First: first, Last: first * time.Duration(2+rng.IntN(20)), Factor: []float64{1.5, 2, 3}[rng.IntN(3)], Jitter: -1}
		ours := resilience.New("p", resilience.Config{Retry: resilience.Retry{
			Attempts: n, Backoff: backoff, If: func(err error) bool { return errors.Is(err, errTransient) },
			Budget: resilience.NewBudget("b", resilience.BudgetConfig{Share: 1, PerSecond: 1000}),
		}})
		require.NoError(t, ours.Mistake())
		theirs := failsafe.With[int](retrypolicy.NewBuilder[int]().WithMaxAttempts(n).
			WithBackoffFactor(backoff.First, backoff.Last, backoff.Factor).HandleErrors(errTransient).ReturnLastFailure().Build())
		plan := plan{}
		for range n {
			plan.takes = append(plan.takes, time.Duration(rng.IntN(20))*time.Millisecond)
			plan.ends = append(plan.ends, [...]error{errTransient, errTransient, errTransient, errTransient, errFinal, nil}[rng.IntN(6)])
		}
		deadline := time.Hour
		if rng.IntN(2) == 0 { // never at the moment at which an attempt would begin
			deadline = time.Duration(rng.Int64N(int64(first)*int64(n)*3))/time.Millisecond*time.Millisecond + 333*time.Microsecond
		}
		call := func(do func(context.Context, func() (int, error)) (int, error)) (begun []time.Duration, v int, took time.Duration, err error) {
			a := attempts{plan: plan, zero: time.Now()}
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			v, err = do(ctx, a.next)
			return a.begun(), v, time.Since(a.zero), err
		}
		a, v, took, err := call(func(ctx context.Context, next func() (int, error)) (int, error) {
			done := make(chan struct{}) // no Await, which keeps what it waits on for other bubbles
			var v int
			var err error
			ours.DoFuture(ctx, func(context.Context) async.Future[int] { return async.Of(next()) }).OnDone(func(got int, failed error) {
				v, err = got, failed
				close(done)
			})
			<-done
			return v, err
		})
		b, w, latest, other := call(func(ctx context.Context, next func() (int, error)) (int, error) {
			return theirs.WithContext(ctx).Get(next)
		})
		require.Equal(t, b, a, "seed %d", seed)
		if len(a) > 1 {
			repeated++
		}
		if errors.Is(other, context.DeadlineExceeded) {
			stopped++
			require.LessOrEqual(t, took, latest, "seed %d", seed)
			return
		}
		require.Equal(t, latest, took, "seed %d", seed)
		require.Equal(t, other, err, "seed %d", seed)
		if err == nil { // the value beside an error means nothing
			require.Equal(t, w, v, "seed %d", seed)
		}
	}
	for seed := range uint64(1000) {
		synctest.Test(t, func(t *testing.T) { run(t, seed) })
	}
	require.Greater(t, repeated, 300)
	require.Greater(t, stopped, 50)
}
