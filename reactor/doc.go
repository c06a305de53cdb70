// Package reactor runs one event loop per core: a reactor. Handlers of an app need not know of
// them; docs/explanation/reactors.md tells what they are. The package is for code that wants to
// work on a request's core, keep a value for each core, or serve a protocol of its own. A
// service gets its reactors from its app and meets them in three ways:
//
//	r := reactor.From(ctx)                            // the reactor of a request
//	r.Post(task)                                      // run something there, from anywhere
//	state, err := reactor.NewSharded(group, newState) // one value per core, without locks
//
// Code that runs on a reactor can also arm timers ([Reactor.After]), hand blocking work
// to goroutines ([Reactor.Worker]), and own descriptors ([Reactor.Register]): an [IO] is
// told what has become [Ready], and uses the socket calls of [Reactor.Poller].
// Package reactor/virtual runs such code in tests, with a clock that they move. Without an
// app, [Start] makes a [Group] of reactors.
//
// # How it works
//
// A [Reactor] owns its connections, timers, tasks, coroutines and caches; reactors
// share nothing and send each other messages.
//
// A turn of the loop is: mailbox, run queue (for at most [Config.TaskQuota]),
// timers, poll, I/O events. The loop is one goroutine, not a locked thread: it
// polls without blocking while there is work and parks in Go's network poller
// when there is none (docs/decisions/0001). So a blocked goroutine that it
// serves wakes it, and is woken by it, for the price of a goroutine switch.
//
// Who may call what: methods that say "any goroutine" may be called from
// everywhere, all others only by code that runs on the reactor: a task, an [IO],
// a timer's task, a coroutine's job. Code on the reactor must not block; what must
// block goes to [Reactor.Worker]. A [Group]'s watchdog reports code that did not
// keep to that; built with -tags invariants, a call from elsewhere panics.
//
// Cost: see bench_test.go; a task 10-20 ns, a timer's arming about as much, a
// coroutine's round trip 70-100 ns, a hand-off to a goroutine and back 300-400 ns,
// nothing allocated on any of these paths once the pools are warm.
//
// A panic or a runtime.Goexit in a task, a coroutine or a worker costs that
// piece of work only; both are logged and counted.
package reactor
