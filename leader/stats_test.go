package leader_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/leader"
)

// TestStats: each term that an instance gets and loses is counted, and so is each failure of its connection, with what it said.
func TestStats(t *testing.T) {
	pool := open(t)
	role := leader.New(pool, "stats", leader.Config{Check: time.Second, Logger: slog.New(slog.DiscardHandler)})
	// Check is a second, so that a busy machine makes no connection look dead.
	require.Equal(t, leader.Stats{Role: "stats"}, role.Stats(), "it has not begun")
	begin := time.Now().Round(0)
	require.NoError(t, role.Start())
	leads := func(times uint64) (s leader.Stats) {
		t.Helper()
		require.Eventually(t, func() bool { s = role.Stats(); return s.Leads && s.Gained >= times }, time.Minute, time.Millisecond)
		return s
	}
	s := leads(1)
	require.Equal(t, leader.Stats{Role: "stats", Leads: true, Term: s.Term, Since: s.Since, Gained: 1}, s)
	require.WithinRange(t, s.Since, begin, time.Now())
	term, ok := role.Term()
	require.True(t, ok)
	require.Equal(t, term.Number, s.Term)

	_, err := pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted`).Await(t.Context())
	require.NoError(t, err)
	again := leads(2)
	require.Greater(t, again.Term, s.Term)
	require.Equal(t, again.Gained-1, again.Lost)
	require.Equal(t, again.Lost, again.Failures)
	require.NotEmpty(t, again.Error)
	require.WithinRange(t, again.FailedAt, s.Since, again.Since)

	follower := start(t, pool, "stats")
	require.NoError(t, role.Stop(t.Context()))
	s = role.Stats()
	require.False(t, s.Leads)
	require.Equal(t, s.Gained, s.Lost, "a stop gives the role up")
	require.Equal(t, again.Failures, s.Failures, "and is no failure")
	require.Equal(t, again.Term, s.Term, "the last one")
	require.Zero(t, s.Since)
	elected(t, []*leader.Role{follower}, nil)
	require.Greater(t, follower.Stats().Term, s.Term)
}

// TestUnreachable: a database that is not there is a failure that is shown, and nobody leads.
func TestUnreachable(t *testing.T) {
	pool := open(t)
	role := leader.New(pool, "unreachable", leader.Config{Check: 5 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, pool.Close(t.Context()))
	require.NoError(t, role.Start())
	require.Eventually(t, func() bool { return role.Stats().Failures > 0 }, time.Minute, time.Millisecond)
	s := role.Stats()
	require.Contains(t, s.Error, "closed")
	require.False(t, s.Leads)
	require.Zero(t, s.Gained)
	require.Zero(t, s.Lost)
	require.NoError(t, role.Stop(t.Context()))
}
