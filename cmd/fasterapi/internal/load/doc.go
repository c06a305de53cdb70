// Package load sends requests at a rate, and tells how long the answers took.
//
//	result, err := load.Run(ctx, load.Config{Target: load.Target{URL: "http://127.0.0.1:8000/"}, Rate: 1000, Duration: 10 * time.Second}, nil)
//	fmt.Println(result.Latency.P99, result.CPU)
//
// # How it works
//
// The loop is open: each request has a time at which it is meant to be sent, whatever became of those before it, and its
// latency counts from that time. A server that stands still for a second so has a thousand slow requests at
// a rate of a thousand, as its users would; a load generator that waits for an answer before it
// asks again has as many as it has connections, which is called coordinated omission
// (Gil Tene, "How NOT to measure latency", 2015). [Result.Service] has what such a generator would have told.
//
// # Who owns what
//
// [Run] has one goroutine that keeps the time, on a thread of its own because the runtime's timers are late by up
// to a millisecond, and one for each connection. They meet in a queue and in a recorder with a mutex.
//
// # What it costs
//
// Some 10 us of CPU for a request on this side. The server sees the bytes that wrk sends: a request line, Host, and the fields of
// the [Target].
//
// # What it refuses
//
// URLs that are not http or https, rates and times that are not above zero. HTTP/2 is not spoken.
package load
