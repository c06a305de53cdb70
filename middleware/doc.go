// Package middleware has the middleware that most services need. Each works in
// every handler style and over both engines, and its zero configuration is a
// safe one.
//
//	app.Use(
//		middleware.AccessLog(middleware.AccessLogConfig{}),
//		middleware.RequestID(middleware.RequestIDConfig{}),
//		middleware.RealIP(middleware.RealIPConfig{Trusted: middleware.PrivateNetworks()}),
//		middleware.SecureHeaders(middleware.SecureHeadersConfig{}),
//		middleware.CORS(middleware.CORSConfig{Origins: []string{"https://app.example.com"}}),
//		middleware.RateLimit(middleware.RateLimitConfig{Limit: middleware.Limit{Requests: 100, Window: time.Minute}}),
//		middleware.Timeout(10*time.Second),
//		middleware.Compress(middleware.CompressConfig{}),
//		middleware.ETag(middleware.ETagConfig{}),
//	)
//
// The first one is the outermost. This order is a good one: what logs and names
// requests is around everything; what refuses requests comes before what works
// on responses; ETag is inside of Compress, so that tags are those of the
// content and not of its encoding.
//
// # What is not here
//
// A panic of a handler needs no middleware: the framework answers with 500 and
// logs the stack, and OnHead and OnEnd functions run for it too. A service that
// wants to hear of panics gives Config.Logger a handler, or uses a middleware
// with a deferred function. Middleware made for net/http is adapted by
// fasterapi.WrapMiddleware. The largest request body of a route is better set
// by the option fasterapi.MaxBody, which refuses it before it is received.
//
// # Who owns what
//
// A middleware is made once and serves all requests of all reactors. What it
// keeps for a request belongs to the handler of that request.
//
// # What it costs
//
// Only what does something allocates. A chain handler behind any middleware
// runs on a coroutine, which costs about 60 ns. On a reactor, bodies above
// 16 KiB are compressed by a goroutine while the request waits.
//
// # What it refuses
//
// Configurations that cannot work, or that would open a hole (any origin with
// credentials): they are mistakes, which the app reports when it starts with all others,
// with the line that makes the middleware and the name of the field.
package middleware
