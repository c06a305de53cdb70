package app_test

import (
	"errors"
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/resilience"
	"github.com/fasterapi/fasterapi/security"
)

// startupCase is a mistake that keeps an app from starting.
type startupCase struct {
	// about is the heading of the page that lists the mistakes, and code what is wrong
	// there, in short; "": the page leaves it out, like one before it.
	about, code string
	register    func(app *fasterapi.App)
	// want is what is said. HERE is the place of the line that ends in "// HERE", and
	// THERE of "// THERE".
	want string
}

func plainText(*fasterapi.Ctx, none) (fasterapi.Text, error) { return "", nil }

// aloneCases have other places when other routes are there.
func aloneCases() []startupCase {
	return []startupCase{
		{
			"Middleware behind routes", `app.Get("/health", health); app.Use(logs)`,
			func(app *fasterapi.App) {
				app.Get("/health", plainText) // THERE
				app.Use(met("late"))          // HERE
			},
			`App.Use (HERE): GET /health (THERE) is registered above and would go without this middleware: call this before the first route, ` +
				`or give the routes that it is for a group of their own: g := app.Group(""); g.Use(…)`,
		},
		{
			"Options of all routes behind routes", `app.Get("/health", health); app.Defaults(fasterapi.Tags("v1"))`,
			func(app *fasterapi.App) {
				app.Get("/health", plainText)        // THERE
				app.Defaults(fasterapi.Tags("late")) // HERE
			},
			`App.Defaults (HERE): GET /health (THERE) is registered above and would go without these options: call this before the first route, ` +
				`or give the routes that they are for to a group of their own: app.Group("", options…)`,
		},
	}
}

// togetherCases are all others.
func togetherCases() (all []startupCase) {
	for _, part := range [][]startupCase{orderCases(), ofMiddleware(), ofSecurity(), ofPolicies(), tagCases(), exampleCases(), kindCases(), patternCases()} {
		all = append(all, part...)
	}
	return all
}

