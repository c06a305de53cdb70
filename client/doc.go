// Package client calls other services over HTTP: typed values in and out, as futures, under a
// policy of package resilience.
//
//	supplier := client.New("supplier", client.Config{BaseURL: "https://supplier.example/v1"})
//	app.Provide(supplier, fasterapi.CloseOnStop()) // reports what is wrong with it when the app starts
//
//	// Straight line:
//	price, err := supplier.Get[Price](c, "/prices/{sku}", client.Path("sku", sku)).Await(c)
//
//	// Chain:
//	return supplier.Post[Order](c, "/orders", newOrder, client.IdempotencyKey(id)).Then(confirm)
//
// An [Upstream] is one other service: make it once, and share it. A call sends its body as JSON, and reads the
// answer, if its status is 2xx, as a T; []byte is the answer as it is, struct{} nothing of it. [Upstream.Send] is for
// everything else: all statuses, and the header fields of the answer.
//
// # When it goes wrong
//
// A call fails with a [*StatusError], when the status is another than 2xx; a [*CallError], when there is
// no answer, or one that is of no use; or what the policy says: resilience.Refusal and
// resilience.TimeoutError. A handler may return any of them as it is: clients get 502, 503 or 504 with a detail that
// tells nothing of the other service, and what happened is in the log. Look at the status for what is
// no failure:
//
//	if status, ok := errors.AsType[*client.StatusError](err); ok && status.Answer.Status == 404 { … }
//
// # Policies
//
// Without a policy of its own an upstream has one: 10 s in all; three attempts of what may be repeated; and a
// breaker that opens when half of at least 20 calls in 10 s have failed. GET, HEAD, OPTIONS, TRACE, QUERY, PUT and DELETE may be repeated
// (RFC 9110 section 9.2.2, RFC 10008), and others with an [IdempotencyKey]; every call may whose connection was
// never made. Statuses 408, 425, 429 and from 500 on are failures to the policy, which honours their
// Retry-After; other statuses are not, so that a breaker does not open for a 404.
//
// # What goes with a call
//
// The deadline of the caller, less than which the policy may allow, ends the call, and tells the other service
// in milliseconds (X-Request-Timeout-Ms). A caller who leaves cancels it. From the request
// that is being served, traceparent and tracestate (W3C Trace Context) are passed on, and X-Request-ID. Whoever wants
// spans wraps the transport, see Config.Wrap.
//
// # Who owns what
//
// Any goroutine may use an Upstream. An attempt blocks a goroutine of its own, never a reactor; futures
// settle where their caller runs. Connections are net/http's: HTTP/2 where the other side has it.
//
// # What it costs
//
// About 110 allocations and 9 KB for a call, beside those of net/http's transport (go test -bench Get ./client,
// November 2026), and a goroutine for as long as an attempt lasts.
//
// # What it refuses
//
// Answers of more than Config.MaxBody bytes, whether they say their length or not, also when they
// become that long by decoding; answers that are not JSON, for a typed call; redirects to
// another origin (scheme, host or port), because header fields may be credentials, and redirects of
// what is neither GET nor HEAD. Values of a path that would be another path: empty, "." and "..". Calls of an
// Upstream whose declaration has mistakes. It keeps no cookies.
package client
