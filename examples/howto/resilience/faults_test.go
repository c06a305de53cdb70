package resilience

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// TestPayIsRepeated: a transaction that is in the way of another runs again after a pause, and counts once.
func TestPayIsRepeated(t *testing.T) {
	pool, err := sqlite.Open(t.TempDir()+"/test.db", sqlite.Config{AcquireTimeout: 500 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	_, err = pool.Exec(t.Context(), "CREATE TABLE orders (id INTEGER PRIMARY KEY, cents INTEGER)").Await(t.Context())
	require.NoError(t, err)
	locked, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { // SQLite has one writer at a time
		_, err := pool.Tx(t.Context(), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
			_, err := tx.Exec(ctx, "DELETE FROM orders").Await(ctx)
			close(locked)
			<-release
			return struct{}{}, err
		}).Await(t.Context())
		ended <- err
	}()
	<-locked

	clock := fasterapitest.NewClock()
	app := fasterapi.New(fasterapi.Config{Cores: 1, Clock: clock})
	app.Provide(pool)
	app.Post("/orders", pay)
	client := fasterapitest.New(t, app)
	before := orders.Stats()
	answer := make(chan string, 1)
	go func() { answer <- client.Post("/orders", Order{Cents: 250}).Text() }()
	require.Eventually(t, func() bool { return orders.Stats().Retries > before.Retries }, time.Minute, time.Millisecond)
	close(release)
	require.NoError(t, <-ended)
	require.Eventually(t, func() bool {
		clock.Advance(100 * time.Millisecond) // the longest pause before the second attempt
		return len(answer) == 1
	}, time.Minute, 5*time.Millisecond)
	require.JSONEq(t, `{"id":1,"cents":250}`, <-answer)
	n, err := pool.One[int](t.Context(), "SELECT count(*) FROM orders").Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// TestProcessIsFull: 100 at a time, 200 wait for two seconds, and the next one is told when to come back.
func TestProcessIsFull(t *testing.T) {
	clock := fasterapitest.NewClock()
	app := fasterapi.New(fasterapi.Config{Cores: 1, Clock: clock, Overload: fasterapi.OverloadConfig{Off: true}})
	release := make(chan struct{})
	processRoutes(app, func(_ *fasterapi.Ctx, o Order) (Order, error) { <-release; return o, nil })
	client := fasterapitest.New(t, app)
	bulkhead := processing.Config().Bulkhead
	statuses := make(chan int, 300)
	for range cap(statuses) {
		go func() { statuses <- client.Post("/process", Order{7, 1}).Status }()
	}
	require.Eventually(t, func() bool { s := bulkhead.Stats(); return s.Free == 0 && s.Waiting == 200 }, time.Minute, time.Millisecond)

	r := client.Post("/process", Order{7, 1}).Expect(503)
	require.Equal(t, "application/problem+json", r.Header.Get("Content-Type"))
	require.NotEmpty(t, r.Header.Get("Retry-After"))
	require.Len(t, statuses, 0)

	clock.Advance(2 * time.Second)
	for range 200 {
		require.Equal(t, 503, <-statuses, "it has waited for too long")
	}
	close(release)
	for range 100 {
		require.Equal(t, 200, <-statuses)
	}
	require.Equal(t, 200, client.Post("/process", Order{7, 1}).Status)
}

// slow knows a rate at once, or never.
type slow struct {
	calls atomic.Int64
	never atomic.Bool
	began chan struct{}
}

func (s *slow) Rate(ctx context.Context, _ string) (float64, error) {
	if s.calls.Add(1); s.never.Load() {
		close(s.began)
		<-ctx.Done()
	}
	return 1.2, ctx.Err()
}

// TestDeadlineField: the gateway's field bounds a request, from whom it may come.
func TestDeadlineField(t *testing.T) {
	const field = "X-Envoy-Expected-Rq-Timeout-Ms"
	rates := &slow{began: make(chan struct{})}
	clock := fasterapitest.NewClock()
	newService := func() *fasterapi.App {
		app := fasterapi.New(fasterapi.Config{Cores: 1, Clock: clock, Addr: "127.0.0.1:0"})
		deadlines(app)
		app.Provide[Rates](rates)
		app.Get("/external/{code}", callExternal)
		return app
	}
	fasterapitest.New(t, newService()).With(field, "0").Get("/external/USD").Expect(200) // anybody may say that
	app := newService()
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Shutdown(context.Background())) })
	ask := func(left string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Addr().String()+"/external/USD", http.NoBody)
		require.NoError(t, err)
		request.Header.Set(field, left)
		answer, err := http.DefaultTransport.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	require.Equal(t, 200, ask("1000"))
	calls := rates.calls.Load()
	require.Equal(t, 504, ask("0"))
	require.Equal(t, calls, rates.calls.Load(), "there was no time to begin")

	rates.never.Store(true)
	status := make(chan int, 1)
	go func() { status <- ask("1000") }()
	<-rates.began
	clock.Advance(time.Second) // and not the five of its policy
	require.Equal(t, 504, <-status)
}
