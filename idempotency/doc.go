// Package idempotency lets clients send a request again when they do not know what became of it: the work is done once, and every
// repetition gets the same answer. It is the header Idempotency-Key of draft-ietf-httpapi-idempotency-key-header-07.
//
//	keys := idempotency.New(idempotency.InDatabase(pool), idempotency.Config{})
//	app.Post("/payments", pay, keys.Route())
//
// A client makes a key for each thing it wants done (a UUID), and sends it with each try:
//
//	POST /payments
//	Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"
//
// A request with a key
//   - that is new runs, and its answer is stored before it is sent;
//   - whose answer is stored gets that answer, with Idempotent-Replayed: true, and the handler does not run;
//   - whose first request still runs gets 409 and Retry-After;
//   - that came with another request (method, path, query, type, body) gets 422;
//   - and without a key gets 400, unless Config.Optional is set.
//
// # Which answers are stored
//
// Final ones: those of 2xx and 3xx, and problems of 4xx that the same request would get again because of what was done (402, 404, 410 and others).
// After the others (5xx, panics, 429, failed validation, and what Config.Final refuses) the key is free again, and a repetition runs.
// An answer that cannot be stored, because it was streamed, has trailer fields or is larger than Config.MaxAnswer, is answered with 409 when it is asked
// for again: the work is not done twice.
//
// # What it cannot promise
//
// The store and the work of the handler are two things. An instance that dies between them leaves a key whose lease ends (Config.Lease), and the next try
// runs again; so does one after a store that failed. A handler whose work must not happen twice even then uses the key in its own transaction, as
// a unique column.
//
// # Who owns what
//
// The store is the caller's, also to close. Keys are for any goroutine, any reactor and any number of routes. Clients cannot see each other's answers:
// a key belongs to its route and to the credentials of the request (Config.Scope).
//
// # What it costs
//
// Two round trips to the store for a new key, one for a repetition. The middleware stands before the providers of the route. The clocks of the
// instances must agree to within a part of the lease.
//
// # What it refuses
//
// Keys of more than 255 bytes, or with other than visible ASCII characters; bodies of more than Config.MaxBody.
package idempotency
