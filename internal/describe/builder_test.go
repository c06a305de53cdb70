package describe

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/openapi"
)

type user struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// route is a route that answers with users.
func route(method, pattern string, fields ...*bind.Field) Route {
	return Route{
		Method: method, Pattern: router.ParsePattern(pattern), Site: "main.go:7", Fields: fields,
		Answers: []Answer{{Status: 200, ContentType: jsonType, Type: reflect.TypeFor[user]()}},
	}
}

// numberIn is a field of the path.
func numberIn(key string) *bind.Field {
	return &bind.Field{Name: key, Key: key, In: bind.Path, Type: reflect.TypeFor[int]()}
}

func build(t *testing.T, streams bool, routes ...Route) *openapi.Document {
	t.Helper()
	b := NewBuilder(openapi.Info{Title: "Users", Version: "1"}, streams)
	for _, r := range routes {
		b.Add(r)
	}
	doc, err := b.Build()
	require.NoError(t, err)
	return doc
}

// paths lists the paths of a document.
func paths(doc *openapi.Document) (list []string) {
	for _, p := range doc.Paths {
		list = append(list, p.Name)
	}
	return list
}

// TestOnePathOfAShape: wildcards have the names of the first pattern.
func TestOnePathOfAShape(t *testing.T) {
	doc := build(t, false,
		route("GET", "/users/{id}", numberIn("id")), route("PUT", "/users/{user}", numberIn("user")),
		route("GET", "/users/{id}/"), route("GET", "/a%2Fb/{rest...}"))
	require.Equal(t, []string{"/users/{id}", "/users/{id}/", "/a%2Fb/{rest}"}, paths(doc))
	item := doc.Paths[0].Value
	require.Equal(t, "id", item.Get.Parameters[0].Name)
	require.Len(t, item.Put.Parameters, 1)
	require.Equal(t, "id", item.Put.Parameters[0].Name, "not user")
	require.True(t, item.Put.Parameters[0].Required)
	require.Equal(t, openapi.Types{"string"}, doc.Paths[2].Value.Get.Parameters[0].Schema.Types, "no field reads it")
}

// TestFirstOfOnePath: OpenAPI cannot tell the two apart.
func TestFirstOfOnePath(t *testing.T) {
	first, second := route("GET", "/files/{name}"), route("GET", "/files/{rest...}")
	first.ID, second.ID = "one", "all"
	doc := build(t, false, first, second, route("LOCK", "/locks"))
	require.Equal(t, "one", doc.Paths.Get("/files/{name}").Get.OperationID)
	require.Equal(t, openapi.PathItem{}, *doc.Paths.Get("/locks"), "OpenAPI has no such method")
}

// TestProblems: each route may fail, one that reads numbers may be asked wrongly, and a webhook answers by itself.
func TestProblems(t *testing.T) {
	b := NewBuilder(openapi.Info{}, false)
	secured := route("GET", "/secured")
	secured.Security = [][]openapi.SecurityUse{{{Name: "key", Scheme: openapi.SecurityScheme{Type: "apiKey"}}}}
	b.Add(route("GET", "/plain"))
	numbered := route("GET", "/{n}", numberIn("n"))
	numbered.Fallible = true
	b.Add(numbered)
	b.Add(secured)
	b.AddWebhook("paid", route("POST", "/ignored"))
	doc, err := b.Build()
	require.NoError(t, err)
	statuses := func(op *openapi.Operation) string {
		var list []string
		for _, r := range op.Responses {
			list = append(list, r.Name)
		}
		return strings.Join(list, " ")
	}
	require.Equal(t, "200 4XX 5XX", statuses(doc.Paths.Get("/plain").Get))
	require.Equal(t, "200 422 4XX 5XX", statuses(doc.Paths.Get("/{n}").Get))
	require.Equal(t, "200 401 403 4XX 5XX", statuses(doc.Paths.Get("/secured").Get))
	webhook := doc.Webhooks.Get("paid").Post
	require.Equal(t, "200", statuses(webhook))
	require.Equal(t, "paid", webhook.OperationID)
	require.Equal(t, []string{"/plain", "/{n}", "/secured"}, paths(doc))
	require.True(t, doc.Components.Schemas.Has("User"))
	require.True(t, doc.Components.SecuritySchemes.Has("key"))
}

