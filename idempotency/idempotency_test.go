package idempotency_test

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/internal/test/keys"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
)

func prepare(t *testing.T, pool *db.Pool, err error) *db.Pool {
	t.Helper()
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close(context.Background()) })
	_, err = pool.Exec(t.Context(), idempotency.Schema).Await(t.Context())
	require.NoError(t, err)
	return pool
}

func openSQLite(t *testing.T) *db.Pool {
	pool, err := sqlite.Open(filepath.Join(t.TempDir(), "keys.db"), sqlite.Config{})
	return prepare(t, pool, err)
}

func TestSQLite(t *testing.T) {
	pool := openSQLite(t)
	keys.Run(t, keys.Setup{Store: idempotency.InDatabase(pool), Break: func() { _ = pool.Close(context.Background()) }})
}

func TestPostgres(t *testing.T) {
	pool, err := pg.Open(t.Context(), pg.Config{URL: pgtest.Start(t, pgtest.Options{}).URL()})
	prepare(t, pool, err)
	keys.Run(t, keys.Setup{Store: idempotency.InDatabase(pool), Break: func() { _ = pool.Close(context.Background()) }})
}

// TestRenewed: a handler that takes longer than the lease keeps its key, and its answer is stored although its client has left.
func TestRenewed(t *testing.T) {
	const renewed = 2 * time.Second // each third of it; a busy machine may be late for one
	pool := openSQLite(t)
	var runs atomic.Int64
	release, began := make(chan struct{}), make(chan struct{})
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		app.Post("/slow", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			runs.Add(1)
			close(began)
			<-release
			return "done", nil
		}, idempotency.New(idempotency.InDatabase(pool), idempotency.Config{Lease: renewed}).Route())
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		c = c.With(idempotency.Header, "slow")
		leaving, leave := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(leaving, http.MethodPost, c.URL("/slow"), http.NoBody)
		require.NoError(t, err)
		request.Header.Set(idempotency.Header, "slow")
		left := make(chan error, 1)
		go func() {
			response, err := http.DefaultClient.Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
			left <- err
		}()
		<-began
		leave()
		require.ErrorIs(t, <-left, context.Canceled)
		start, err := pool.One[int64](t.Context(), "SELECT leased FROM idempotency_keys").Await(t.Context())
		require.NoError(t, err)
		require.Eventually(t, func() bool { // it was renewed past the end of the first lease
			now, err := pool.One[int64](t.Context(), "SELECT leased FROM idempotency_keys").Await(t.Context())
			require.NoError(t, err)
			return now >= start+renewed.Milliseconds()
		}, time.Minute, 10*time.Millisecond)
		c.Post("/slow", nil).Expect(409)
		close(release)
		require.Eventually(t, func() bool { return c.Post("/slow", nil).Status == 200 }, time.Minute, 10*time.Millisecond)
		require.Equal(t, "done", c.Post("/slow", nil).Expect(200).Text())
		require.EqualValues(t, 1, runs.Load())
	}, fasterapitest.OneReactor())
}

// TestLargestBody: a limit that is the largest number is none, and other bodies are still told apart.
func TestLargestBody(t *testing.T) {
	pool := openSQLite(t)
	app := fasterapi.New(fasterapi.Config{})
	pay := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "paid", nil }
	app.Post("/pay", pay, idempotency.New(idempotency.InDatabase(pool), idempotency.Config{MaxBody: math.MaxInt}).Route())
	c := fasterapitest.New(t, app).With(idempotency.Header, "one")
	c.Post("/pay", map[string]int{"amount": 1}).Expect(200)
	c.Post("/pay", map[string]int{"amount": 1}).Expect(200)
	c.Post("/pay", map[string]int{"amount": 2}).Expect(422)
}

// TestDocument: the document has the header and the answers, and the header is not needed where it is optional.
func TestDocument(t *testing.T) {
	pool := openSQLite(t)
	app := fasterapi.New(fasterapi.Config{})
	pay := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "paid", nil }
	app.Post("/must", pay, idempotency.New(idempotency.InDatabase(pool), idempotency.Config{}).Route())
	app.Post("/may", pay, idempotency.New(idempotency.InDatabase(pool), idempotency.Config{Optional: true, FailOpen: true}).Route())
	c := fasterapitest.New(t, app)
	c.Post("/may", nil).Expect(200)
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In string
				Required bool
			}
			Responses map[string]struct{ Headers map[string]any }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(c.Get("/openapi.json").Expect(200).Text()), &document))
	for path, required := range map[string]bool{"/must": true, "/may": false} {
		op := document.Paths[path]["post"]
		require.Len(t, op.Parameters, 1)
		require.Equal(t, "Idempotency-Key", op.Parameters[0].Name)
		require.Equal(t, required, op.Parameters[0].Required)
		require.Contains(t, op.Responses["409"].Headers, "Retry-After")
		_, refused := op.Responses["503"]
		require.Equal(t, required, refused, "not where the handler runs although the store fails")
		require.Equal(t, required, op.Responses["503"].Headers["Retry-After"] != nil)
		require.Contains(t, op.Responses, "400")
		require.Contains(t, op.Responses, "422")
	}
}

// TestMistakes: all that is wrong is said when the app starts.
func TestMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	bad := idempotency.New(nil, idempotency.Config{Lease: time.Millisecond, Keep: time.Nanosecond, MaxBody: -1, MaxAnswer: -1})
	app.Post("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil }, bad.Route())
	_, err := app.Start()
	for _, what := range []string{"needs a store", "Lease", "Keep", "MaxBody", "MaxAnswer"} {
		require.ErrorContains(t, err, what)
	}
	app = fasterapi.New(fasterapi.Config{})
	long := idempotency.New(idempotency.InDatabase(openSQLite(t)), idempotency.Config{Lease: 24*time.Hour + 1, Keep: 366*24*time.Hour + 1})
	app.Post("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil }, long.Route())
	_, err = app.Start()
	require.ErrorContains(t, err, "Config.Lease must be at most 24h0m0s, it is 24h0m0.000000001s")
	require.ErrorContains(t, err, "Config.Keep must be at most 8784h0m0s, it is 8784h0m0.000000001s")
}
