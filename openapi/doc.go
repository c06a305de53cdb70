// Package openapi holds the OpenAPI 3.1 document of a service.
//
// An app makes its document by itself. It is met in three places: the document as a whole may
// be changed before it is served, the part of a route too, and what secures routes says how:
//
//	app := fasterapi.New(fasterapi.Config{OpenAPI: fasterapi.OpenAPIConfig{Edit: func(doc *openapi.Document) {
//		doc.Components.Schemas.Get("User").Title = "A user of the shop"
//	}}})
//	app.Get("/users", list, fasterapi.Operation(func(op *openapi.Operation) { op.Summary = "All users" }))
//	doc, err := app.OpenAPI()
//	text, err := doc.JSON()   // OpenAPI 3.1
//	text, err = doc.JSON30()  // OpenAPI 3.0, for tools that know no other
//
// # What it is
//
// [Document] and the types below it are the document, member for member as the
// specification (https://spec.openapis.org/oas/v3.1.1.html) has them; objects whose members
// are named by the service are a [Map], which keeps their order. [Document.JSON] and
// [Document.YAML] write it, [Document.JSON30] and [Document.YAML30] as OpenAPI 3.0.3. [SecurityUse] is the need of a scheme, which the type of a
// principal tells by [Secured].
//
// What was mounted and static files are not in the document: nobody knows what they answer.
// An app may describe them itself (OpenAPIConfig.Edit).
//
// # Who owns what
//
// A Document belongs to one goroutine at a time. What JSON and YAML return is the caller's.
//
// # What it costs
//
// It is written once, when it is first asked for.
//
// # What it refuses
//
// It checks nothing: [Document.JSON] and [Document.YAML] fail for what cannot be written as
// JSON, such as a value of Extensions with a channel in it. The mistakes of routes are found
// where the document is made, at the start of the app.
package openapi
