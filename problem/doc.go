// Package problem is the error that clients see: Problem Details for HTTP APIs, RFC 9457.
//
//	user, err := users.Find(ctx, id)
//	switch {
//	case errors.Is(err, db.ErrNoRows):
//		return nil, problem.NotFound("there is no such user")
//	case err != nil:
//		return nil, problem.Wrap(err, http.StatusBadGateway, "the directory does not answer")
//	}
//
// A [Problem] is an ordinary error. A handler returns it, and the client gets its status
// and a JSON object of the type application/problem+json. [Problem.With] adds a member of
// your own, [Problem.WithHeader] a field of the response. An error of a type of your own
// may have the methods HTTPStatus() int and PublicDetail() string instead. Any other error
// becomes a 500 that tells the client an id and nothing of the cause; [Wrap] chooses what
// the client may know.
//
// # What it holds
//
// The standard members (type, title, status, detail, instance), the list of located
// [FieldError]s that validation produces, and free extension members.
//
// # Who owns what
//
// A Problem is a plain value for one goroutine at a time. Constructors return a new one on
// every call, so that nobody changes a shared one. It is immutable by convention once it
// is returned.
//
// # What it costs
//
// One allocation per problem. [Problem.AppendJSON] appends to the caller's buffer and
// allocates nothing but for extension members and values of uncommon types.
//
// # What it refuses
//
// The cause given to Wrap is for logs and errors.Is; it is never serialised. Values of
// sensitive fields are never serialised, others are cut after [MaxValue] bytes. Invalid
// UTF-8 becomes U+FFFD.
package problem