// orderCases are about what comes too late.
func orderCases() []startupCase {
	return []startupCase{
		{
			"", ``,
			func(app *fasterapi.App) {
				g := app.Group("/behind")
				g.Get("/health", plainText) // THERE
				g.Use(met("late"))          // HERE
			},
			`Group.Use (HERE): GET /behind/health (THERE) is registered above and would go without this middleware: call this before the first route, ` +
				`or give the routes that it is for a group of their own: g := group.Group(""); g.Use(…)`,
		},
		{
			"", ``,
			func(app *fasterapi.App) {
				g := app.Group("/below")
				inner := g.Group("/inner")
				inner.Get("/a", plainText) // THERE
				inner.Get("/b", plainText)
				g.Use(met("late")) // HERE
			},
			`Group.Use (HERE): GET /below/inner/a (THERE) and 1 more are registered above and would go without this middleware: ` +
				`call this before the first route, or give the routes that it is for a group of their own: g := group.Group(""); g.Use(…)`,
		},
		{
			"Middleware that is nil", `app.Use(nil)`,
			func(app *fasterapi.App) {
				app.Get("/nil-middleware", plainText, fasterapi.Use(nil)) // HERE
			},
			`Use (HERE): the middleware is nil`,
		},
		{
			"", ``,
			func(app *fasterapi.App) {
				app.Get("/nil-function", plainText, fasterapi.Operation(nil), fasterapi.Use(fasterapi.WrapMiddleware(nil))) // HERE
			},
			`Operation (HERE): the function is nil
WrapMiddleware (HERE): the middleware is nil`,
		},
		{
			"", ``,
			func(app *fasterapi.App) {
				app.Get("/bounds", plainText, fasterapi.MaxBody(-1)) // HERE
			},
			`GET /bounds (HERE): MaxBody(-1): a bound is not negative`,
		},
		{
			"", ``,
			func(app *fasterapi.App) {
				app.GetFuture("/declared", nothingLater, fasterapi.Returns[user](20, "")) // HERE
			},
			`GET /declared (HERE): Returns[app_test.user](20): a response has a status from 200 to 599`,
		},
		{
			"An answer that no response can be", `fasterapi.Returns[Page](304, "unchanged")`,
			func(app *fasterapi.App) {
				app.GetFuture("/declared-body", nothingLater, fasterapi.Returns[user](304, "")) // HERE
			},
			`GET /declared-body (HERE): Returns[app_test.user](304): a response with this status has no body: say Returns[fasterapi.None]`,
		},
		{
			"What describes middleware and does something else", `fasterapi.Describing(limit, fasterapi.MaxBody(1 << 10))`,
			func(app *fasterapi.App) {
				around := func(next fasterapi.Handler) fasterapi.Handler { return next }
				app.Get("/describing", plainText, fasterapi.Use(fasterapi.Describing(around, fasterapi.MaxBody(1)))) // HERE
			},
			`Describing (HERE): middleware can say Returns, Reads and Operation of the routes behind it, and nothing else`,
		},
		{
			"A declared input that is bound", `fasterapi.Reads[Paging](), of a struct with a field tagged path`,
			func(app *fasterapi.App) {
				type paged struct {
					ID int `path:"id"`
				}
				app.Get("/reads/{id}", plainText, fasterapi.Reads[paged]()) // HERE
			},
			`Reads (HERE): field ID: only fields of query, header and cookie can be declared`,
		},
		{
			"Hosts and subprotocols that no client has", `fasterapi.Origins("https://app.example")`,
			func(app *fasterapi.App) {
				socket := func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, string]) error { return nil }
				app.WebSocket("/origins", socket, fasterapi.Origins("https://app.example", "a b", "*.app.example:443"), fasterapi.Subprotocols("v 1", "v2", "v2")) // HERE
			},
			`GET /origins (HERE): option Origins: "https://app.example" has a scheme, and these are hosts: "app.example"
GET /origins (HERE): option Origins: "a b" is no host such as "example.com", "localhost:5173" or "*.example.com"
GET /origins (HERE): option Origins: "*.app.example:443" has a port, and hosts below a name are taken with any
GET /origins (HERE): option Subprotocols: "v 1" is no token, so no client can offer it (RFC 6455 section 4.1)
GET /origins (HERE): option Subprotocols: "v2" is there twice`,
		},
		{
			"A file in a JSON body", `a field of type fasterapi.Upload in the struct of a field tagged body`,
			func(app *fasterapi.App) {
				type withFile struct {
					Photo fasterapi.Upload `json:"photo"`
				}
				type withAnswer struct {
					Photo fasterapi.File `json:"photo"`
				}
				app.Post("/file-type", func(*fasterapi.Ctx, bodyOf[withAnswer]) (fasterapi.None, error) { return fasterapi.None{}, nil }) // THERE
				app.Post("/file-body", func(*fasterapi.Ctx, bodyOf[[]withFile]) (fasterapi.None, error) { return fasterapi.None{}, nil }) // HERE
			},
			`POST /file-type (THERE): field Body: app_test.withAnswer.Photo is to hold a fasterapi.File, which is never in JSON: files come in fields tagged file, or as a body of type io.Reader
POST /file-body (HERE): field Body: []app_test.withFile.Photo is to hold a fasterapi.Upload, which is never in JSON: files come in fields tagged file, or as a body of type io.Reader`,
		},
		{
			"An example of an upload", `Photo fasterapi.Upload, tagged file:"photo" example:"a.png"`,
			func(app *fasterapi.App) {
				type form struct {
					Photo fasterapi.Upload `file:"photo" example:"a.png"`
				}
				app.Post("/file-example", func(*fasterapi.Ctx, form) (fasterapi.None, error) { return fasterapi.None{}, nil }) // HERE
			},
			`POST /file-example (HERE): field Photo: example is not for uploads, which no text stands for`,
		},
		{
			"An option that is nil", `app.Get("/users", list, nil)`,
			func(app *fasterapi.App) {
				app.Get("/nil-option", plainText, nil) // HERE
			},
			`App.Get (HERE): a route option is nil`,
		},
	}
}

// ofMiddleware are mistakes in what middleware was given, also inside of another.
func ofMiddleware() []startupCase {
	return []startupCase{
		{
			"Middleware that cannot work", `app.Use(middleware.CORS(middleware.CORSConfig{Origins: []string{"app.example"}}))`,
			func(app *fasterapi.App) {
				cors := middleware.CORS(middleware.CORSConfig{Origins: []string{"app.example", "https://a/b"}}) // HERE
				inside := func(next fasterapi.Handler) fasterapi.Handler { return cors(next) }
				g := app.Group("/cors", fasterapi.Use(inside))
				g.Get("/a", plainText, fasterapi.Use(cors))
				g.GetFuture("/b", nothingLater)
			},
			`middleware.CORS (HERE): CORSConfig.Origins: "app.example" is not an origin such as "https://app.example.com"
middleware.CORS (HERE): CORSConfig.Origins: "https://a/b" is not an origin such as "https://app.example.com"`,
		},
		{
			"", ``,
			func(app *fasterapi.App) {
				unzip := middleware.Decompress(middleware.DecompressConfig{Codings: []string{"lzma"}, MaxRatio: -1}) // HERE
				app.Get("/unzipped", plainText, fasterapi.Use(unzip))
			},
			`middleware.Decompress (HERE): DecompressConfig.Codings: "lzma" is not zstd, br, gzip or deflate
middleware.Decompress (HERE): DecompressConfig.MaxBytes and MaxRatio must not be negative`,
		},
	}
}

