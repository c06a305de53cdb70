//go:build !race

package resilience_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/resilience"
)

func TestAllocations(t *testing.T) {
	ctx := t.Context()
	p, b := whole(), resilience.NewBreaker("b", resilience.BreakerConfig{Rate: 0.5})
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { p.DoFuture(ctx, ready) }), 1.0, "the context of the attempt")
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = p.Do(ctx, works) }), 1.0)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		permit, _ := b.Allow(ctx)
		permit.Done(nil)
	}))
}
