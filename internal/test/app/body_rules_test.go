package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// ruledNames are a body with rules of its own, beside those of its items.
type ruledNames struct {
	Names []string `body:"" minItems:"1" maxItems:"3" uniqueItems:"true" maxLength:"5" doc:"of the crew"`
}

// crew is provided from the body of the request.
type crew struct{ names []string }

// TestBodyFieldRules: tags beside body:"" check the body in every style, in the input of a provider too, and the document
// says the same.
func TestBodyFieldRules(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.ProvideFunc(func(_ *fasterapi.Ctx, in ruledNames) (crew, error) { return crew{in.Names}, nil })
		handler := func(_ *fasterapi.Ctx, in ruledNames) ([]string, error) { return in.Names, nil }
		app.Post("/goroutine", handler)
		app.Group("/reactor").Post("/", handler, fasterapi.OnReactor())
		app.PostFuture("/chain", func(c *fasterapi.Ctx, in ruledNames) async.Future[[]string] { return async.Of(handler(c, in)) })
		app.Post("/provided", func(_ *fasterapi.Ctx, in struct {
			Crew crew `inject:""`
		},
		) ([]string, error) {
			return in.Crew.names, nil
		})
		app.Query("/query", handler)
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/reactor", "/chain", "/provided", "/query"} {
			method := "POST"
			if path == "/query" {
				method = "QUERY"
			}
			send := func(body string) answer { return s.do(method, path, body, "Content-Type", "application/json") }
			require.JSONEq(t, `["a","b"]`, send(`["a","b"]`).body, path)
			for body, want := range map[string]string{
				`[]`:                `body must have at least 1 item`,
				`["a","a"]`:         `body must not have the same item twice`,
				`["a","b","c","d"]`: `body must have at most 3 items`,
				`["a","longer"]`:    `body[1] must have at most 5 characters`,
			} {
				p := send(body).problem(t)
				require.Equal(t, want, p.Errors[0].Location+" "+p.Errors[0].Message, path)
			}
		}
		text := []byte(s.get("/openapi.json").body)
		for _, path := range []string{"/goroutine", "/provided"} {
			body := at(t, text, "paths", path, "post", "requestBody").(map[string]any)
			require.Equal(t, "of the crew", body["description"])
			require.Equal(t, map[string]any{
				"type": "array", "minItems": 1.0, "maxItems": 3.0, "uniqueItems": true,
				"items": map[string]any{"type": "string", "maxLength": 5.0},
			}, body["content"].(map[string]any)["application/json"].(map[string]any)["schema"])
		}
	})
	wrong := mistakesOf(t, func(app *fasterapi.App) {
		app.Post("/", func(*fasterapi.Ctx, ruledNames) (none, error) { return none{}, nil }, fasterapi.RequestExample("nobody", []string{}))
	})
	require.Len(t, wrong, 1)
	require.Contains(t, wrong[0], `the example "nobody": body must have at least 1 item`)
}
