package main

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/resilience"
)

// rated is a breaker by rate of ours, and the same of failsafe-go, in one bubble of synctest: both then have its clock.
//
// Time moves by whole tenths of Over, since the two cut it into such pieces from different moments: ours from the first call on,
// theirs from 1970. A window never has more than 40 calls, since theirs rounds rates to two digits, by which 8 failures of
// 41 calls are a rate of 0.2.
type rated struct {
	rng    *rand.Rand
	cfg    resilience.BreakerConfig
	ours   *resilience.Breaker
	theirs circuitbreaker.CircuitBreaker[int]
	inside []time.Time // calls of the window, and a few more
}

func newRated(seed uint64) *rated {
	rng := rand.New(rand.NewPCG(seed, 2))
	cfg := resilience.BreakerConfig{
		Rate: []float64{0.2, 0.25, 0.5, 1}[rng.IntN(4)], Minimum: 1 + rng.IntN(12), Over: 10 * time.Second,
		OpenFor: time.Duration(1+rng.IntN(15)) * time.Second, Probes: 1 + rng.IntN(3), ProbeLimit: time.Hour,
	}
	theirs := circuitbreaker.NewBuilder[int]().WithFailureRateThreshold(cfg.Rate, uint(cfg.Minimum), cfg.Over).
		WithSuccessThreshold(uint(cfg.Probes)).WithDelay(cfg.OpenFor).Build()
	return &rated{rng: rng, cfg: cfg, ours: resilience.NewBreaker("b", cfg), theirs: theirs}
}

// wait lets time pass, and more of it when the window is full.
func (r *rated) wait() {
	pieces := max(0, r.rng.IntN(8)-5)
	if r.rng.IntN(20) == 0 {
		pieces = r.rng.IntN(25)
	}
	for len(r.inside) >= 40 && time.Since(r.inside[len(r.inside)-40])+time.Duration(pieces)*time.Second <= r.cfg.Over {
		pieces++
	}
	time.Sleep(time.Duration(pieces) * time.Second)
}

// TestRateAgrees: what part of the calls just past opens a breaker, for how long, and what closes it, is the same as with failsafe-go.
//
// They rightly differ in one thing: theirs looks at the rate after a success too, so that a call which ended well may open it: the
// one that makes the Minimum full. Ours opens with a failure. A run ends there.
func TestRateAgrees(t *testing.T) {
	down := errors.New("down")
	opened, closed, ended := 0, 0, 0
	run := func(t *testing.T, seed uint64) {
		r := newRated(seed)
		for step := range 300 {
			r.wait()
			before := r.ours.State()
			permit, err := r.ours.Allow(t.Context())
			require.Equal(t, r.theirs.TryAcquirePermit(), err == nil, "seed %d, step %d", seed, step)
			if err != nil {
				refusal, _ := errors.AsType[*resilience.Refusal](err)
				require.Equal(t, r.theirs.RemainingDelay(), refusal.After, "seed %d, step %d: Retry-After", seed, step)
				continue
			}
			r.inside = append(r.inside, time.Now())
			bad := r.rng.Float64() < r.cfg.Rate
			if bad {
				permit.Done(down)
				r.theirs.RecordFailure()
			} else {
				permit.Done(nil)
				r.theirs.RecordSuccess()
			}
			if !bad && r.ours.State() == resilience.Closed && r.theirs.IsOpen() {
				ended++
				return // opened by a success
			}
			require.Equal(t, r.theirs.State().String(), r.ours.State().String(), "seed %d, step %d", seed, step)
			switch now := r.ours.State(); {
			case now == resilience.Open && before == resilience.Closed:
				opened++
			case now == resilience.Closed && before != resilience.Closed:
				closed++
			}
		}
	}
	for seed := range uint64(600) {
		synctest.Test(t, func(t *testing.T) { run(t, seed) })
	}
	require.Greater(t, opened, 500, "runs of which none opens would agree about nothing")
	require.Greater(t, closed, 300)
	t.Logf("opened %d times, closed %d times, %d runs ended where theirs was opened by a success", opened, closed, ended)
}
