package app_test

import (
	"io"
	"net/http"
	"os"
	"testing/fstest"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/security"
)

// Types whose tags promise what nobody does.
type (
	hiddenChecks struct {
		ID   int    `json:"-" path:"id"`
		Pass string `json:"-" minLength:"8"`
		Name string `json:"name"`
	}
	beyondExample struct {
		Share int `json:"share" maximum:"100" example:"140"`
	}
	datedAnswer struct {
		Until time.Time `header:"Expires" example:"tomorrow" minLenght:"3"`
		Left  int       `header:"X-Left" maximum:"9" example:"10"`
	}
	untaggedBody struct {
		Status int
		Body   user
	}
	statusBeside struct {
		_  struct{} `status:"201"`
		ID int      `json:"id"`
	}
)

// laterOf is a chain that answers with the zero value.
func laterOf[T any](*fasterapi.Ctx, none) async.Future[T] {
	var zero T
	return async.Ready(zero)
}

// tagCases are tags that would do nothing where they stand.
func tagCases() []startupCase {
	return []startupCase{
		{
			"Tags that would do nothing", `Orders []Order, tagged body:"" minItem:"1"`,
			func(app *fasterapi.App) {
				type input struct {
					Orders []user `body:"" minItem:"1"`
				}
				app.Post("/tags/body", func(*fasterapi.Ctx, input) (none, error) { return none{}, nil }) // HERE
			},
			`POST /tags/body (HERE): field Orders: the tag "minItem" is spelt "minItems"`,
		},
		{
			"", `a field of the body's type, tagged json:"-" minLength:"8"`,
			func(app *fasterapi.App) {
				app.Post("/tags/hidden", func(*fasterapi.Ctx, bodyOf[hiddenChecks]) (none, error) { return none{}, nil }) // HERE
			},
			`POST /tags/hidden (HERE): field Body: codec: app_test.hiddenChecks: field ID has json:"-" and the tag path, which is read in the input itself and not in a body: nothing fills it
POST /tags/hidden (HERE): field Body: codec: app_test.hiddenChecks: field Pass has json:"-", so nothing fills it, and these tags check nothing: minLength`,
		},
		{
			"", `Photo fasterapi.Upload, tagged file:"photo" accept:".png"`,
			func(app *fasterapi.App) {
				type form struct {
					Photo fasterapi.Upload `file:"photo" accept:".png"`
				}
				app.Post("/tags/accept", func(*fasterapi.Ctx, form) (none, error) { return none{}, nil }) // HERE
			},
			`POST /tags/accept (HERE): field Photo: accept:".png" is no media type without parameters, such as "image/png" or "image/*"`,
		},
		{
			"", `Order string, tagged query:"order" enum:"asc|desc" minLength:"1" minLength:"3"`,
			func(app *fasterapi.App) {
				type input struct {
					//lint:ignore SA5008 a tag that is there twice is what is tested
					Order string `query:"order" enum:"asc|desc" minLength:"1" minLength:"3"`
				}
				app.Get("/tags/enum", func(*fasterapi.Ctx, input) (none, error) { return none{}, nil }) // HERE
			},
			`GET /tags/enum (HERE): field Order: the tag "minLength" is there twice: only the first one is read
GET /tags/enum (HERE): field Order: enum:"asc|desc": values stand between commas, as they are: enum:"open,closed"`,
		},
		{
			"", `func get(c *fasterapi.Ctx, in Input) (*problem.Problem, error)`,
			func(app *fasterapi.App) {
				app.GetFuture("/tags/error", laterOf[*problem.Problem]) // HERE
			},
			`GET /tags/error (HERE): the handler returns *problem.Problem, which is an error and would be sent as a success: return it as the second result`,
		},
		{
			"", `type Out struct { Status int; Body User }, as Huma has it`,
			func(app *fasterapi.App) {
				app.GetFuture("/tags/huma", laterOf[untaggedBody]) // HERE
			},
			`GET /tags/huma (HERE): the handler returns app_test.untaggedBody, whose field Body would be a member of JSON: tag it body:"", or json:"Body" if that is meant`,
		},
		{
			"", `func get(c *fasterapi.Ctx, in Input) (io.Reader, error)`,
			func(app *fasterapi.App) {
				app.GetFuture("/tags/reader", laterOf[io.Reader]) // HERE
			},
			`GET /tags/reader (HERE): the handler returns io.Reader, which is no JSON: return a fasterapi.Stream with it as its Reader`,
		},
		{
			"", `a result with the tag status:"201" beside members of JSON`,
			func(app *fasterapi.App) {
				app.GetFuture("/tags/status", laterOf[statusBeside]) // HERE
			},
			`GET /tags/status (HERE): the output app_test.statusBeside: field ID: an output has fields tagged header and one tagged body, and this is neither: put it into the body`,
		},
	}
}

