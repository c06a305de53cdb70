package pg

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/stretchr/testify/require"
)

// keeping has the lab's core look after its connection, as one with a server does.
func (l *lab) keeping(t testing.TB, set func(cfg *Config)) {
	t.Helper()
	set(l.core.cfg)
	l.core.d.target.ConnectTimeout = 5 * time.Second
	l.v.Do(func() { l.core.scheduleKeeper(tickEvery) })
}

// soon is as late as the keeper may be.
const soon = tickEvery + tickEvery/2

// TestHealthCheck: a connection that nobody uses is checked every
// HealthCheckInterval, one that is used is not, and one that does not answer in
// ConnectTimeout is gone.
func TestHealthCheck(t *testing.T) {
	l := newLab(t, 1)
	l.keeping(t, func(cfg *Config) { cfg.HealthCheckInterval, cfg.IdleTimeout = 30*time.Second, 24*time.Hour })
	l.v.Advance(20 * time.Second)
	f := l.ask("SELECT $1", 1)
	l.say(description...)
	l.say(answer(1)...)
	require.True(t, f.Ready())
	l.peer.Take()
	l.v.Advance(28 * time.Second)
	require.Zero(t, l.syncs(), "it has just been used")
	l.v.Advance(2*time.Second + soon)
	for range 3 {
		require.Equal(t, 1, l.syncs(), "one check in each interval")
		l.say(readyNow)
		require.False(t, l.conn.closed())
		require.Zero(t, l.conn.load())
		l.v.Advance(28 * time.Second)
		require.Zero(t, l.syncs())
		l.v.Advance(2*time.Second + soon)
	}
	require.Equal(t, 1, l.syncs())
	l.v.Advance(5*time.Second + soon)
	require.True(t, l.conn.closed(), "nobody answers")
	require.EqualValues(t, 1, l.pool.Stats().Broken)
}

// answerChecks lets time pass, and the server answer what it is asked.
func (l *lab) answerChecks(d time.Duration) {
	for end := l.v.Now().Add(d); l.v.Now().Before(end); l.v.Advance(2 * time.Second) {
		for range l.syncs() {
			l.say(readyNow)
		}
	}
}

// TestIdleTimeout: a connection above MinConns that nobody uses for long is
// closed; health checks are no use. One of MinConns stays.
func TestIdleTimeout(t *testing.T) {
	for _, least := range []int{0, 1} {
		l := newLab(t, 1)
		l.keeping(t, func(cfg *Config) { cfg.MinConns = least })
		l.answerChecks(9 * time.Minute)
		require.False(t, l.conn.closed(), "the default is 10 minutes")
		l.answerChecks(2 * time.Minute)
		require.Equal(t, least == 0, l.conn.closed(), "MinConns is %d", least)
		require.Zero(t, l.pool.Stats().Broken)
	}
}

// TestMaxLifetime: a connection that has reached its age ends what it runs, says
// goodbye and is closed.
func TestMaxLifetime(t *testing.T) {
	l := newLab(t, 1)
	life := l.conn.health.expires.Sub(l.v.Now())
	require.InDelta(t, float64(time.Hour), float64(life), float64(6*time.Minute), "the default, give or take a tenth")
	l.keeping(t, func(cfg *Config) { cfg.IdleTimeout, cfg.HealthCheckInterval = 24*time.Hour, 24*time.Hour })
	l.v.Advance(life - 2*time.Second)
	running := l.ask("SELECT $1", 1)
	l.say(description...)
	l.peer.Take()
	l.v.Advance(2*time.Second + soon)
	require.False(t, l.conn.closed(), "somebody waits for an answer")
	later := l.ask("SELECT $1", 2)
	require.Empty(t, l.peer.Take(), "an old connection takes nothing new")
	l.say(answer(1)...)
	expect(t, running, 1)
	require.True(t, l.conn.closed())
	require.Equal(t, wire.Terminate, string(l.peer.Take()))
	require.False(t, later.Ready(), "it waits for a new connection")
	require.Zero(t, l.pool.Stats().Broken)

	young := newLab(t, 1)
	young.keeping(t, func(cfg *Config) { cfg.IdleTimeout, cfg.HealthCheckInterval = 24*time.Hour, 24*time.Hour })
	young.v.Advance(53 * time.Minute)
	require.False(t, young.conn.closed())
	young.v.Advance(14 * time.Minute)
	require.True(t, young.conn.closed(), "idle ones too")
}

// TestJitter: connections that were made together do not end together.
func TestJitter(t *testing.T) {
	least, most := time.Duration(math.MaxInt64), time.Duration(0)
	for range 1000 {
		d := jitter(time.Hour)
		least, most = min(least, d), max(most, d)
	}
	require.GreaterOrEqual(t, least, 54*time.Minute)
	require.Less(t, most, 66*time.Minute)
	require.Greater(t, most-least, 10*time.Minute)
}

