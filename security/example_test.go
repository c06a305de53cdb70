package security_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/security"
)

// ask sends one request to app through the net/http engine.
func ask(app *fasterapi.App, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	app.Handler().ServeHTTP(w, r)
	return w
}

// Tokens of a login server. Its keys are fetched from its key set, and may rotate
// at any time.
func ExampleJWT() {
	type extra struct {
		Tenant string `json:"tenant"`
	}
	tokens := security.JWT[extra](security.JWTConfig{
		Issuer: "https://login.example.com", Audience: []string{"shop"},
		JWKS: "https://login.example.com/.well-known/jwks.json",
	})
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	tokens.Provide(app)
	app.Get("/orders", func(_ *fasterapi.Ctx, in struct {
		Who security.Claims[extra] `inject:""`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Who.Subject + " of " + in.Who.Extra.Tenant), nil
	}, tokens.Require("orders:read"), fasterapi.OnReactor())

	w := ask(app, httptest.NewRequest(http.MethodGet, "/orders", http.NoBody))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer realm="api"
}

// Keys that were given to clients beforehand; the principal is who has which.
func ExampleAPIKey() {
	type client struct{ Name string }
	keys := security.APIKey(security.APIKeyConfig{In: []security.Place{security.InHeader("X-Key")}}, security.OneOf(map[string]client{
		"4c9f0a": {"billing"}, // read them from the environment
	}))
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	keys.Provide(app)
	app.Get("/", func(_ *fasterapi.Ctx, in struct {
		Who client `inject:""`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text("hello " + in.Who.Name), nil
	})

	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("X-Key", "4c9f0a")
	fmt.Println(ask(app, r).Body)
	// Output: hello billing
}

// A password for the whole of an admin page.
func ExampleBasic() {
	type admin struct{}
	basic := security.Basic(security.BasicConfig{Realm: "admin"}, func(_ *fasterapi.Ctx, login security.Login) (admin, error) {
		if user, password := security.Equal(login.User, "root"), security.Equal(login.Password, "from the environment"); !user || !password {
			return admin{}, security.ErrInvalid
		}
		return admin{}, nil
	})
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Use(basic.Middleware())
	app.Mount("/admin", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "welcome") }))

	r := httptest.NewRequest(http.MethodGet, "/admin", http.NoBody)
	fmt.Println(ask(app, r).Code)
	r.SetBasicAuth("root", "from the environment")
	fmt.Println(ask(app, r).Body)
	// Output:
	// 401
	// welcome
}

// A service that logs its users in itself: the OAuth 2 password flow, which the
// docs page can use too.
func Example_passwordFlow() {
	signer := security.NewSharedSigner("2026-11", []byte("read 32 random bytes from a file"))
	tokens := security.JWT[struct{}](security.JWTConfig{
		Keys: []security.Key{signer.Key()}, Issuer: "shop", Audience: []string{"shop"},
		Flows: security.PasswordFlow("/token", map[string]string{"items:write": "change items"}),
	})
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	tokens.Provide(app)
	app.Post("/token", func(_ *fasterapi.Ctx, in security.PasswordForm) (fasterapi.Response[security.Token], error) {
		if !security.Equal(in.Username, "ann") || !security.Equal(in.Password, "correct horse") { // compare hashes instead
			return security.Refused()
		}
		now := time.Now()
		token, err := signer.Sign(security.Claims[struct{}]{
			Issuer: "shop", Audience: []string{"shop"}, Subject: in.Username, Scopes: []string{"items:write"},
			IssuedAt: now, ExpiresAt: now.Add(time.Hour),
		})
		if err != nil {
			return fasterapi.Response[security.Token]{}, err
		}
		return security.Granted(token, time.Hour, []string{"items:write"})
	})
	app.Delete("/items/{id}", func(_ *fasterapi.Ctx, in struct {
		ID  int                       `path:"id"`
		Who security.Claims[struct{}] `inject:""`
	},
	) (fasterapi.Text, error) {
		if in.ID != 7 {
			return "", problem.NotFound("")
		}
		return fasterapi.Text(in.Who.Subject + " deleted 7"), nil
	}, tokens.Require("items:write"))

	form := url.Values{"grant_type": {"password"}, "username": {"ann"}, "password": {"correct horse"}}
	r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, rest, _ := strings.Cut(ask(app, r).Body.String(), `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)

	r = httptest.NewRequest(http.MethodDelete, "/items/7", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	fmt.Println(ask(app, r).Body)
	// Output: ann deleted 7
}
