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
	c := pgtest.Start(t, pgtest.Options{Settings: []string{"synchronous_standby_names = 'nobody'"}})
	p := open(t, c, pg.Config{MaxConns: 2, AcquireTimeout: 15 * time.Second})
	for _, sql := range []string{
		"CREATE TABLE public.orders (id int)",
		"CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id % 2 = 0 THEN PERFORM pg_sleep(60); " +
			"ELSE SET LOCAL synchronous_commit = 'on'; END IF; RETURN NULL; END $$",
		"CREATE CONSTRAINT TRIGGER late AFTER INSERT ON public.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()",
		"CHECKPOINT", // the cluster of tests does not wait for its log, and a crash must not lose the table
	} {
		exec(t, &p.Querier, sql)
	}
	urls := map[string]string{"reactors": serveOrders(t, p, false), "net/http": serveOrders(t, p, true)}
	for id, path := range map[int]string{ // odd: stored, and its answer lost
		1: "reactors/goroutine", 2: "reactors/reactor", 4: "net/http/goroutine", 3: "net/http/reactor",
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
func serveOrders(t *testing.T, p *db.Pool, netHTTP bool) string {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, NetHTTP: netHTTP})
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

// killCommit kills the process of the server that waits within its COMMIT, and returns when the server has
// noticed that: until then it lets connections in, and they end with all others.
func killCommit(t *testing.T, c *pgtest.Cluster, id int) {
	wait := map[bool]string{true: "SyncRep", false: "PgSleep"}[id%2 == 1]
	look := admin(t, c.URL())
	process, err := os.FindProcess(waiting(t, look, "wait_event = $1", wait))
	require.NoError(t, err)
	require.NoError(t, process.Kill())
	awaitCrash(t, look)
}

// waiting returns the process of the server that where describes, as soon as there is one. A connection
// that breaks meanwhile fails the test at once.
func waiting(t *testing.T, look *pgx.Conn, where string, args ...any) (pid int) {
	ctx, sql := background(t), "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "+where
	for ; pid == 0; time.Sleep(time.Millisecond) {
		require.NoError(t, look.QueryRow(ctx, sql, args...).Scan(&pid), "waiting for a process of the server with %s %v", where, args)
	}
	return pid
}

// awaitCrash returns when the server has ended look because one of its processes was killed. From then on
// it refuses connections until it has recovered.
func awaitCrash(t *testing.T, look *pgx.Conn) {
	ctx := background(t)
	for look.Ping(ctx) == nil {
		time.Sleep(time.Millisecond)
	}
	require.NoError(t, ctx.Err(), "the server goes on as if nothing had happened")
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
