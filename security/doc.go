// Package security finds out who a client is and what it may do.
//
// A [Scheme] reads credentials from requests and makes a principal of them, a
// value of a type of yours: [JWT], [Bearer], [APIKey] and [Basic] make schemes.
// Handlers take the principal like any other injected value, and the OpenAPI
// document says so by itself:
//
//	type Account struct{ Plan string `json:"plan"` }
//
//	tokens := security.JWT[Account](security.JWTConfig{
//		Issuer: "https://login.example.com", Audience: []string{"shop"},
//		JWKS: "https://login.example.com/jwks.json",
//	})
//	tokens.Provide(app)
//
//	app.Get("/orders", func(c *fasterapi.Ctx, in struct {
//		Who security.Claims[Account] `inject:""`
//	}) ([]Order, error) { ... }, tokens.Require("orders:read"))
//
// [AnyOf] takes one of several: a token or an API key, or tokens of several issuers. A
// [Place] says where a credential is: in a header, for browsers in a cookie or the query too, with
// protection against pages of others. [Scheme.Verify] checks a token that came elsewhere, and
// [Scheme.Middleware] closes what takes no input, such as mounted handlers and files. docs/how-to/auth.md
// shows all of it.
//
// # 401 and 403
//
// Without credentials, or with wrong ones, the answer is 401 with a
// WWW-Authenticate field (RFC 9110 section 11, RFC 6750). A principal that lacks
// a scope gets 403. Problem documents and log lines never hold credentials.
//
// # Who owns what
//
// A Scheme is made once, while the app is built, and serves all requests of all
// reactors. Keys of a JWKS are fetched by a goroutine, and kept until they are
// replaced; no request holds its reactor for them.
//
// # What it costs
//
// A token is checked where the handler runs. Of the four algorithms HS256 is the
// cheapest; RS256 takes 4 times as long, EdDSA 7 times and ES256 10 times (go test
// -bench Verify, 20 to 213 us on two busy cores, November 2026). Passwords are
// hashed slowly on purpose: check them with [BasicFuture] and async.Go.
//
// # What it refuses
//
// Tokens that are unsigned (alg "none"), signed with another algorithm than that
// of the key, without an expiry, with a "crit" header, or longer than 8 KiB. HMAC
// secrets under 32 bytes, RSA keys under 2048 bits, key sets over plain HTTP.
// Two different credentials in one request, and cookies that a page of another origin sends to change
// something.
//
// A configuration that cannot work is a mistake of the app: it does not start, and reports what
// schemes, keys and signers were given wrong, at the lines of their constructors, together with
// all else (docs/reference/start-up-mistakes.md). The app knows of those that are given to it, by Provide,
// Require, Middleware or DescribeSecurity, in an AnyOf or an As, or as a provided value. A
// scheme that no app uses lets nobody in: Authenticate and Verify fail with what is wrong, which is no
// fault of the client, and so does [Signer.Sign].
package security
