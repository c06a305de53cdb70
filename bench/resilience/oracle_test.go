package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// TestBreakerAgrees: what failures in a row open, and what probes do, is the same as with
// failsafe-go. Its clock cannot be set from outside, so a test ends its delay by HalfOpen when
// ours is over.
func TestBreakerAgrees(t *testing.T) {
	down := errors.New("down")
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		failures, probes := 1+rng.IntN(4), 1+rng.IntN(3)
		clock := &coarse{async.Background(), time.Unix(1_800_000_000, 0)}
		ctx := &onReactor{context.Background(), async.Site{Scheduler: clock, Direct: true}}
		ours := resilience.NewBreaker("b", resilience.BreakerConfig{
			Failures: failures, Probes: probes, OpenFor: time.Minute, ProbeLimit: time.Hour,
		})
		theirs := circuitbreaker.NewBuilder[int]().WithFailureThreshold(uint(failures)).WithSuccessThreshold(uint(probes)).
			WithDelay(time.Hour).Build()
		for step := range 200 {
			if ours.State() == resilience.Open && rng.IntN(3) == 0 {
				clock.now = clock.now.Add(time.Minute)
				theirs.HalfOpen()
			}
			permit, err := ours.Allow(ctx)
			require.Equal(t, theirs.TryAcquirePermit(), err == nil, "seed %d, step %d", seed, step)
			if err != nil {
				continue
			}
			if rng.IntN(2) == 0 {
				permit.Done(down)
				theirs.RecordFailure()
			} else {
				permit.Done(nil)
				theirs.RecordSuccess()
			}
			require.Equal(t, theirs.State().String(), ours.State().String(), "seed %d, step %d", seed, step)
		}
	}
}
