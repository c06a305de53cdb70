package security_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/security"
)

// customer is a principal.
type customer struct {
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
}

func (c customer) HasScope(scope string) bool {
	for _, s := range c.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

type asCustomer struct {
	Who customer `inject:""`
}

func name(_ *fasterapi.Ctx, in asCustomer) (fasterapi.Text, error) {
	return fasterapi.Text(in.Who.Name), nil
}

// app has the handler name in every style, and one that needs a scope.
func app(cfg fasterapi.Config, s *security.Scheme[customer]) *fasterapi.App {
	a := fasterapi.New(cfg)
	s.Provide(a)
	answering(a, "", name)
	answering(a, "/write", name, s.Require("write"))
	return a
}

var customers = map[string]customer{
	"key-of-ann": {"ann", []string{"write"}},
	"key-of-bob": {"bob", nil},
}

func TestAPIKey(t *testing.T) {
	check := security.OneOf(customers)
	for _, place := range []security.Place{security.InHeader("K"), security.InQuery("k"), security.InCookie("k")} {
		build := func(cfg fasterapi.Config) *fasterapi.App {
			return app(cfg, security.APIKey(security.APIKeyConfig{In: []security.Place{place}}, check))
		}
		fasterapitest.Run(t, build, func(t *testing.T, client *fasterapitest.Client) {
			get := func(path string, keys ...string) *fasterapitest.Response {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, client.URL(path), http.NoBody)
				require.NoError(t, err)
				for _, key := range keys {
					switch place {
					case security.InHeader("K"):
						request.Header.Add("K", key)
					case security.InQuery("k"):
						request.URL.RawQuery += "&k=" + url.QueryEscape(key)
					default:
						request.AddCookie(&http.Cookie{Name: "k", Value: key})
					}
				}
				return client.Do(request)
			}
			for _, style := range styles {
				require.Equal(t, "ann", get(style, "key-of-ann").Expect(200).Text())
				get(style+"/write", "key-of-ann").Expect(200)
				require.Empty(t, get(style+"/write", "key-of-bob").Expect(403).Header.Get("WWW-Authenticate"))
				require.Equal(t, `ApiKey realm="api"`, get(style).Expect(401).Header.Get("WWW-Authenticate"))
				get(style, "").Expect(401)
				r := get(style, "key-of-eve").Expect(401)
				require.NotContains(t, r.Text(), "key-of-eve")
				get(style, strings.Repeat("k", 2000)).Expect(401)
				get(style, "key-of-ann", "key-of-bob").Expect(401)
			}
			if place == security.InQuery("k") {
				client.Get("/chain?k=%zz").Expect(401)
			}
		}, fasterapitest.InProcess(), fasterapitest.OneReactor())
	}
}