// exampleCases are examples that the document would show, and that are none.
func exampleCases() []startupCase {
	return []startupCase{
		{
			"Examples that are none", `fasterapi.RequestExample("new", order), of a route without a body`,
			func(app *fasterapi.App) {
				app.Get("/example/none", plainText, fasterapi.RequestExample("new", user{})) // HERE
			},
			`GET /example/none (HERE): the example "new" is of the body of a request, and this one has none`,
		},
		{
			"", `fasterapi.ResponseExample("one", 0, map[string]any{"nme": "Ada"}), of a route that answers a User`,
			func(app *fasterapi.App) {
				app.GetFuture("/example/answer", laterOf[user], fasterapi.ResponseExample("one", 0, map[string]any{"id": 1, "nme": "Ada", "email": ""})) // HERE
			},
			`GET /example/answer (HERE): the example "one": body.nme is not known
GET /example/answer (HERE): the example "one": body.name is required`,
		},
		{
			"", `fasterapi.RequestExample("late", map[string]any{"seats": 12, "nme": "Ada"}), of a form`,
			func(app *fasterapi.App) {
				type form struct {
					Name  string `form:"name" required:"true"`
					Seats int    `form:"seats" maximum:"9"`
				}
				app.Post("/example/form", func(*fasterapi.Ctx, form) (none, error) { return none{}, nil }, // HERE
					fasterapi.RequestExample("late", map[string]any{"seats": 12, "nme": "Ada"}))
			},
			`POST /example/form (HERE): the example "late": form.nme is not known
POST /example/form (HERE): the example "late": form.seats must be at most 9
POST /example/form (HERE): the example "late": form.name is required`,
		},
		{
			"", `fasterapi.ResponseExample("one", 0, 7), of a route that answers a text`,
			func(app *fasterapi.App) {
				app.Get("/example/text", plainText, fasterapi.ResponseExample("one", 0, 7)) // HERE
			},
			`GET /example/text (HERE): the example "one" is of type int, and the answer is a text`,
		},
		{
			"", `Share int, tagged json:"share" maximum:"100" example:"140", in what is only answered`,
			func(app *fasterapi.App) {
				app.Get("/example/member", func(*fasterapi.Ctx, none) (v fasterapi.SSE[beyondExample], err error) { return v, nil }) // HERE
			},
			`GET /example/member (HERE): codec: app_test.beyondExample.Share: example 140: must be at most 100`,
		},
		{
			"", `Until time.Time, tagged header:"Expires" example:"tomorrow", in an output struct`,
			func(app *fasterapi.App) {
				app.GetFuture("/example/header", laterOf[datedAnswer]) // HERE
			},
			`GET /example/header (HERE): the header field Expires of the response: the tag "minLenght" is spelt "minLength"
GET /example/header (HERE): the header field Expires of the response: example "tomorrow" is no HTTP date such as Mon, 02 Jan 2006 15:04:05 GMT
GET /example/header (HERE): the header field X-Left of the response: example "10" must be at most 9`,
		},
		{
			"", `app.Webhook[User]("joined", fasterapi.RequestExample("one", "a text"))`,
			func(app *fasterapi.App) {
				app.Webhook[user]("joined", fasterapi.RequestExample("one", "a text")) // HERE
			},
			`the webhook joined (HERE): the example "one": body must be an object`,
		},
	}
}

