// Package openapi describes a service as an OpenAPI 3.1 document.
//
// # What it is
//
// [Document] and the types below it are the document. A [Builder] makes one from
// routes: what they read (the fields of internal/bind), what they answer, and
// what their options say. The schemas come from internal/schema, like the checks
// of requests, so the document cannot promise what the service does not do.
// [Document.JSON] and [Document.YAML] write it.
//
// Services meet this package in three places: the document as a whole may be
// changed before it is served (OpenAPIConfig.Edit), the part of a route too
// (the route option Operation), and what secures routes tells it by
// [SecurityUse].
//
// # What it decides
//
//   - Paths, parameters and schemas stand in the order in which they were
//     registered; the same routes always give the same bytes.
//   - The id of an operation is the name of its handler, or is made of method
//     and path when the handler has none or shares it. Registering routes in
//     another order changes no id.
//   - OpenAPI knows one name for a wildcard: "/users/{id}" and
//     "/users/{user}" become one path with the names of the first. Of a
//     "/files/{name}" and a "/files/{rest...}" with one method, which are one path
//     too, the first is described.
//   - A WebSocket is a GET that answers 101, with the parameters and the security
//     of any route. OpenAPI has no words for its messages: the extension
//     x-websocket holds their schemas (fromClient, fromServer) and the
//     subprotocols.
//   - What was mounted and static files are left out: nobody knows what they
//     answer. An app may describe them itself (OpenAPIConfig.Edit).
//   - Every route may answer with a problem: the responses "4XX" and "5XX". A
//     route whose input can be wrong has a 422 as well.
//
// # Who owns what
//
// A Document and a Builder belong to one goroutine at a time. What JSON and YAML
// return is the caller's.
//
// # What it costs
//
// It runs once, when an app starts: about 60 us for a route.
//
// # What it refuses
//
// [Builder.Build] returns all mistakes at once: two operations with one given id, a
// scheme of security that is described in two ways, types without a schema.
package openapi