// TestAPIKeyInSpoiltCookies: what scripts of other subdomains have stored logs
// nobody out.
func TestAPIKeyInSpoiltCookies(t *testing.T) {
	build := func(cfg fasterapi.Config) *fasterapi.App {
		return app(cfg, security.APIKey(security.APIKeyConfig{In: []security.Place{security.InCookie("k")}}, security.OneOf(customers)))
	}
	fasterapitest.Run(t, build, func(t *testing.T, client *fasterapitest.Client) {
		for _, line := range []string{
			`prefs={"a":1}; k=key-of-ann`, "k=key-of-ann;", "k=key-of-ann; flag", "theme=\xc3\xa9; k=key-of-ann", "=v; k=key-of-ann", `k="key-of-ann"; b=\`,
		} {
			for _, style := range styles {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, client.URL(style), http.NoBody)
				require.NoError(t, err)
				request.Header.Set("Cookie", line)
				require.Equal(t, "ann", client.Do(request).Expect(200).Text(), "%s %q", style, line)
			}
		}
	}, fasterapitest.OneReactor(), fasterapitest.NetHTTP())
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestBasic(t *testing.T) {
	check := func(_ *fasterapi.Ctx, login security.Login) (customer, error) {
		switch {
		case login.User == "down":
			return customer{}, errors.New("the database of secret-host is down")
		case security.Equal(login.User, "ann") && security.Equal(login.Password, "p:w\u00e9"):
			return customers["key-of-ann"], nil
		}
		return customer{}, fmt.Errorf("user %s: %w", login.User, security.ErrInvalid)
	}
	later := func(c *fasterapi.Ctx, login security.Login) async.Future[customer] {
		return async.Go(c, func(context.Context) (customer, error) { return check(nil, login) })
	}
	for i, scheme := range []*security.Scheme[customer]{
		security.Basic(security.BasicConfig{Realm: "shop"}, check),
		security.BasicFuture(security.BasicConfig{Realm: "shop"}, later),
	} {
		fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App { return app(cfg, scheme) }, func(t *testing.T, client *fasterapitest.Client) {
			for _, style := range styles {
				get := func(authorization string) *fasterapitest.Response {
					return client.With("Authorization", authorization).Get(style)
				}
				require.Equal(t, "ann", get(basic("ann", "p:w\u00e9")).Expect(200).Text(), i)
				require.Equal(t, "ann", get("bAsIc"+basic("ann", "p:w\u00e9")[5:]).Expect(200).Text())
				for _, bad := range []string{
					basic("ann", "wrong"), basic("eve", "p:w\u00e9"), basic("", ""), "Basic", "Basic ", "Basic !!!", "Basic YW5u", "Basic YW5u=",
					basic("ann", "a\x00b"), basic("ann", "\xff"), "Basic " + strings.Repeat("QUFB", 1000), basic("ann", "p:w\u00e9") + " x",
				} {
					r := get(bad).Expect(401)
					require.Equal(t, `Basic realm="shop", charset="UTF-8"`, r.Header.Get("WWW-Authenticate"), bad)
				}
				r := get(basic("down", "x")).Expect(500)
				require.NotContains(t, r.Text(), "secret-host")
				require.Empty(t, r.Header.Get("WWW-Authenticate"))
				require.Equal(t, "the credentials are not valid", get(basic("eve", "x")).Problem().Detail)
				require.Equal(t, "authentication is required", get("Bearer abc").Expect(401).Problem().Detail)
			}
		})
	}
	login := security.Login{User: "ann", Password: "pw"}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", login, login, login, login), "pw")
}

func TestBearer(t *testing.T) {
	check := security.OneOf(customers)
	scheme := security.Bearer(security.BearerConfig{}, check)
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App { return app(cfg, scheme) }, func(t *testing.T, client *fasterapitest.Client) {
		for _, style := range styles {
			require.Equal(t, "ann", client.With("Authorization", "Bearer key-of-ann").Get(style).Expect(200).Text())
			for _, bad := range []string{"Bearer", "Bearer  ", "Bearer a b", "Bearer key-of-eve", `Bearer "key-of-ann"`, "Bearer =", "Bearer key-of-ann,key-of-bob"} {
				r := client.With("Authorization", bad).Get(style).Expect(401)
				require.Contains(t, r.Header.Get("WWW-Authenticate"), `error="invalid_token"`, bad)
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, client.URL(style), http.NoBody)
			require.NoError(t, err)
			request.Header["Authorization"] = []string{"Bearer key-of-ann", "Bearer key-of-bob"}
			client.Do(request).Expect(400)
		}
	})
}

// TestOwnProblems: a check may answer with a problem of its own; a 401 gets its
// challenge, and a shared problem is not changed.
func TestOwnProblems(t *testing.T) {
	shared := problem.Unauthorized("the key was withdrawn")
	scheme := security.Bearer(security.BearerConfig{}, func(_ *fasterapi.Ctx, token string) (customer, error) {
		if token == "busy" {
			return customer{}, problem.Unavailable("later")
		}
		return customer{}, shared
	})
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App { return app(cfg, scheme) }, func(t *testing.T, client *fasterapitest.Client) {
		for range 2 {
			r := client.With("Authorization", "Bearer old").Get("/chain").Expect(401)
			require.Equal(t, []string{`Bearer realm="api"`}, r.Header.Values("WWW-Authenticate"))
			require.Equal(t, "the key was withdrawn", r.Problem().Detail)
		}
		require.Empty(t, shared.Header)
		client.With("Authorization", "Bearer busy").Get("/chain").Expect(503)
	}, fasterapitest.InProcess())
}

func TestOptional(t *testing.T) {
	scheme := security.Bearer(security.BearerConfig{}, security.OneOf(customers))
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		a := fasterapi.New(cfg)
		scheme.ProvideOptional(a)
		answering(a, "", func(_ *fasterapi.Ctx, in struct {
			Who security.Optional[customer] `inject:""`
		},
		) (fasterapi.Text, error) {
			return fasterapi.Text(fmt.Sprint(in.Who.Known, in.Who.Principal.Name)), nil
		})
		return a
	}, func(t *testing.T, client *fasterapitest.Client) {
		for _, style := range styles {
			require.Equal(t, "false", client.Get(style).Expect(200).Text())
			require.Equal(t, "trueann", client.With("Authorization", "Bearer key-of-ann").Get(style).Expect(200).Text())
			client.With("Authorization", "Bearer key-of-eve").Get(style).Expect(401)
		}
	})
}

// TestMiddleware protects what has no input struct.
func TestMiddleware(t *testing.T) {
	scheme := security.Bearer(security.BearerConfig{}, security.OneOf(customers))
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		a := fasterapi.New(cfg)
		answering(a, "/open", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			_, known := security.From[customer](c)
			return fasterapi.Text(fmt.Sprint(known)), nil
		})
		closed := a.Group("")
		closed.Use(scheme.Middleware("write"))
		answeringIn(closed, "/closed", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			who, _ := security.From[customer](c)
			return fasterapi.Text(who.Name), nil
		})
		closed.Mount("/legacy", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("legacy")) }))
		return a
	}, func(t *testing.T, client *fasterapitest.Client) {
		ann, bob := client.With("Authorization", "Bearer key-of-ann"), client.With("Authorization", "Bearer key-of-bob")
		for _, style := range styles {
			require.Equal(t, "false", client.Get(style+"/open").Expect(200).Text())
			require.Equal(t, "ann", ann.Get(style+"/closed").Expect(200).Text())
			bob.Get(style + "/closed").Expect(403)
			client.Get(style + "/closed").Expect(401)
		}
		require.Equal(t, "legacy", ann.Get("/legacy/x").Expect(200).Text())
		client.Get("/legacy/x").Expect(401)
	})
}

// TestGroup: a group may be closed as a whole, and what a client without access sends is
// not looked at.
func TestGroup(t *testing.T) {
	scheme := security.APIKey(security.APIKeyConfig{}, security.OneOf(customers))
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		a := fasterapi.New(cfg)
		scheme.Provide(a)
		g := a.Group("/admin", scheme.Require())
		g.Get("/{id}", func(*fasterapi.Ctx, struct {
			ID int `path:"id" minimum:"1"`
		},
		) (fasterapi.Text, error) {
			return "in", nil
		})
		return a
	}, func(t *testing.T, client *fasterapitest.Client) {
		client.Get("/admin/x").Expect(401)
		ann := client.With("X-API-Key", "key-of-ann")
		ann.Get("/admin/0").Expect(422)
		ann.Get("/admin/1").Expect(200)
	}, fasterapitest.InProcess())
}

// TestDocument: the OpenAPI document says what the routes need.
func TestDocument(t *testing.T) {
	a := fasterapi.New(fasterapi.Config{Cores: 1})
	tokens := security.JWT[account](security.JWTConfig{
		Keys: []security.Key{security.SharedKey("", keys().secret)}, Name: "login",
		Flows: security.PasswordFlow("/token", map[string]string{"write": "change things"}),
	})
	tokens.Provide(a)
	scheme := security.APIKey(security.APIKeyConfig{In: []security.Place{security.InQuery("api_key")}}, security.OneOf(customers))
	scheme.Provide(a)
	code := security.Bearer(security.BearerConfig{Name: "code", Flows: security.CodeFlow("https://l/auth", "https://l/token", nil)}, security.OneOf(map[string]int{"a": 1}))
	code.Provide(a)
	a.Get("/claims", func(*fasterapi.Ctx, who) (fasterapi.None, error) { return fasterapi.None{}, nil }, tokens.Require("write"))
	a.Get("/key", name)
	a.Get("/open", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil })
	a.Get("/code", func(*fasterapi.Ctx, struct {
		N int `inject:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	doc, err := a.OpenAPI()
	require.NoError(t, err)
	schemes := doc.Components.SecuritySchemes
	require.Equal(t, "oauth2", schemes.Get("login").Type)
	require.Equal(t, "/token", schemes.Get("login").Flows.Password.TokenURL)
	require.Equal(t, "api_key", schemes.Get("apiKey").Name)
	require.Equal(t, "query", schemes.Get("apiKey").In)
	require.NotNil(t, schemes.Get("code").Flows.AuthorizationCode.Scopes)
	text, err := doc.JSON()
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), `"login": [`), string(text))
	require.Contains(t, string(text), `"write"`)
	require.NotNil(t, doc.Paths.Get("/key").Get.Security)
	require.Empty(t, doc.Paths.Get("/open").Get.Security)
}

