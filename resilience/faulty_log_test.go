package resilience_test

import (
	"context"
	"log"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/resilience"
)

// faultyLog is a log handler that panics.
type faultyLog struct{ slog.Handler }

func (faultyLog) Handle(context.Context, slog.Record) error { panic("cannot log") }

// TestBreakerWithAFaultyLog: a breaker tells of all its changes, and calls have their results, whatever the log does.
func TestBreakerWithAFaultyLog(t *testing.T) {
	before, output, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(faultyLog{slog.NewTextHandler(t.Output(), nil)}))
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(output)
		log.SetFlags(flags)
	})
	l := newLab(t, 1)
	var seen []resilience.State
	b := resilience.NewBreaker("db", resilience.BreakerConfig{Failures: 1, OpenFor: time.Minute, OnChange: func(_, to resilience.State) {
		if seen = append(seen, to); len(seen) == 1 {
			panic("once")
		}
	}})
	for range 2 {
		_, err := b.Do(l.ctx, fails(errBad))
		require.ErrorIs(t, err, errBad)
		require.Equal(t, resilience.Open, b.State())
		b.Reset()
	}
	require.Equal(t, []resilience.State{resilience.Open, resilience.Closed, resilience.Open, resilience.Closed}, seen)
}
