package fasterapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/problem"
)

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
