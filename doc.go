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
// A handler takes the [Ctx] and an input struct ([None] for none) and returns what is
// answered: a struct as JSON, or one of [Text], [HTML], [Response], [File], [Stream], [SSE],
// [Redirect] and so on. If you are unsure how to register it, use Get, Post, Put, Patch and
// Delete: such a handler may block and use any Go library. The manual is in docs/.
//
// # Tags
//
// Tags of an input's fields say where their values come from:
//
//	path:"id"  query:"page"  query:"tag,repeat"  header:"X-Trace"  cookie:"sid"
//	form:"note"  file:"photo"  body:""  body:"raw"  body:"image/png"  inject:""  bind:"-"
//
// These say what values must be like, in inputs, bodies, messages of WebSockets and
// settings. They reach through pointers, [Opt], lists and maps to the values inside:
//
//	minimum maximum exclusiveMinimum exclusiveMaximum multipleOf   numbers, durations
//	minLength maxLength pattern format                             strings
//	enum:"a,b,c"                                                   strings, numbers
//	minItems maxItems uniqueItems                                  lists
//	minProperties maxProperties                                    maps
//	required:"true" default:"20" sensitive:"true"                  all
//	nullable:"false"                                                pointers and Opt
//	accept:"image/*" maxBytes:"1000000"                            files
//	doc title example deprecated readOnly writeOnly                what the document says
//
// Formats that are checked: email, uuid, date-time, date, time, uri, ipv4, ipv6, hostname
// and duration. The names of members are those of the tag json, as encoding/json/v2 reads it; settings have the tags env and
// envPrefix, rows of a database the tag db. A member of a body is required unless it is a
// pointer or an [Opt], has a default or the option omitzero, or says required:"false". All that
// is wrong with a request is answered at once, with 422; all that is wrong with tags keeps the app
// from starting. docs/reference/tags.md has every tag, and what a wrong one gets.
//
// # Path patterns
//
//	/users               that path
//	/users/              another path: the slash counts
//	/users/{id}          one segment, not empty; the field of the input has path:"id"
//	/files/{rest...}     all that remains, slashes included, possibly nothing
//
// The most specific pattern wins, segment by segment and whatever the order of
// registration: literal, {name}, {rest...}. Two patterns of which neither is more specific
// are a mistake at the start. A path that has a route only with or only without a slash at
// its end is redirected there with 308. A GET route answers HEAD too, OPTIONS is answered with Allow, a
// path with routes of other methods with 405. docs/reference/routing.md shows which route answers what.
//
// # Interfaces
//
// Types of yours may have these methods:
//
//	UnmarshalText([]byte) error, MarshalText        a value of one text: parameters, members, settings
//	UnmarshalJSONFrom, UnmarshalJSON, MarshalJSON…  JSON of its own, see encoding/json/v2
//	Enum() []any                                    the values of a named string or integer type
//	OneOf() Choice                                  a struct that is one of several variants
//	Check(context.Context, *problem.Faults)         rules about several fields of an input, body or message
//	JSONSchema() *openapi.Schema                    the schema of a type, for the document
//	IsZero() bool                                   what the json option omitzero leaves out
//	HTTPStatus() int, PublicDetail() string,
//	RetryAfter() time.Duration                      of errors, see below
//	Close() error, Close(context.Context) error     of provided values, with [CloseOnStop]
//	Mistake() error                                 of provided values: why the app cannot start, see [Mistake]
//	OpenAPISecurity() []openapi.SecurityUse         of principals that schemes provide
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
// its route is moved to goroutines. docs/explanation/styles.md says when which one pays.
//
// # What the framework keeps, and what is yours
//
// Input structs, and every string and slice in them, are yours to keep. The
// [Ctx] is over when the request is: when handler and middleware have returned and a stream
// is sent. It says so for ever to whoever has kept it; c.Detach makes a context that
// lives longer.
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
// App.Run serves HTTP/1.1 and HTTP/2 on the reactors, with TLS and without. On platforms
// without epoll and kqueue, and where Config.NetHTTP says so, all of it goes through net/http,
// with the same behaviour. The same App is an http.Handler, too (App.Handler), for a server of
// your own.
//
// # The files, in reading order
//
//	app.go                 an App, and what holds for all of its routes
//	app_config.go          what it is told, by Config and by the environment: Settings, too
//	app_compile.go         all that is wrong with it is found, and its routes are prepared
//	app_lifecycle.go       it is started and stopped, with hooks
//	app_run.go             it is served: Run, Start, Handler, and the engines
//	app_restart.go         a new process gets its listeners, and those of App.Listen
//	app_health.go app_observe.go app_work.go app_overload.go app_describe.go
//	                       what others get to know of it: health, requests, their work, overload, the whole
//	route.go route_group.go route_options.go route_describe.go openapi.go openapi_examples.go
//	                       routes; groups and verbs; options; what documents tell of them
//	handler_serve.go handler_typed.go mount.go
//	                       a request is served, and what no route takes; typed handlers; net/http and files
//	ctx.go ctx_request.go ctx_body.go ctx_response.go ctx_context.go
//	                       the Ctx; its request and what comes after; bodies and uploads; the response; cancelling
//	ctx_failure.go ctx_problem.go
//	                       a request fails, in panics too; which problem that is, and its form
//	provide.go provide_func.go provide_plan.go provide_injection.go
//	                       providers, of values and by functions; what a route needs; how it gets it
//	response_output.go response.go response_file.go response_stream.go response_events.go
//	                       what results of handlers become; the types for them, each with all that it says of itself
//	opt.go                 types of members: Opt, Maybe, Union
//	websocket_route.go websocket.go
//	                       WebSockets: the routes, the sockets
//
// What lies below them, and the way of a request: docs/architecture.md.
package fasterapi
