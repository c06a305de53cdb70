package pg

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// another gives the lab one more connection.
func (l *lab) another(t testing.TB) (*conn, *sim.Peer) {
	l.core.cfg.MaxConns++
	fd, peer := l.v.Net.Pair()
	l.v.Do(func() {
		host, _ := net.Pipe()
		require.NoError(t, l.core.add(&link{fd: fd, hijacked: &pgconn.HijackedConn{Conn: host, Config: l.core.d.target}}))
	})
	return l.core.conns[len(l.core.conns)-1], peer
}

// TestPlace: a statement goes where the least is on its way, and not behind one
// that is known to be slow, has never run, or has run for long.
func TestPlace(t *testing.T) {
	const fast, slow, fresh = "SELECT $1", "UPDATE slow SET n = $1", "UPDATE fresh SET n = $1"
	know := func(l *lab, sql string, took time.Duration) {
		l.core.statement(sql).note(int64(took))
	}
	with := func(t *testing.T, first string, after time.Duration) (l *lab, other *conn) {
		l = newLab(t, 1)
		know(l, fast, time.Microsecond)
		know(l, slow, time.Second)
		l.ask(first, 1)
		if l.conn.parked > 0 {
			l.say(description...)
		}
		l.v.Advance(after)
		require.Equal(t, 1, l.conn.load())
		other, _ = l.another(t)
		other.reserve = true // hidden, until it is wanted
		return l, other
	}
	t.Run("the least", func(t *testing.T) {
		l, other := with(t, fast, 0)
		l.ask(fast, 2)
		require.Equal(t, 2, l.conn.load(), "a pipeline is no reason to wait")
		other.reserve = false
		l.ask(fast, 3)
		require.Equal(t, 2, l.conn.load())
		require.Positive(t, other.load())
	})
	for name, tc := range map[string]struct {
		first string
		after time.Duration
	}{
		"slow": {slow, 0}, "never ran": {fresh, 0}, "takes long": {fast, 6 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			l, other := with(t, tc.first, tc.after)
			waits := l.ask(fast, 2)
			require.Equal(t, 1, l.conn.load(), "nothing is placed behind it")
			require.Equal(t, 1, l.pool.Stats().Waiting)
			l.v.Do(func() { other.reserve = false; l.core.serve() })
			require.Positive(t, other.load(), "it goes where it can")
			require.Zero(t, l.pool.Stats().Waiting)
			require.False(t, waits.Ready())
		})
	}
	t.Run("in time", func(t *testing.T) {
		l, _ := with(t, fast, 4*time.Millisecond)
		l.ask(fast, 2)
		require.Equal(t, 2, l.conn.load())
	})
}

// TestSlowAlone: what is known to be slow gets a connection of its own as long as
// one can be opened, even when the others are only busy with what is fast.
func TestSlowAlone(t *testing.T) {
	l := newLab(t, 1)
	l.core.statement("SELECT $1").note(int64(time.Microsecond))
	l.core.statement("SELECT 2").note(int64(time.Second))
	l.ask("SELECT $1", 1)
	l.say(description...)
	l.ask("SELECT 2")
	require.Greater(t, l.conn.load(), 1, "no other connection may be opened")

	l = newLab(t, 1)
	l.core.statement("SELECT $1").note(int64(time.Microsecond))
	l.core.statement("SELECT 2").note(int64(time.Second))
	l.ask("SELECT $1", 1)
	l.say(description...)
	l.core.cfg.MaxConns = 2
	l.core.opening = 1 // one is on its way
	l.ask("SELECT 2")
	require.Equal(t, [...]int{1, 1}, [...]int{l.conn.load(), l.pool.Stats().Waiting})
}

// TestDirect: on its reactor a call is on its way when it returns; from elsewhere
// it comes through the mailbox, and the answer goes back to where it was asked.
func TestDirect(t *testing.T) {
	l := newLab(t, 1)
	l.prove(t)
	l.v.Do(func() {
		l.pool.One[int64](l.ctx, "SELECT $1", 1)
		require.Equal(t, 1, l.conn.load())
		foreign := async.WithSite(context.Background(), async.Site{})
		l.pool.One[int64](foreign, "SELECT $1", 1)
		require.Equal(t, 1, l.conn.load(), "not yet")
		require.Equal(t, 1, l.pool.Stats().Waiting)
	})
	l.v.RunUntilIdle()
	require.Equal(t, 2, l.conn.load())
}
