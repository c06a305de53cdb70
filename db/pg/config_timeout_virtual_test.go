package pg

import (
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// TestSilentServer: a server that does not keep StatementTimeout is asked to stop,
// and the error says what the limit was. A user who has set another limit is left
// in peace.
func TestSilentServer(t *testing.T) {
	for _, own := range []bool{false, true} {
		l := newLab(t, 1)
		if own {
			var f async.Future[db.Result]
			l.v.Do(func() { f = l.pool.Exec(l.ctx, "SET statement_timeout = 0; SELECT 1") })
			l.v.RunUntilIdle()
			l.say(&pgproto3.CommandComplete{CommandTag: []byte("SET")}, readyNow)
			require.True(t, f.Ready())
		}
		f := l.ask("SELECT $1", 1)
		l.say(description...)
		l.v.Advance(l.core.cfg.StatementTimeout + timeoutGrace + 2*time.Second)
		l.v.Do(l.core.tick)
		require.Equal(t, !own, l.conn.closed())
		if own {
			l.say(answer(1)...)
			expect(t, f, 1)
			continue
		}
		_, err, ok := f.Result()
		require.True(t, ok)
		require.ErrorContains(t, err, "StatementTimeout is 30s")
		require.EqualValues(t, 1, l.core.counts.cancelRequests.Load())
	}
}

// TestCancelledTwice: a statement that was hit by a cancel request for a neighbour
// runs again, once.
func TestCancelledTwice(t *testing.T) {
	l := newLab(t, 1)
	l.conn.lastCancel = l.core.r.Now()
	f := l.ask("SELECT $1", 1)
	l.say(description...)
	l.say(serverSays(codeCancelled), readyNow)
	require.False(t, f.Ready(), "it runs again")
	l.say(serverSays(codeCancelled), readyNow)
	_, err, ok := f.Result()
	require.True(t, ok)
	require.Equal(t, db.Timeout, db.KindOf(err))
}
