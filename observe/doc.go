// Package observe keeps what the requests of a service did: a record of each,
// and counts of all.
//
// A fasterapi.App has a [Recorder] unless its Config.Observe says Off, and
// App.Recorder returns it. It is read like this:
//
//	rec := app.Recorder()
//	for _, r := range rec.Slow(10) {
//		fmt.Println(r.Route, r.Status, r.Took, "of which the handler", r.Handler)
//	}
//	for _, s := range rec.Counts().Series {
//		fmt.Println(s.Route, s.Method, s.Status, s.Count, s.Quantile(0.99))
//	}
//
// Everything that answers is in it: handlers of all styles, 404 and 405, what the
// server refuses by itself, files, mounted handlers, streams and WebSockets, over
// HTTP/1.1 and HTTP/2. Package observe/metrics shows it to Prometheus, and observe/otlp sends traces of it to
// OpenTelemetry.
//
// # What is kept
//
//   - The latest requests ([Recorder.Recent]), and apart from them, so that traffic
//     does not wash them away, the latest slow ones ([Recorder.Slow]) and the latest
//     failed ones ([Recorder.Failed]): those with status 500 and above, and
//     responses that broke off for a reason of the service's own. Slow and failed ones have a [Detail].
//   - Counts for each route, method and status ([Recorder.Counts]), for ever. A
//     client cannot add to them by what it sends: routes are patterns, methods are of
//     a closed list ("_OTHER" is all others), and what no route answers is one route, "".
//
// A response that is streamed, and a WebSocket, last for as long as there is
// something to send. What counts as the time of their request, in histograms and for being slow, is
// that until the head of the response was sent ([Record.Latency]); docs/decisions/0019.
//
// # Who owns what
//
// Each core has its own counts and rings. Whoever owns the exchange at its end
// writes them: the reactor, or the goroutine that the request was lent to. So there
// may be several writers at a time, who use atomic operations and never wait: a
// place in a ring that somebody is reading or writing is left out, and
// counted as missed. Any goroutine may read at any time.
//
// # What it costs
//
// Three to five readings of the clock for each request, six atomic additions, and
// no allocation, but for the first request of a route with a new status and for
// slow and failed ones. A place in a ring takes about 400 bytes; a count of a
// route, method and status 200 bytes on each core that has seen it.
//
// # What it refuses
//
// It keeps no body, no header field, no query, and of a path nothing that its
// route calls sensitive. Error texts are cut at 1 KiB, stacks at 8 KiB.
package observe
