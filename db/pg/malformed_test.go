package pg_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// impostor is a server that lets everybody in, answers simple queries with
// nothing, and then says what it is told to.
func impostor(t testing.TB, say []byte) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go impose(c, say)
		}
	}()
	return "postgres://u@" + l.Addr().String() + "/d?sslmode=disable"
}

func impose(c net.Conn, say []byte) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	b := pgproto3.NewBackend(c, c)
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if b.Flush() != nil {
		return
	}
	for first := true; ; first = false {
		m, err := b.Receive()
		if err != nil {
			return
		}
		if _, sync := m.(*pgproto3.Sync); sync && first {
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
			if b.Flush() != nil {
				return
			}
			continue
		}
		if _, simple := m.(*pgproto3.Query); simple {
			b.Send(&pgproto3.CommandComplete{})
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
			if b.Flush() != nil {
				return
			}
			continue
		}
		_, _ = c.Write(say)
		return
	}
}

func seeds() [][]byte {
	encode := func(messages ...pgproto3.BackendMessage) (out []byte) {
		for _, m := range messages {
			out, _ = m.Encode(out)
		}
		return out
	}
	ready := &pgproto3.ReadyForQuery{TxStatus: 'I'}
	described := encode(&pgproto3.ParseComplete{}, &pgproto3.ParameterDescription{ParameterOIDs: []uint32{20}},
		&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("id"), DataTypeOID: 20}}}, ready)
	row := encode(&pgproto3.BindComplete{}, &pgproto3.DataRow{Values: [][]byte{{0, 0, 0, 0, 0, 0, 0, 7}}},
		&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")}, ready)
	return [][]byte{
		append(described[:len(described):len(described)], row...),
		append(described[:len(described):len(described)], encode(&pgproto3.DataRow{Values: [][]byte{nil, {1}}}, ready)...),
		append(described[:len(described):len(described)], encode(&pgproto3.DataRow{Values: [][]byte{{1, 2, 3}}}, ready)...),
		encode(&pgproto3.ErrorResponse{Severity: "ERROR", Code: "42601", Message: "no"}, ready),
		encode(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "57P01", Message: "bye"}),
		encode(&pgproto3.CopyInResponse{}, ready), encode(ready, ready, ready),
		{'D', 0, 0, 0, 3},
		{'T', 0, 0, 0, 6, 0xff, 0xff},
		{'t', 0xff, 0xff, 0xff, 0xff},
		{'D', 0x40, 0, 0, 0, 1},
		{0},
	}
}

// TestImpostor: whatever a server sends, a call ends, with a value or an error.
// FuzzAnswers tries much more of it, without sockets.
func TestImpostor(t *testing.T) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	for _, say := range seeds() {
		ctx := background(t)
		p, err := pg.Open(ctx, pg.Config{
			URL: impostor(t, say), SimplePooler: true, MaxConns: 1, AcquireTimeout: 50 * time.Millisecond, Logger: quiet,
		})
		require.NoError(t, err)
		call, end := context.WithTimeout(ctx, 200*time.Millisecond)
		_, _ = p.One[int64](call, "SELECT $1::bigint AS id", 7).Await(ctx)
		require.NoError(t, ctx.Err(), "the call hung")
		end()
		done, stop := context.WithTimeout(ctx, 100*time.Millisecond)
		_ = p.Close(done)
		require.NoError(t, ctx.Err(), "closing hung")
		stop()
	}
}

// TestMalformed: bytes that no server sends are an error that says so, soon: a
// statement that the server breaks at is not tried for ever.
func TestMalformed(t *testing.T) {
	for _, say := range [][]byte{{'D', 0, 0, 0, 3}, {'?', 0, 0, 0, 4}, {'t', 0, 0, 0, 5, 1}, {'Z', 0, 0, 0, 4}} {
		quiet := slog.New(slog.DiscardHandler)
		p, err := pg.Open(background(t), pg.Config{URL: impostor(t, say), SimplePooler: true, AcquireTimeout: 10 * time.Second, Logger: quiet})
		require.NoError(t, err)
		begin := time.Now()
		_, err = p.One[int64](background(t), "SELECT 1").Await(background(t))
		require.ErrorContains(t, err, "malformed")
		require.Equal(t, db.Unavailable, db.KindOf(err))
		require.Less(t, time.Since(begin), 5*time.Second)
		_ = p.Close(background(t))
		require.ErrorIs(t, p.Close(background(t)), db.ErrClosed)
	}
}
