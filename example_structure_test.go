package fasterapi_test

import (
	"context"
	"encoding/json/jsontext"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// Items is the part of a bigger app that another file or package holds: FastAPI's
// APIRouter is a function that takes a group.
func Items(items *fasterapi.Group) {
	items.Get("/", func(*fasterapi.Ctx, fasterapi.None) ([]string, error) { return []string{"spoon"}, nil })
	items.Get("/{name}", func(c *fasterapi.Ctx, in struct {
		Name string `path:"name"`
	},
	) (string, error) {
		return in.Name, nil
	})
}

// Bigger applications: groups share a prefix, tags, middleware, dependencies and
// responses.
func ExampleGroup() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	Items(app.Group("/items", fasterapi.Tags("items"), fasterapi.Returns[problem.Problem](418, "A teapot")))
	admin := app.Group("/admin")
	admin.Use(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			fmt.Println("an administrator:", c.Path())
			return next(c)
		}
	})
	Items(admin.Group("/items", fasterapi.Hidden()))

	request(app, "GET", "/items", "")
	request(app, "GET", "/admin/items/spoon", "")
	fmt.Println(app.Routes())
	// Output:
	// 200 ["spoon"]
	// an administrator: /admin/items/spoon
	// 200 "spoon"
	// [GET /items GET /items/{name} GET /admin/items GET /admin/items/{name}]
}

// Middleware of one route: the option Use. It runs inside of that of the app and the groups.
func ExampleUse() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	// snippet: use
	inside := func(name string) fasterapi.Middleware {
		return func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				fmt.Println("inside of", name)
				return next(c)
			}
		}
	}
	app.Use(inside("the app"))
	auth := app.Group("/auth", fasterapi.Use(inside("the group"))) // as auth.Use does
	auth.Post("/token", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "a token", nil },
		fasterapi.Use(inside("the route")))
	// end snippet

	request(app, "POST", "/auth/token", "")
	// Output:
	// inside of the app
	// inside of the group
	// inside of the route
	// 200 a token
}

// Any http.Handler mounts below a prefix: another app too, with its own docs.
func ExampleApp_Mount() {
	sub := fasterapi.New(fasterapi.Config{Cores: 1, Title: "Sub"})
	defer sub.Stop(context.Background())
	sub.Get("/hello", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "from below", nil })
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Mount("/sub", sub.Handler())
	app.Mount("/legacy", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "path ", r.URL.Path)
	}))

	request(app, "GET", "/sub/hello", "")
	request(app, "GET", "/legacy/page", "")
	// Output:
	// 200 from below
	// 200 path /page
}

// Middleware sees the request before the handler and the outcome behind it; that of
// net/http fits too.
func ExampleApp_Use() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Use(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			err := next(c)
			fmt.Println(c.Method(), c.Pattern(), c.Status())
			return err
		}
	}, fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Served-By", "us")
			next.ServeHTTP(w, r)
		})
	}))
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "home", nil })

	request(app, "GET", "/", "")
	// Output:
	// GET / 200
	// 200 home
}

// Background tasks run after the response, and before the app stops.
func ExampleCtx_After() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Post("/send/{to}", func(c *fasterapi.Ctx, in struct {
		To string `path:"to"`
	},
	) (fasterapi.Text, error) {
		return "will be sent", c.After(func(ctx context.Context) error {
			fmt.Println("mail to", in.To)
			return nil
		})
	})

	request(app, "POST", "/send/ann", "")
	app.Stop(context.Background()) // waits for it
	// Unordered output:
	// 200 will be sent
	// mail to ann
}

// Settings is read once and injected: the environment is an input like others.
type Settings struct {
	Name  string
	Admin string
}

func readSettings() Settings {
	return Settings{Name: os.Getenv("EXAMPLE_NAME"), Admin: os.Getenv("EXAMPLE_ADMIN")}
}

// Settings come from the environment once; tests override them.
func ExampleApp_Provide() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Provide(readSettings())
	app.Get("/info", func(c *fasterapi.Ctx, in struct {
		Settings Settings `inject:""`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text("served by " + in.Settings.Admin), nil
	})

	app.Override(Settings{Admin: "tests"})
	request(app, "GET", "/info", "")
	// Output: 200 served by tests
}

