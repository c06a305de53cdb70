package pg_test

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/stretchr/testify/require"
)

// TestUnknownOverHTTP: when the server process of a write is killed nobody knows
// the outcome, and no answer may ask the client to send it again. Once there is no
// server nothing runs, so it may.
func TestUnknownOverHTTP(t *testing.T) {
	for name, netHTTP := range map[string]bool{"reactors": false, "net/http": true} {
		t.Run(name, func(t *testing.T) {
			c := pgtest.Start(t, pgtest.Options{})
			p := open(t, c, pg.Config{MaxConns: 2, AcquireTimeout: 3 * time.Second}) // connecting is slow on a busy machine
			exec(t, &p.Querier, "CREATE TABLE orders (id int)")
			app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, NetHTTP: netHTTP})
			app.Provide(p)
			app.Post("/orders", func(c *fasterapi.Ctx, in leaving) (int64, error) {
				r, err := in.DB.Exec(c, "INSERT INTO orders SELECT 1 FROM pg_sleep(60) /* an order */").Await(c)
				return r.RowsAffected, err
			})
			server, err := app.Start()
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, server.Shutdown(background(t))) })
			post := func() *http.Response {
				resp, err := http.Post("http://"+server.Addr().String()+"/orders", "", nil)
				if err != nil {
					t.Error(err)
					return &http.Response{}
				}
				_ = resp.Body.Close()
				return resp
			}
			answer := make(chan *http.Response, 1)
			go func() { answer <- post() }()
			// It sleeps, so it runs: while it is only prepared it is active, too.
			process, err := os.FindProcess(waiting(t, admin(t, c.URL()), "wait_event = 'PgSleep' AND query LIKE '%/* an order */'"))
			require.NoError(t, err)
			require.NoError(t, process.Kill())
			unknown := <-answer
			require.Equal(t, http.StatusInternalServerError, unknown.StatusCode)
			require.Empty(t, unknown.Header.Get("Retry-After"))
			require.NoError(t, c.Down("immediate"))
			refused := post()
			require.Equal(t, http.StatusServiceUnavailable, refused.StatusCode)
			require.Equal(t, "1", refused.Header.Get("Retry-After"))
		})
	}
}

// TestErrorsOfTheServer: what the server reports as its own trouble has rolled the
// statement back, so it is safe to retry; a script is left to its caller.
func TestErrorsOfTheServer(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	exec(t, &p.Querier, "CREATE FUNCTION trouble() RETURNS int LANGUAGE plpgsql AS "+
		"$$ BEGIN RAISE EXCEPTION 'out of memory' USING ERRCODE = '53200'; END $$")
	_, err := p.One[int](background(t), "SELECT trouble()").Await(background(t))
	require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)
	require.True(t, db.SafeToRetry(err))
	_, err = p.Exec(background(t), "SELECT 1; SELECT trouble()").Await(background(t))
	require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)
	require.False(t, db.SafeToRetry(err))
}
