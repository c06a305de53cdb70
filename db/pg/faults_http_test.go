package pg_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// leaving is the input of the routes that clients do not wait for.
type leaving struct {
	ID int      `query:"id"`
	DB *db.Pool `inject:""`
}

// runningSleeps counts what the server works on, as the server says.
func runningSleeps(t *testing.T, conn *pgx.Conn, id int) (n int) {
	t.Helper()
	const sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE 'SELECT 7 FROM pg_sleep%' || $1 AND pid <> pg_backend_pid()"
	require.NoError(t, conn.QueryRow(background(t), sql, fmt.Sprintf("/* %d */", id)).Scan(&n))
	return n
}

// TestClientLeaves: an HTTP client that closes its connection while its query
// runs ends the query on the server, in every style of handler, and in a
// transaction. The query would sleep for a minute.
func TestClientLeaves(t *testing.T) {
	c := plain(t)
	p := open(t, c, pg.Config{MaxConns: 3, StatementTimeout: -1})
	look := admin(t, c.URL())
	sleep := func(in leaving) string { return fmt.Sprintf("SELECT 7 FROM pg_sleep(60) /* %d */", in.ID) }
	query := func(c *fasterapi.Ctx, in leaving) (int, error) { return in.DB.One[int](c, sleep(in)).Await(c) }

	app := fasterapi.New(fasterapi.Config{Title: "leaves", Addr: "127.0.0.1:0", Cores: 2})
	app.Provide(p)
	app.Get("/goroutine", query)
	app.Get("/reactor", query, fasterapi.OnReactor())
	app.GetFuture("/chain", func(c *fasterapi.Ctx, in leaving) async.Future[int] { return in.DB.One[int](c, sleep(in)) })
	app.Get("/transaction", func(c *fasterapi.Ctx, in leaving) (int, error) {
		return in.DB.Tx(c, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			return tx.One[int](ctx, sleep(in)).Await(ctx)
		}).Await(c)
	})
	app.Get("/all", func(c *fasterapi.Ctx, in leaving) ([]int, error) {
		return async.WhenAll(in.DB.One[int](c, sleep(in)), in.DB.One[int](c, "SELECT 1")).Await(c)
	})
	app.Get("/fast", func(c *fasterapi.Ctx, in leaving) (int, error) { return in.DB.One[int](c, "SELECT 8").Await(c) })
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Shutdown(background(t))) })

	for i, path := range []string{"/goroutine", "/reactor", "/chain", "/transaction", "/all"} {
		t.Run(path[1:], func(t *testing.T) {
			conn, err := net.Dial("tcp", server.Addr().String())
			require.NoError(t, err)
			_, err = fmt.Fprintf(conn, "GET %s?id=%d HTTP/1.1\r\nHost: x\r\n\r\n", path, i)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return runningSleeps(t, look, i) == 1 }, 10*time.Second, 5*time.Millisecond,
				"the query does not run")
			left := time.Now()
			require.NoError(t, conn.Close())
			require.Eventually(t, func() bool { return runningSleeps(t, look, i) == 0 }, 10*time.Second, 5*time.Millisecond,
				"the server works on, for nobody")
			t.Logf("ended after %v", time.Since(left).Round(time.Millisecond))
			require.Eventually(t, func() bool { s := p.Stats(); return s.Busy == 0 && s.Waiting == 0 }, 20*time.Second, time.Millisecond)
		})
	}
	require.NotZero(t, p.Stats().Cancelled)
	conn, err := net.Dial("tcp", server.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /fast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	text, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(text), " 200 ", "the pool is well")
}

