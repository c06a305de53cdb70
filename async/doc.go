// Package async holds futures: values that stand for results that come later.
//
//	total := fetchOrders(ctx, user).      // Future[[]Order]
//		Then(sum).                        // Future[Money]
//		ThenErr(convert).                 // Future[Price]
//		Recover(lastKnownPrice)           // Future[Price]
//	price, err := total.Await(ctx)
//
// Ask for something, say what is to be done with it once it is
// there, and go on. [Future.Then] continues with a value, [Future.ThenErr] with a
// function that may fail, [Future.ThenFuture] with one that has to wait itself;
// [Future.Recover] answers a failure; [Future.Await] waits. [WhenAll], [ForEach]
// and [Retry] combine many. [Go] runs code that blocks and makes a future of it;
// [Ready], [Failed] and [Of] make futures of results that are there already.
//
// Await with the context of the request, in a handler on a goroutine or in one with OnReactor;
// in a chain (GetFuture) return the future instead. To make futures of your own from a callback,
// make a [Promise] and settle it later.
//
// # How it works: who runs what
//
// A [Future] is the reading end of a one-item queue and a [Promise] its writing end. A
// future is a small value. One that is ready holds its value or error inline, and Then
// on it calls straight through without allocating; one that is pending points to a
// state that its promise settles later.
//
// Every promise belongs to a [Scheduler], which is one thread of execution: a
// reactor, or the plain goroutines of [Background]. A function given to Then and
// its kin runs
//
//   - at once, in the caller, when the future is already settled;
//   - otherwise as a task of the scheduler of the future, never inside the call
//     that settles the promise.
//
// A pending chain is run by a loop which yields to its scheduler every 128
// steps, so a chain of any length neither grows the stack nor starves its
// neighbours. When a scheduler has stopped, what is left of its chains runs on
// plain goroutines, so that nobody waits for ever.
//
// A future has one consumer: the second Then, Await or OnDone on a future that
// is still pending panics. [Future.Shared] makes many consumers out of one.
// Attaching, awaiting and cancelling are safe from any goroutine, also while the
// owner settles the promise.
//
// # Waiting
//
// [Future.Await] finds out from its context where it runs ([SiteOf]): on a
// goroutine it parks the goroutine, in a coroutine of a reactor it suspends the
// coroutine, and directly on a reactor, where waiting would be a deadlock, it
// returns [ErrWouldBlock].
//
// # Cancellation
//
// Cancellation travels upstream, from the consumer to the promise: Cancel,
// Timeout, a context that ends during Await, and every combinator that no
// longer needs an input. The promise then fails with the cause, which comes back
// down the chain as any error does (Finally runs, Recover may answer), and the
// producer hears of it through [Promise.OnCancel]. A result that arrives for a
// consumer who has left is given back through [Discarder].
//
// # Failures
//
// A panic in a function given to this package becomes a [*PanicError] and fails
// its future. A pending future that fails and is never looked at is counted
// ([Unobserved]) and logged. A future made by [Failed] and dropped cannot be
// seen: it is a plain value.
//
// # Costs
//
// On two shared cores, Go 1.27: Then on a ready future takes 7 ns and no
// allocation, a pending Then 62 ns and one allocation for the state and the
// continuation together, Await on a goroutine 600 ns with both switches, in a
// coroutine of a reactor twice the bare switch of iter.Pull. Await allocates
// nothing. There are no free lists; why is told, with the figures and
// how to get them, in docs/decisions/0002-futures-are-values.md.
package async
