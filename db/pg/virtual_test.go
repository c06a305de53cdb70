package pg

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/fasterapi/fasterapi/reactor/virtual"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// lab is a core with one connection on a virtual reactor: no server, no clock,
// no goroutines.
//
// Owner: the test.
type lab struct {
	v    *virtual.Loop
	pool *db.Pool
	core *core
	conn *conn
	peer *sim.Peer
	ctx  context.Context

	giveUp func() // until it is called, cancel requests are on their way
}

func newLab(t testing.TB, seed uint64) *lab {
	v := virtual.New(seed)
	v.LogTo(slog.New(slog.NewTextHandler(io.Discard, nil)))
	cfg, err := Config{MaxConns: 1, ShortReads: ReadsShared, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}.resolve()
	require.NoError(t, err)
	cfg.MinConns, cfg.StatementTimeout = 0, defaultTimeout
	target, err := pgconn.ParseConfig("postgres://u@127.0.0.1:1/d?sslmode=disable")
	require.NoError(t, err)
	d := &database{cfg: cfg, target: target}
	d.dialing, d.stopDialing = context.WithCancel(context.Background())
	d.stopDialing() // connecting fails at once
	b := &binding{d: d, drained: make(chan struct{})}
	l := &lab{v: v, pool: db.New(d, d.Stats), core: newCore(d, b, v.Reactor)}
	l.core.id = 1
	b.cores = []*core{l.core}
	d.cores.Store(&b.cores)
	d.bound.Store(b)
	fd, peer := v.Net.Pair()
	l.peer = peer
	patient, giveUp := context.WithCancel(context.Background())
	l.giveUp = giveUp
	target.DialFunc = func(context.Context, string, string) (net.Conn, error) {
		<-patient.Done()
		return nil, net.ErrClosed
	}
	v.Do(func() {
		host, _ := net.Pipe() // of which cancel requests take the address
		require.NoError(t, l.core.add(&link{fd: fd, hijacked: &pgconn.HijackedConn{Conn: host, Config: target}}))
		l.conn = l.core.conns[0]
	})
	l.ctx = async.WithSite(context.Background(), v.Reactor.Site())
	t.Cleanup(v.Close)
	t.Cleanup(giveUp)
	return l
}

// ask starts a query and returns how it ends.
func (l *lab) ask(sql string, args ...any) *async.Future[int64] {
	var f async.Future[int64]
	l.v.Do(func() { f = l.pool.One[int64](l.ctx, sql, args...) })
	l.v.RunUntilIdle()
	return &f
}

// sayInPieces has the server send say, size bytes at a time, and hang up.
func (l *lab) sayInPieces(say []byte, size int) {
	for piece := range slices.Chunk(say, size) {
		l.peer.Send(string(piece))
		l.v.RunUntilIdle()
	}
	l.peer.Close()
	l.v.RunUntilIdle()
}

func encode(messages ...pgproto3.BackendMessage) (out []byte) {
	for _, m := range messages {
		out, _ = m.Encode(out)
	}
	return out
}

var (
	readyNow    = &pgproto3.ReadyForQuery{TxStatus: 'I'}
	description = []pgproto3.BackendMessage{
		&pgproto3.ParseComplete{}, &pgproto3.ParameterDescription{ParameterOIDs: []uint32{20}},
		&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("id"), DataTypeOID: 20}}}, readyNow,
	}
)

func answer(v uint64) []pgproto3.BackendMessage {
	return []pgproto3.BackendMessage{
		&pgproto3.BindComplete{}, &pgproto3.DataRow{Values: [][]byte{binary.BigEndian.AppendUint64(nil, v)}},
		&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")}, readyNow,
	}
}

// TestOneWrite: the queries of one turn leave in one write, each with a Sync of
// its own, and their answers go to who asked, however the bytes are cut.
func TestOneWrite(t *testing.T) {
	l := newLab(t, 1)
	first := l.ask("SELECT $1", 1)
	l.peer.Take()
	l.peer.Send(string(encode(description...)))
	l.v.RunUntilIdle()
	l.peer.Take()
	l.peer.Send(string(encode(answer(1)...)))
	l.v.RunUntilIdle()
	v, err, ok := first.Result()
	require.True(t, ok)
	require.NoError(t, err)
	require.EqualValues(t, 1, v)

	var all []async.Future[int64]
	var writes int
	l.v.Do(func() {
		for i := range 10 {
			all = append(all, l.pool.One[int64](l.ctx, "SELECT $1", i))
		}
		require.Empty(t, l.peer.Take(), "nothing is written before the turn ends")
		writes = l.v.Net.Writes()
	})
	l.v.RunUntilIdle()
	require.Equal(t, 1, l.v.Net.Writes()-writes)
	require.Equal(t, 10, l.syncs())
	var out []byte
	for i := range 10 {
		out = append(out, encode(answer(uint64(i))...)...)
	}
	for i := range out { // byte by byte
		l.peer.Send(string(out[i : i+1]))
		l.v.RunUntilIdle()
	}
	for i := range all {
		v, err, ok := all[i].Result()
		require.True(t, ok)
		require.NoError(t, err)
		require.EqualValues(t, i, v)
	}
}

