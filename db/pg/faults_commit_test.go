package pg_test

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// TestLostCommit: the process of the server is killed while it commits the transaction of a request. The
// client is told that nobody knows, whether the commit was stored (it waited for a standby) or not (a
// deferred trigger was running), and is never asked to come again.
func TestLostCommit(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{})
	p := open(t, c, pg.Config{MaxConns: 2, AcquireTimeout: 15 * time.Second})
	for _, sql := range []string{
		"CREATE TABLE public.orders (id int)",
		"CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id % 2 = 0 THEN PERFORM pg_sleep(60); END IF; RETURN NULL; END $$",
		"CREATE CONSTRAINT TRIGGER late AFTER INSERT ON public.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()",
		"ALTER SYSTEM SET synchronous_standby_names = 'nobody'",
		"ALTER SYSTEM SET synchronous_commit = 'on'",
		"SELECT pg_reload_conf()",
		"CHECKPOINT", // the cluster of tests does not wait for its log, and a crash must not lose the table
	} {
		exec(t, &p.Querier, sql)
	}
	urls := map[string]string{"reactors": serveOrders(t, p, false), "h2c": serveOrders(t, p, true)}
	for id, path := range map[int]string{ // odd: stored, and its answer lost
		1: "reactors/goroutine", 2: "reactors/reactor", 4: "h2c/goroutine", 3: "h2c/reactor",
	} {
		i := strings.LastIndexByte(path, '/')
		t.Run(path, func(t *testing.T) {
			answer := make(chan *http.Response, 1)
			go func() {
				defer close(answer)
				resp, err := http.Post(fmt.Sprintf("%s%s?id=%d", urls[path[:i]], path[i:], id), "", nil)
				if err != nil {
					t.Error(err)
					return
				}
				answer <- resp
			}()
			killCommit(t, c, id)
			resp := <-answer
			require.NotNil(t, resp)
			defer resp.Body.Close()
			require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
			require.Empty(t, resp.Header.Get("Retry-After"))
			require.Empty(t, resp.Header.Get("Location"))
			var told struct {
				Detail string `json:"detail"`
			}
			require.NoError(t, json.UnmarshalRead(resp.Body, &told))
			require.Contains(t, told.Detail, "nobody knows")
			require.Equal(t, id%2 == 1, isStored(t, c, id))
		})
	}
}

// serveOrders starts a service whose transactions are those of requests.
func serveOrders(t *testing.T, p *db.Pool, h2c bool) string {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, H2C: h2c})
	app.Provide(p)
	app.ProvideWithOutcome(func(c *fasterapi.Ctx, in struct {
		DB *db.Pool `inject:""`
	},
	) (*db.Tx, func(error) error, error) {
		tx, end := in.DB.Begin(c, db.TxOptions{})
		return tx, end, nil
	})
	order := func(c *fasterapi.Ctx, in struct {
		ID int64  `query:"id"`
		Tx *db.Tx `inject:""`
	},
	) (fasterapi.Created[string], error) {
		_, err := in.Tx.Exec(c, "INSERT INTO public.orders VALUES ($1)", in.ID).Await(c)
		return fasterapi.Created[string]{Location: "/orders", Body: "stored"}, err
	}
	app.Post("/goroutine", order)
	app.Post("/reactor", order, fasterapi.OnReactor())
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Shutdown(background(t))) })
	return "http://" + server.Addr().String()
}

// killCommit kills the process of the server that waits within its COMMIT.
func killCommit(t *testing.T, c *pgtest.Cluster, id int) {
	wait := map[bool]string{true: "SyncRep", false: "PgSleep"}[id%2 == 1]
	look := admin(t, c.URL())
	pid := 0
	require.Eventually(t, func() bool {
		const sql = "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE wait_event = $1 AND pid <> pg_backend_pid()"
		require.NoError(t, look.QueryRow(background(t), sql, wait).Scan(&pid))
		return pid != 0
	}, patience, time.Millisecond)
	process, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, process.Kill())
}

// isStored tells whether the order is there, when the server has recovered.
func isStored(t *testing.T, c *pgtest.Cluster, id int) (stored bool) {
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second) // one that meets the crash is left without an answer
		defer cancel()
		conn, err := pgx.Connect(ctx, c.URL())
		if err != nil {
			return false // it is still recovering
		}
		defer conn.Close(ctx)
		return conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM public.orders WHERE id = $1)", id).Scan(&stored) == nil
	}, patience, 10*time.Millisecond)
	return stored
}
