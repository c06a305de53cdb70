package async_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// A chain of steps, each typed by the one before.
func ExampleFuture_Then() {
	price := async.Ready(21).
		Then(func(n int) int { return n * 2 }).
		Then(strconv.Itoa).
		Then(func(s string) string { return s + " EUR" })
	fmt.Println(price.Await(context.Background()))
	// Output: 42 EUR <nil>
}

// ThenErr is for steps that can fail; the steps after it are skipped.
func ExampleFuture_ThenErr() {
	n := async.Ready("twelve").
		ThenErr(strconv.Atoi).
		Then(func(n int) int { return n + 1 })
	_, err := n.Await(context.Background())
	fmt.Println(err)
	// Output: strconv.Atoi: parsing "twelve": invalid syntax
}

// ThenFuture is for steps that take time themselves.
func ExampleFuture_ThenFuture() {
	ctx := context.Background()
	userName := func(id int) async.Future[string] {
		return async.Sleep(ctx, time.Millisecond).Then(func(struct{}) string { return fmt.Sprint("user ", id) })
	}
	fmt.Println(async.Ready(7).ThenFuture(userName).Await(ctx))
	// Output: user 7 <nil>
}

func ExampleFuture_Recover() {
	stock := async.Failed[int](errors.New("warehouse is down")).
		Recover(func(err error) (int, error) { return -1, nil })
	fmt.Println(stock.Await(context.Background()))
	// Output: -1 <nil>
}

// Timeout cancels what it waits for.
func ExampleFuture_Timeout() {
	p, answer := async.NewPromise[int](nil)
	p.OnCancel(func() { fmt.Println("the query is cancelled") })
	_, err := answer.Timeout(time.Millisecond).Await(context.Background())
	fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
	// Output:
	// the query is cancelled
	// async: timeout true
}

// Zip combines two futures of different types.
func ExampleFuture_Zip() {
	name, age := async.Ready("Ada"), async.Ready(36)
	card := name.Zip(age, func(name string, age int) (string, error) {
		return fmt.Sprintf("%s, %d", name, age), nil
	})
	fmt.Println(card.Await(context.Background()))
	// Output: Ada, 36 <nil>
}

// A promise is how callback code becomes a future.
func ExampleNewPromise() {
	p, f := async.NewPromise[string](async.Background())
	time.AfterFunc(time.Millisecond, func() { p.Post("rang", nil) })
	fmt.Println(f.Await(context.Background()))
	fmt.Println(p.Post("rang again", nil))
	// Output:
	// rang <nil>
	// false
}

// Go turns blocking code into a future.
func ExampleGo() {
	ctx := context.Background()
	sum := async.Go(ctx, func(ctx context.Context) (int, error) {
		total := 0
		for i := range 1000 {
			total += i
		}
		return total, nil
	})
	fmt.Println(sum.Await(ctx))
	// Output: 499500 <nil>
}

// One result for many consumers: a load that everybody waits for.
func ExampleFuture_Shared() {
	ctx := context.Background()
	p, f := async.NewPromise[string](nil)
	config := f.Shared()
	a, b := config.Future(ctx), config.Future(ctx)
	p.Resolve("loaded once")
	fmt.Println(a.Await(ctx))
	fmt.Println(b.Await(ctx))
	// Output:
	// loaded once <nil>
	// loaded once <nil>
}
