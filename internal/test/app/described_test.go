package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/security"
)

// visitor is a principal with scopes.
type visitor struct{ scopes []string }

func (v visitor) HasScope(scope string) bool { return slices.Contains(v.scopes, scope) }

func visitors(name string) *security.Scheme[visitor] {
	return security.Bearer(security.BearerConfig{Name: name}, security.OneOf(map[string]visitor{"token": {[]string{"read"}}}))
}

type ofVisitor struct {
	Who visitor `inject:""`
}

func visited(*fasterapi.Ctx, ofVisitor) (fasterapi.Text, error) { return "visited", nil }

// letThrough is middleware of somebody.
func letThrough(next fasterapi.Handler) fasterapi.Handler { return next }

// describedCase registers routes whose security is described. what is what no route checks; "": all
// is checked.
type describedCase struct {
	name     string
	register func(app *fasterapi.App, s *security.Scheme[visitor])
	what     string
}

func describedCases() []describedCase {
	describe := func(s *security.Scheme[visitor], scopes ...string) fasterapi.RouteOption {
		return fasterapi.DescribeSecurity(s.Use(scopes...))
	}
	type app = *fasterapi.App
	type scheme = *security.Scheme[visitor]
	const unknown, write = `the scheme "a"`, `the scope "write" of the scheme "a"`
	other := openapi.SecurityUse{Name: "b", Scheme: openapi.SecurityScheme{Type: "apiKey", In: "header", Name: "X-B"}}
	return []describedCase{
		{"nothing", func(a app, s scheme) { a.Get("/", plainText, describe(s)) }, unknown},
		{"a group", func(a app, s scheme) { a.Group("/x", describe(s)).Group("/y").Get("/", plainText) }, unknown},
		{"the app", func(a app, s scheme) { a.Defaults(describe(s)); a.Get("/", plainText) }, unknown},
		{"With", func(a app, s scheme) { a.Get("/", plainText, fasterapi.With(fasterapi.With(describe(s)))) }, unknown},
		{"a chain", func(a app, s scheme) { a.GetFuture("/", nothingLater, describe(s)) }, unknown},
		{"on the reactor", func(a app, s scheme) { a.Get("/", plainText, fasterapi.OnReactor(), describe(s)) }, unknown},
		{"a WebSocket", func(a app, s scheme) {
			a.WebSocket("/", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[int, int]) error { return nil }, describe(s))
		}, unknown},
		{"hidden", func(a app, s scheme) { a.Get("/", plainText, fasterapi.Hidden(), describe(s)) }, unknown},
		{"a mounted handler", func(a app, s scheme) { a.Mount("/m", http.NotFoundHandler(), describe(s)) }, unknown},
		{"files", func(a app, s scheme) { a.Static("/f", fstest.MapFS{}, describe(s)) }, unknown},
		{"provided, not used", func(a app, s scheme) { s.Provide(a); a.Get("/", plainText, describe(s)) }, unknown},
		{"optional", func(a app, s scheme) {
			s.ProvideOptional(a)
			a.Get("/", func(*fasterapi.Ctx, struct {
				Who security.Optional[visitor] `inject:""`
			},
			) (fasterapi.None, error) {
				return fasterapi.None{}, nil
			}, describe(s))
		}, unknown},
		{"another scheme", func(a app, s scheme) { a.Get("/", plainText, describe(s), fasterapi.Use(visitors("b").Middleware())) }, unknown},
		{"other middleware", func(a app, s scheme) { a.Get("/", plainText, describe(s), fasterapi.Use(letThrough)) }, unknown},
		{"a plain dependency", func(a app, s scheme) {
			a.Get("/", plainText, describe(s), fasterapi.Depends(func(*fasterapi.Ctx, fasterapi.None) error { return nil }))
		}, unknown},

		{"provided", func(a app, s scheme) { s.Provide(a); a.Get("/", visited, describe(s)) }, ""},
		{"provided for a provider", func(a app, s scheme) {
			s.Provide(a)
			a.ProvideFunc(func(*fasterapi.Ctx, ofVisitor) (int, error) { return 1, nil })
			a.Get("/", func(*fasterapi.Ctx, struct {
				N int `inject:""`
			},
			) (fasterapi.None, error) {
				return fasterapi.None{}, nil
			}, describe(s))
		}, ""},
		{"overridden", func(a app, s scheme) {
			a.Override(visitor{})
			s.Provide(a)
			a.Get("/", visited, describe(s), s.Require("write"))
		}, ""},
		{"required", func(a app, s scheme) { s.Provide(a); a.Get("/", plainText, s.Require(), describe(s)) }, ""},
		{"middleware", func(a app, s scheme) { a.Use(s.Middleware()); a.Get("/", plainText, describe(s)) }, ""},
		{"middleware of a mounted handler", func(a app, s scheme) {
			a.Mount("/m", http.NotFoundHandler(), describe(s), fasterapi.Use(letThrough, s.Middleware(), letThrough))
		}, ""},
		{"files behind middleware", func(a app, s scheme) { a.Static("/f", fstest.MapFS{}, describe(s), fasterapi.Use(s.Middleware())) }, ""},
		{"enforcing", func(a app, s scheme) {
			a.Use(fasterapi.Enforcing(fasterapi.Enforcing(letThrough, s.Use()), other))
			a.Get("/", plainText, describe(s), fasterapi.DescribeSecurity(other))
		}, ""},
		{"inside of other middleware", func(a app, s scheme) {
			a.Use(chained(letThrough, chained(s.Middleware(), letThrough)), chained(letThrough, fasterapi.Enforcing(letThrough, other)))
			a.Get("/", plainText, describe(s), fasterapi.DescribeSecurity(other))
		}, ""},
		{"inside of the middleware of a group", func(a app, s scheme) {
			a.Group("", fasterapi.Use(chained(s.Middleware(), letThrough))).Get("/", plainText, describe(s))
		}, ""},
		{"inside of the middleware of a route", func(a app, s scheme) {
			a.Get("/", plainText, describe(s), fasterapi.Use(chained(letThrough, s.Middleware())))
		}, ""},
		{"inside of the middleware of another group", func(a app, s scheme) {
			a.Group("", fasterapi.Use(chained(s.Middleware(), letThrough))).Get("/other", plainText)
			a.Get("/", plainText, describe(s))
		}, unknown},
		{"by somebody else", func(a app, s scheme) {
			use := s.Use("write")
			use.CheckedBy = "the gateway"
			a.Get("/", plainText, fasterapi.DescribeSecurity(use), describe(s, "write"))
		}, ""},
		{"an alternative", func(a app, s scheme) {
			use := s.Use()
			use.Or = []openapi.SecurityUse{other}
			a.Get("/", plainText, fasterapi.DescribeSecurity(use), fasterapi.Use(fasterapi.Enforcing(letThrough, other)))
		}, ""},
		{"one of AnyOf", func(a app, s scheme) {
			all := security.AnyOf(s, security.APIKey(security.APIKeyConfig{}, security.OneOf(map[string]visitor{"k": {}})))
			all.Provide(a)
			a.Get("/", visited, describe(s), fasterapi.DescribeSecurity(all.Use()))
		}, ""},

		{"a scope of nobody", func(a app, s scheme) { s.Provide(a); a.Get("/", visited, describe(s, "write")) }, write},
		{"another scope", func(a app, s scheme) {
			a.Get("/", plainText, describe(s, "read", "write"), fasterapi.Use(s.Middleware("read")))
		}, write},
		{"the scope", func(a app, s scheme) {
			a.Get("/", plainText, describe(s, "write"), fasterapi.Use(s.Middleware("write", "read")))
		}, ""},
		{"the scope required", func(a app, s scheme) { s.Provide(a); a.Get("/", plainText, s.Require("write"), describe(s, "write")) }, ""},
	}
}