// TestDeadlineEndsQuery: the deadline of a request, of the app or of whoever is in front of it, is that of its query: the
// server stops to work on it, in every style of handler and in a transaction. The pool has no StatementTimeout, so nothing
// else would within the minute that the query sleeps. A request whose time is over begins none.
func TestDeadlineEndsQuery(t *testing.T) {
	c := plain(t)
	p := open(t, c, pg.Config{MaxConns: 3, StatementTimeout: -1})
	look := admin(t, c.URL())
	sleep := func(in leaving) string { return fmt.Sprintf("SELECT 7 FROM pg_sleep(60) /* %d */", in.ID) }
	query := func(c *fasterapi.Ctx, in leaving) (int, error) { return in.DB.One[int](c, sleep(in)).Await(c) }

	app := fasterapi.New(fasterapi.Config{Title: "deadlines", Addr: "127.0.0.1:0", Cores: 2})
	app.Provide(p)
	app.Use(middleware.Deadline(middleware.DeadlineConfig{}))
	app.Get("/goroutine", query)
	app.Get("/reactor", query, fasterapi.OnReactor())
	app.GetFuture("/chain", func(c *fasterapi.Ctx, in leaving) async.Future[int] { return in.DB.One[int](c, sleep(in)) })
	app.Get("/transaction", func(c *fasterapi.Ctx, in leaving) (int, error) {
		return in.DB.Tx(c, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			return tx.One[int](ctx, sleep(in)).Await(ctx)
		}).Await(c)
	})
	app.Get("/app", query, fasterapi.Use(middleware.Timeout(500*time.Millisecond)))
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Shutdown(background(t))) })
	ask := func(t *testing.T, path string, id int, left string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://%s%s?id=%d", server.Addr(), path, id), http.NoBody)
		require.NoError(t, err)
		if left != "" {
			request.Header.Set(resilience.DeadlineHeader, left)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}

	for i, path := range []string{"/goroutine", "/reactor", "/chain", "/transaction", "/app"} {
		t.Run(path[1:], func(t *testing.T) {
			left := "500"
			if path == "/app" {
				left = ""
			}
			before := p.Stats()
			require.Eventually(t, func() bool { // on a busy machine the time may be over before the query begins
				require.Equal(t, http.StatusGatewayTimeout, ask(t, path, i, left))
				return p.Stats().Queries > before.Queries
			}, patience, time.Millisecond)
			require.Eventually(t, func() bool { return runningSleeps(t, look, i) == 0 }, 10*time.Second, 5*time.Millisecond,
				"the server works on, for nobody")
			require.Eventually(t, func() bool { s := p.Stats(); return s.Busy == 0 && s.Waiting == 0 }, 10*time.Second, time.Millisecond)
			require.Greater(t, p.Stats().Cancelled, before.Cancelled)
		})
	}
	queries := p.Stats().Queries
	require.Equal(t, http.StatusGatewayTimeout, ask(t, "/goroutine", 9, "0"))
	require.Equal(t, queries, p.Stats().Queries, "its time was over")
	http.DefaultClient.CloseIdleConnections()
}

// TestZeroCharacter: a text of a client with U+0000, which JSON may have and Postgres cannot hold, is the client's mistake, in
// words that name the remedy, and the connection is well.
func TestZeroCharacter(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1})
	for sql, v := range map[string]any{"SELECT $1::text AS v": "a\x00b", "SELECT ($1::jsonb->>'a') AS v": map[string]string{"a": "a\x00b"}} {
		_, err := p.One[string](background(t), sql, v).Await(background(t))
		require.Equal(t, db.Invalid, db.KindOf(err), sql)
		statused, ok := errors.AsType[problem.Statused](err)
		require.True(t, ok, "%s: %v", sql, err)
		require.Equal(t, http.StatusBadRequest, statused.HTTPStatus(), sql)
		detailed, ok := errors.AsType[problem.Detailed](err)
		require.True(t, ok, sql)
		require.Equal(t, "a text has a character that cannot be stored, such as U+0000: send it without", detailed.PublicDetail())
		_, is := errors.AsType[*pgconn.PgError](err)
		require.True(t, is, "the driver's own error is below")
		require.Equal(t, 1, one[int](t, &p.Querier, "SELECT 1"))
	}
}
