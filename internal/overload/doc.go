// Package overload tells when a core has more work than it can do, and which requests
// are refused then. It has no clock: whoever calls it says what time it is.
//
//	work := overload.Work{Now: now, Age: now - arrived, Passed: queue.Started() - ticket, Class: overload.Normal}
//	if queue.Start(work) != overload.Admit || !limit.Enter(now) {
//		// answer 503
//	}
//	defer limit.Leave(...)
//
// # The two signs
//
// [Queue] looks at the age of a request when its work starts: for how long it waited for
// the processor, in the kernel, in a mailbox, in a run queue or as a goroutine. It is the
// rule of CoDel (RFC 8289), which asks whether the delay ever falls below a target
// within an interval, with two changes for servers. The queue must have become longer from
// the beginning of the interval to its end, as that of users who wait for their answers
// before they ask again does not, however many they are; nor does a burst, or what a pause
// has left. And what is
// refused is not one request at a time but each that has waited for longer than its
// class may, so that the queue is as long as its users bear, however high the load is.
//
// [Limit] looks at the latency of a route, because requests that wait for a database are
// old when they end and not when they start. While the route is well there is no limit. When
// its lower quartile has risen over what it was and the requests in flight become more and
// more, the limit is what Little's law makes of the throughput and the latency that is wanted.
//
// # Who is refused
//
// A [Class] says how much of both is borne: four times as much for Normal as for Batch, and
// four times as much again for Critical. What one class can bear the next one hardly
// notices, so Batch goes first, and Exempt never.
//
// # Who owns what
//
// A Queue for each core, and a Limit for each route on each core, so that no cache line
// goes between cores. Any goroutine may call them.
//
// # What it costs
//
// In good times a load and an addition for [Queue.Start], an addition each for
// [Limit.Enter] and [Limit.Leave], and a lock for one of 16 requests, at least 32 in each
// window.
//
// # What it refuses
//
// To take one sign for overload: a clock that jumps, a pause of the process or a
// handler that takes its time make single requests old, and few. A dependency that has become
// slower makes a route slow, but its requests in flight do not grow for ever.
package overload