// kindCases are options that routes of another kind have.
func kindCases() []startupCase {
	return []startupCase{
		{
			"Options of routes of another kind", `app.Get("/live", live, fasterapi.Origins("app.example"))`,
			func(app *fasterapi.App) {
				app.Get("/kind/origins", plainText, fasterapi.Origins("app.example")) // HERE
			},
			`GET /kind/origins (HERE): MaxMessage, PingEvery, Origins, Subprotocols and CompressMessages are for WebSockets, and this is none`,
		},
		{
			"", `app.Mount("/old", old, fasterapi.StrictQuery(true))`,
			func(app *fasterapi.App) {
				app.Mount("/kind/mount", http.NotFoundHandler(), fasterapi.StrictQuery(true)) // HERE
			},
			`Mount /kind/mount (HERE): StrictQuery does not reach mounted handlers and files, which read their queries themselves: use middleware`,
		},
		{
			"", `app.Static("/site", files, fasterapi.Status(203))`,
			func(app *fasterapi.App) {
				app.Group("/kind").Static("/static", fstest.MapFS{}, fasterapi.Status(203), fasterapi.StrictBody()) // HERE
			},
			`Static /kind/static (HERE): StrictBody does not reach mounted handlers and files, which read no JSON here
Static /kind/static (HERE): Status is for handlers that return a value: mounted handlers, files and WebSockets answer with their own`,
		},
		{
			"", `app.Post("/login", login, fasterapi.StrictBody()), of a form`,
			func(app *fasterapi.App) {
				type form struct {
					Name string `form:"name"`
				}
				app.Post("/kind/form", func(*fasterapi.Ctx, form) (none, error) { return none{}, nil }, fasterapi.StrictBody()) // HERE
			},
			`POST /kind/form (HERE): StrictBody is for JSON, and the body of this route is a form, or raw: unknown fields of forms are ignored`,
		},
		{
			"", `app.Static("/site", os.DirFS("dsit")), a folder that is not there`,
			func(app *fasterapi.App) {
				app.Static("/kind/folder", os.DirFS("/no/such/folder")) // HERE
			},
			`Static /kind/folder (HERE): the folder /no/such/folder is not there, or is none`,
		},
		{
			"", `v1 := app.Group("/v1"); v1.Get("users", …)`,
			func(app *fasterapi.App) {
				v1 := app.Group("/kind/v1")
				v1.GetFuture("users", nothingLater) // HERE
			},
			`Group.GetFuture (HERE): the pattern "users" must begin with a slash: behind the prefix of the group it would be "/kind/v1users"`,
		},
		{
			"", `v1.Group("users")`,
			func(app *fasterapi.App) {
				app.Group("/kind/v1").Group("users").Get("/{id}", plainText) // HERE
			},
			`Group.Group (HERE): the prefix "users" must begin with a slash: behind that of the group it would be "/kind/v1users"`,
		},
		{
			"", `app.ProblemsAs("json", …)`,
			func(app *fasterapi.App) {
				app.ValidationProblemsAs("json", lateForm) // HERE
			},
			`App.ValidationProblemsAs (HERE): "json" is no media type such as "application/json"`,
		},
		{
			"", `app.Get("/old", moved, fasterapi.Status(201)), which returns a Redirect`,
			func(app *fasterapi.App) {
				app.GetFuture("/kind/redirect", laterOf[fasterapi.Redirect], fasterapi.Status(201)) // HERE
			},
			`GET /kind/redirect (HERE): Status(201): a Redirect has status 301, 302, 303, 307 or 308`,
		},
		{
			"", `app.Get("/search", search), with a field tagged form:"q"`,
			func(app *fasterapi.App) {
				type input struct {
					Words string `form:"q"`
				}
				app.Get("/kind/get", func(*fasterapi.Ctx, input) (none, error) { return none{}, nil }) // HERE
			},
			`GET /kind/get (HERE): fields tagged form or file are read from the body, which GET does not have: those of the query are tagged query`,
		},
		{
			"Scopes that nobody can have", `tokens.Require("raed"), of a scheme with security.PasswordFlow("/token", map[string]string{"read": …})`,
			func(app *fasterapi.App) {
				tokens := security.JWT[struct{ Shop string }](security.JWTConfig{
					Name: "shop", Keys: []security.Key{security.SharedKey("", make([]byte, 32))},
					Flows: security.PasswordFlow("/token", map[string]string{"read": "", "write": ""}),
				})
				tokens.Provide(app)
				app.Get("/kind/scope", plainText, tokens.Require("raed")) // HERE
			},
			`security.Scheme.Require (HERE): "raed" is none of the scopes that the flows of the scheme declare, so nobody can ask for it: read, write`,
		},
	}
}
