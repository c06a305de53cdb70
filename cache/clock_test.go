package cache_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/problem"
)

// settable is a clock that can be set to any time.
type settable struct {
	mu  sync.Mutex
	now time.Time
}

func (s *settable) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *settable) add(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// A clock that is set back makes no entry last for longer than it should: values, with each of their times, and errors.
func TestClockSetBack(t *testing.T) {
	for _, back := range []time.Duration{2 * time.Second, time.Hour, 10 * 365 * 24 * time.Hour} {
		for name, cfg := range map[string]cache.Config[string, int64]{
			"plain":      {TTL: time.Minute},
			"jitter":     {TTL: time.Minute, Jitter: 0.1},
			"early":      {TTL: time.Minute, EarlyRefresh: 0.5},
			"revalidate": {TTL: time.Minute, StaleWhileRevalidate: time.Minute},
			"on error":   {TTL: time.Minute, StaleIfError: time.Minute},
		} {
			var s source
			clock := &settable{now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
			cfg.Clock, cfg.Load = clock, s.load
			c := cache.New("clock", cfg)
			ask := func() int64 {
				v, err := c.Load(t.Context(), "key")
				require.NoError(t, err, name)
				return v
			}
			require.EqualValues(t, 1, ask(), name)
			clock.add(-back)
			begin := ask()
			clock.add(2 * time.Minute)
			require.Greater(t, ask(), int64(1), "%s: two minutes after the first load, and a clock set back by %v", name, back)
			require.LessOrEqual(t, begin, int64(2), name)
			require.Eventually(t, func() bool { return c.Stats().Loading == 0 }, 20*time.Second, time.Millisecond)
		}
	}
}

// The same of what is not there, and of a value that a failing load is saved by: neither is served for ever.
func TestClockSetBackWhileItFails(t *testing.T) {
	var s source
	clock := &settable{now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	c := cache.New("clock", cache.Config[string, int64]{
		TTL: time.Minute, NegativeTTL: time.Minute, StaleIfError: time.Hour, Clock: clock, Load: s.load,
	})
	s.set(problem.NotFound("none"), nil)
	_, err := c.Load(t.Context(), "key")
	require.Error(t, err)
	s.set(nil, nil)
	clock.add(-24 * time.Hour)
	_, ok := c.Get(t.Context(), "key") // someone looks at the clock
	require.False(t, ok)
	clock.add(2 * time.Minute)
	v, err := c.Load(t.Context(), "key")
	require.NoError(t, err, "what was missing two minutes ago")
	require.EqualValues(t, 2, v)

	s.set(errDown, nil)
	clock.add(-24 * time.Hour)
	_, ok = c.Get(t.Context(), "key")
	require.True(t, ok, "still within its minute")
	clock.add(2 * time.Hour)
	_, err = c.Load(t.Context(), "key")
	require.ErrorIs(t, err, errDown, "two hours are more than StaleIfError")
	_, ok = c.Get(t.Context(), "key")
	require.False(t, ok)
}