// TestNoticeBetween: a server may say something when nobody has asked.
func TestNoticeBetween(t *testing.T) {
	l := newLab(t, 1)
	came := make(chan Notice, 2)
	l.core.cfg.OnNotice = func(n Notice) { came <- n }
	l.say(&pgproto3.NoticeResponse{Severity: "WARNUNG", SeverityUnlocalized: "WARNING", Code: "57P01", Message: "soon"})
	require.Equal(t, Notice{Severity: "WARNING", Code: "57P01", Message: "soon"}, <-came)
	l.say(&pgproto3.NoticeResponse{Severity: "NOTICE", Message: "before 9.6"})
	require.Equal(t, "NOTICE", (<-came).Severity)
	require.False(t, l.conn.closed())
}

// TestAlone: reads that are known to be short keep a Sync of their own, unless the
// pool was told otherwise, and an error of one makes no other run again.
func TestAlone(t *testing.T) {
	l := newLab(t, 1)
	l.core.shares = false
	l.prove(t)
	all := l.together(5)
	require.Equal(t, 5, l.syncs())
	l.say(answer(0)...)
	l.say(serverSays("22012"), readyNow)
	for i := 2; i < len(all); i++ {
		l.say(answer(uint64(i))...)
	}
	for i := range all {
		if i == 1 {
			_, err, ok := all[i].Result()
			require.True(t, ok)
			require.ErrorContains(t, err, "22012")
			continue
		}
		expect(t, &all[i], int64(i))
	}
	require.Zero(t, l.syncs())
	require.Zero(t, l.conn.load())
}

// syncs counts the Syncs that have been sent since the last call.
func (l *lab) syncs() (n int) {
	back := pgproto3.NewBackend(bytes.NewReader(l.peer.Take()), io.Discard)
	for {
		m, err := back.Receive()
		if err != nil {
			return n
		}
		if _, ok := m.(*pgproto3.Sync); ok {
			n++
		}
	}
}

// say sends what a server would.
func (l *lab) say(messages ...pgproto3.BackendMessage) {
	l.peer.Send(string(encode(messages...)))
	l.v.RunUntilIdle()
}

// TestGroup: short reads share a Sync; when one of them fails, the others run
// again alone.
func TestGroup(t *testing.T) {
	l := newLab(t, 1)
	l.prove(t)
	all := l.together(5)
	require.Equal(t, 1, l.syncs())
	for i := range all {
		require.False(t, all[i].Ready())
		l.say(answer(uint64(i))[:3]...)
	}
	l.say(readyNow)
	for i := range all {
		v, err, ok := all[i].Result()
		require.True(t, ok && err == nil)
		require.EqualValues(t, i, v)
	}

	all = l.together(5)
	require.Equal(t, 1, l.syncs())
	l.say(answer(0)[:3]...)
	l.say(answer(1)[:3]...)
	l.say(&pgproto3.ErrorResponse{Severity: "ERROR", Code: "22012", Message: "division by zero"}, readyNow)
	require.Equal(t, 4, l.syncs(), "the innocent run again, each alone")
	for i := range all {
		if i != 2 {
			l.say(answer(uint64(i))...)
		}
	}
	for i := range all {
		v, err, ok := all[i].Result()
		require.True(t, ok)
		if i == 2 {
			require.Equal(t, "22012", err.(*db.Error).Code)
			continue
		}
		require.NoError(t, err)
		require.EqualValues(t, i, v)
	}
	require.Zero(t, l.conn.load())
}