// chained is middleware of several, as libraries have helpers for.
func chained(list ...fasterapi.Middleware) fasterapi.Middleware {
	return func(next fasterapi.Handler) fasterapi.Handler {
		for _, m := range slices.Backward(list) {
			inner := m(next)
			next = func(c *fasterapi.Ctx) error { return inner(c) }
		}
		return next
	}
}

// TestDescribedSecurity: what the document calls secured is checked by something, or the app does
// not start.
func TestDescribedSecurity(t *testing.T) {
	for _, c := range describedCases() {
		app, _ := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) { c.register(app, visitors("a")) })
		_, err := app.OpenAPI()
		if c.what == "" {
			require.NoError(t, err, c.name)
			continue
		}
		var wrong *fasterapi.RegistrationError
		require.ErrorAs(t, err, &wrong, c.name)
		require.Len(t, wrong.Mistakes, 1, c.name)
		require.Regexp(t, `^DescribeSecurity \(.*described_test\.go:\d+\): nothing of [A-Z].*\(.*_test.go:\d+\) checks `+c.what+`, which is described only: `,
			wrong.Mistakes[0], c.name)
	}
}

// TestDescribedSecurityOfMany: what many routes of a group have in common is one mistake.
func TestDescribedSecurityOfMany(t *testing.T) {
	app, _ := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		s := visitors("a")
		g := app.Group("/x", fasterapi.DescribeSecurity(s.Use()))
		g.Get("/a", plainText)
		g.GetFuture("/b", nothingLater)
		g.Get("/c", plainText, fasterapi.OnReactor())
		g.Get("/checked", plainText, fasterapi.Use(s.Middleware()))
	})
	_, err := app.Start()
	var wrong *fasterapi.RegistrationError
	require.ErrorAs(t, err, &wrong)
	require.Len(t, wrong.Mistakes, 1)
	require.Regexp(t, `: nothing of GET /x/a \(.*described_test.go:\d+\) and 2 more checks`, wrong.Mistakes[0])
}

