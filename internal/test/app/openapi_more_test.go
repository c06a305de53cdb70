package app_test

import (
	"encoding/json/v2"
	"net/http"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/contract"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// member of a document that was read back.
func at(t *testing.T, text []byte, path ...string) (v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(text, &v))
	for _, name := range path {
		object, ok := v.(map[string]any)
		require.True(t, ok, "%s of %v", name, path)
		v = object[name]
	}
	return v
}

// TestOpenAPIWebSocket: a WebSocket is a GET that answers 101, with parameters,
// security and errors like any route; an extension tells what its messages are.
func TestOpenAPIWebSocket(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)})
	shop(app)
	app.WebSocket("/chat/{room}", func(c *fasterapi.Ctx, in struct {
		Room string `path:"room" maxLength:"10"`
		Last int    `query:"last" minimum:"0"`
		Who  member `inject:""`
	}, ws *fasterapi.Socket[say, said],
	) error {
		return nil
	}, fasterapi.Subprotocols("chat.v2", "chat.v1"), fasterapi.Returns[problem.Problem](409, "The room is full"), fasterapi.Tags("chat"))
	app.WebSocketEvents("/raw", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[fasterapi.Message, []byte]) (fasterapi.SocketEvents[fasterapi.Message], error) {
		return fasterapi.SocketEvents[fasterapi.Message]{}, nil
	})
	app.WebSocket("/hidden", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, string]) error { return nil }, fasterapi.Hidden())
	doc, text := documentOf(t, app)
	_, err := contract.New(text)
	require.NoError(t, err)

	chat := doc.Paths.Get("/chat/{room}").Get
	var names []string
	for _, p := range chat.Parameters {
		names = append(names, p.In+"."+p.Name)
	}
	require.Equal(t, []string{"header.X-Shop", "path.room", "query.last"}, names)
	require.Equal(t, []map[string][]string{{"bearer": {}}}, chat.Security)
	require.Equal(t, []string{"chat"}, chat.Tags)
	for _, status := range []string{"101", "401", "403", "409", "422", "426", "4XX", "5XX"} {
		require.True(t, chat.Responses.Has(status), status)
	}
	require.Empty(t, chat.Responses.Get("101").Content)
	require.Equal(t, map[string]any{
		"fromClient": map[string]any{"$ref": "#/components/schemas/Say"}, "fromServer": map[string]any{"$ref": "#/components/schemas/Said"},
		"subprotocols": []any{"chat.v2", "chat.v1"},
	}, at(t, text, "paths", "/chat/{room}", "get", "x-websocket"))
	require.Equal(t, map[string]any{
		"fromClient": map[string]any{"description": "text or binary"}, "fromServer": map[string]any{"type": "string", "format": "binary"},
	}, at(t, text, "paths", "/raw", "get", "x-websocket"))
	require.Nil(t, doc.Paths.Get("/hidden"))
	require.NotNil(t, doc.Components.Schemas.Get("Said"))
}

// TestOpenAPILeavesOut: what was mounted and files are not described, unless the
// app does it.
func TestOpenAPILeavesOut(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{OpenAPI: fasterapi.OpenAPIConfig{Edit: func(d *openapi.Document) {
		d.Paths.Set("/legacy/report", &openapi.PathItem{Get: &openapi.Operation{
			OperationID: "report", Responses: openapi.Map[*openapi.Response]{{Name: "200", Value: &openapi.Response{Description: "A report"}}},
		}})
	}}})
	app.Mount("/legacy", http.NotFoundHandler())
	app.Static("/files", fstest.MapFS{})
	doc, text := documentOf(t, app)
	_, err := contract.New(text)
	require.NoError(t, err)
	require.Len(t, doc.Paths, 1)
	require.NotNil(t, doc.Paths.Get("/legacy/report").Get)
}

// TestDefaults: what the whole service depends on holds for routes and groups
// that are registered later, also in groups made before, and is documented there.
func TestDefaults(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		early := app.Group("/early")
		app.Defaults(fasterapi.Tags("v1"), fasterapi.Depends(func(_ *fasterapi.Ctx, in struct {
			Token string `header:"X-Token" required:"true"`
		},
		) error {
			if in.Token != "right" {
				return problem.Unauthorized("")
			}
			return nil
		}))
		app.Defaults(fasterapi.Returns[problem.Problem](401, "Who are you?"))
		styles(app, "/plain", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "in", nil })
		early.Get("/x", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "in", nil })
		app.Group("/group", fasterapi.Tags("more")).Get("/x", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "in", nil })
	}, func(t *testing.T, s service) {
		paths := []string{"/group/x", "/early/x"}
		for _, style := range styleNames {
			paths = append(paths, style+"/plain")
		}
		for _, path := range paths {
			require.Equal(t, 200, s.get(path, "X-Token", "right").status, path)
			require.Equal(t, 401, s.get(path, "X-Token", "wrong").status, path)
			require.Equal(t, "header.X-Token", s.get(path).problem(t).Errors[0].Location, path)
		}
		text := []byte(s.get("/openapi.json").body)
		require.Equal(t, []any{"v1", "more"}, at(t, text, "paths", "/group/x", "get", "tags"))
		require.Equal(t, "Who are you?", at(t, text, "paths", "/chain/plain", "get", "responses", "401", "description"))
		require.Equal(t, []any{"v1"}, at(t, text, "paths", "/early/x", "get", "tags"))
	})
}

