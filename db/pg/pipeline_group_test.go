package pg

import (
	"context"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// prove has the statement "SELECT $1" run often enough to share a Sync.
func (l *lab) prove(t testing.TB) {
	for i := range groupRuns {
		f := l.ask("SELECT $1", 1)
		if i == 0 {
			l.say(description...)
		}
		l.say(answer(1)...)
		require.True(t, f.Ready())
	}
	l.peer.Take()
}

// together starts n queries in one turn, for the values 0 to n-1.
func (l *lab) together(n int) []async.Future[int64] {
	all := make([]async.Future[int64], n)
	l.v.Do(func() {
		for i := range all {
			all[i] = l.pool.One[int64](l.ctx, "SELECT $1", i)
		}
	})
	l.v.RunUntilIdle()
	return all
}

// expect checks that a query has ended with a value.
func expect(t testing.TB, f *async.Future[int64], want int64) {
	t.Helper()
	v, err, ok := f.Result()
	require.True(t, ok, "it has not ended")
	require.NoError(t, err)
	require.Equal(t, want, v)
}

func serverSays(code string) *pgproto3.ErrorResponse {
	return &pgproto3.ErrorResponse{Severity: "ERROR", Code: code, Message: code}
}

// TestGroupWhole: queries of one turn, as many as a group may have, share one Sync
// although a connection beside it has nothing to do; one more goes there.
func TestGroupWhole(t *testing.T) {
	l := newLab(t, 1)
	l.prove(t)
	busy := l.together(groupSize)
	idle := l.second(t)
	first := l.ask("SELECT $1", 0)
	idle.Send(string(encode(description...)))
	l.v.RunUntilIdle()
	idle.Send(string(encode(answer(0)...)))
	for i := range busy {
		l.say(answer(uint64(i))[:3]...)
	}
	l.say(readyNow)
	expect(t, first, 0)
	l.peer.Take()
	idle.Take()

	l.together(groupSize + 1)
	require.Equal(t, []int{groupSize, 1}, []int{l.conn.load(), l.core.conns[1].load()})
	require.Equal(t, 1, l.syncs())
}

// second adds a connection and returns the server's end of it.
func (l *lab) second(t testing.TB) *sim.Peer {
	fd, peer := l.v.Net.Pair()
	l.v.Do(func() { require.NoError(t, l.core.add(&link{fd: fd, hijacked: l.conn.link.hijacked})) })
	return peer
}

// TestGroupHeldUp: a group that takes too long is stopped, and its members, which
// did not do that, run alone, also the next times.
func TestGroupHeldUp(t *testing.T) {
	l := newLab(t, 1)
	l.prove(t)
	all := l.together(3)
	require.Equal(t, 1, l.syncs())
	l.v.Advance(groupLimit - time.Millisecond)
	require.Zero(t, l.core.counts.cancelRequests.Load())
	stopped := l.stop(t, 2*time.Millisecond)
	require.EqualValues(t, 1, l.core.counts.cancelRequests.Load())
	l.say(answer(0)[:3]...)
	l.say(serverSays(codeCancelled), readyNow)
	for i := range all {
		require.False(t, all[i].Ready(), "nobody has asked for this to be cancelled")
	}
	stopped()
	require.Equal(t, 3, l.syncs())
	for i := range all {
		l.say(answer(uint64(i))...)
		expect(t, &all[i], int64(i))
	}
	all = l.together(2)
	require.Equal(t, 2, l.syncs(), "the statement has to prove itself again")
	for i := range all {
		l.say(answer(uint64(i))...)
	}
	require.Zero(t, l.conn.load())
}

// stop lets time pass until a cancel request is on its way. It goes nowhere;
// stopped lets it fail, which releases the connection.
func (l *lab) stop(t testing.TB, after time.Duration) (stopped func()) {
	l.v.Advance(after)
	require.Equal(t, 1, l.conn.cancels)
	return func() {
		l.giveUp()
		require.Eventually(t, func() bool {
			l.v.RunUntilIdle()
			return l.conn.cancels == 0
		}, 10*time.Second, time.Millisecond)
		l.v.RunUntilIdle()
	}
}

// TestGroupInnocent: an error that comes from sharing a transaction reaches nobody.
func TestGroupInnocent(t *testing.T) {
	for _, code := range []string{"40001", codeDeadlock} {
		l := newLab(t, 1)
		l.prove(t)
		all := l.together(3)
		l.peer.Take()
		l.say(answer(0)[:3]...)
		l.say(serverSays(code), readyNow)
		require.Equal(t, 3, l.syncs(), code)
		for i := range all {
			l.say(answer(uint64(i))...)
			expect(t, &all[i], int64(i))
		}
		all = l.together(2) // at the end of the transaction
		l.peer.Take()
		for i := range all {
			l.say(answer(uint64(i))[:3]...)
		}
		l.say(serverSays(code), readyNow)
		require.Equal(t, 2, l.syncs(), code)
		for i := range all {
			l.say(answer(uint64(i))...)
			expect(t, &all[i], int64(i))
		}
	}
}

// TestGroupOutdated: the innocent of a group may still be run again for reasons of
// their own.
func TestGroupOutdated(t *testing.T) {
	l := newLab(t, 1)
	l.prove(t)
	all := l.together(2)
	outdated := serverSays(codeNotSupported)
	outdated.Routine = revalidate
	l.say(outdated, readyNow) // the first is prepared anew, the second waits for that
	l.peer.Take()
	l.say(description...)
	require.Equal(t, 2, l.syncs())
	l.say(answer(0)...)
	expect(t, &all[0], 0)
	l.say(outdated, readyNow) // and again, for the second
	l.say(description...)
	l.say(answer(1)...)
	expect(t, &all[1], 1)
}

// TestGroupCancelled: who leaves a group gets an answer at once, and the others
// theirs.
func TestGroupCancelled(t *testing.T) {
	l := newLab(t, 1)
	l.prove(t)
	all := l.together(3)
	l.v.Do(func() { all[1].Cancel() })
	l.v.RunUntilIdle()
	_, err, ok := all[1].Result()
	require.True(t, ok)
	require.ErrorIs(t, err, context.Canceled)
	for i := range all {
		l.say(answer(uint64(i))[:3]...)
	}
	l.say(readyNow)
	expect(t, &all[0], 0)
	expect(t, &all[2], 2)
	require.Zero(t, l.conn.load())
}

// TestGroupCutShort: an end without all answers is not taken for empty results.
func TestGroupCutShort(t *testing.T) {
	l := newLab(t, 1)
	l.prove(t)
	all := l.together(3)
	l.say(answer(0)[:3]...)
	l.say(readyNow)
	require.True(t, l.conn.closed())
	for i := range all {
		_, err, ok := all[i].Result()
		require.True(t, ok)
		require.Equal(t, db.Unavailable, db.KindOf(err))
	}
}

// FuzzGroup: whatever a server answers to queries that share a Sync, nothing
// panics and every one of them ends.
func FuzzGroup(f *testing.F) {
	row := func(i uint64) []byte { return encode(answer(i)[:3]...) }
	whole := append(append(row(0), row(1)...), row(2)...)
	f.Add(append(whole, encode(readyNow)...), uint8(7))
	f.Add(append(row(0), encode(serverSays("22012"), readyNow)...), uint8(1))
	f.Add(append(row(0), encode(readyNow)...), uint8(100))
	f.Add(append(whole, row(3)...), uint8(3))
	f.Add(append(whole, encode(serverSays("40001"), readyNow)...), uint8(9))
	f.Add(append(whole, encode(&pgproto3.ReadyForQuery{TxStatus: 'T'})...), uint8(9))
	f.Add(encode(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")}, &pgproto3.PortalSuspended{}, readyNow), uint8(2))
	f.Add([]byte{'D', 0, 0, 0, 6, 0xff, 0xff}, uint8(1))
	f.Fuzz(func(t *testing.T, say []byte, piece uint8) {
		l := newLab(t, uint64(piece))
		l.prove(t)
		all := l.together(3)
		l.sayInPieces(say, int(piece)+1)
		l.v.Advance(2 * l.core.cfg.AcquireTimeout)
		for i := range all {
			_, _, ok := all[i].Result()
			require.True(t, ok, "call %d hangs", i)
		}
	})
}