// Metadata, the paths of document and page, and the last word about the document.
func ExampleConfig() {
	app := fasterapi.New(fasterapi.Config{
		Title: "Shop", Version: "2.1.0", Description: "Sells *things*.",
		OpenAPI: fasterapi.OpenAPIConfig{
			Path:    "/api/openapi.json",
			Contact: &openapi.Contact{Email: "us@example.org"},
			License: &openapi.License{Name: "MIT", Identifier: "MIT"},
			Servers: []openapi.Server{{URL: "/api"}},
			Tags:    []openapi.Tag{{Name: "items", Description: "what there is"}},
			Edit:    func(d *openapi.Document) { d.Extensions = map[string]any{"x-logo": "logo.svg"} },
		},
		Docs: fasterapi.DocsConfig{Path: "/api/docs"},
	})
	doc, err := app.OpenAPI()
	fmt.Println(doc.Info.Title, doc.Info.Version, doc.Servers[0].URL, doc.Tags[0].Name, err)
	// Output: Shop 2.1.0 /api items <nil>
}

// What a route tells the document beside its types.
func ExampleSummary() {
	type Item struct {
		Name string `json:"name" title:"Name" doc:"as on the shelf" example:"spoon"`
	}
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/items", func(c *fasterapi.Ctx, in struct {
		Item Item `body:""`
	},
	) (Item, error) {
		return in.Item, nil
	},
		fasterapi.Summary("Create an item"),
		fasterapi.Description("With **all** that belongs to it."),
		fasterapi.OperationID("createItem"),
		fasterapi.Tags("items"),
		fasterapi.Status(201),
		fasterapi.ResponseDescription("The new item"),
		fasterapi.Returns[problem.Problem](409, "There is one already"),
		fasterapi.RequestExample("a fork", Item{"fork"}),
		fasterapi.Deprecated(),
		fasterapi.Operation(func(o *openapi.Operation) { o.Extensions = map[string]any{"x-cost": 2} }),
	)
	doc, _ := app.OpenAPI()
	op := doc.Paths.Get("/items").Post
	fmt.Println(op.Summary, op.OperationID, op.Tags, op.Deprecated)
	for _, r := range op.Responses[:2] {
		fmt.Println(r.Name, r.Value.Description)
	}
	// Output:
	// Create an item createItem [items] true
	// 201 The new item
	// 409 There is one already
}

// Webhooks are requests that the service makes; the document tells clients what
// they will get.
func ExampleApp_Webhook() {
	type Subscription struct {
		User string `json:"user"`
	}
	app := fasterapi.New(fasterapi.Config{})
	app.Webhook[Subscription]("newSubscription", fasterapi.Description("When somebody subscribes."))
	doc, _ := app.OpenAPI()
	fmt.Println(doc.Webhooks.Get("newSubscription").Post.RequestBody.Content[0].Value.Schema.Ref)
	// Output: #/components/schemas/Subscription
}