// TestStats: what is on its way, how deep, and what waits.
func TestStats(t *testing.T) {
	l := newLab(t, 1)
	l.prove(t)
	calls := l.together(3)
	exec := func() (f async.Future[db.Result]) {
		l.v.Do(func() { f = l.pool.Exec(l.ctx, "SELECT $1", 1) })
		l.v.RunUntilIdle()
		return f
	}
	last := exec()
	s := l.pool.Stats()
	require.Equal(t, [...]int{1, 0, 1, 4, 4, 0}, [...]int{s.Open, s.Idle, s.Busy, s.InFlight, s.Depth, s.Waiting})
	for i := range calls {
		l.say(answer(uint64(i))[:3]...)
	}
	l.say(readyNow)
	require.Equal(t, 1, l.pool.Stats().Depth)
	l.say(answer(1)...)
	require.True(t, last.Ready())
	s = l.pool.Stats()
	require.Equal(t, [...]int{1, 1, 0, 0, 0, 0}, [...]int{s.Open, s.Idle, s.Busy, s.InFlight, s.Depth, s.Waiting})
	require.EqualValues(t, groupRuns+4, s.Queries)

	l.peer.Close()
	l.v.RunUntilIdle()
	waiting := exec()
	l.v.Advance(time.Second)
	s = l.pool.Stats()
	require.Equal(t, [...]int{0, 0, 1}, [...]int{s.Open, s.Idle, s.Waiting})
	require.EqualValues(t, 1, s.Broken)
	l.v.Advance(l.core.cfg.AcquireTimeout)
	_, err, ok := waiting.Result()
	require.True(t, ok)
	require.True(t, db.SafeToRetry(err))
	s = l.pool.Stats()
	require.Equal(t, [...]uint64{1, 1, 0}, [...]uint64{s.Waits, s.Errors, s.Cancelled})
	require.GreaterOrEqual(t, s.WaitTime, l.core.cfg.AcquireTimeout)
}

// TestTimeWaits: a call that waits for a connection in vain ends on time.
func TestTimeWaits(t *testing.T) {
	l := newLab(t, 1)
	l.v.Do(func() { l.conn.fail(errSilent) })
	f := l.ask("SELECT 1")
	l.v.Advance(l.core.cfg.AcquireTimeout - 10*time.Millisecond)
	require.False(t, f.Ready())
	l.v.Advance(20 * time.Millisecond)
	_, err, ok := f.Result()
	require.True(t, ok)
	require.True(t, db.SafeToRetry(err))
}

// FuzzAnswers: whatever a server answers, in whatever pieces, nothing panics, and
// a broken connection ends every call.
func FuzzAnswers(f *testing.F) {
	f.Add(encode(append(append([]pgproto3.BackendMessage{}, description...), answer(7)...)...), uint8(3))
	f.Add(encode(&pgproto3.ErrorResponse{Severity: "ERROR", Code: "42601", Message: "no"}, readyNow), uint8(1))
	f.Add(encode(append(append([]pgproto3.BackendMessage{}, description...), &pgproto3.DataRow{Values: [][]byte{nil, {1}}}, readyNow)...), uint8(200))
	f.Add(encode(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "57P01", Message: "bye"}), uint8(9))
	f.Add([]byte{'D', 0, 0, 0, 3}, uint8(1))
	f.Add([]byte{'T', 0, 0, 0, 6, 0xff, 0xff}, uint8(2))
	f.Add([]byte{'D', 0x40, 0, 0, 0, 1}, uint8(2))
	f.Fuzz(func(t *testing.T, say []byte, piece uint8) {
		l := newLab(t, uint64(piece))
		a, b := l.ask("SELECT $1", 1), l.ask("SELECT $1", 2)
		l.sayInPieces(say, int(piece)+1)
		l.v.Advance(2 * l.core.cfg.AcquireTimeout)
		for _, f := range []*async.Future[int64]{a, b} {
			_, _, ok := f.Result() // whatever it is
			require.True(t, ok, "a call hangs")
		}
	})
}

// TestBatchOneTrip: the statements of a batch leave in one write with one Sync,
// and are answered together.
func TestBatchOneTrip(t *testing.T) {
	l := newLab(t, 1)
	l.prove(t)
	b := l.pool.Batch()
	items := []*db.Item[int64]{b.One[int64]("SELECT $1", 1), b.One[int64]("SELECT $1", 2), b.One[int64]("SELECT $1", 3)}
	var sent async.Future[struct{}]
	writes := l.v.Net.Writes()
	l.v.Do(func() { sent = b.Send(l.ctx) })
	l.v.RunUntilIdle()
	require.Equal(t, 1, l.v.Net.Writes()-writes)
	require.Equal(t, 1, l.syncs())
	for i := range items {
		l.say(answer(uint64(i + 1))[:3]...)
	}
	require.False(t, sent.Ready(), "all or nothing")
	l.say(readyNow)
	_, err, ok := sent.Result()
	require.True(t, ok)
	require.NoError(t, err)
	for i, item := range items {
		require.EqualValues(t, i+1, item.Value)
	}
}
