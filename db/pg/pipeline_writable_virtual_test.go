package pg

import (
	"context"
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

const refusedInsert = "INSERT INTO t VALUES ($1) RETURNING id"

// refuse has the server refuse a write on a connection that writes were asked for,
// and returns the call, which waits for the answer to the question that follows.
func (l *lab) refuse(t *testing.T) *async.Future[int64] {
	l.conn.link.wants = wantsReadWrite
	f := l.ask(refusedInsert, 1)
	l.say(description...)
	l.peer.Take()
	l.say(&pgproto3.BindComplete{}, serverSays(codeReadOnly), readyNow)
	require.Contains(t, string(l.peer.Take()), "SHOW transaction_read_only")
	require.False(t, f.Ready())
	return f
}

// isReadOnly has the server answer that question.
func (l *lab) isReadOnly(value string) {
	l.say(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("transaction_read_only"), DataTypeOID: 25}}},
		&pgproto3.DataRow{Values: [][]byte{[]byte(value)}}, &pgproto3.CommandComplete{CommandTag: []byte("SHOW")}, readyNow)
}

// replaced brings another connection, on which the call then succeeds.
func (l *lab) replaced(t *testing.T, f *async.Future[int64]) {
	require.False(t, f.Ready(), "it waits for a connection that takes writes")
	peer := l.second(t)
	l.v.Do(func() { l.core.serve() })
	l.v.RunUntilIdle()
	peer.Send(string(encode(description...)))
	l.v.RunUntilIdle()
	peer.Send(string(encode(answer(7)...)))
	l.v.RunUntilIdle()
	expect(t, f, 7)
}

// TestTrialTurned: a connection that says that it takes no writes is closed, and the
// call that was refused runs on another one.
func TestTrialTurned(t *testing.T) {
	l := newLab(t, 1)
	f := l.refuse(t)
	beside := l.ask(refusedInsert, 2)
	require.Empty(t, l.peer.Take(), "nothing is sent to a connection that is asked")
	l.isReadOnly("on")
	require.True(t, l.conn.closed())
	l.v.Do(func() { beside.Cancel() })
	l.v.RunUntilIdle()
	l.replaced(t, f)
}

// TestTrialKept: one that takes writes stays, and the error is the call's.
func TestTrialKept(t *testing.T) {
	l := newLab(t, 1)
	f := l.refuse(t)
	l.isReadOnly("off")
	_, err, ok := f.Result()
	require.True(t, ok)
	require.Equal(t, db.ReadOnly, db.KindOf(err))
	require.False(t, l.conn.life != connOpen)
	f = l.ask(refusedInsert, 2)
	l.say(answer(2)...)
	expect(t, f, 2)
}

// TestTrialUnanswered: what breaks, or answers with an error, is no connection for
// writes.
func TestTrialUnanswered(t *testing.T) {
	for name, end := range map[string]func(*lab){
		"broken": func(l *lab) { l.peer.Close(); l.v.RunUntilIdle() },
		"error":  func(l *lab) { l.say(serverSays("57014"), readyNow) },
	} {
		l := newLab(t, 1)
		f := l.refuse(t)
		end(l)
		require.True(t, l.conn.closed(), name)
		l.replaced(t, f)
	}
}

// TestTrialCancelled: a caller who leaves while the server is asked gets an answer at
// once.
func TestTrialCancelled(t *testing.T) {
	l := newLab(t, 1)
	f := l.refuse(t)
	l.v.Do(func() { f.Cancel() })
	l.v.RunUntilIdle()
	_, err, ok := f.Result()
	require.True(t, ok)
	require.ErrorIs(t, err, context.Canceled)
	l.isReadOnly("on")
	require.True(t, l.conn.closed())
}

// TestTrialReported: a server that tells when its settings change is not asked.
func TestTrialReported(t *testing.T) {
	for name, says := range map[string]*pgproto3.ParameterStatus{
		"read-only": {Name: "default_transaction_read_only", Value: "on"},
		"standby":   {Name: "in_hot_standby", Value: "on"},
	} {
		l := newLab(t, 1)
		l.conn.link.wants = wantsReadWrite
		f := l.ask(refusedInsert, 1)
		l.say(description...)
		l.peer.Take()
		l.say(&pgproto3.BindComplete{}, serverSays(codeReadOnly), says, readyNow)
		require.True(t, l.conn.closed(), name)
		l.replaced(t, f)

		l = newLab(t, 1) // and without a write
		l.conn.link.wants = wantsReadWrite
		f = l.ask("SELECT $1", 1)
		l.say(description...)
		l.say(append(answer(1)[:3], says, readyNow)...)
		expect(t, f, 1)
		require.True(t, l.conn.closed(), name)
	}
}
