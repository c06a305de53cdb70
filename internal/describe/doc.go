// Package describe makes the OpenAPI document of a service of its routes.
//
//	b := describe.NewBuilder(openapi.Info{Title: "Users", Version: "1.0.0"}, false)
//	b.Add(describe.Route{
//		Method: "GET", Pattern: router.ParsePattern("/users/{id}"), Handler: "getUser",
//		Fields: fields, Answers: []describe.Answer{{Status: 200, ContentType: "application/json", Type: reflect.TypeFor[User]()}},
//	})
//	doc, err := b.Build()
//
// # What it is
//
// A [Route] says what the document needs to know about a route: what its requests are read
// into (the fields of internal/bind), what it answers, and what its options say. A [Builder]
// makes an [openapi.Document] of them. The schemas come from internal/schema, like the checks
// of requests, so the document cannot promise what the service does not do.
//
// The files, in the order in which a document is made: route.go (what comes in), builder.go
// (paths and operations), input.go (parameters and bodies), body.go (the type of a body, and examples of it),
// answers.go, example.go (examples that are none), socket.go, security.go, unchecked.go (schemes that nothing checks), naming.go (ids, once all operations are known),
// problems.go (what every document has) and mistake.go (what is wrong with all that).
//
// # What it decides
//
//   - Paths, parameters and schemas stand in the order in which they were
//     registered; the same routes always give the same bytes.
//   - The id of an operation is made of its method and path, unless the route or
//     the app chooses one: the names of handlers repeat (list, get), and closures
//     have none. No other route changes it. Two ids that differ only in case or in
//     what is no letter and no digit are a mistake, because the methods of
//     generated clients do not differ.
//   - OpenAPI knows one name for a wildcard: "/users/{id}" and
//     "/users/{user}" become one path with the names of the first. Of a
//     "/files/{name}" and a "/files/{rest...}" with one method, which are one path
//     too, the first is described.
//   - A WebSocket is a GET that answers 101, with the parameters and the security
//     of any route. OpenAPI has no words for its messages: the extension
//     x-websocket holds their schemas (fromClient, fromServer) and the
//     subprotocols.
//   - Every route may answer with a problem: the responses "4XX" and "5XX". A
//     route whose input can be wrong (bind.Plan.Fallible) has a 422 as well.
//
// # Who owns what
//
// A Builder, and the document that it makes, belong to one goroutine at a time. A Route is
// the builder's once it was added.
//
// # What it costs
//
// It runs once, when an app starts: about 60 us for a route.
//
// # What it refuses
//
// [Builder.Build] returns all mistakes at once: two operations with one id, a
// scheme of security that is described in two ways, an example of an answer without a body,
// types without a schema.
package describe
