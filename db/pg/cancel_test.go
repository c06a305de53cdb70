package pg

import (
	"context"
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// TestCancelQueued: a call that is cancelled before it is sent is dropped where it
// waits, for a connection, for one of its own, or for its statement, and the
// server never hears of it.
func TestCancelQueued(t *testing.T) {
	l := newLab(t, 1)
	running := l.ask("SELECT $1 + 1", 6) // has never run: nothing is placed behind it
	l.say(description...)
	l.peer.Take()
	waiting := l.ask("SELECT $1", 1)
	var begun async.Future[int64]
	l.v.Do(func() {
		begun = l.pool.TxFuture(l.ctx, db.TxOptions{}, func(tx *db.Tx) async.Future[int64] {
			t.Error("it has begun")
			return async.Ready[int64](0)
		})
	})
	l.v.RunUntilIdle()
	require.Equal(t, 2, l.pool.Stats().Waiting)
	for i, f := range []*async.Future[int64]{waiting, &begun} {
		l.v.Do(f.Cancel)
		l.v.RunUntilIdle()
		_, err, ok := f.Result()
		require.True(t, ok)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 1-i, l.pool.Stats().Waiting)
	}
	require.Zero(t, l.core.waiting.Len()+l.core.exclusive.Len())
	l.say(answer(7)...)
	require.True(t, running.Ready())
	require.Empty(t, l.peer.Take())

	parked, other := l.ask("SELECT $1", 2), l.ask("SELECT $1", 3)
	l.v.Do(parked.Cancel)
	l.v.RunUntilIdle()
	require.True(t, parked.Ready(), "it does not wait for the statement")
	l.peer.Take()
	l.say(description...)
	require.Equal(t, 1, l.syncs(), "only the other one runs")
	l.say(answer(3)...)
	expect(t, other, 3)
	require.Zero(t, l.conn.load())
	require.EqualValues(t, 3, l.pool.Stats().Cancelled)
	require.Zero(t, l.pool.Stats().Interrupts, "nothing runs that would have to be stopped")
	require.Zero(t, l.core.b.active.Load())
}
