package resilience

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

// Order is a row of a table.
type Order struct {
	ID    int64 `json:"id"`
	Cents int64 `json:"cents" minimum:"1"`
}

// snippet: retry
var orders = resilience.New("orders", resilience.Config{
	Retry: resilience.Retry{
		Attempts: 3,
		Backoff:  async.Backoff{First: 100 * time.Millisecond, Factor: 2}, // Factor doubles each pause
	},
})

// pay runs a transaction again when it has certainly had no effect: its connection was lost
// before it began, or it was in the way of another.
func pay(c *fasterapi.Ctx, in struct {
	Body Order    `body:""`
	DB   *db.Pool `inject:""`
},
) (Order, error) {
	return orders.Do(c, func(ctx context.Context) (Order, error) {
		return in.DB.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (Order, error) {
			return tx.One[Order](ctx, "INSERT INTO orders (cents) VALUES ($1) RETURNING id, cents", in.Body.Cents).Await(ctx)
		}).Await(ctx)
	})
}

// end snippet

// Rates are what a service of others knows.
type Rates interface {
	Rate(ctx context.Context, currency string) (float64, error)
}

// Currency is the input of the routes about rates.
type Currency struct {
	Code  string `path:"code" minLength:"3" maxLength:"3"`
	Rates Rates  `inject:""`
}

// Rate is their answer.
type Rate struct {
	Rate float64 `json:"rate"`
	Old  bool    `json:"old,omitzero"`
}

// snippet: timeout
var external = resilience.New("external", resilience.Config{Timeout: 5 * time.Second})

// callExternal answers with 504 when the other side takes longer: TimeoutError says so itself.
func callExternal(c *fasterapi.Ctx, in Currency) (Rate, error) {
	rate, err := external.Do(c, func(ctx context.Context) (float64, error) { return in.Rates.Rate(ctx, in.Code) })
	return Rate{Rate: rate}, err
}

// end snippet

// User is a row of a table.
type User struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// snippet: breaker
var directoryBreaker = resilience.NewBreaker("directory", resilience.BreakerConfig{Failures: 5, OpenFor: 60 * time.Second})

// getUser answers with 503 and Retry-After while the directory is known to be down.
func getUser(c *fasterapi.Ctx, in struct {
	ID        int64     `path:"id"`
	Directory Directory `inject:""`
},
) (User, error) {
	return directoryBreaker.Do(c, func(ctx context.Context) (User, error) { return in.Directory.Find(ctx, in.ID) })
}

// end snippet

// Directory finds users.
type Directory interface {
	Find(ctx context.Context, id int64) (User, error)
}

// ErrNoUser is what a Directory says of users that do not exist: nothing is wrong with it then.
var ErrNoUser error = problem.NotFound("there is no such user")

// snippet: backpressure
var processing = resilience.New("processing", resilience.Config{
	Bulkhead: resilience.NewBulkhead("processing", resilience.BulkheadConfig{
		Concurrent: 100,             // at a time
		Queue:      200,             // wait; more are answered with 503
		Wait:       2 * time.Second, // and those that wait for longer
	}),
	Timeout: 30 * time.Second, // 504
})

func processRoutes(app *fasterapi.App, heavy func(*fasterapi.Ctx, Order) (Order, error)) {
	app.Post("/process", func(c *fasterapi.Ctx, in struct {
		Body Order `body:""`
	},
	) (Order, error) {
		return heavy(c, in.Body)
	}, middleware.Guard(processing))
}

// end snippet

// snippet: whole
// supplier is how to call one: a supplier allows us 50 calls in a second, is sometimes slow, and
// sometimes down.
var supplier = resilience.New("supplier", resilience.Config{
	Limiter: resilience.NewLimiter("supplier", resilience.LimiterConfig{
		Limit: resilience.Limit{Requests: 50, Window: time.Second}, Wait: 200 * time.Millisecond,
	}),
	Timeout: 2 * time.Second,
	Retry:   resilience.Retry{Idempotent: true}, // asking twice does no harm
	Hedge:   resilience.Hedge{Percentile: 0.95}, // ask twice when it is slow
	Breaker: resilience.NewBreaker("supplier", resilience.BreakerConfig{
		Rate: 0.5, Minimum: 20, Over: 10 * time.Second, OpenFor: 15 * time.Second,
	}),
	AttemptTimeout: 700 * time.Millisecond,
})

// end snippet

// snippet: fallback
// rateOf answers with an old rate rather than with none.
func rateOf(c *fasterapi.Ctx, in Currency) (Rate, error) {
	return supplier.DoOr(c, func(ctx context.Context) (Rate, error) {
		rate, err := in.Rates.Rate(ctx, in.Code)
		return Rate{Rate: rate}, err
	}, func(_ context.Context, err error) (Rate, error) {
		if old, known := lastKnown(in.Code); known {
			return Rate{Rate: old, Old: true}, nil
		}
		return Rate{}, err
	})
}

// end snippet

func lastKnown(code string) (rate float64, known bool) { return 1.1, code == "USD" }

// snippet: chain
// rateLater is the same for a chain, without a goroutine.
func rateLater(c *fasterapi.Ctx, in struct {
	Code string   `path:"code"`
	DB   *db.Pool `inject:""`
},
) async.Future[Rate] {
	return orders.DoFuture(c, func(ctx context.Context) async.Future[Rate] {
		return in.DB.One[Rate](ctx, "SELECT rate, false AS old FROM rates WHERE code = $1", in.Code)
	})
}

// end snippet

// snippet: provider
// Account is who a request is for.
type Account struct {
	Name string
}

// account is a provider that asks another service, as the policy says.
func account(c *fasterapi.Ctx, in struct {
	Token     string    `header:"X-Token" required:"true"`
	Directory Directory `inject:""`
},
) (Account, error) {
	return external.Do(c, func(ctx context.Context) (Account, error) {
		user, err := in.Directory.Find(ctx, int64(len(in.Token)))
		return Account{user.Name}, err
	})
}

// end snippet

// snippet: critical
// ledger is where all orders go: without it this service is of no use, and should get no requests.
var ledger = resilience.NewBreaker("ledger", resilience.BreakerConfig{OpenFor: 30 * time.Second, Critical: true})

// end snippet

// snippet: operate
// policies are all that this service has.
var policies = resilience.NewRegistry(orders, external, processing, supplier, directoryBreaker, ledger)

// operate adds what operators look at. Provide reports what is wrong with any of them when the
// app starts, and lets /ready answer with 503 while a breaker with Critical is open.
func operate(app *fasterapi.App) {
	app.Provide(policies)
	app.Get("/policies", func(*fasterapi.Ctx, fasterapi.None) (resilience.Stats, error) { return policies.Stats(), nil })
}

// end snippet

// snippet: deadline
// deadlines takes over how long callers wait, as the gateway says it, and 30 s at most.
func deadlines(app *fasterapi.App) {
	app.Use(middleware.Deadline(middleware.DeadlineConfig{
		Trusted: middleware.PrivateNetworks(), Header: "X-Envoy-Expected-Rq-Timeout-Ms", Longest: 30 * time.Second,
	}))
}

// end snippet

// snippet: errors
// explain turns what policies say into words of this service.
func explain(c *fasterapi.Ctx, err *resilience.Refusal) error {
	if errors.Is(err, resilience.ErrLimited) {
		return problem.Wrap(err, http.StatusServiceUnavailable, "too many at once, try again in a moment")
	}
	return nil // as it is
}

// end snippet
