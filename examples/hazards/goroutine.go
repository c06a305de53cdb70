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

// Registered with OnReactor: the goroutine may use c, but this code may not wait for it.
func totalWrong(c *fasterapi.Ctx, in Totals) (int64, error) {
	result := make(chan int64)
	go func() {
		n, _ := in.DB.One[int64](c, countUsers).Await(c)
		result <- n
	}()
	return <-result, nil // this blocks the reactor that has to bring the answer
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
