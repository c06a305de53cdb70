package security_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/contract"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/security"
)

// eitherWay takes a token, an API key or a password, whose check asks elsewhere.
func eitherWay(k security.Key) *security.Scheme[customer] {
	tokens := security.JWT[account](config(k)).As(func(_ *fasterapi.Ctx, c claims) (customer, error) {
		if c.Subject == "eve" {
			return customer{}, problem.Forbidden("not eve")
		}
		return customer{c.Subject, c.Scopes}, nil
	})
	machines := security.APIKey(security.APIKeyConfig{}, security.OneOf(customers))
	people := security.BasicFuture(security.BasicConfig{}, func(c *fasterapi.Ctx, login security.Login) async.Future[customer] {
		return async.Go(c, func(context.Context) (customer, error) {
			switch {
			case login.User == "down":
				return customer{}, errors.New("the database is down")
			case security.Equal(login.Password, "secret-word"):
				return customer{login.User, nil}, nil
			}
			return customer{}, security.ErrInvalid
		})
	})
	return security.AnyOf(tokens, security.AnyOf(machines, people))
}

// TestAnyOf: each of the schemes lets a client in, and wrong credentials of one
// are not made good by those of another behind it.
func TestAnyOf(t *testing.T) {
	signer := security.NewSharedSigner("1", keys().secret)
	build := func(cfg fasterapi.Config) *fasterapi.App { return app(cfg, eitherWay(signer.Key())) }
	fasterapitest.Run(t, build, func(t *testing.T, client *fasterapitest.Client) {
		token := bearer(sign(t, signer, good()))
		expired := good()
		expired.ExpiresAt = at.Add(-time.Hour)
		eve := good()
		eve.Subject = "eve"
		for _, style := range styles {
			all := client.Get(style).Expect(401).Header.Get("WWW-Authenticate")
			require.Equal(t, `Bearer realm="api", ApiKey realm="api", Basic realm="api", charset="UTF-8"`, all)
			require.Equal(t, "ann", client.With("Authorization", token).Get(style).Expect(200).Text())
			require.Equal(t, "bob", client.With("X-API-Key", "key-of-bob").Get(style).Expect(200).Text())
			require.Equal(t, "cy", client.With("Authorization", basic("cy", "secret-word")).Get(style).Expect(200).Text())
			require.Equal(t, "bob", client.With("X-API-Key", "key-of-bob").With("Authorization", basic("cy", "wrong-word")).Get(style).Expect(200).Text(), "the key decides")

			client.With("Authorization", token).Get(style + "/write").Expect(200)
			client.With("X-API-Key", "key-of-ann").Get(style + "/write").Expect(200)
			client.With("X-API-Key", "key-of-bob").Get(style + "/write").Expect(403)
			client.With("Authorization", basic("cy", "secret-word")).Get(style + "/write").Expect(403)

			for challenge, r := range map[string]*fasterapitest.Response{
				`Bearer realm="api", error="invalid_token", error_description="the token has expired"`: client.With("Authorization", bearer(sign(t, signer, expired))).With("X-API-Key", "key-of-ann").Get(style),
				`ApiKey realm="api"`:                 client.With("X-API-Key", "wrong-word").Get(style),
				`Basic realm="api", charset="UTF-8"`: client.With("Authorization", basic("cy", "wrong-word")).Get(style),
			} {
				require.Equal(t, challenge, r.Expect(401).Header.Get("WWW-Authenticate"))
				require.NotContains(t, r.Text(), "wrong-word")
			}
			client.With("Authorization", bearer(sign(t, signer, eve))).Get(style).Expect(403)
			client.With("Authorization", basic("down", "x")).Get(style).Expect(500)
		}
	}, fasterapitest.InProcess(), fasterapitest.OneReactor())
}

// TestAnyOfDocument: the document lists the schemes as alternatives, with the
// scopes that the route asks for, beside what else it needs.
func TestAnyOfDocument(t *testing.T) {
	callers := eitherWay(security.SharedKey("", keys().secret))
	a := app(fasterapi.Config{Cores: 1}, callers)
	signature := security.APIKey(security.APIKeyConfig{Name: "signature", In: []security.Place{security.InHeader("X-Signature")}}, func(*fasterapi.Ctx, string) (int, error) { return 1, nil })
	signature.Provide(a)
	a.Post("/signed", func(*fasterapi.Ctx, asCustomer) (fasterapi.None, error) { return fasterapi.None{}, nil }, signature.Require(), callers.Require("write"))
	doc, err := a.OpenAPI()
	require.NoError(t, err)
	require.Equal(t, []map[string][]string{{"jwt": {}}, {"apiKey": {}}, {"basic": {}}}, doc.Paths.Get("/chain").Get.Security)
	require.Equal(t, []map[string][]string{{"jwt": {"write"}}, {"apiKey": {"write"}}, {"basic": {"write"}}}, doc.Paths.Get("/chain/write").Get.Security)
	require.Equal(t, []map[string][]string{
		{"jwt": {"write"}, "signature": {}}, {"apiKey": {"write"}, "signature": {}}, {"basic": {"write"}, "signature": {}},
	}, doc.Paths.Get("/signed").Post.Security)
	for _, name := range []string{"jwt", "apiKey", "basic"} {
		require.NotNil(t, doc.Components.SecuritySchemes.Get(name), name)
	}
	text, err := doc.JSON()
	require.NoError(t, err)
	_, err = contract.New(text)
	require.NoError(t, err)
}