// TestBackoff: tries to connect that fail are further and further apart, up to
// a limit, and not in step with those of others.
func TestBackoff(t *testing.T) {
	for tries := range 20 {
		most := min(lastPause, firstPause<<min(tries, 20))
		seen := map[time.Duration]bool{}
		for range 20 {
			l := newLab(t, 1)
			l.v.Do(func() {
				l.core.failures = tries
				l.core.notConnected(errSilent)
				pause := l.core.untilRetry()
				require.LessOrEqual(t, pause, most)
				require.GreaterOrEqual(t, pause, most/2)
				require.Zero(t, l.core.open(1), "not before the pause is over")
				seen[pause] = true
			})
			require.Equal(t, tries+1, l.core.failures)
		}
		require.Greater(t, len(seen), 10, "at random")
	}
}

// TestBackoffWanted: while a call waits for a connection, the next try is near, also when the call came after the last one; once nobody waits, it is not.
func TestBackoffWanted(t *testing.T) {
	for _, before := range []bool{true, false} {
		l := newLab(t, 1)
		l.begins(t, l.peer, l.begin()) // the transaction has the only connection
		var waits async.Future[int64]
		ask := func() { waits = l.pool.One[int64](l.ctx, "SELECT 1") }
		l.v.Do(func() {
			l.core.cfg.MaxConns = 2
			l.core.failures = 20
			if before {
				l.core.notConnected(errSilent)
				require.Greater(t, l.core.untilRetry(), wantedPause*2)
				ask()
			} else {
				ask()
				l.core.notConnected(errSilent)
			}
			require.Equal(t, 1, l.core.waiting.Len())
			near := l.core.untilRetry()
			require.LessOrEqual(t, near, wantedPause)
			require.GreaterOrEqual(t, near, wantedPause/2)
			require.LessOrEqual(t, l.core.keepAt.Sub(l.core.r.Now()), near, "somebody looks then")
		})
		failures := l.core.failures
		l.v.Advance(wantedPause * 3 / 2)
		require.Eventually(t, func() bool { l.v.RunUntilIdle(); return l.core.failures > failures }, time.Minute, time.Millisecond, "it was tried")
		l.v.Do(waits.Cancel)
		l.v.RunUntilIdle()
		_, err, ok := waits.Result()
		require.True(t, ok)
		require.ErrorIs(t, err, context.Canceled)
		l.v.Do(func() {
			require.Zero(t, l.core.waiting.Len())
			require.Greater(t, l.core.untilRetry(), wantedPause*2)
		})
	}
}

// TestMaxPipeline: so many statements are on their way on a connection, and no more.
func TestMaxPipeline(t *testing.T) {
	l := newLab(t, 1)
	l.prove(t)
	l.core.cfg.MaxPipeline = 3
	all := l.together(5)
	s := l.pool.Stats()
	require.Equal(t, [...]int{3, 2}, [...]int{s.InFlight, s.Waiting})
	l.peer.Take()
	for i := range all[:3] {
		l.say(answer(uint64(i))[:3]...)
	}
	l.say(readyNow)
	for i := range all[:3] {
		expect(t, &all[i], int64(i))
	}
	s = l.pool.Stats()
	require.Equal(t, [...]int{2, 0}, [...]int{s.InFlight, s.Waiting})
}

// TestDefaults: what a Config that says nothing means.
func TestDefaults(t *testing.T) {
	c, err := Config{}.resolve()
	require.NoError(t, err)
	_, err = c.target()
	require.NoError(t, err)
	require.Equal(t, [...]int{1, 10, 64, 4096, 512}, [...]int{c.MinConns, c.MaxConns, c.MaxPipeline, c.MaxWaiting, c.StatementCache})
	require.Equal(t, [...]time.Duration{10 * time.Minute, 30 * time.Second, time.Hour, 5 * time.Second, 30 * time.Second},
		[...]time.Duration{c.IdleTimeout, c.HealthCheckInterval, c.MaxLifetime, c.AcquireTimeout, c.StatementTimeout})

	bad := Config{
		MaxConns: 65, MinConns: -1, MaxPipeline: -1, MaxWaiting: -1, StatementCache: 7,
		AcquireTimeout: -1, IdleTimeout: -1, HealthCheckInterval: -1, SlowAfter: -1, ConnectTimeout: -1,
	}
	_, err = bad.resolve()
	require.Equal(t, 10, strings.Count(err.Error(), "pg: "), "all mistakes at once: %v", err)
}