// TestEnforcedSecurityIsDescribed: what middleware checks is in the document without an option.
func TestEnforcedSecurityIsDescribed(t *testing.T) {
	s := visitors("a")
	key := openapi.SecurityUse{Name: "key", Scheme: openapi.SecurityScheme{Type: "apiKey", In: "header", Name: "X-Key"}}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/open", plainText)
		g := app.Group("", fasterapi.Use(s.Middleware()))
		g.Get("/closed", plainText)
		g.Get("/scoped", plainText, fasterapi.Use(s.Middleware("read")), fasterapi.OnReactor())
		g.GetFuture("/chain", func(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.Text] {
			return async.Ready(fasterapi.Text(""))
		})
		app.Get("/key", plainText, fasterapi.Use(fasterapi.Enforcing(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				if c.Header("X-Key") != "key" {
					return problem.Unauthorized("")
				}
				return next(c)
			}
		}, key)))
		doc, err := app.OpenAPI()
		require.NoError(t, err)
		for path, want := range map[string]string{"/open": "[]", "/closed": "[map[a:[]]]", "/scoped": "[map[a:[read]]]", "/chain": "[map[a:[]]]", "/key": "[map[key:[]]]"} {
			require.Equal(t, want, strings.TrimSpace(fmt.Sprint(doc.Paths.Get(path).Get.Security)), path)
		}
		require.NotNil(t, doc.Components.SecuritySchemes.Get("key"))
	}, func(t *testing.T, s service) {
		require.Equal(t, 200, s.get("/open").status)
		for _, path := range []string{"/closed", "/scoped", "/chain", "/key"} {
			require.Equal(t, 401, s.get(path).status, path)
			require.Equal(t, 200, s.get(path, "Authorization", "Bearer token", "X-Key", "key").status, path)
		}
	})
}

// TestOverriddenSecurityIsDescribed: a test that says who comes reads the same document.
func TestOverriddenSecurityIsDescribed(t *testing.T) {
	s := visitors("a")
	for _, override := range []bool{false, true} {
		app, _ := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
			s.Provide(app)
			app.Get("/", visited)
			if override {
				app.Override(visitor{})
			}
			app.Webhook[user]("made", fasterapi.DescribeSecurity(s.Use()))
		})
		doc, err := app.OpenAPI()
		require.NoError(t, err)
		require.Equal(t, "[map[a:[]]]", fmt.Sprint(doc.Paths.Get("/").Get.Security))
		require.Equal(t, "[map[a:[]]]", fmt.Sprint(doc.Webhooks.Get("made").Post.Security))
	}
}
