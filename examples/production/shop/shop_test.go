package shop

import (
	"context"
	"encoding/json/v2"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/contract"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// caller talks to the service under test, and holds its answers against its
// OpenAPI document.
type caller struct {
	t       *testing.T
	url     string
	promise *contract.Contract
}

// onBoth runs a test of the service on a new SQLite database and on a Postgres
// server of its own.
func onBoth(t *testing.T, body func(t *testing.T, c caller)) {
	t.Run("sqlite", func(t *testing.T) {
		pool, err := openStore(filepath.Join(t.TempDir(), "test.db"))
		require.NoError(t, err)
		body(t, serve(t, pool))
	})
	t.Run("postgres", func(t *testing.T) {
		pool, err := openPostgres(pgtest.Start(t, pgtest.Options{}).URL())
		require.NoError(t, err)
		body(t, serve(t, pool))
	})
}

// serve starts the service on a database.
func serve(t *testing.T, pool *db.Pool) caller {
	t.Helper()
	app := newApp(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, Logger: slog.New(slog.DiscardHandler)}, pool, newSupplier(""))
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
		require.NoError(t, pool.Close(ctx))
	})
	doc, err := app.OpenAPI()
	require.NoError(t, err)
	text, err := doc.JSON()
	require.NoError(t, err)
	promise, err := contract.New(text)
	require.NoError(t, err)
	return caller{t, "http://" + server.Addr().String(), promise}
}

func (c caller) do(method, path, body string, into any) int {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	require.NoError(c.t, c.promise.Check(request, contract.Answer{Status: response.StatusCode, Header: response.Header, Body: text}))
	if into != nil {
		require.NoError(c.t, json.Unmarshal(text, into), string(text))
	}
	return response.StatusCode
}

func (c caller) get(path string, into any) int { return c.do("GET", path, "", into) }

func TestUsers(t *testing.T) { onBoth(t, testUsers) }

func testUsers(t *testing.T, c caller) {
	var user User
	require.Equal(t, 200, c.get("/user/7", &user))
	require.Equal(t, User{ID: 7, Name: "User 7", Email: "user7@example.com", Credits: 700, CreatedAt: user.CreatedAt}, user)
	require.Equal(t, 404, c.get("/user/101", nil))
	require.Equal(t, 422, c.get("/user/x", nil))

	var orders []Order
	require.Equal(t, 200, c.get("/user/7/orders", &orders))
	require.Len(t, orders, 3)
	require.True(t, orders[0].CreatedAt.After(orders[1].CreatedAt), "the latest first")
	require.Equal(t, 422, c.get("/user/7/orders?limit=0", nil))
	require.Equal(t, 422, c.get("/user/7/orders?limit=101", nil))

	var full Full
	require.Equal(t, 200, c.get("/user/7/full", &full))
	require.Equal(t, user, full.User)
	require.Equal(t, orders, full.Orders)
	require.Len(t, full.Suggested, 3)
	require.Equal(t, 404, c.get("/user/101/full", nil))
}

// TestCredits lets many clients give and take at once: nothing is lost, and
// no balance falls below zero.
func TestCredits(t *testing.T) { onBoth(t, testCredits) }

func testCredits(t *testing.T, c caller) {
	const clients, rounds = 8, 10
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range rounds {
				request, _ := http.NewRequest("POST", c.url+"/user/1/credits", strings.NewReader(`{"amount":3,"reason":"test"}`))
				request.Header.Set("Content-Type", "application/json")
				response, err := http.DefaultClient.Do(request)
				if err == nil {
					response.Body.Close()
				}
			}
		})
	}
	wg.Wait()
	var user User
	require.Equal(t, 200, c.get("/user/1", &user))
	require.EqualValues(t, 100+3*clients*rounds, user.Credits)

	require.Equal(t, 409, c.do("POST", "/user/1/credits", `{"amount":-1000,"reason":"too much"}`, nil))
	require.Equal(t, 422, c.do("POST", "/user/1/credits", `{"amount":0,"reason":"nothing"}`, nil))
	require.Equal(t, 422, c.do("POST", "/user/1/credits", `{"amount":1,"reason":""}`, nil))
	require.Equal(t, 404, c.do("POST", "/user/999/credits", `{"amount":1,"reason":"nobody"}`, nil))
	require.Equal(t, 200, c.get("/user/1", &user))
	require.EqualValues(t, 100+3*clients*rounds, user.Credits, "refused changes change nothing")
}

func TestPipeline(t *testing.T) { onBoth(t, testPipeline) }

func testPipeline(t *testing.T, c caller) {
	var report Report
	require.Equal(t, 200, c.get("/pipeline/demo", &report))
	require.Len(t, report.Revenue, len(seedProducts))
	var total, orders int64
	for _, r := range report.Revenue {
		total += r.Total
		orders += r.Orders
	}
	require.Equal(t, total, report.Total)
	require.EqualValues(t, seedOrders, orders)
	require.Equal(t, "database", report.Source)
	var again Report
	require.Equal(t, 200, c.get("/pipeline/demo", &again))
	require.Equal(t, report, again)
}

