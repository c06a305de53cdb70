package app_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// projectKey is a text that refuses others by itself: no tag tells.
type projectKey string

func (k *projectKey) UnmarshalText(text []byte) error {
	if len(text) == 0 || strings.ToUpper(string(text)) != string(text) {
		return errors.New("must be a key in capitals")
	}
	*k = projectKey(text)
	return nil
}

type (
	keyPath struct {
		Key projectKey `path:"key"`
	}
	textPath struct {
		Text string `path:"key"`
	}
	keyHeader struct {
		Key projectKey `header:"X-Key"`
	}
	text struct {
		Text string `header:"X-Key"`
	}
	keyCookie struct {
		Key projectKey `cookie:"key"`
	}
	textQuery struct {
		Text string `query:"q"`
	}
	rawBody struct {
		Body []byte `body:"raw"`
	}
	mayBody struct {
		Body []byte `body:"raw" required:"false"`
	}
	jsonBody struct {
		Body *user `body:""`
	}

	keyOwner struct{ Key projectKey }
	project  struct{ Of keyOwner }
	plan     struct{}

	needsProject struct {
		P project `inject:""`
	}
	needsPlan struct {
		P plan `inject:""`
	}
)

// TestUnprocessable: a bad request of a route is answered with 422 exactly where the document
// says so, in all styles, in handshakes, and for what providers and dependencies read.
func TestUnprocessable(t *testing.T) {
	type request struct{ method, path, header, body string }
	bad := func(r request) []string { // of the header
		name, value, _ := strings.Cut(r.header, ": ")
		if name == "" {
			return nil
		}
		return []string{name, value}
	}
	cases := map[string]request{ // by path in the document
		"/key/{key}":          {"GET", "/key/small", "", ""},
		"/text/{key}":         {"GET", "/text/%ff", "", ""},
		"/unread/{key}":       {"GET", "/unread/%ff", "", ""},
		"/query":              {"GET", "/query?q=%zz", "", ""},
		"/header":             {"GET", "/header", "X-Key: small", ""},
		"/plain-header":       {"GET", "/plain-header", "X-Key: \xff small", ""},
		"/cookie":             {"GET", "/cookie", "Cookie: key=small", ""},
		"/provided":           {"GET", "/provided", "X-Key: small", ""},
		"/provided-plain":     {"GET", "/provided-plain", "X-Key: small", ""},
		"/depends":            {"GET", "/depends", "X-Key: small", ""},
		"/depends-on-project": {"GET", "/depends-on-project", "X-Key: small", ""},
		"/group/depends":      {"GET", "/group/depends", "X-Key: small", ""},
		"/socket/{key}":       {"GET", "/socket/small", "", ""},
		"/socket-none":        {"GET", "/socket-none", "", ""},
		"/socket-provided":    {"GET", "/socket-provided", "X-Key: small", ""},
		"/raw":                {"POST", "/raw", "", ""},
		"/raw-or-none":        {"POST", "/raw-or-none", "", ""},
		"/json-or-none":       {"POST", "/json-or-none", "Content-Type: application/json", "{"},
		"/on-goroutine/{key}": {"GET", "/on-goroutine/small", "", ""},
		"/on-coroutine/{key}": {"GET", "/on-coroutine/small", "", ""},
		"/as-chain/{key}":     {"GET", "/as-chain/small", "", ""},
		"/nothing":            {"GET", "/nothing?q=%zz", "X-Key: small", ""},
	}
	documented := 0
	everyProtocol(t, func(app *fasterapi.App) {
		app.ProvideFunc(func(_ *fasterapi.Ctx, in keyHeader) (keyOwner, error) { return keyOwner(in), nil })
		app.ProvideFunc(func(_ *fasterapi.Ctx, in struct {
			T keyOwner `inject:""`
		},
		) (project, error) {
			return project{in.T}, nil
		})
		app.ProvideFunc(func(*fasterapi.Ctx, text) (plan, error) { return plan{}, nil })
		app.Get("/key/{key}", takes[keyPath])
		app.Get("/text/{key}", takes[textPath])
		app.Get("/unread/{key}", takes[fasterapi.None])
		app.Get("/query", takes[textQuery])
		app.Get("/header", takes[keyHeader])
		app.Get("/plain-header", takes[text])
		app.Get("/cookie", takes[keyCookie])
		app.Get("/provided", takes[needsProject])
		app.Get("/provided-plain", takes[needsPlan])
		app.Get("/depends", takes[fasterapi.None], fasterapi.Depends(func(*fasterapi.Ctx, keyHeader) error { return nil }))
		app.Get("/depends-on-project", takes[fasterapi.None], fasterapi.Depends(func(*fasterapi.Ctx, needsProject) error { return nil }))
		app.Group("/group", fasterapi.Depends(func(*fasterapi.Ctx, keyHeader) error { return nil })).Get("/depends", takes[fasterapi.None])
		app.WebSocket("/socket/{key}", func(*fasterapi.Ctx, keyPath, *fasterapi.Socket[string, string]) error { return nil })
		app.WebSocket("/socket-none", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, string]) error { return nil })
		app.WebSocket("/socket-provided", func(*fasterapi.Ctx, needsProject, *fasterapi.Socket[string, string]) error { return nil })
		app.Post("/raw", takes[rawBody])
		app.Post("/raw-or-none", takes[mayBody])
		app.Post("/json-or-none", takes[jsonBody])
		app.Get("/on-goroutine/{key}", takes[keyPath])
		app.Get("/on-coroutine/{key}", takes[keyPath], fasterapi.OnReactor())
		app.GetFuture("/as-chain/{key}", func(*fasterapi.Ctx, keyPath) async.Future[fasterapi.Text] { return async.Ready(fasterapi.Text("")) })
		app.Get("/nothing", takes[fasterapi.None])
	}, func(t *testing.T, s service) {
		document := []byte(s.get("/openapi.json").body)
		paths := at(t, document, "paths").(map[string]any)
		require.Len(t, paths, len(cases))
		for path, r := range cases {
			status := s.do(r.method, r.path, r.body, bad(r)...).status
			responses := at(t, document, "paths", path, strings.ToLower(r.method), "responses").(map[string]any)
			_, says := responses["422"]
			require.Equal(t, status == http.StatusUnprocessableEntity, says, "%s: %d", path, status)
			if says {
				documented++
			}
		}
	})
	require.Positive(t, documented)
}

func takes[In any](*fasterapi.Ctx, In) (fasterapi.Text, error) { return "", nil }