// TestAnyOfOptional: a request without credentials of any scheme is one of nobody.
func TestAnyOfOptional(t *testing.T) {
	callers := eitherWay(security.SharedKey("1", keys().secret))
	build := func(cfg fasterapi.Config) *fasterapi.App {
		a := fasterapi.New(cfg)
		callers.ProvideOptional(a)
		answering(a, "", func(_ *fasterapi.Ctx, in struct {
			Who security.Optional[customer] `inject:""`
		},
		) (fasterapi.Text, error) {
			return fasterapi.Text(fmt.Sprint(in.Who.Known, " ", in.Who.Principal.Name)), nil
		})
		return a
	}
	fasterapitest.Run(t, build, func(t *testing.T, client *fasterapitest.Client) {
		for _, style := range styles {
			require.Equal(t, "false ", client.Get(style).Expect(200).Text())
			require.Equal(t, "true bob", client.With("X-API-Key", "key-of-bob").Get(style).Expect(200).Text())
			require.Equal(t, "true cy", client.With("Authorization", basic("cy", "secret-word")).Get(style).Expect(200).Text())
			client.With("Authorization", basic("cy", "wrong-word")).Get(style).Expect(401)
		}
	}, fasterapitest.InProcess())
}

func TestAnyOfMistakes(t *testing.T) {
	key := security.APIKey(security.APIKeyConfig{}, security.OneOf(customers))
	refuses(t, func() *security.Scheme[customer] { return security.AnyOf[customer]() }, "security.AnyOf: it needs schemes")
	refuses(t, func() *security.Scheme[customer] { return security.AnyOf(key, nil) }, "security.AnyOf: a scheme is nil")
	refuses(t, func() *security.Scheme[customer] { return security.AnyOf(key, key) },
		"security.AnyOf: two schemes have the name apiKey: give each a Name")
	refuses(t, func() *security.Scheme[int] { return key.As[int, context.Context](nil) }, "security.Scheme.As: it needs a function")
	bad := security.Bearer(security.BearerConfig{Realm: `"`}, security.OneOf(customers))
	refuses(t, func() *security.Scheme[int] { return security.AnyOf(key, bad).As(lengthOf) },
		"security.Bearer: BearerConfig.Realm must be plain text without quotes")
}

// A route for people with a token and for machines with an API key.
func ExampleAnyOf() {
	type Caller struct{ Name string }
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	people := security.Bearer(security.BearerConfig{}, security.OneOf(map[string]string{"token-of-ann": "ann"}))
	machines := security.APIKey(security.APIKeyConfig{}, security.OneOf(map[string]int{"key-of-7": 7}))
	callers := security.AnyOf(
		people.As(func(_ *fasterapi.Ctx, name string) (Caller, error) { return Caller{name}, nil }),
		machines.As(func(_ *fasterapi.Ctx, id int) (Caller, error) { return Caller{fmt.Sprint("machine ", id)}, nil }),
	)
	callers.Provide(app)
	app.Get("/me", func(_ *fasterapi.Ctx, in struct {
		Caller Caller `inject:""`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Caller.Name), nil
	})

	for _, credentials := range [][2]string{{"Authorization", "Bearer token-of-ann"}, {"X-API-Key", "key-of-7"}, {"X-API-Key", "key-of-8"}, {}} {
		r := httptest.NewRequest(http.MethodGet, "/me", http.NoBody)
		r.Header.Set(credentials[0], credentials[1])
		w := ask(app, r)
		fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body, " ", w.Header().Get("WWW-Authenticate"))))
	}
	// Output:
	// 200 ann
	// 200 machine 7
	// 401 {"title":"Unauthorized","status":401,"detail":"the credentials are not valid"} ApiKey realm="api"
	// 401 {"title":"Unauthorized","status":401,"detail":"authentication is required"} Bearer realm="api", ApiKey realm="api"
}
