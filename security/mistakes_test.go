package security_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/security"
)

func lengthOf(_ context.Context, who customer) (int, error) { return len(who.Name), nil }

// refuses makes a scheme that cannot work: wherever an app meets it, and whoever else asks it,
// all that is wrong is said, each with a line of this package's tests.
func refuses[P any](t *testing.T, make func() *security.Scheme[P], want ...string) {
	t.Helper()
	scheme := make()
	for way, use := range map[string]func(app *fasterapi.App){
		"Provide":          func(app *fasterapi.App) { scheme.Provide(app) },
		"ProvideOptional":  func(app *fasterapi.App) { scheme.ProvideOptional(app) },
		"Require":          func(app *fasterapi.App) { app.Group("", scheme.Require()).Get("/", nothing) },
		"Middleware":       func(app *fasterapi.App) { app.Use(scheme.Middleware()) },
		"a value":          func(app *fasterapi.App) { app.Provide(scheme) },
		"DescribeSecurity": func(app *fasterapi.App) { app.Get("/", nothing, fasterapi.DescribeSecurity(scheme.Use())) },
	} {
		wrong := mistakesOf(t, use)
		for _, text := range want {
			require.Truef(t, slices.ContainsFunc(wrong, func(m string) bool { return strings.HasPrefix(m, text) }), "%s: %q in %q", way, text, wrong)
		}
	}
	_, err := scheme.Verify(t.Context(), "token").Await(t.Context())
	for _, text := range want {
		_, said, _ := strings.Cut(text, ": ")
		require.ErrorContains(t, err, said)
		require.NotErrorIs(t, err, security.ErrInvalid, "it is not the client's fault")
	}
}

func nothing(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) {
	return fasterapi.None{}, nil
}

// mistakesOf returns what keeps an app from starting, with the place taken out, which must be
// one of the tests of this package.
func mistakesOf(t *testing.T, register func(*fasterapi.App)) (list []string) {
	t.Helper()
	app := fasterapi.New(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)})
	register(app)
	_, err := app.OpenAPI()
	var wrong *fasterapi.RegistrationError
	require.ErrorAs(t, err, &wrong)
	for _, m := range wrong.Mistakes {
		subject, rest, found := strings.Cut(m, " (")
		require.True(t, found, m)
		site, text, found := strings.Cut(rest, "): ")
		require.True(t, found, m)
		file, _, _ := strings.Cut(site, ".go:")
		require.True(t, strings.HasSuffix(file, "_test"), m)
		list = append(list, subject+": "+text)
	}
	return list
}

// TestMistakesTogether: what constructors were given wrong does not stop them. The app says
// all of it when it starts, with what else is wrong, each once, at its own line.
func TestMistakesTogether(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	_, file, line, _ := runtime.Caller(0)
	place := func(n int) string { return fmt.Sprintf("%s:%d", filepath.Base(file), line+n) }
	check := security.OneOf(map[string]customer{"": {}})                                    // 2
	keys := security.APIKey(security.APIKeyConfig{In: []security.Place{{}}}, check)         // 3
	logins := security.Basic[int](security.BasicConfig{Name: "a b", Realm: "\""}, nil)      // 4
	short := security.SharedKey("k", []byte("short"))                                       // 5
	tokens := security.JWT[account](security.JWTConfig{Keys: []security.Key{short, short}}) // 6
	keys.Provide(app)
	logins.Provide(app)
	tokens.Provide(app)
	app.Get("/a", nothing, tokens.Require("x y"), logins.Require("read")) // 10
	app.Get("/b", nothing, tokens.Require("x"), nil)                      // 11
	app.Mount("/c", nil, fasterapi.Use(tokens.Middleware("\"")))          // 12
	_, err := app.OpenAPI()
	var wrong *fasterapi.RegistrationError
	require.ErrorAs(t, err, &wrong)
	require.ElementsMatch(t, []string{
		"security.OneOf (" + place(2) + "): a key is empty",
		"security.APIKey (" + place(3) + "): APIKeyConfig.In: use InHeader, InCookie or InQuery with a name",
		"security.Basic (" + place(4) + "): it needs a function",
		"security.Basic (" + place(4) + `): BasicConfig.Name "a b" must be made of letters, digits, ".", "-" and "_"`,
		"security.Basic (" + place(4) + "): BasicConfig.Realm must be plain text without quotes",
		"security.SharedKey (" + place(5) + "): a secret needs at least 32 random bytes, and this one has 5",
		"security.Scheme.Require (" + place(10) + `): "x y" is not a scope`,
		"security.Scheme.Require (" + place(10) + "): scopes need a principal with a method HasScope, which int does not have",
		"App.Get (" + place(11) + "): a route option is nil",
		"Mount /c (" + place(12) + "): the mounted http.Handler is nil",
		"security.Scheme.Middleware (" + place(12) + `): "\"" is not a scope`,
	}, withShortPlaces(wrong.Mistakes))
}

