package hazards

import (
	"context"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
)

// Totals is the input of the handlers below.
type Totals struct {
	DB *db.Pool `inject:""`
}

const countUsers = "SELECT count(*) FROM users"

// snippet: goroutine-wrong

// Registered with OnReactor: c says "I am the coroutine", the goroutine is not.
func totalWrong(c *fasterapi.Ctx, in Totals) (int64, error) {
	result := make(chan int64)
	go func() {
		n, _ := in.DB.One[int64](c, countUsers).Await(c)
		result <- n
	}()
	return <-result, nil // and this blocks the reactor that should answer
}

// end snippet

// snippet: goroutine-right

// async.Go gives its function a context that says where it runs.
func total(c *fasterapi.Ctx, in Totals) (int64, error) {
	return async.Go(c, func(ctx context.Context) (int64, error) {
		return in.DB.One[int64](ctx, countUsers).Await(ctx)
	}).Await(c)
}

// end snippet
