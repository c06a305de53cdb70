package pg

import (
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// begin starts a transaction with one query and returns how that ends.
func (l *lab) begin() *async.Future[int64] {
	var f async.Future[int64]
	l.v.Do(func() {
		tx, _ := l.pool.Begin(l.ctx, db.TxOptions{})
		f = tx.One[int64](l.ctx, "INSERT INTO t VALUES ($1) RETURNING id", 7)
	})
	l.v.RunUntilIdle()
	return &f
}

// begins plays a server that lets a transaction begin and answers its query.
func (l *lab) begins(t *testing.T, peer *sim.Peer, f *async.Future[int64]) {
	t.Helper()
	require.Contains(t, string(peer.Take()), "BEGIN")
	inTx := &pgproto3.ReadyForQuery{TxStatus: 'T'}
	for _, say := range [][]pgproto3.BackendMessage{
		{&pgproto3.CommandComplete{CommandTag: []byte("BEGIN")}, inTx},
		append(description[:3:3], inTx), append(answer(7)[:3:3], inTx),
	} {
		peer.Send(string(encode(say...)))
		l.v.RunUntilIdle()
	}
	expect(t, f, 7)
}

// TestLostBegin: a BEGIN has done nothing that could be done twice, so when its connection breaks the
// transaction begins on another one, once.
func TestLostBegin(t *testing.T) {
	l := newLab(t, 1)
	f := l.begin()
	require.Contains(t, string(l.peer.Take()), "BEGIN")
	l.peer.Close()
	l.v.RunUntilIdle()
	require.False(t, f.Ready())
	require.Equal(t, 1, l.pool.Stats().Waiting, "for another connection")
	peer := l.second(t)
	l.v.Do(l.core.serve)
	l.v.RunUntilIdle()
	l.begins(t, peer, f)
	require.Zero(t, l.pool.Stats().Errors)

	l = newLab(t, 1)
	f = l.begin()
	l.peer.Close()
	l.v.RunUntilIdle()
	peer = l.second(t)
	l.v.Do(l.core.serve)
	l.v.RunUntilIdle()
	peer.Close() // a server that breaks at each BEGIN is not asked for ever
	l.v.RunUntilIdle()
	_, err, ok := f.Result()
	require.True(t, ok)
	require.Equal(t, db.Unavailable, db.KindOf(err))
	require.True(t, db.SafeToRetry(err), "%v", err)
	require.Zero(t, l.core.sessions)
}

// TestLostTogether: what runs again is not sent on a connection that the same crash of the server has ended.
func TestLostTogether(t *testing.T) {
	for name, start := range map[string]func(*lab) *async.Future[int64]{
		"transaction": (*lab).begin,
		"unsent":      func(l *lab) *async.Future[int64] { return l.ask("INSERT INTO t VALUES ($1) RETURNING id", 7) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 1)
			peer := l.second(t)
			f := start(l)
			l.peer.Close()
			peer.Close()
			l.v.RunUntilIdle()
			require.Empty(t, l.core.conns)
			require.False(t, f.Ready(), "it waits for a connection")
			require.Equal(t, 1, l.pool.Stats().Waiting)
			l.v.Advance(2 * l.core.cfg.AcquireTimeout)
			_, err, ok := f.Result()
			require.True(t, ok)
			require.True(t, db.SafeToRetry(err), "%v", err)
			require.Zero(t, l.pool.Stats().Waiting)
		})
	}
}
