package async_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// after is a query that takes ms milliseconds.
func after(ms int, answer string) async.Future[string] {
	return async.Sleep(context.Background(), time.Duration(ms)*time.Millisecond).
		Then(func(struct{}) string { return answer })
}

// All at the same time; the answers in the order of the questions.
func ExampleWhenAll() {
	all := async.WhenAll(after(3, "user"), after(1, "orders"), async.Ready("cached"))
	fmt.Println(all.Await(context.Background()))
	// Output: [user orders cached] <nil>
}

func ExampleWhenAll2() {
	both := async.WhenAll2(after(1, "Ada"), async.Ready(3)).
		Then(func(p async.Pair[string, int]) string { return fmt.Sprint(p.First, " has ", p.Second, " orders") })
	fmt.Println(both.Await(context.Background()))
	// Output: Ada has 3 orders <nil>
}

// The fastest replica answers, the others are cancelled.
func ExampleWhenAny() {
	first := async.WhenAny(after(60_000, "slow"), after(1, "fast"))
	v, err := first.Await(context.Background())
	fmt.Println(v.Index, v.Value, err)
	// Output: 1 fast <nil>
}

// A quorum: any two of three.
func ExampleWhenSome() {
	down := async.Failed[string](errors.New("down"))
	votes, err := async.WhenSome(2, down, after(2, "yes"), async.Ready("aye")).Await(context.Background())
	fmt.Println(len(votes), votes[0].Value, err)
	// Output: 2 aye <nil>
}

// Settle never fails: look at each result.
func ExampleSettle() {
	results, _ := async.Settle(async.Ready(1), async.Failed[int](errors.New("no luck"))).Await(context.Background())
	for _, r := range results {
		fmt.Println(r.Value, r.Err)
	}
	// Output:
	// 1 <nil>
	// 0 no luck
}

// At most two queries at a time.
func ExampleMap() {
	ctx := context.Background()
	users := async.Map(ctx, []int{1, 2, 3}, 2, func(id int) async.Future[string] {
		return after(1, fmt.Sprint("user ", id))
	})
	fmt.Println(users.Await(ctx))
	// Output: [user 1 user 2 user 3] <nil>
}

// Every item through every stage, two items under way.
func ExamplePipeline() {
	ctx := context.Background()
	double := func(n int) async.Future[int] { return async.Ready(2 * n) }
	store := func(n int) async.Future[int] {
		return async.Go(ctx, func(context.Context) (int, error) { return n + 1, nil })
	}
	fmt.Println(async.Pipeline(ctx, []int{1, 2, 3}, 2, double, store).Await(ctx))
	// Output: [3 5 7] <nil>
}

func ExampleReduce() {
	ctx := context.Background()
	total := async.Reduce(ctx, []int{1, 2, 3}, 0, func(sum, n int) async.Future[int] {
		return async.Sleep(ctx, time.Microsecond).Then(func(struct{}) int { return sum + n })
	})
	fmt.Println(total.Await(ctx))
	// Output: 6 <nil>
}

func ExampleRetry() {
	ctx, calls := context.Background(), 0
	policy := async.RetryPolicy{Attempts: 5, Backoff: async.Backoff{First: time.Millisecond, Jitter: 0.2}}
	v, err := async.Retry(ctx, policy, func() async.Future[string] {
		if calls++; calls < 3 {
			return async.Failed[string](errors.New("not yet"))
		}
		return async.Ready("done")
	}).Await(ctx)
	fmt.Println(v, err, calls)
	// Output: done <nil> 3
}

// A loop of any length, in constant memory.
func ExampleRepeat() {
	ctx, pages := context.Background(), 0
	all := async.Repeat(ctx, func() async.Future[bool] {
		pages++
		return async.Ready(pages < 100_000)
	})
	_, err := all.Await(ctx)
	fmt.Println(pages, err)
	// Output: 100000 <nil>
}