// TestReports: a report is made once, and the last one stands in for a database that is down.
func TestReports(t *testing.T) {
	clock := fasterapitest.NewClock()
	reports, calls := newReports(clock), 0
	ask := func(err error) (Report, error) {
		return reports.GetOrLoadFuture(t.Context(), "all products", func(context.Context) async.Future[Report] {
			calls++
			return async.Of(Report{Total: int64(calls), Source: "database"}, err)
		}).Await(t.Context())
	}
	for range 3 {
		r, err := ask(nil)
		require.NoError(t, err)
		require.EqualValues(t, 1, r.Total)
	}
	clock.Advance(time.Minute)
	r, err := ask(problem.New(503, "down"))
	require.NoError(t, err)
	require.EqualValues(t, 1, r.Total)
	clock.Advance(2 * time.Hour)
	_, err = ask(problem.New(503, "down"))
	require.Error(t, err)
	r, err = ask(nil)
	require.NoError(t, err)
	require.EqualValues(t, 4, r.Total)
}

func TestHealthOfStuckCores(t *testing.T) {
	h := Health{Status: "healthy"}
	h.judge([]reactor.Stats{{Core: 0, OpenConns: 3}, {Core: 1, OpenConns: 2, Stuck: 900 * time.Millisecond}})
	require.Equal(t, Health{Status: "healthy", OpenConnections: 5}, h, "a slow page is not a deadlock")
	h = Health{Status: "healthy"}
	h.judge([]reactor.Stats{{Core: 0}, {Core: 1, Stuck: 90 * time.Second}})
	require.Equal(t, Health{Status: "stuck", Stuck: []StuckCore{{Core: 1, Seconds: 90}}}, h)
}

func TestOperations(t *testing.T) { onBoth(t, testOperations) }

func testOperations(t *testing.T, c caller) {
	var i Index
	require.Equal(t, 200, c.get("/", &i))
	require.Contains(t, i.Routes, "GET /user/{id}/full")
	var h Health
	require.Equal(t, 200, c.get("/health", &h))
	require.Equal(t, "healthy", h.Status)
	require.Equal(t, 2, h.ReactorCores)
	require.Positive(t, h.OpenConnections)
	require.Equal(t, 200, c.get("/ready", nil))
	var m Metrics
	require.Equal(t, 200, c.get("/metrics", &m))
	require.Len(t, m.Reactors, 2)
	require.Positive(t, m.Pool.Queries)
	require.Contains(t, []string{"sqlite", "postgres"}, m.Pool.Driver)
	require.Equal(t, m.Pool.Driver, h.Database)
	require.Positive(t, m.Pool.Open)
	if h.Database == "postgres" {
		require.Len(t, m.PoolCores, 2)
	}
	require.Positive(t, m.Reactors[0].IOEvents+m.Reactors[1].IOEvents)
}

// TestSecondStart keeps the data of the first.
func TestSecondStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kept.db")
	for range 2 {
		pool, err := openStore(path)
		require.NoError(t, err)
		users, err := pool.One[int64](t.Context(), "SELECT count(*) FROM users").Await(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, seedUsers, users)
		require.NoError(t, pool.Close(context.Background()))
	}
	_, err := openStore(filepath.Join(t.TempDir(), "no", "such", "folder.db"))
	require.ErrorContains(t, err, "open the database")
}

// TestInstancesStartTogether: those that find an empty database at the same time are all served, and it is filled once.
func TestInstancesStartTogether(t *testing.T) {
	url := pgtest.Start(t, pgtest.Options{}).URL()
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			pool, err := openPostgres(url)
			if assert.NoError(t, err) {
				assert.NoError(t, pool.Close(context.Background()))
			}
		})
	}
	all.Wait()
	pool, err := openPostgres(url)
	require.NoError(t, err)
	users, err := pool.One[int64](t.Context(), "SELECT count(*) FROM users").Await(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, seedUsers, users)
	require.NoError(t, pool.Close(context.Background()))
}

// TestSettings: the defaults suffice.
func TestSettings(t *testing.T) {
	for _, name := range []string{"DATABASE_URL", "DB", "DRAIN_TIMEOUT"} {
		t.Setenv(name, "") // counts as not set
	}
	s, err := fasterapi.Settings[Settings]()
	require.NoError(t, err)
	require.Equal(t, Settings{DrainTimeout: 20 * time.Second}, s)

	t.Setenv("DB", filepath.Join(t.TempDir(), "named.db"))
	t.Setenv("DRAIN_TIMEOUT", "5s")
	s, err = fasterapi.Settings[Settings]()
	require.NoError(t, err)
	pool, err := s.open()
	require.NoError(t, err)
	require.Equal(t, "sqlite", pool.Stats().Driver)
	require.NoError(t, pool.Close(context.Background()))
}