// withShortPlaces takes the folders out of places.
func withShortPlaces(mistakes []string) (list []string) {
	for _, m := range mistakes {
		subject, rest, _ := strings.Cut(m, " (")
		site, text, _ := strings.Cut(rest, "): ")
		list = append(list, subject+" ("+filepath.Base(site)+"): "+text)
	}
	return list
}

// TestMistakenSchemeOfNoApp: a scheme that an app does not know of lets nobody in, and says why.
func TestMistakenSchemeOfNoApp(t *testing.T) {
	scheme := security.Bearer[customer, context.Context](security.BearerConfig{}, nil)
	app := fasterapi.New(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)})
	var said error
	app.GetFuture("/", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[customer] {
		return scheme.Authenticate(c).Recover(func(err error) (customer, error) {
			said = err
			return customer{}, err
		})
	})
	fasterapitest.New(t, app).With("Authorization", "Bearer x").Get("/").Expect(500)
	require.ErrorContains(t, said, "security.Bearer (")
	require.ErrorContains(t, said, "mistakes_test.go:")
	require.False(t, errors.Is(said, security.ErrInvalid))
}

// lettersOnly takes a context of its own, which nobody can give it.
type lettersOnly struct{ context.Context }

// TestContextsOfChecks: a check takes a context that there is.
func TestContextsOfChecks(t *testing.T) {
	const want = ": the function takes a security_test.lettersOnly: it can take a context.Context or a *fasterapi.Ctx"
	refuses(t, func() *security.Scheme[customer] {
		return security.APIKey(security.APIKeyConfig{}, func(lettersOnly, string) (customer, error) { return customer{}, nil })
	}, "security.APIKey"+want)
	refuses(t, func() *security.Scheme[customer] {
		return security.BearerFuture(security.BearerConfig{}, func(lettersOnly, string) async.Future[customer] { return async.Ready(customer{}) })
	}, "security.BearerFuture"+want)
}

// TestUndeclaredScopes: where the flows of a scheme list scopes, a route that requires another one is closed to all.
func TestUndeclaredScopes(t *testing.T) {
	cfg := security.JWTConfig{
		Keys:  []security.Key{security.SharedKey("", make([]byte, 32))},
		Flows: security.PasswordFlow("/token", map[string]string{"write": "", "read": ""}),
	}
	tokens := security.JWT[struct{}](cfg)
	const text = `"raed" is none of the scopes that the flows of the scheme declare, so nobody can ask for it: read, write`
	for what, register := range map[string]func(app *fasterapi.App){
		"security.Scheme.Require":    func(app *fasterapi.App) { app.Get("/", nothing, tokens.Require("read", "raed")) },
		"security.Scheme.Middleware": func(app *fasterapi.App) { app.Get("/", nothing, fasterapi.Use(tokens.Middleware("raed"))) },
	} {
		require.Equal(t, []string{what + ": " + text}, mistakesOf(t, func(app *fasterapi.App) {
			tokens.Provide(app)
			register(app)
		}))
	}
	cfg.Flows = security.PasswordFlow("/token", nil)
	open := security.JWT[struct{}](cfg)
	app := fasterapi.New(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)})
	open.Provide(app)
	app.Get("/", nothing, open.Require("raed"))
	_, err := app.OpenAPI()
	require.NoError(t, err)
}