// ofSecurity are mistakes in what schemes and their keys were given.
func ofSecurity() []startupCase {
	return []startupCase{
		{
			"Security schemes that cannot work", `keys := security.APIKey(security.APIKeyConfig{Realm: ` + "`shop \"a\"`" + `}, security.OneOf(map[string]Machine{os.Getenv("KEY"): {}}))`,
			func(app *fasterapi.App) {
				type machine struct{}
				keys := security.APIKey(security.APIKeyConfig{Realm: `shop "a"`}, security.OneOf(map[string]machine{"": {}})) // HERE
				keys.Provide(app)
				app.Get("/machines", plainText, keys.Require(), fasterapi.Use(keys.Middleware()))
			},
			`security.OneOf (HERE): a key is empty
security.APIKey (HERE): APIKeyConfig.Realm must be plain text without quotes`,
		},
		{
			"", `tokens := security.JWT[Account](cfg), where Account has the field Plan string, tagged json:"plan" minLenght:"3"`,
			func(app *fasterapi.App) {
				tokens := security.JWT[misspeltClaims](security.JWTConfig{ // HERE
					Keys: []security.Key{security.SharedKey("", make([]byte, 32))},
				})
				tokens.Provide(app)
			},
			`security.JWT (HERE): claims: app_test.misspeltClaims.Plan: the tag "minLenght" is spelt "minLength"`,
		},
		{
			"", `tokens := security.JWT[Account](security.JWTConfig{Keys: []security.Key{security.SharedKey("", secret)}})`,
			func(app *fasterapi.App) {
				short := security.SharedKey("", []byte("secret")) // HERE
				tokens := security.JWT[struct{ Plan string }](security.JWTConfig{Keys: []security.Key{short}})
				app.Mount("/tokens", http.NotFoundHandler(), fasterapi.Use(tokens.Middleware()))
			},
			`security.SharedKey (HERE): a secret needs at least 32 random bytes, and this one has 6`,
		},
		{
			"", `app.Get("/tokens", list, tokens.Require("read orders"))`,
			func(app *fasterapi.App) {
				type who struct{}
				tokens := security.Bearer(security.BearerConfig{Name: "who"}, security.OneOf(map[string]who{"token": {}}))
				tokens.Provide(app)
				app.Get("/who", plainText, tokens.Require("read orders")) // HERE
			},
			`security.Scheme.Require (HERE): scopes need a principal with a method HasScope, which app_test.who does not have
security.Scheme.Require (HERE): "read orders" is not a scope`,
		},
		{
			"Security that is described, and that nothing checks", `app.Delete("/users/{id}", remove, fasterapi.DescribeSecurity(tokens.Use()))`,
			func(app *fasterapi.App) {
				tokens := security.Bearer(security.BearerConfig{Name: "open"}, security.OneOf(map[string]struct{ N int }{"token": {}}))
				app.Get("/described", plainText, fasterapi.DescribeSecurity(tokens.Use())) // HERE
			},
			`DescribeSecurity (HERE): nothing of GET /described (HERE) checks the scheme "open", which is described only: ` +
				`let a provider do so (SecuredBy; Scheme.Provide or Scheme.Require of package security) or middleware (Enforcing; Scheme.Middleware), ` +
				`or name in SecurityUse.CheckedBy who else does`,
		},
		{
			"Middleware that returns nothing", `app.Use(func(fasterapi.Handler) fasterapi.Handler { return nil })`,
			func(app *fasterapi.App) {
				app.Get("/none", plainText, fasterapi.Use(noHandler)) // HERE
			},
			`GET /none (HERE): the middleware app_test.noHandler has returned no handler`,
		},
		{
			"Provided values that cannot work", `app.Provide(signer), which has a method Mistake() error`,
			func(app *fasterapi.App) {
				app.Provide(unsettled{}, nil) // HERE
			},
			`App.Provide (HERE): a provider option is nil
App.Provide (HERE): it is not settled`,
		},
	}
}

