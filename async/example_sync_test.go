package async_test

import (
	"context"
	"fmt"

	"github.com/fasterapi/fasterapi/async"
)

// A gate tells when the last user of something has left.
func ExampleGate() {
	var gate async.Gate
	_ = gate.Enter() // a request is under way
	closed := gate.Close()
	fmt.Println(gate.Enter())
	fmt.Println("drained:", closed.Ready())
	gate.Leave()
	fmt.Println("drained:", closed.Ready())
	// Output:
	// async: gate is closed
	// drained: false
	// drained: true
}

// Two at a time, one may wait, the others are refused.
func ExampleSemaphore() {
	ctx := context.Background()
	sem := async.NewSemaphore(2, 1)
	a, _ := sem.Acquire(ctx, 1).Await(ctx)
	b, _ := sem.Acquire(ctx, 1).Await(ctx)
	waiting := sem.Acquire(ctx, 1)
	_, err := sem.Acquire(ctx, 1).Await(ctx)
	fmt.Println(err)
	a.Release()
	c, err := waiting.Await(ctx)
	fmt.Println(c.Units(), err)
	b.Release()
	c.Release()
	fmt.Println(sem.Stats().Free)
	// Output:
	// async: semaphore: the queue is full
	// 1 <nil>
	// 2
}

// Hold acquires, runs and releases.
func ExampleSemaphore_Hold() {
	ctx := context.Background()
	sem := async.NewSemaphore(1, -1)
	report := sem.Hold(ctx, 1, func() async.Future[string] { return async.Ready("report") })
	fmt.Println(report.Await(ctx))
	// Output: report <nil>
}
