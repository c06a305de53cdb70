package resilience

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/resilience"
)

// flaky is a service of others that does what a test says.
type flaky struct {
	err   error
	block bool
	calls int
}

func (f *flaky) work(ctx context.Context) error {
	f.calls++
	if f.block {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.err
}

func (f *flaky) Rate(ctx context.Context, _ string) (float64, error) { return 1.2, f.work(ctx) }

func (f *flaky) Find(ctx context.Context, id int64) (User, error) {
	return User{id, "Ada"}, f.work(ctx)
}

// newApp is a service with all routes of the page.
func newApp(t *testing.T, cfg fasterapi.Config, f *flaky) *fasterapi.App {
	forget()
	pool := open(t)
	app := fasterapi.New(cfg)
	deadlines(app)
	operate(app)
	app.MapError(explain)
	app.Provide(pool)
	app.Provide[Rates](f)
	app.Provide[Directory](f)
	app.ProvideFunc(account)
	app.Post("/orders", pay)
	app.Get("/external/{code}", callExternal)
	app.Get("/rates/{code}", rateOf)
	app.GetFuture("/later/{code}", rateLater)
	app.Get("/user/{id}", getUser)
	app.Get("/account", func(_ *fasterapi.Ctx, in struct {
		Account Account `inject:""`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Account.Name), nil
	})
	app.Post("/ledger", func(c *fasterapi.Ctx, _ fasterapi.None) (Order, error) {
		for range 4 {
			_, _ = ledger.Do(c, func(context.Context) (Order, error) { return Order{}, errors.New("it is down") })
		}
		return ledger.Do(c, func(context.Context) (Order, error) { return Order{}, errors.New("it is down") })
	})
	processRoutes(app, func(_ *fasterapi.Ctx, o Order) (Order, error) { return o, nil })
	return app
}

// snippet: forget
// forget makes the breakers of the package as good as new: tests in one process share them.
func forget() {
	directoryBreaker.Reset()
	supplier.Config().Breaker.Reset()
}

// end snippet

func open(t *testing.T) *db.Pool {
	pool, err := sqlite.Open(t.TempDir()+"/test.db", sqlite.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	_, err = pool.Exec(t.Context(), `CREATE TABLE orders (id INTEGER PRIMARY KEY, cents INTEGER);
		CREATE TABLE rates (code TEXT, rate REAL); INSERT INTO rates VALUES ('USD', 1.5)`).Await(t.Context())
	require.NoError(t, err)
	return pool
}

func TestPage(t *testing.T) {
	f := &flaky{}
	clock := fasterapitest.NewClock()
	client := fasterapitest.New(t, newApp(t, fasterapi.Config{Cores: 1, Clock: clock}, f))

	require.JSONEq(t, `{"id":1,"cents":250}`, client.Post("/orders", Order{Cents: 250}).Text())
	require.JSONEq(t, `{"rate":1.5}`, client.Get("/later/USD").Text())
	require.JSONEq(t, `{"rate":1.2}`, client.Get("/external/USD").Text())
	require.JSONEq(t, `{"rate":1.2}`, client.Get("/rates/USD").Text())
	require.Equal(t, "Ada", client.With("X-Token", "secret").Get("/account").Text())
	require.JSONEq(t, `{"id":7,"cents":1}`, client.Post("/process", Order{7, 1}).Text())
	require.JSONEq(t, `{"status":"ok"}`, client.Get("/ready").Text())

	// Down: the breaker opens after five failures, and lets one call try after a minute.
	f.err = errors.New("it is down")
	for range 5 {
		require.Equal(t, 500, client.Get("/user/1").Status)
	}
	calls := f.calls
	r := client.Get("/user/1")
	require.Equal(t, 503, r.Status)
	require.Equal(t, "60", r.Header.Get("Retry-After"))
	require.Equal(t, calls, f.calls, "it is left alone")
	f.err = nil
	clock.Advance(time.Minute)
	require.Equal(t, 200, client.Get("/user/1").Status)
	require.Equal(t, resilience.Closed, directoryBreaker.State())

	// Not there: that is an answer.
	f.err = ErrNoUser
	for range 9 {
		require.Equal(t, 404, client.Get("/user/1").Status)
	}

	// Slow: 504 after five seconds.
	f.err, f.block = nil, true
	answer := make(chan int)
	go func() { answer <- client.Get("/external/USD").Status }()
	require.True(t, clock.WaitForTimers(2))
	clock.Advance(5 * time.Second)
	require.Equal(t, 504, <-answer)
	require.Positive(t, policies.Stats().Policies[1].Timeouts)
}

func TestFallback(t *testing.T) {
	client := fasterapitest.New(t, newApp(t, fasterapi.Config{Cores: 1}, &flaky{err: errors.New("it is down")}))
	require.JSONEq(t, `{"rate":1.1,"old":true}`, client.Get("/rates/USD").Text())
	require.Equal(t, 500, client.Get("/rates/EUR").Status)
}

// TestCritical: /ready of the app is that of the critical breakers too, by the clock of the app.
func TestCritical(t *testing.T) {
	clock := fasterapitest.NewClock()
	client := fasterapitest.New(t, newApp(t, fasterapi.Config{Cores: 1, Clock: clock}, &flaky{err: errors.New("it is down")}))
	t.Cleanup(ledger.Reset)
	for range 5 {
		require.Equal(t, 500, client.Get("/user/1").Status)
	}
	require.Equal(t, resilience.Open, directoryBreaker.State())
	client.Get("/ready").Expect(200) // it is not critical

	ledger.Isolate()
	require.JSONEq(t, `{"status":"failing"}`, client.Get("/ready").Expect(503).Text())
	require.Contains(t, client.Get("/health").Expect(503).Text(), `{"name":"breakers","status":"failing","critical":true,`)
	require.NotContains(t, client.Get("/health").Text(), "ledger")
	ledger.Reset()
	client.Get("/ready").Expect(200)

	// Open by itself, until the clock says that it may be tried.
	client.Post("/ledger", nil).Expect(500)
	client.Get("/ready").Expect(503)
	clock.Advance(29 * time.Second)
	client.Get("/ready").Expect(503)
	clock.Advance(2 * time.Second)
	client.Get("/ready").Expect(200)
}