// TestTokenEndpoint is the password flow from login to use.
func TestTokenEndpoint(t *testing.T) {
	signer := security.NewSharedSigner("1", keys().secret)
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		a := protected(cfg, security.JWT[account](config(signer.Key())))
		a.Post("/token", func(_ *fasterapi.Ctx, in security.PasswordForm) (fasterapi.Response[security.Token], error) {
			if in.Username != "ann" || !security.Equal(in.Password, "secret-word") {
				return security.Refused()
			}
			c := good()
			c.Subject, c.Scopes = in.Username, in.Scopes()
			token, err := signer.Sign(c)
			if err != nil {
				return fasterapi.Response[security.Token]{}, err
			}
			return security.Granted(token, time.Hour, c.Scopes)
		})
		return a
	}, func(t *testing.T, client *fasterapitest.Client) {
		form := url.Values{"grant_type": {"password"}, "username": {"ann"}, "password": {"secret-word"}, "scope": {"read write"}}
		r := client.Post("/token", form).Expect(200)
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		token := r.JSON[security.Token]()
		require.Equal(t, "bearer", token.TokenType)
		require.EqualValues(t, 3600, token.ExpiresIn)
		require.Equal(t, "ann", client.With("Authorization", bearer(token.AccessToken)).Get("/chain/write").Expect(200).Text())
		form.Set("password", "wrong-word")
		r = client.Post("/token", form).Expect(400)
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		require.Equal(t, `{"error":"invalid_grant","error_description":"user or password is wrong"}`, r.Text())
		require.NotContains(t, r.Text(), "wrong-word")
		form.Set("grant_type", "implicit")
		form.Set("password", strings.Repeat("secret-word", 200))
		r = client.Post("/token", form).Expect(400)
		require.NotContains(t, r.Text(), "secret-word")
		require.Equal(t, "unsupported_grant_type", r.JSON[security.TokenError]().Code)
		r = client.Post("/token", url.Values{"grant_type": {"password"}, "username": {"\"ann\\\n"}}).Expect(400)
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		require.Equal(t, security.TokenError{Code: "invalid_request", Description: "form.password is required"}, r.JSON[security.TokenError]())
		require.Equal(t, "invalid_request", client.Post("/token", `{"grant_type":"password"}`).Expect(400).JSON[security.TokenError]().Code)
		require.Equal(t, 405, client.Get("/token").Problem().Status, "what is no answer of the endpoint is in the form of the service")
	}, fasterapitest.InProcess(), fasterapitest.OneReactor())
	f := security.PasswordForm{Username: "ann", Password: "pw"}
	require.NotContains(t, fmt.Sprintf("%v %#v", f, f), "pw")
}
