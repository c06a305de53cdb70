// Command styles serves one answer in the three ways a handler can run.
package main

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// Ask is the input of all three routes.
type Ask struct {
	Item string `path:"item"`
}

// Price is their answer.
type Price struct {
	Item  string `json:"item"`
	Cents int    `json:"cents"`
}

// lookUp stands in for a query: the answer is there after a millisecond.
func lookUp(ctx context.Context, item string) async.Future[int] {
	return async.Sleep(ctx, time.Millisecond).Then(func(struct{}) int { return 100 * len(item) })
}

// snippet: styles
// Straight-line code: it awaits like any Go code waits.
func price(c *fasterapi.Ctx, in Ask) (Price, error) {
	cents, err := lookUp(c, in.Item).Await(c)
	return Price{Item: in.Item, Cents: cents}, err
}

// A chain of futures: nothing waits, the last step answers.
func priceChain(c *fasterapi.Ctx, in Ask) async.Future[Price] {
	return lookUp(c, in.Item).Then(func(cents int) Price {
		return Price{Item: in.Item, Cents: cents}
	})
}

func routes(app *fasterapi.App) {
	app.Get("/price/{item}", price)                      // a goroutine: may block
	app.Get("/hot/{item}", price, fasterapi.OnReactor()) // a coroutine of the reactor
	app.GetFuture("/hottest/{item}", priceChain)         // the reactor itself
}

// end snippet

func main() {
	app := fasterapi.New(fasterapi.Config{Title: "Styles", Version: "1.0.0"})
	routes(app)
	app.Run()
}
