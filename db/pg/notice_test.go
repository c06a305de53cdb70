package pg_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// heard collects notices.
//
// Owner: mu.
type heard struct {
	mu   sync.Mutex
	list []pg.Notice
}

func (h *heard) hear(n pg.Notice) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, n)
}

// wait waits for n notices and returns them.
func (h *heard) wait(t *testing.T, n int) []pg.Notice {
	t.Helper()
	require.Eventually(t, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.list) >= n
	}, patience, time.Millisecond)
	h.mu.Lock()
	defer h.mu.Unlock()
	require.Len(t, h.list, n)
	out := h.list
	h.list = nil
	return out
}

const saying = `CREATE FUNCTION say(what text) RETURNS bigint LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE '%', what USING DETAIL = 'more', HINT = 'do it', ERRCODE = '01234'; RETURN 1; END $$`

// TestNotices: what the server says beside its answers comes in order, with its
// parts and the statement, from every kind of call.
func TestNotices(t *testing.T) {
	var h heard
	p := open(t, plain(t), pg.Config{
		MaxConns: 1, OnNotice: h.hear,
		AfterConnect: func(ctx context.Context, conn *pgconn.PgConn) error {
			return conn.Exec(ctx, "DROP TABLE IF EXISTS nothing").Close()
		},
	})
	first := h.wait(t, 2) // one of the pool that made the schema
	require.Equal(t, `table "nothing" does not exist, skipping`, first[1].Message, "from the hook")
	exec(t, &p.Querier, saying)
	const sql = "SELECT say($1)"
	one[int64](t, &p.Querier, sql, "one")
	n := h.wait(t, 1)[0]
	require.Equal(t, pg.Notice{
		Severity: "NOTICE", Code: "01234", Message: "one", Detail: "more", Hint: "do it", SQL: sql,
		Where: "PL/pgSQL function say(text) line 1 at RAISE",
	}, n)

	exec(t, &p.Querier, "DO $$ BEGIN RAISE WARNING 'a'; RAISE INFO 'b'; END $$; DROP TABLE IF EXISTS nothing")
	all := h.wait(t, 3)
	require.Equal(t, []string{"WARNING", "INFO", "NOTICE"}, []string{all[0].Severity, all[1].Severity, all[2].Severity})

	_, err := p.Tx(background(t), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return tx.One[int64](ctx, sql, "in a transaction").Await(ctx)
	}).Await(background(t))
	require.NoError(t, err)
	require.Equal(t, "in a transaction", h.wait(t, 1)[0].Message)

	b := p.Batch()
	b.Exec("SELECT 1")
	b.Exec(sql, "in a batch")
	_, err = b.Send(background(t)).Await(background(t))
	require.NoError(t, err)
	n = h.wait(t, 1)[0]
	require.Equal(t, []string{"in a batch", sql}, []string{n.Message, n.SQL})

	for _, err := range p.Each[int64](background(t), "SELECT say(i::text) FROM generate_series(1, 3) AS i") {
		require.NoError(t, err)
	}
	require.Equal(t, "3", h.wait(t, 3)[2].Message)

	one[int64](t, &p.Querier, sql, strings.Repeat("ü", 1<<20))
	n = h.wait(t, 1)[0]
	require.Less(t, len(n.Message), 9<<10, "a long one is cut")
	require.True(t, strings.HasSuffix(n.Message, "ü..."))
}

// TestNoticesLogged: without OnNotice warnings are logged as such, and the rest for
// those who debug.
func TestNoticesLogged(t *testing.T) {
	for level, want := range map[slog.Level]int{slog.LevelInfo: 0, slog.LevelDebug: 1} {
		var log countedLog
		p := open(t, plain(t), pg.Config{MaxConns: 1, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level}))})
		exec(t, &p.Querier, "DO $$ BEGIN RAISE NOTICE 'a small thing'; RAISE WARNING 'a large thing' USING DETAIL = 'sec' || 'ret'; END $$")
		require.Eventually(t, func() bool { return log.count("level=WARN msg=\"pg: the server says: a large thing\"") == 1 }, patience, time.Millisecond)
		require.Equal(t, want, log.count("level=DEBUG msg=\"pg: the server says: a small thing\""))
		require.Zero(t, log.count("secret"))
	}
}

// TestNoticesBounded: an OnNotice that does not return holds up nobody, and what it
// is too slow for is dropped and counted.
func TestNoticesBounded(t *testing.T) {
	var log countedLog
	var h heard
	entered, release := make(chan struct{}, 1000), make(chan struct{})
	p := open(t, plain(t), pg.Config{MaxConns: 1, Logger: log.logger(), OnNotice: func(n pg.Notice) {
		entered <- struct{}{}
		<-release
		h.hear(n)
	}})
	exec(t, &p.Querier, "DO $$ BEGIN RAISE NOTICE '0'; END $$")
	<-entered
	exec(t, &p.Querier, "DO $$ BEGIN FOR i IN 1..5000 LOOP RAISE NOTICE '%', i; END LOOP; END $$")
	require.Equal(t, 1, one[int](t, &p.Querier, "SELECT 1"))
	close(release)
	require.Eventually(t, func() bool { return log.count("notices of the server were dropped") == 1 }, patience, time.Millisecond)
	all := h.wait(t, 256+1) // and the one that was being handed over
	for i, n := range all {
		require.Equal(t, fmt.Sprint(i), n.Message, "the oldest, in order")
	}
	require.Equal(t, 1, log.count("dropped=4744"))
	one[int64](t, &p.Querier, "SELECT count(*) FROM pg_class")
	exec(t, &p.Querier, "DROP TABLE IF EXISTS nothing")
	h.wait(t, 1)
}

// TestNoticesSurvive: an OnNotice that panics, or ends its goroutine, gets the next
// notice all the same.
func TestNoticesSurvive(t *testing.T) {
	var log countedLog
	var h heard
	p := open(t, plain(t), pg.Config{MaxConns: 1, Logger: log.logger(), OnNotice: func(n pg.Notice) {
		h.hear(n)
		switch n.Message {
		case "panic":
			panic("at the disco")
		case "leave":
			runtime.Goexit()
		}
	}})
	exec(t, &p.Querier, "DO $$ BEGIN RAISE NOTICE 'panic'; RAISE NOTICE 'leave'; RAISE NOTICE 'leave'; RAISE NOTICE 'stay'; END $$")
	require.Equal(t, "stay", h.wait(t, 4)[3].Message)
	require.Equal(t, 1, log.count("OnNotice panicked"))
	require.Equal(t, 1, log.count("notice_test.go"))
}
