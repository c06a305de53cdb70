package pg

import (
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// sessionWays are the calls that hold a connection alone, or take more than one
// statement.
var sessionWays = []func(l *lab) async.Future[int64]{
	func(l *lab) async.Future[int64] {
		return l.pool.TxFuture(l.ctx, db.TxOptions{Retries: 1}, func(tx *db.Tx) async.Future[int64] {
			return tx.One[int64](l.ctx, "SELECT $1", 1)
		})
	},
	func(l *lab) async.Future[int64] { return sendBatch(l, l.pool.Batch(), "INSERT INTO t VALUES ($1)") }, // rows that decide
	func(l *lab) async.Future[int64] { return sendBatch(l, l.pool.Batch(), "SELECT $1 + 1") },
	func(l *lab) async.Future[int64] {
		return l.pool.TxFuture(l.ctx, db.TxOptions{Retries: -1}, func(tx *db.Tx) async.Future[int64] {
			return sendBatch(l, tx.Batch(), "UPDATE t SET n = $1")
		})
	},
	func(l *lab) async.Future[int64] {
		return CopyFrom(l.ctx, &l.pool.Querier, "t", []string{"id"}, func(yield func([]any, error) bool) {
			for i := range 3 {
				if !yield([]any{i}, nil) {
					return
				}
			}
		})
	},
	func(l *lab) async.Future[int64] {
		return l.pool.Exec(l.ctx, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)").Then(func(r db.Result) int64 { return r.RowsAffected })
	},
}

func sendBatch(l *lab, b *db.Batch, other string) async.Future[int64] {
	one := b.One[int64]("SELECT $1", 1)
	b.Exec(other, 2)
	return b.Send(l.ctx).Then(func(struct{}) int64 { return one.Value })
}

// done is what a server says at the end of a statement that is no SELECT.
func done(tag string, status byte) []pgproto3.BackendMessage {
	return []pgproto3.BackendMessage{&pgproto3.CommandComplete{CommandTag: []byte(tag)}, &pgproto3.ReadyForQuery{TxStatus: status}}
}

func conversation(parts ...[]pgproto3.BackendMessage) (out []byte) {
	for _, p := range parts {
		out = append(out, encode(p...)...)
	}
	return out
}

// inside is messages as a server in a transaction says them.
func inside(messages []pgproto3.BackendMessage) []pgproto3.BackendMessage {
	return append(messages[:len(messages)-1:len(messages)-1], &pgproto3.ReadyForQuery{TxStatus: 'T'})
}

// FuzzSession: whatever a server answers to transactions, batches, loads and
// scripts, nothing panics, every call ends, and nothing stays held.
func FuzzSession(f *testing.F) {
	whole := conversation(done("BEGIN", 'T'), inside(description), inside(answer(7)), done("COMMIT", 'I'))
	copying := conversation(done("BEGIN", 'T'), inside(description),
		[]pgproto3.BackendMessage{&pgproto3.CopyInResponse{ColumnFormatCodes: []uint16{0}}}, done("COPY 3", 'T'), done("COMMIT", 'I'))
	refused := []pgproto3.BackendMessage{serverSays("40001"), &pgproto3.ReadyForQuery{TxStatus: 'E'}}
	for way := range sessionWays {
		f.Add(whole, uint8(way), uint8(7))
		f.Add(copying, uint8(way), uint8(200))
		f.Add(conversation(done("BEGIN", 'T'), inside(description), refused, done("ROLLBACK", 'I')), uint8(way), uint8(3))
		f.Add(conversation(done("BEGIN", 'T'), inside(description), inside(description), refused), uint8(way), uint8(9))
		f.Add(conversation(done("BEGIN", 'I'), done("INSERT 0 1", 'I'), done("INSERT 0 1", 'I')), uint8(way), uint8(1))
		f.Add(whole[:len(whole)/2], uint8(way), uint8(0))
	}
	f.Fuzz(func(t *testing.T, say []byte, way, piece uint8) {
		l := newLab(t, uint64(piece))
		var call async.Future[int64]
		l.v.Do(func() { call = sessionWays[int(way)%len(sessionWays)](l) })
		l.v.RunUntilIdle()
		l.sayInPieces(say, int(piece)+1)
		over := func() bool {
			l.v.Advance(l.core.cfg.AcquireTimeout)
			return call.Ready() && l.core.b.active.Load() == 0 && l.core.sessions == 0
		}
		if !over() { // the rows of a load come from a goroutine
			require.Eventually(t, over, 10*time.Second, time.Millisecond, "a call hangs, or holds a connection")
		}
		_, _, _ = call.Result() // whatever it is
	})
}

// TestSessionWays: the seeds of FuzzSession are what a call waits for.
func TestSessionWays(t *testing.T) {
	l := newLab(t, 1)
	var call async.Future[int64]
	l.v.Do(func() { call = sessionWays[0](l) })
	for _, part := range [][]pgproto3.BackendMessage{done("BEGIN", 'T'), inside(description), inside(answer(7)), done("COMMIT", 'I')} {
		require.False(t, call.Ready())
		l.say(part...)
	}
	expect(t, &call, 7)
}
