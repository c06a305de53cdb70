package security_test

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/security"
)

type (
	byKey    struct{ name string }
	byBasic  struct{ name string }
	byBearer struct{ name string }
)

// TestRefusalsOfTheDocument: whatever a scheme answers, status and content type are those that the document
// has for the route, in problem documents and in a form of the service's own.
func TestRefusalsOfTheDocument(t *testing.T) {
	for _, own := range []bool{false, true} {
		signer := security.NewSharedSigner("1", keys().secret)
		app := fasterapi.New(fasterapi.Config{Cores: 1})
		if own {
			app.ProblemsAs("application/vnd.failure+json", func(_ *fasterapi.Ctx, p *problem.Problem) map[string]int { return map[string]int{"code": p.Status} })
		}
		check := func(name string) error {
			switch name {
			case "good":
				return nil
			case "away":
				return security.ErrUnavailable
			}
			return security.ErrInvalid
		}
		apiKeys := security.APIKey(security.APIKeyConfig{In: []security.Place{security.InHeader("X-Key"), security.InQuery("key"), security.InCookie("key")}},
			func(_ context.Context, key string) (byKey, error) { return byKey{key}, check(key) })
		basic := security.Basic(security.BasicConfig{}, func(_ *fasterapi.Ctx, login security.Login) (byBasic, error) {
			return byBasic{login.User}, check(login.User)
		})
		bearers := security.Bearer(security.BearerConfig{}, func(_ context.Context, token string) (byBearer, error) { return byBearer{token}, check(token) })
		tokens := security.JWT[account](config(signer.Key()))
		apiKeys.Provide(app)
		basic.Provide(app)
		bearers.Provide(app)
		tokens.Provide(app)
		text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "in", nil }
		app.Post("/key", text, apiKeys.Require())
		app.Post("/basic", text, basic.Require())
		app.Post("/bearer", text, bearers.Require())
		app.Post("/jwt", text, tokens.Require("admin"))
		app.Post("/around", text, fasterapi.Use(tokens.Middleware("admin")))
		app.Post("/token", func(_ *fasterapi.Ctx, _ security.PasswordForm) (fasterapi.Response[security.Token], error) {
			return security.Refused()
		})
		doc, err := app.OpenAPI()
		require.NoError(t, err)
		c := fasterapitest.New(t, app)
		agree := func(r *fasterapitest.Response, path string, status int) {
			t.Helper()
			r.Expect(status)
			var op *openapi.Operation
			for _, one := range doc.Paths.Get(path).Operations() {
				op = one
			}
			content, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
			for _, key := range []string{strconv.Itoa(status), strconv.Itoa(status/100) + "XX"} {
				response := op.Responses.Get(key)
				if response == nil {
					continue
				}
				if name, ok := strings.CutPrefix(response.Ref, "#/components/responses/"); ok {
					response = doc.Components.Responses.Get(name)
				}
				require.Len(t, response.Content, 1, path)
				require.Equal(t, response.Content[0].Name, content, "%s %d", path, status)
				return
			}
			require.Fail(t, "the document does not have it", "%s %d", path, status)
		}
		for _, path := range []string{"/key", "/basic", "/bearer", "/jwt", "/around"} {
			agree(c.Post(path, nil), path, 401)
		}
		agree(c.With("X-Key", "bad").Post("/key", nil), "/key", 401)
		agree(c.With("X-Key", "good").Post("/key?key=other", nil), "/key", 400)
		agree(c.With("X-Key", "away").Post("/key", nil), "/key", 503)
		agree(c.With("Cookie", "key=good").With("Sec-Fetch-Site", "cross-site").Post("/key", nil), "/key", 403)
		agree(c.With("X-Key", "good").Post("/key", nil), "/key", 200)
		agree(c.With("Authorization", "Basic !").Post("/basic", nil), "/basic", 401)
		agree(c.With("Authorization", "Basic YmFkOngx").Post("/basic", nil), "/basic", 401)
		agree(c.With("Authorization", "Basic YXdheTp4").Post("/basic", nil), "/basic", 503)
		agree(c.With("Authorization", bearer("bad")).Post("/bearer", nil), "/bearer", 401)
		agree(c.With("Authorization", bearer("away")).Post("/bearer", nil), "/bearer", 503)
		token := sign(t, signer, good())
		for _, path := range []string{"/jwt", "/around"} {
			agree(c.With("Authorization", bearer("no.token.x")).Post(path, nil), path, 401)
			agree(c.With("Authorization", bearer(token)).Post(path, nil), path, 403)
		}
		form := url.Values{"grant_type": {"password"}, "username": {"a"}, "password": {"b"}}
		agree(c.Post("/token", form), "/token", 400)
		agree(c.Post("/token", url.Values{}), "/token", 400)
	}
}

// TestTwoIssuersOfOneType: two schemes with one type of principal are told apart by what the message
// says.
func TestTwoIssuersOfOneType(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	for _, name := range []string{"a", "b"} {
		cfg := config(security.NewSharedSigner(name, keys().secret).Key())
		cfg.Name = name
		security.JWT[struct{}](cfg).Provide(app)
	}
	app.Get("/", func(*fasterapi.Ctx, struct {
		Claims security.Claims[struct{}] `inject:""`
	},
	) (fasterapi.Text, error) {
		return "", nil
	})
	_, err := app.OpenAPI()
	require.ErrorContains(t, err, "more than one security.Claims[struct{}] was provided")
	require.ErrorContains(t, err, "join them with security.AnyOf, or give one another type with As")
	require.ErrorContains(t, err, "refusals_test.go:")
	require.NotContains(t, err.Error(), "scheme.go")
}