// TestMistakes come all at once, each with its route.
func TestMistakes(t *testing.T) {
	one, two, three, four := route("GET", "/one"), route("GET", "/two"), route("GET", "/three"), route("GET", "/four")
	one.Details.OperationID, two.Details.OperationID = "same", "same"
	use := func(kind string) [][]openapi.SecurityUse {
		return [][]openapi.SecurityUse{{{Name: "key", Scheme: openapi.SecurityScheme{Type: kind}}}}
	}
	one.Security, two.Security = use("http"), use("apiKey")
	three.Details.AnswerExamples = []AnswerExample{{Status: 204, NamedExample: NamedExample{Name: "none"}}}
	four.Answers[0].Type = reflect.TypeFor[chan int]()
	b := NewBuilder(openapi.Info{}, false)
	for _, r := range []Route{one, two, three, four} {
		b.Add(r)
	}
	_, err := b.Build()
	for _, want := range []string{
		`GET /two (main.go:7): the operation id "same" is that of GET /one (main.go:7) too: choose another`,
		`GET /two (main.go:7): the security scheme "key" is described in another way elsewhere`,
		`GET /three (main.go:7): the example "none" is of an answer with the status 204`,
		"chan int has no JSON form",
	} {
		require.ErrorContains(t, err, want)
	}
}

// TestStreams: only OpenAPI 3.2 has words for the items of a stream.
func TestStreams(t *testing.T) {
	events := route("GET", "/events")
	events.Answers = []Answer{{Status: 200, ContentType: "text/event-stream", Item: reflect.TypeFor[user]()}}
	for streams, version := range map[bool]string{false: openapi.Version, true: openapi.VersionStreams} {
		doc := build(t, streams, events)
		require.Equal(t, version, doc.OpenAPI)
		media := doc.Paths[0].Value.Get.Responses.Get("200").Content.Get("text/event-stream")
		require.Equal(t, streams, media.ItemSchema != nil)
		require.Equal(t, streams, doc.Components.Schemas.Has("User"))
	}
}

func TestSocket(t *testing.T) {
	r := route("GET", "/chat")
	r.Socket = &Socket{
		FromClient: Message{Type: reflect.TypeFor[user]()}, FromServer: Message{Schema: &openapi.Schema{Format: "binary"}}, Subprotocols: []string{"v2"},
	}
	doc := build(t, false, r)
	text, err := doc.JSON()
	require.NoError(t, err)
	require.Contains(t, strings.Join(strings.Fields(string(text)), ""),
		`"x-websocket":{"fromClient":{"$ref":"#/components/schemas/User"},"fromServer":{"format":"binary"},"subprotocols":["v2"]}`)
}

// TestIDs: the app chooses before the path does, the route before the app; those that
// generated clients cannot tell apart are a mistake with both places.
func TestIDs(t *testing.T) {
	a, b, c := route("GET", "/a"), route("GET", "/b/{x}"), route("POST", "/a")
	a.Handler, b.Handler, c.Handler = "list", "list", "create"
	b.ID, c.ID, c.Details.OperationID = "listB", "createA", "make"
	for _, routes := range [][]Route{{a, b, c}, {c, b, a}} {
		doc := build(t, false, routes...)
		require.Equal(t, "getA", doc.Paths.Get("/a").Get.OperationID)
		require.Equal(t, "listB", doc.Paths.Get("/b/{x}").Get.OperationID)
		require.Equal(t, "make", doc.Paths.Get("/a").Post.OperationID)
	}
	clash := NewBuilder(openapi.Info{}, false)
	clash.Add(route("GET", "/log/in"))
	clash.Add(route("GET", "/login"))
	clash.AddWebhook("get_login", Route{Method: "POST", Site: "main.go:9"})
	_, err := clash.Build()
	require.ErrorContains(t, err, `GET /login (main.go:7): the operation id "getLogin" is that of GET /log/in (main.go:7) too `+
		`("getLogIn", which generated clients cannot tell apart): choose another with the option OperationID`)
	require.ErrorContains(t, err, "the webhook get_login (main.go:9): ")
}