// TestDependsReachesHandlersOnly: a dependency that would never run, perhaps to
// keep strangers out, is a mistake of the registration.
func TestDependsReachesHandlersOnly(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	admin := app.Group("/admin", fasterapi.Depends(func(*fasterapi.Ctx, fasterapi.None) error { return problem.Unauthorized("") }))
	admin.Mount("/legacy", http.NotFoundHandler())
	admin.Static("/files", fstest.MapFS{})
	_, err := app.OpenAPI()
	require.ErrorContains(t, err, "/admin/legacy")
	require.ErrorContains(t, err, "Static /admin/files (")
	require.ErrorContains(t, err, "does not reach mounted handlers and files: use middleware")
}

// TestOperationEdit: a route may say what no option has a word for; callbacks are
// the usual case.
func TestOperationEdit(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/orders", list, fasterapi.Operation(func(o *openapi.Operation) {
		o.Servers = []openapi.Server{{URL: "https://orders.example.org"}}
		o.Extensions = map[string]any{"x-cost": 2}
		o.Callbacks.Set("shipped", openapi.Map[*openapi.PathItem]{{Name: "{$request.query.back}", Value: &openapi.PathItem{
			Post: &openapi.Operation{Responses: openapi.Map[*openapi.Response]{{Name: "204", Value: &openapi.Response{Description: "Seen"}}}},
		}}})
	}))
	_, text := documentOf(t, app)
	_, err := contract.New(text)
	require.NoError(t, err)
	require.Equal(t, "Seen", at(t, text, "paths", "/orders", "post", "callbacks", "shipped", "{$request.query.back}", "post", "responses", "204", "description"))
	require.EqualValues(t, 2, at(t, text, "paths", "/orders", "post", "x-cost"))
}

type schedule struct {
	Every time.Duration `json:"every" minimum:"1s" maximum:"24h" doc:"between two runs"`
}

// TestDurations: durations are the same text in bodies, parameters, answers,
// examples and the document, and their bounds hold.
func TestDurations(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Post("/schedule", func(_ *fasterapi.Ctx, in struct {
			Delay time.Duration `query:"delay" maximum:"1m" default:"0s"`
			Body  schedule      `body:""`
		},
		) (schedule, error) {
			return schedule{in.Body.Every + in.Delay}, nil
		}, fasterapi.RequestExample("hourly", schedule{time.Hour}), fasterapi.ResponseExample("hourly", 0, schedule{time.Hour}))
	}, func(t *testing.T, s service) {
		post := func(query, body string) answer {
			return s.do("POST", "/schedule"+query, body, "Content-Type", "application/json")
		}
		require.JSONEq(t, `{"every":"1m30s"}`, post("?delay=30s", `{"every":"1m"}`).body)
		p := post("?delay=61s", `{"every":"25h"}`).problem(t)
		require.Len(t, p.Errors, 2)
		require.Equal(t, "query.delay must be at most 1m", p.Errors[0].Location+" "+p.Errors[0].Message)
		require.Equal(t, "body.every must be at most 24h", p.Errors[1].Location+" "+p.Errors[1].Message)
		text := []byte(s.get("/openapi.json").body)
		require.Equal(t, "between two runs (at least 1s, at most 24h)", at(t, text, "components", "schemas", "Schedule", "properties", "every", "description"))
		require.Equal(t, "1h0m0s", at(t, text, "paths", "/schedule", "post", "requestBody", "content", "application/json", "examples", "hourly", "value", "every"))
	})
	app := fasterapi.New(fasterapi.Config{})
	app.Get("/", func(*fasterapi.Ctx, struct {
		Wait time.Duration `query:"wait" minimum:"1 second"`
	},
	) (schedule, error) {
		return schedule{}, nil
	})
	_, err := app.OpenAPI()
	require.ErrorContains(t, err, `field Wait: minimum:"1 second" must be a duration such as 1h30m or 250ms`)
}