// Callbacks are requests that the service makes while it handles one: they are a
// part of that operation.
func ExampleOperation() {
	type Invoice struct {
		Total int `json:"total"`
	}
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/invoices", func(c *fasterapi.Ctx, in struct {
		Notify string  `query:"callback_url" format:"uri"`
		Body   Invoice `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	}, fasterapi.Operation(func(o *openapi.Operation) {
		paid := &openapi.PathItem{Post: &openapi.Operation{
			RequestBody: o.RequestBody, Responses: openapi.Map[*openapi.Response]{{Name: "200", Value: &openapi.Response{Description: "Noted"}}},
		}}
		o.Callbacks.Set("invoicePaid", openapi.Map[*openapi.PathItem]{{Name: "{$request.query.callback_url}", Value: paid}})
	}))
	doc, err := app.OpenAPI()
	fmt.Println(doc.Paths.Get("/invoices").Post.Callbacks[0].Name, err)
	// Output: invoicePaid <nil>
}

// ShopConfig is what a service wants to know from outside.
type ShopConfig struct {
	Database string        `env:"EXAMPLE_DATABASE" doc:"postgres://…"`
	Workers  int           `env:"EXAMPLE_WORKERS" default:"4" minimum:"1" maximum:"64"`
	Timeout  time.Duration `env:"EXAMPLE_TIMEOUT" default:"5s" maximum:"1m"`
}

// Settings come from the environment, by tags; one error lists all that is wrong.
func ExampleSettings() {
	os.Setenv("EXAMPLE_WORKERS", "many")
	defer os.Unsetenv("EXAMPLE_WORKERS")
	_, err := fasterapi.Settings[ShopConfig]()
	fmt.Println(err)
	// Output:
	// fasterapi: the settings in the environment have mistakes:
	//   EXAMPLE_DATABASE is required (postgres://…)
	//   EXAMPLE_WORKERS must be an integer that fits in int
}

// Handlers take settings like any other provided value; tests override them.
func ExampleApp_ProvideSettings() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.ProvideSettings[ShopConfig]()
	app.Get("/", func(_ *fasterapi.Ctx, in struct {
		Config ShopConfig `inject:""`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprint(in.Config.Workers, " workers")), nil
	})
	app.Override(ShopConfig{Workers: 2}) // without this line: from the environment

	request(app, "GET", "/", "")
	// Output: 200 2 workers
}

// A file of variables stands in for an environment, on a developer's machine; what is set
// outside stays.
func ExampleLoadDotEnv() {
	folder, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, ".env")
	os.WriteFile(file, []byte("EXAMPLE_DATABASE=postgres://localhost/shop\nEXAMPLE_WORKERS=8 # for four cores\n"), 0o600)
	os.Setenv("EXAMPLE_WORKERS", "2")
	defer os.Unsetenv("EXAMPLE_WORKERS")
	defer os.Unsetenv("EXAMPLE_DATABASE")

	if err := fasterapi.LoadDotEnv(file); err != nil {
		fmt.Println(err)
	}
	config, err := fasterapi.Settings[ShopConfig]()
	fmt.Println(config.Database, config.Workers, err)
	// Output: postgres://localhost/shop 2 <nil>
}

// What is known of the routes: for a tool, a start-up log, a test that looks for routes
// without tags.
func ExampleApp_Routes() {
	app := fasterapi.New(fasterapi.Config{})
	Items(app.Group("/items", fasterapi.Tags("items")))
	for _, r := range app.Routes() {
		fmt.Println(r.Method, r.Pattern, r.OperationID, r.Tags)
	}
	// Output:
	// GET /items getItems [items]
	// GET /items/{name} getItemsByName [items]
}

// snippet: operation-ids

func listItems(*fasterapi.Ctx, fasterapi.None) ([]string, error) { return []string{"spoon"}, nil }

// byHandler names operations after package and name of their handlers. A closure has no
// name: its route keeps the id made of method and path.
func byHandler(r fasterapi.RouteInfo) string {
	if r.Name == "" {
		return ""
	}
	return path.Base(r.Package) + "_" + r.Name
}

func newItems() *fasterapi.App {
	app := fasterapi.New(fasterapi.Config{OpenAPI: fasterapi.OpenAPIConfig{OperationID: byHandler}})
	app.Get("/items", listItems)
	app.Get("/items/{name}", func(*fasterapi.Ctx, fasterapi.None) (string, error) { return "spoon", nil })
	app.Delete("/items", listItems, fasterapi.OperationID("deleteItems"))
	return app
}

// end snippet

// The ids of operations, which name the methods of generated clients, by a rule of your own.
func ExampleRouteInfo() {
	for _, r := range newItems().Routes() {
		fmt.Println(r, r.OperationID)
	}
	// Output:
	// GET /items fasterapi_test_listItems
	// GET /items/{name} getItemsByName
	// DELETE /items deleteItems
}

// snippet: described

// ProjectKey is the short name of a project. Its schema is a component of the document, and
// checked wherever a request has a ProjectKey.
type ProjectKey string

func (ProjectKey) JSONSchema() *openapi.Schema {
	return &openapi.Schema{
		Types: openapi.Types{"string"}, Pattern: "^[A-Z]{2,8}$",
		Description: "The short name of a project.", Examples: []jsontext.Value{jsontext.Value(`"DOCS"`)},
	}
}

type getProject struct {
	Key ProjectKey `path:"key"`
}

// end snippet

// Types that give their own schema: openapi.Described.
func ExampleApp_OpenAPI_described() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/projects/{key}", func(_ *fasterapi.Ctx, in getProject) (ProjectKey, error) { return in.Key, nil })
	doc, err := app.OpenAPI()
	fmt.Println(doc.Paths[0].Value.Get.Parameters[0].Schema.Ref, doc.Components.Schemas.Get("ProjectKey").Pattern == ProjectKey("").JSONSchema().Pattern, err)
	request(app, "GET", "/projects/DOCS", "")
	request(app, "GET", "/projects/docs", "")
	// Output:
	// #/components/schemas/ProjectKey true <nil>
	// 200 "DOCS"
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"path.key","message":"must match the pattern ^[A-Z]{2,8}$","value":"docs"}]}
}

// request sends one request to an app and prints status and body of the answer.
func request(app *fasterapi.App, method, target, body string, header ...string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	app.Handler().ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

// Users and Account are what the examples inject.
type (
	Users   map[string]string // names by token
	Account struct{ Name string }
)

// A dependency is a function with an input struct of its own. What is FastAPI's
//
//	def current_user(token: Annotated[str, Header()], users: UsersDep) -> Account: ...
//
// is a provider of Account; every input with a field of type Account gets one.
func ExampleApp_ProvideFunc() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())

	app.Provide(Users{"secret": "ann"})
	app.ProvideFunc(func(c *fasterapi.Ctx, in struct {
		Token string `header:"X-Token" required:"true"`
		Users Users  `inject:""`
	},
	) (Account, error) {
		name, ok := in.Users[in.Token]
		if !ok {
			return Account{}, problem.Unauthorized("who are you?")
		}
		return Account{name}, nil
	})
	app.Get("/me", func(c *fasterapi.Ctx, in struct {
		Account Account `inject:""`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text("hello " + in.Account.Name), nil
	})

	request(app, "GET", "/me", "", "X-Token", "secret")
	request(app, "GET", "/me", "", "X-Token", "guess")
	request(app, "GET", "/me", "")
	// Output:
	// 200 hello ann
	// 401 {"title":"Unauthorized","status":401,"detail":"who are you?"}
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"header.X-Token","message":"is required"}]}
}

// Ledger is given back after each request: FastAPI's dependency with yield.
type Ledger struct{ entries []string }

func ExampleApp_ProvideWithCleanup() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	done := make(chan string, 1)
	app.ProvideWithCleanup(func(c *fasterapi.Ctx, _ fasterapi.None) (*Ledger, func(error), error) {
		ledger := &Ledger{}
		return ledger, func(err error) {
			if err != nil {
				done <- "thrown away"
				return
			}
			done <- "written: " + strings.Join(ledger.entries, ", ")
		}, nil
	})
	app.Post("/pay/{amount}", func(c *fasterapi.Ctx, in struct {
		Amount int     `path:"amount"`
		Ledger *Ledger `inject:""`
	},
	) (fasterapi.Text, error) {
		in.Ledger.entries = append(in.Ledger.entries, fmt.Sprint(in.Amount))
		if in.Amount > 100 {
			return "", problem.Conflict("not enough money")
		}
		return "paid", nil
	})

	request(app, "POST", "/pay/7", "")
	fmt.Println(<-done)
	request(app, "POST", "/pay/700", "")
	fmt.Println(<-done)
	fmt.Println(app.Stop(context.Background())) // waits for cleanups
	// Output:
	// 200 paid
	// written: 7
	// 409 {"title":"Conflict","status":409,"detail":"not enough money"}
	// thrown away
	// <nil>
}

// A provider may return a future: chain handlers start when it is settled, and
// no goroutine waits for it.
func ExampleApp_ProvideFuture() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.ProvideFuture(func(c *fasterapi.Ctx, in struct {
		ID int `path:"id"`
	},
	) async.Future[Account] {
		return async.Sleep(c, 1).Then(func(struct{}) Account { return Account{fmt.Sprint("account ", in.ID)} })
	})
	app.GetFuture("/accounts/{id}", func(c *fasterapi.Ctx, in struct {
		Account Account `inject:""`
	},
	) async.Future[fasterapi.Text] {
		return async.Ready(fasterapi.Text(in.Account.Name))
	})

	request(app, "GET", "/accounts/7", "")
	// Output: 200 account 7
}

// What FastAPI writes as dependencies=[Depends(verify_key)] on a router.
func ExampleDepends() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	admin := app.Group("/admin", fasterapi.Depends(func(c *fasterapi.Ctx, in struct {
		Key string `header:"X-Key"`
	},
	) error {
		if in.Key != "secret" {
			return problem.Forbidden("for administrators")
		}
		return nil
	}))
	admin.Get("/stats", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "all is well", nil })

	request(app, "GET", "/admin/stats", "", "X-Key", "secret")
	request(app, "GET", "/admin/stats", "")
	// Output:
	// 200 all is well
	// 403 {"title":"Forbidden","status":403,"detail":"for administrators"}
}

// What all routes depend on, like FastAPI(dependencies=[…]).
func ExampleApp_Defaults() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Defaults(fasterapi.Depends(func(_ *fasterapi.Ctx, in struct {
		Tenant string `header:"X-Tenant" required:"true"`
	},
	) error {
		return nil
	}))
	app.Get("/items", func(*fasterapi.Ctx, fasterapi.None) ([]string, error) { return []string{"spoon"}, nil })

	request(app, "GET", "/items", "", "X-Tenant", "acme")
	request(app, "GET", "/items", "")
	// Output:
	// 200 ["spoon"]
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"header.X-Tenant","message":"is required"}]}
}

// Tests put fakes in the place of providers: FastAPI's dependency_overrides.
func ExampleApp_Override() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Provide(http.DefaultClient)
	app.Get("/timeout", func(c *fasterapi.Ctx, in struct {
		Client *http.Client `inject:""`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Client.Timeout.String()), nil
	})

	app.Override(&http.Client{Timeout: 1})
	request(app, "GET", "/timeout", "")
	// Output: 200 1ns
}

// Hooks run in order at the start and in reverse at the stop: FastAPI's lifespan.
func ExampleApp_OnStart() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.ProvideFunc(func(c *fasterapi.Ctx, _ fasterapi.None) (Users, error) {
		fmt.Println("users are loaded")
		return Users{}, nil
	}, fasterapi.PerApp())
	app.OnStart(func(ctx context.Context) error {
		fmt.Println("caches are warm")
		return nil
	})
	app.OnStop(func(ctx context.Context) error {
		fmt.Println("goodbye")
		return nil
	})

	app.Handler() // or Run, Serve, Start
	app.Stop(context.Background())
	// Output:
	// users are loaded
	// caches are warm
	// goodbye
}

// Mistakes are found when the app starts, all at once, each with its place.
func ExampleApp_Provide_mistakes() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Get("/users", func(c *fasterapi.Ctx, in struct {
		Users Users         `inject:""`
		HTTP  *http.Client  `inject:""`
		Page  int           `query:"page" minLength:"1"`
		From  func() string `query:"from"`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	app.Get("/clients", func(c *fasterapi.Ctx, in struct {
		HTTP *http.Client `inject:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	_, err := app.Start()
	for _, line := range strings.Split(err.Error(), "\n")[1:] {
		route, mistake, _ := strings.Cut(strings.TrimSpace(line), "): ")
		route, _, _ = strings.Cut(route, " (") // and the file:line of the registration
		fmt.Println(route+":", mistake)
	}
	// Output:
	// GET /users: field Page: minLength is for strings, not for int
	// GET /users: field From: the type func() string is not supported
	// GET /users: field Users: nothing of type fasterapi_test.Users was provided (App.Provide)
	// GET /users: field HTTP: nothing of type *http.Client was provided (App.Provide)
	// GET /clients: field HTTP: nothing of type *http.Client was provided (App.Provide)
}