// ofPolicies are mistakes in policies, caches and other services.
func ofPolicies() []startupCase {
	return []startupCase{
		{
			"Policies that cannot work", `app.Provide(resilience.NewRegistry(supplier)), where supplier is resilience.New("supplier", resilience.Config{Timeout: -1, AttemptTimeout: 48 * time.Hour})`,
			func(app *fasterapi.App) {
				policy := resilience.New("supplier", resilience.Config{Timeout: -1, AttemptTimeout: 48 * time.Hour}) // HERE
				app.Provide(resilience.NewRegistry(policy))
			},
			`resilience.New (HERE): policy "supplier": Timeout must not be negative, it is -1ns
resilience.New (HERE): policy "supplier": AttemptTimeout must be at most 24h0m0s, it is 48h0m0s`,
		},
		{
			"", `app.Post("/orders", order, middleware.Guard(policy)), where the policy has retries`,
			func(app *fasterapi.App) {
				again := resilience.New("again", resilience.Config{Timeout: time.Second, Retry: resilience.Retry{Attempts: 3}})
				app.Get("/again", plainText, middleware.Guard(again)) // HERE
			},
			`middleware.Guard (HERE): policy again has Retry or Hedge, and a request cannot be served twice: use such a policy within the handler, around what may fail`,
		},
		{
			"Caches that cannot work", `app.Provide(cache.New("users", cache.Config[int64, User]{Size: -1, SoftTimeout: time.Second}))`,
			func(app *fasterapi.App) {
				users := cache.New("users", cache.Config[int64, int]{Size: -1, SoftTimeout: time.Second}) // HERE
				app.Provide(users)
			},
			`cache.New (HERE): cache "users": Config.Size must be 1 to 1073741824, it is -1
cache.New (HERE): cache "users": Config.SoftTimeout needs StaleIfError: how old a value may be then`,
		},
		{
			"Other services that cannot be called", `app.Provide(client.New("supplier", client.Config{BaseURL: "supplier.example", MaxConns: -1}))`,
			func(app *fasterapi.App) {
				supplier := client.New("supplier", client.Config{BaseURL: "supplier.example", MaxConns: -1}) // HERE
				app.Provide(supplier)
			},
			`client.New (HERE): upstream "supplier": BaseURL must begin with "http://" or "https://", and a host
client.New (HERE): upstream "supplier": MaxConns must be 0 to 65536, it is -1`,
		},
	}
}

func noHandler(fasterapi.Handler) fasterapi.Handler { return nil }

// unsettled is a value that cannot work.
type unsettled struct{}

func (unsettled) Mistake() error { return errors.New("it is not settled") }

// patternCases are about patterns of paths.
func patternCases() []startupCase {
	return []startupCase{
		{
			"Wildcards of other routers", `app.Get("/users/:id", …)`,
			func(app *fasterapi.App) {
				type input struct {
					ID int `path:"id"`
				}
				app.Get("/users/:id", func(*fasterapi.Ctx, input) (none, error) { return none{}, nil }) // HERE
			},
			`GET /users/:id (HERE): ":id" is no wildcard here: write {id} (a literal colon is %3A)`,
		},
		{
			"", `app.Get("/files/*rest", …)`,
			func(app *fasterapi.App) {
				app.Group("/files").Get("/*rest", plainText) // HERE
			},
			`GET /files/*rest (HERE): "*rest" is no wildcard here: the rest of a path is {rest...} (a literal asterisk is %2A)`,
		},
		{
			"", `app.WebSocket("/rooms/<room>", …)`,
			func(app *fasterapi.App) {
				app.WebSocket("/rooms/<room>", socket) // HERE
			},
			`GET /rooms/<room> (HERE): "<room>" is no wildcard here: write {room} (literal angle brackets are %3C and %3E)`,
		},
		{
			"", `app.Get("/users/[id]", …)`,
			func(app *fasterapi.App) {
				app.GetFuture("/next/[id]", nothingLater) // HERE
			},
			`GET /next/[id] (HERE): "[id]" is no wildcard here: write {id} (literal brackets are %5B and %5D)`,
		},
		{
			"", `app.Get("/users ", …)`,
			func(app *fasterapi.App) {
				app.Get("/blank ", plainText) // HERE
			},
			`GET /blank  (HERE): "blank ": no path of a request has " " as it is: a literal one is %20`,
		},
		{
			"", `app.Get("/users/{id:int}", …)`,
			func(app *fasterapi.App) {
				app.Get("/typed/{id:int}", plainText) // HERE
			},
			`GET /typed/{id:int} (HERE): the wildcard name "id:int" is not a Go identifier: write {id}; ` +
				`the type of the field that reads it and its tags, such as pattern, say what it may be`,
		},
		{
			"", `app.Mount("/legacy/:tenant", …)`,
			func(app *fasterapi.App) {
				app.Mount("/legacy/:tenant", nil) // HERE
			},
			`Mount /legacy/:tenant (HERE): ":tenant" is no wildcard here: write {tenant} (a literal colon is %3A)
Mount /legacy/:tenant (HERE): the mounted http.Handler is nil`,
		},
		{
			"Two routes for the same requests", `app.Get("/a/{id}", …) and app.Get("/a/{name}", …)`,
			func(app *fasterapi.App) {
				app.Get("/same/{id}", plainText)   // THERE
				app.Get("/same/{name}", plainText) // HERE
			},
			`GET /same/{name} (HERE): matches the same requests as GET /same/{id} (THERE)`,
		},
	}
}
