package pg

import (
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// TestLost: what was sent on a connection that breaks may have run, and is neither
// repeated nor called safe; what the server certainly did not do, or undid, is
// repeated by the pool.
func TestLost(t *testing.T) {
	const insert = "INSERT INTO t VALUES ($1) RETURNING id"
	bye := &pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: codeAdminShutdown, Message: "bye"}
	sent := func() (*lab, *async.Future[int64]) {
		l := newLab(t, 1)
		f := l.ask(insert, 1)
		l.say(description...)
		require.Equal(t, 2, l.syncs())
		return l, f
	}
	fails := func(l *lab, f *async.Future[int64]) {
		t.Helper()
		_, err, ok := f.Result()
		require.True(t, ok)
		require.Equal(t, db.Unavailable, db.KindOf(err))
		require.False(t, db.SafeToRetry(err), "%v", err)
		require.Zero(t, l.pool.Stats().Waiting)
	}
	l, f := sent()
	l.peer.Close()
	l.v.RunUntilIdle()
	fails(l, f)

	l, f = sent()
	l.say(answer(1)[:3]...) // done, but for the commit's word
	l.say(bye)
	fails(l, f)

	l, f = sent()
	l.say(bye) // which rolls back what ran
	require.False(t, f.Ready())
	require.Equal(t, 1, l.pool.Stats().Waiting, "for another connection")
	l.v.Advance(2 * l.core.cfg.AcquireTimeout)
	_, err, ok := f.Result()
	require.True(t, ok)
	require.True(t, db.SafeToRetry(err), "%v", err)

	l = newLab(t, 1)
	f = l.ask(insert, 1)
	l.peer.Close() // it has not been sent: its statement was to be prepared first
	l.v.RunUntilIdle()
	require.False(t, f.Ready())
	require.Equal(t, 1, l.pool.Stats().Waiting)
	l.v.Advance(2 * l.core.cfg.AcquireTimeout)
	_, err, ok = f.Result()
	require.True(t, ok)
	require.True(t, db.SafeToRetry(err), "%v", err)
}

// TestBadRows: a row that is not as it was announced ends the connection; nothing
// of it reaches the caller.
func TestBadRows(t *testing.T) {
	for name, body := range map[string][]byte{
		"too short":       {0},
		"too few columns": {0, 0},
		"too many":        {0, 2, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7},
		"no length":       {0, 1, 0, 0},
		"a value cut off": {0, 1, 0, 0, 0, 8, 0, 0, 0, 7},
		"a huge value":    {0, 1, 0x7f, 0xff, 0xff, 0xff, 7},
	} {
		l := newLab(t, 1)
		f := l.ask("SELECT $1", 1)
		l.say(description...)
		l.say(&pgproto3.BindComplete{})
		l.peer.Send(string(append([]byte{'D', 0, 0, 0, byte(4 + len(body))}, body...)))
		l.v.RunUntilIdle()
		_, err, ok := f.Result()
		require.True(t, ok, name)
		require.ErrorContains(t, err, "malformed", name)
		require.Empty(t, l.core.conns, name)
	}
}
