// Package fasterapi is a web framework: typed handlers as in FastAPI, one
// reactor per core as in Seastar, and what a service needs in production.
//
//	type GetUser struct {
//		ID int64 `path:"id"`
//	}
//
//	func getUser(c *fasterapi.Ctx, in GetUser) (User, error) { … }
//
//	func main() {
//		app := fasterapi.New(fasterapi.Config{Title: "Users"})
//		app.Get("/users/{id}", getUser)
//		app.Run()
//	}
//
// # Three ways to run a handler
//
// The same App mixes them, route by route:
//
//   - app.Get(path, h): h runs on a goroutine of its reactor. It may block and
//     use any Go library.
//   - app.Get(path, h, fasterapi.OnReactor()): h runs on the reactor itself, in
//     a coroutine. It must not block, but it may Await futures.
//   - app.GetFuture(path, h): h runs on the reactor and returns a future; its
//     continuations render the answer.
//
// A handler that blocks a reactor is named in the log, and after a few times
// its route is moved to goroutines.
//
// # What the framework keeps, and what is yours
//
// Input structs, and every string and slice in them, are yours to keep. The
// [Ctx] is over when the handler returns, and says so for ever to whoever has kept it;
// c.Detach makes a context that lives longer.
//
// # Errors
//
// A handler that returns an error answers with a problem document (RFC 9457):
//
//   - a [problem.Problem], also a wrapped one, as it is;
//   - an error with the method HTTPStatus() int, from 400 to 599, with that status. What
//     its method PublicDetail() string says is the detail, RetryAfter() time.Duration
//     makes a Retry-After field; the text of Error is never sent. From 500 on it is logged,
//     under an id that the client sees;
//   - [context.DeadlineExceeded] with 504, and what is wrong with the body of the request
//     with 400, 408 or 413;
//   - any other error, and a panic, as 500 with an id that is also in the log.
//
// Wrapping keeps all of this. Of joined errors a problem speaks, else the first with an
// HTTPStatus. [App.MapError] and [Group.MapError] decide by the type of an error, and
// [App.ProblemsAs] gives everything that goes wrong one form. See docs/how-to/errors.md.
//
// # Engines
//
// App.Run serves HTTP/1.1 on reactors with epoll. The same App is an
// http.Handler (App.Handler), which serves TLS, HTTP/2 and every platform
// without epoll with the same behaviour.
//
// # The files, in reading order
//
//	app*.go        an App: what is registered, compiled, started and stopped
//	route*.go      routes, groups, verbs, options, what the document tells of them
//	handler*.go    a request is served: typed handlers, and what no route takes
//	ctx*.go        the Ctx: request, response, context, failure, what comes after
//	provide*.go    values that handlers have injected
//	response*.go   types that handlers return, each with all that it says of itself
//	websocket*.go  WebSockets
//	upload.go opt.go static.go mount.go settings.go openapi.go   one subject each
//
// What lies below them, and the way of a request: docs/architecture.md.
package fasterapi
