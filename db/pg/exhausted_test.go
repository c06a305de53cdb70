package pg_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/stretchr/testify/require"
)

// number is the input of the routes that ask the database for a number.
type number struct {
	DB *db.Pool `inject:""`
}

// serveNumbers starts an app that asks sql in all three styles.
func serveNumbers(t *testing.T, p *db.Pool, sql string) (url string, server *fasterapi.Server) {
	app := fasterapi.New(fasterapi.Config{Title: "numbers", Addr: "127.0.0.1:0", Cores: 1})
	app.Provide(p)
	ask := func(c *fasterapi.Ctx, in number) (int, error) { return in.DB.One[int](c, sql).Await(c) }
	app.Get("/goroutine", ask)
	app.Get("/reactor", ask, fasterapi.OnReactor())
	app.GetFuture("/chain", func(c *fasterapi.Ctx, in number) async.Future[int] { return in.DB.One[int](c, sql) })
	server, err := app.Start()
	require.NoError(t, err)
	return "http://" + server.Addr().String(), server
}

func get(url string) (status int, body string, header http.Header, err error) {
	client := http.Client{Timeout: patience}
	r, err := client.Get(url)
	if err != nil {
		return 0, "", nil, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	return r.StatusCode, string(text), r.Header, err
}

// TestExhaustedOverHTTP: who waits in vain for a connection, because all are in use
// or because there is no server, is told to come back later, and nothing else.
func TestExhaustedOverHTTP(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{})
	var log countedLog
	p := open(t, c, pg.Config{MaxConns: 1, AcquireTimeout: 50 * time.Millisecond, Logger: log.logger()})
	url, server := serveNumbers(t, p, "SELECT 8")
	t.Cleanup(func() { require.NoError(t, server.Shutdown(background(t))) })
	refused := func(why string) {
		t.Helper()
		for _, style := range []string{"/goroutine", "/reactor", "/chain"} {
			begin := time.Now()
			status, body, header, err := get(url + style)
			require.NoError(t, err)
			require.Equal(t, 503, status, "%s, %s: %s", why, style, body)
			require.Equal(t, "1", header.Get("Retry-After"))
			require.NotContains(t, body, "SELECT")
			require.Less(t, time.Since(begin), 5*time.Second)
		}
	}
	ctx := background(t)
	require.Eventually(t, func() bool { return p.Stats().Idle == 1 }, patience, time.Millisecond, "on the reactor of the app")
	_, err := p.Tx(ctx, db.TxOptions{}, func(context.Context, *db.Tx) (int, error) {
		refused("all are in use")
		return 0, nil
	}).Await(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 3, p.Stats().Exhausted)
	status, body, _, err := get(url + "/goroutine")
	require.NoError(t, err)
	require.Equal(t, 200, status, body)

	require.NoError(t, c.Down("fast"))
	require.Eventually(t, func() bool { return p.Stats().Open == 0 && log.count("pg: cannot connect") > 0 }, patience, time.Millisecond)
	refused("nobody is there")
	require.EqualValues(t, 3, p.Stats().Exhausted)
}

// TestShutdownDrains: an app that stops lets the queries of its requests end, and
// leaves a pool that can be used and closed.
func TestShutdownDrains(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 2})
	holder, ctx := admin(t, plain(t).URL()), background(t)
	_, err := holder.Exec(ctx, "SELECT pg_advisory_lock(78)")
	require.NoError(t, err)
	url, server := serveNumbers(t, p, "SELECT 8 FROM pg_advisory_xact_lock_shared(78) /* drains */")
	answers := make(chan string)
	for _, style := range []string{"/goroutine", "/reactor", "/chain"} {
		go func() {
			_, body, _, err := get(url + style)
			if err != nil {
				body = err.Error()
			}
			answers <- body
		}()
	}
	require.Eventually(t, func() bool { s := p.Stats(); return s.InFlight+s.Waiting == 3 }, patience, time.Millisecond)
	stopped := make(chan error)
	go func() { stopped <- server.Shutdown(background(t)) }()
	require.Eventually(t, func() bool { // it takes no more requests: the shutdown has begun
		conn, err := net.Dial("tcp", server.Addr().String())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, patience, time.Millisecond)
	_, err = holder.Exec(ctx, "SELECT pg_advisory_unlock(78)")
	require.NoError(t, err)
	for range 3 {
		require.Equal(t, "8", strings.TrimSpace(<-answers))
	}
	require.NoError(t, <-stopped)
	require.Equal(t, 8, one[int](t, &p.Querier, "SELECT 8"), "on a reactor of its own")
	require.NoError(t, p.Close(background(t)))
	require.Zero(t, p.Stats().Open)
}
