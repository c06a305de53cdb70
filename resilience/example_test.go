package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

func Example() {
	supplier := resilience.New("supplier", resilience.Config{
		Timeout:        2 * time.Second,
		Retry:          resilience.Retry{Attempts: 3, Backoff: async.Backoff{First: time.Millisecond}, Idempotent: true},
		Breaker:        resilience.NewBreaker("supplier", resilience.BreakerConfig{Failures: 5, OpenFor: time.Minute}),
		AttemptTimeout: 500 * time.Millisecond,
	})
	calls := 0
	price, err := supplier.Do(context.Background(), func(ctx context.Context) (int, error) {
		if calls++; calls < 3 {
			return 0, errors.New("the line is dead")
		}
		return 42, nil
	})
	fmt.Println(price, err, "after", calls, "calls")
	// Output: 42 <nil> after 3 calls
}

func ExamplePolicy_DoFuture() {
	prices := resilience.New("prices", resilience.Config{AttemptTimeout: time.Millisecond})
	slow := func(ctx context.Context) async.Future[int] {
		return async.Sleep(ctx, time.Hour).Then(func(struct{}) int { return 42 })
	}
	price := prices.DoFuture(context.Background(), slow).Recover(func(err error) (int, error) {
		fmt.Println(err)
		return 40, nil // the last one known
	})
	fmt.Println(price.Await(context.Background()))
	// Output:
	// resilience: prices: took longer than 1ms
	// 40 <nil>
}

func ExampleBreaker_Do() {
	directory := resilience.NewBreaker("directory", resilience.BreakerConfig{Failures: 2, OpenFor: time.Minute})
	find := func(context.Context) (string, error) { return "", errors.New("no answer") }
	for range 3 {
		_, err := directory.Do(context.Background(), find)
		fmt.Println(err)
	}
	// Output:
	// no answer
	// no answer
	// resilience: directory: the breaker is open
}
