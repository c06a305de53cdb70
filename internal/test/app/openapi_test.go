package app_test

import (
	"encoding/json/v2"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/contract"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// The shop is a service that uses everything that the document can say.

type genre string

func (genre) Enum() []any { return []any{"jazz", "folk"} }

type track struct {
	ID      int64                   `json:"id" readOnly:"true"`
	Title   string                  `json:"title" minLength:"1" maxLength:"80" doc:"as printed on the sleeve" example:"So What"`
	Genre   genre                   `json:"genre"`
	Rating  fasterapi.Opt[uint8]    `json:"rating,omitzero" maximum:"5"`
	Sleeve  []byte                  `json:"sleeve,omitempty"`
	Covers  []*track                `json:"covers,omitempty" maxItems:"10"`
	Tags    map[string]string       `json:"tags,omitempty"`
	Since   time.Time               `json:"since"`
	Payment fasterapi.Opt[purchase] `json:"payment,omitzero"`
}

type purchase struct{ fasterapi.Union[purchase] }

type card struct {
	Kind   string `json:"kind"`
	Number string `json:"number" pattern:"^[0-9]{12,19}$"`
}

type voucher struct {
	Kind string `json:"kind"`
	Code string `json:"code"`
}

func (purchase) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[card]("card"), fasterapi.VariantOf[voucher]("voucher"),
	}}
}

type pageOf[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

type listTracks struct {
	Genres []genre       `query:"genre" maxItems:"2" doc:"only of these"`
	Since  time.Time     `query:"since"`
	Within time.Duration `query:"within" default:"1h"`
	Limit  int           `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Old    bool          `query:"old" deprecated:"true"`
	Trace  string        `header:"X-Trace" format:"uuid" example:"2d1c9a4e-97b4-4a7b-8d5b-111111111111"`
	Theme  string        `cookie:"theme" enum:"dark,light"`
}

func list(*fasterapi.Ctx, listTracks) (pageOf[track], error) {
	return pageOf[track]{Items: []track{}}, nil
}

// member is who is signed in: it says how.
type member struct{ Name string }

func (member) OpenAPISecurity() []openapi.SecurityUse {
	return []openapi.SecurityUse{{Name: "bearer", Scheme: openapi.SecurityScheme{Type: "http", Scheme: "bearer"}}}
}

func shop(app *fasterapi.App) {
	app.ProvideFunc(func(_ *fasterapi.Ctx, in struct {
		Token string `header:"Authorization" required:"true"`
		Shop  string `header:"X-Shop" maxLength:"10"`
	},
	) (member, error) {
		return member{in.Token}, nil
	})
	tracks := app.Group("/tracks", fasterapi.Tags("tracks"))
	tracks.Get("/", list, fasterapi.Description("All tracks, *newest* first."))
	tracks.Post("/", func(c *fasterapi.Ctx, in struct {
		Body track  `body:""`
		Who  member `inject:""`
	},
	) (track, error) {
		return in.Body, nil
	}, fasterapi.Status(201), fasterapi.OperationID("createTrack"),
		fasterapi.RequestExample("short", track{Title: "Blue in Green", Genre: "jazz"}),
		fasterapi.ResponseExample("created", 0, track{ID: 7, Title: "Blue in Green", Genre: "jazz"}),
		fasterapi.ResponseDescription("The new track"), fasterapi.Returns[problem.Problem](409, "There is such a track already"))
	tracks.Get("/{id}", func(_ *fasterapi.Ctx, in struct {
		ID int64 `path:"id" minimum:"1"`
	},
	) (track, error) {
		return track{}, problem.NotFound("")
	}, fasterapi.OperationID("getTrack"), fasterapi.MoreAbout("https://example.org/tracks", "the collection"))
	tracks.Delete("/{track}", func(*fasterapi.Ctx, struct {
		ID int64 `path:"track"`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	}, fasterapi.Deprecated())
	tracks.Put("/{id}/sleeve", func(_ *fasterapi.Ctx, in struct {
		ID     int64              `path:"id"`
		Title  string             `form:"title" maxLength:"80"`
		Sleeve fasterapi.Upload   `file:"sleeve" accept:"image/png,image/jpeg"`
		More   []fasterapi.Upload `file:"more" maxItems:"5"`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	tracks.Get("/{id}/audio", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) { return fasterapi.File{}, nil })
	app.Post("/login", func(_ *fasterapi.Ctx, in struct {
		Name string `form:"name"`
		Word string `form:"word" format:"password"`
	},
	) (fasterapi.Redirect, error) {
		return fasterapi.Redirect{Location: "/"}, nil
	}, fasterapi.Status(303))
	app.GetFuture("/text/{rest...}", func(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.Text] {
		return async.Ready(fasterapi.Text(""))
	})
	app.Get("/export", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[track], error) { return nil, nil }, fasterapi.Tags("streams"))
	app.Get("/news", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[track], error) { return fasterapi.SSE[track]{}, nil }, fasterapi.Tags("streams"))
	app.Get("/secret", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }, fasterapi.Hidden())
	app.Post("/raw", func(_ *fasterapi.Ctx, in struct {
		Body []byte `body:"raw"`
	},
	) (fasterapi.Blob, error) {
		return fasterapi.Blob{Data: in.Body}, nil
	}, fasterapi.Operation(func(o *openapi.Operation) { o.Extensions = map[string]any{"x-cost": 2} }),
		fasterapi.DescribeSecurity(openapi.SecurityUse{
			Name: "key", Scheme: openapi.SecurityScheme{Type: "apiKey", In: "header", Name: "X-Key"}, CheckedBy: "the gateway",
		}))
	app.Webhook[track]("trackSold", fasterapi.Summary("A track was sold"))
}

func shopConfig() fasterapi.Config {
	return fasterapi.Config{
		Title: "Shop", Version: "1.0.0", Description: "Tracks.\n\nAnd *more*.", Cores: 1,
		OpenAPI: fasterapi.OpenAPIConfig{
			Summary: "A shop", Contact: &openapi.Contact{Name: "Us"}, License: &openapi.License{Name: "MIT", Identifier: "MIT"},
			Servers: []openapi.Server{{URL: "/", Description: "here"}},
			Tags:    []openapi.Tag{{Name: "tracks", Description: "what there is"}},
		},
	}
}

func newShop(t testing.TB, change ...func(*fasterapi.Config)) *fasterapi.App {
	cfg := shopConfig()
	cfg.Logger = fasterapitest.Logger(t)
	for _, c := range change {
		c(&cfg)
	}
	app := fasterapi.New(cfg)
	shop(app)
	return app
}

func documentOf(t *testing.T, app *fasterapi.App) (*openapi.Document, []byte) {
	t.Helper()
	doc, err := app.OpenAPI()
	require.NoError(t, err)
	text, err := doc.JSON()
	require.NoError(t, err)
	return doc, text
}

// TestOpenAPI: the document of the shop is the one that was reviewed, others find it
// valid, and YAML says the same as JSON.
func TestOpenAPI(t *testing.T) {
	fasterapitest.GoldenOpenAPI(t, newShop(t), "testdata/openapi/shop.yaml")
	doc, text := documentOf(t, newShop(t))
	_, err := contract.New(text)
	require.NoError(t, err)
	n, err := contract.Operations(text)
	require.NoError(t, err)
	require.Equal(t, 11, n, "hidden routes and those of the framework are not in it")

	block, err := doc.YAML()
	require.NoError(t, err)
	var fromYAML, fromJSON any
	require.NoError(t, yaml.Unmarshal(block, &fromYAML))
	require.NoError(t, yaml.Unmarshal(text, &fromJSON), "JSON is YAML")
	require.Equal(t, fromJSON, fromYAML)

	text30, err := doc.JSON30()
	require.NoError(t, err)
	require.NoError(t, contract.Valid30(text30))
	block30, err := doc.YAML30()
	require.NoError(t, err)
	fasterapitest.Golden(t, "testdata/openapi/shop-3.0.yaml", block30)

	for range 5 {
		_, again := documentOf(t, newShop(t))
		require.Equal(t, string(text), string(again), "the same routes give the same bytes")
	}
}

// TestOpenAPIStreams: with OpenAPI 3.2 the items of streams are described.
func TestOpenAPIStreams(t *testing.T) {
	doc, text := documentOf(t, newShop(t, func(c *fasterapi.Config) { c.OpenAPI.StreamItems = true }))
	require.Equal(t, "3.2.0", doc.OpenAPI)
	lines := doc.Paths.Get("/export").Get.Responses.Get("200").Content.Get("application/jsonl")
	require.Equal(t, "#/components/schemas/Track", lines.ItemSchema.Ref)
	events := doc.Paths.Get("/news").Get.Responses.Get("200").Content.Get("text/event-stream")
	require.Equal(t, "#/components/schemas/Track", events.ItemSchema.Properties.Get("data").ContentSchema.Ref)
	_, err := contract.New(text)
	require.NoError(t, err)
}

// TestOperationIDs: an id depends on the route alone, not on its neighbours' order.
func TestOperationIDs(t *testing.T) {
	text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }
	routes := []func(*fasterapi.App){
		func(a *fasterapi.App) { a.Get("/a", list) },
		func(a *fasterapi.App) { a.Get("/b", list) },
		func(a *fasterapi.App) { a.Get("/users/{id}/orders-of/{year}", text) },
		func(a *fasterapi.App) { a.Get("/", text) },
		func(a *fasterapi.App) { a.Post("/c", text, fasterapi.OperationID("named")) },
	}
	ids := func() map[string]string {
		app := fasterapi.New(fasterapi.Config{})
		for _, r := range routes {
			r(app)
		}
		doc, _ := documentOf(t, app)
		found := map[string]string{}
		for _, p := range doc.Paths {
			for _, method := range []string{"GET", "POST"} {
				if op := *p.Value.Operation(method); op != nil {
					found[p.Name] = op.OperationID
				}
			}
		}
		return found
	}
	want := map[string]string{"/a": "getA", "/b": "getB", "/users/{id}/orders-of/{year}": "getUsersByIdOrdersOfByYear", "/": "getRoot", "/c": "named"}
	require.Equal(t, want, ids())
	slices.Reverse(routes)
	require.Equal(t, want, ids())

	app := fasterapi.New(fasterapi.Config{})
	app.Get("/a", text, fasterapi.OperationID("same"))
	app.Get("/b", text, fasterapi.OperationID("Same"))
	app.Get("/ab/c", text)
	app.Get("/a/bc", text)
	_, err := app.OpenAPI()
	require.ErrorContains(t, err, `the operation id "Same" is that of GET /a (`)
	require.ErrorContains(t, err, `the operation id "getABc" is that of GET /ab/c (`)
	require.ErrorContains(t, err, "openapi_test.go:")
	var registration *fasterapi.RegistrationError
	require.ErrorAs(t, err, &registration)
	require.Len(t, registration.Mistakes, 2)
}

// TestOperationIDsChosen: the app may choose, by all that is known of a route; the option of
// the route goes before, and "" leaves the id as it is.
func TestOperationIDsChosen(t *testing.T) {
	byHandler := func(r fasterapi.RouteInfo) string {
		if r.Name == "" {
			return ""
		}
		return path.Base(r.Package) + "_" + r.Name
	}
	app := fasterapi.New(fasterapi.Config{OpenAPI: fasterapi.OpenAPIConfig{OperationID: byHandler}})
	text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }
	app.Group("/v1", fasterapi.Tags("one")).Get("/tracks", list)
	app.Post("/closure/{x}", text, fasterapi.Deprecated())
	app.GetFuture("/chain", method{}.future)
	app.WebSocket("/socket", (&method{}).socket)
	app.WebSocketEvents("/events", (&method{}).events)
	app.Get("/named", list, fasterapi.OperationID("named"))
	app.Get("/hidden", generic[user], fasterapi.Hidden())
	app.Mount("/legacy", http.NotFoundHandler())
	doc, _ := documentOf(t, app)
	require.Equal(t, "app_test_list", doc.Paths.Get("/v1/tracks").Get.OperationID)
	require.Equal(t, "postClosureByX", doc.Paths.Get("/closure/{x}").Post.OperationID)
	require.Equal(t, "named", doc.Paths.Get("/named").Get.OperationID)

	var lines []string
	for _, r := range app.Routes()[:8] {
		require.Regexp(t, `openapi_test\.go$`, r.File)
		require.Positive(t, r.Line)
		lines = append(lines, fmt.Sprintf("%s|%s|%s|%s|%s|%v|%v|%v", r, path.Base(r.Package), r.Handler, r.Name, r.OperationID, r.Tags, r.Hidden, r.Deprecated))
	}
	require.Equal(t, []string{
		"GET /v1/tracks|app_test|list|list|app_test_list|[one]|false|false",
		"POST /closure/{x}|app_test|TestOperationIDsChosen.func2||postClosureByX|[]|false|true",
		"GET /chain|app_test|method.future|future|app_test_future|[]|false|false",
		"GET /socket|app_test|(*method).socket|socket|app_test_socket|[]|false|false",
		"GET /events|app_test|(*method).events|events|app_test_events|[]|false|false",
		"GET /named|app_test|list|list|named|[]|false|false",
		"GET /hidden|app_test|generic|generic||[]|true|false",
		"GET /legacy/{path...}|.||||[]|false|false",
	}, lines)

	same := fasterapi.New(fasterapi.Config{OpenAPI: fasterapi.OpenAPIConfig{OperationID: byHandler}})
	same.Get("/a", list)
	same.Get("/b", list)
	_, err := same.OpenAPI()
	require.ErrorContains(t, err, `the operation id "app_test_list" is that of GET /a (`)
}

type method struct{}

func (method) future(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.Text] {
	return async.Ready[fasterapi.Text]("")
}

func (*method) socket(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, string]) error {
	return nil
}

func (*method) events(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, string]) (fasterapi.SocketEvents[string], error) {
	return fasterapi.SocketEvents[string]{}, nil
}

func generic[T any](*fasterapi.Ctx, fasterapi.None) (T, error) {
	var zero T
	return zero, nil
}

// TestOpenAPIServed: the document is served compressed, with an entity tag, in both
// languages.
func TestOpenAPIServed(t *testing.T) {
	app := newShop(t)
	_, want := documentOf(t, app)
	c := fasterapitest.New(t, app)
	got := c.Get("/openapi.json").Expect(200)
	require.Equal(t, string(want), got.Text())
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	etag := got.Header.Get("ETag")
	require.NotEmpty(t, etag)
	require.Equal(t, "application/yaml", c.Get("/openapi.yaml").Expect(200).Header.Get("Content-Type"))
	require.NoError(t, contract.Valid30(c.Get("/openapi-3.0.json").Expect(200).Body))
	require.Contains(t, c.Get("/openapi-3.0.yaml").Expect(200).Text(), `openapi: "3.0.3"`)

	same := c.With("If-None-Match", etag).Get("/openapi.json").Expect(304)
	require.Empty(t, same.Body)
	require.Equal(t, etag, same.Header.Get("ETag"))
	zipped := c.With("Accept-Encoding", "br, gzip;q=0.5").Get("/openapi.json").Expect(200)
	require.Equal(t, "gzip", zipped.Header.Get("Content-Encoding"))
	require.Less(t, len(zipped.Body), len(want)/3)
	require.NotEqual(t, etag, zipped.Header.Get("ETag"))
	require.Empty(t, c.With("Accept-Encoding", "gzip;q=0").Get("/openapi.json").Expect(200).Header.Get("Content-Encoding"))
}

// TestDocsServed: the page and its files; nothing in it names another host.
func TestDocsServed(t *testing.T) {
	everyProtocol(t, shop, func(t *testing.T, s service) {
		page := s.get("/docs")
		require.Equal(t, 200, page.status)
		require.Contains(t, page.body, "docs/swagger-ui-bundle.js")
		require.NotContains(t, page.body, "http")
		require.Contains(t, page.header.Get("Content-Security-Policy"), "default-src 'none'")
		for _, file := range []string{"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png", "start.js", "oauth2-redirect.html", "oauth2-redirect.js"} {
			got := s.get("/docs/" + file)
			require.Equal(t, 200, got.status, file)
			require.NotEmpty(t, got.body, file)
		}
		require.Equal(t, 404, s.get("/docs/embed.go").status)
		require.Contains(t, s.get("/docs/start.js").body, `"document":"openapi.json"`)
	})
}

// TestDocumentsMove: document and page may be elsewhere, or nowhere, and the
// routes of the app go before.
func TestDocumentsMove(t *testing.T) {
	moved := fasterapitest.New(t, newShop(t, func(c *fasterapi.Config) {
		c.OpenAPI.Path, c.Docs.Path = "/api/v1/schema.json", "/api/help/ui"
	}))
	moved.Get("/api/v1/schema.json").Expect(200)
	moved.Get("/api/v1/schema.yaml").Expect(200)
	require.NoError(t, contract.Valid30(moved.Get("/api/v1/schema-3.0.json").Expect(200).Body))
	moved.Get("/openapi-3.0.json").Expect(404)
	old := fasterapitest.New(t, newShop(t, func(c *fasterapi.Config) { c.OpenAPI.Path30 = "/old.json" }))
	old.Get("/old.json").Expect(200)
	old.Get("/old.yaml").Expect(200)
	require.Contains(t, moved.Get("/api/help/ui").Expect(200).Text(), `src="ui/start.js"`)
	require.Contains(t, moved.Get("/api/help/ui/start.js").Expect(200).Text(), `"document":"../v1/schema.json"`)
	moved.Get("/openapi.json").Expect(404)
	moved.Get("/docs").Expect(404)

	off := fasterapitest.New(t, newShop(t, func(c *fasterapi.Config) { c.OpenAPI.Off = true }))
	off.Get("/openapi.json").Expect(404)
	off.Get("/openapi-3.0.json").Expect(404)
	off.Get("/docs").Expect(404)
	page := fasterapitest.New(t, newShop(t, func(c *fasterapi.Config) { c.Docs.Off = true }))
	page.Get("/openapi.json").Expect(200)
	page.Get("/docs").Expect(404)

	app := newShop(t)
	mine := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "mine", nil }
	app.Get("/openapi.json", mine)
	app.Get("/docs/{page}", mine)
	own := fasterapitest.New(t, app)
	require.Equal(t, "mine", own.Get("/openapi.json").Text())
	require.Equal(t, "mine", own.Get("/docs/start.js").Text())
	own.Get("/docs").Expect(404)

	_, err := fasterapi.New(fasterapi.Config{OpenAPI: fasterapi.OpenAPIConfig{Path: "docs/"}}).Start()
	require.ErrorContains(t, err, "Config.OpenAPI.Path")
	_, err = fasterapi.New(fasterapi.Config{OpenAPI: fasterapi.OpenAPIConfig{Path: "/a.json", Path30: "/a.json"}}).Start()
	require.ErrorContains(t, err, "Config.OpenAPI.Path and Path30 must differ")
}

// TestExamplesAreChecked: an example that the route would refuse is found at the start.
func TestExamplesAreChecked(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Post("/", func(*fasterapi.Ctx, struct {
		Body card `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	}, fasterapi.RequestExample("good", card{"card", "123456789012"}), fasterapi.RequestExample("short", card{"card", "1"}),
		fasterapi.RequestExample("function", func() {}))
	_, err := app.OpenAPI()
	require.ErrorContains(t, err, `the example "short": body.number must match the pattern`)
	require.ErrorContains(t, err, `the example "function"`)
	require.NotContains(t, err.Error(), "good")
}

// TestDocsSettings: settings reach the page; those that are no JSON are an error of the page.
func TestDocsSettings(t *testing.T) {
	with := func(value any) *fasterapitest.Client {
		return fasterapitest.New(t, newShop(t, func(c *fasterapi.Config) { c.Docs.Settings = map[string]any{"docExpansion": value} }))
	}
	require.Contains(t, with("none").Get("/docs/start.js").Expect(200).Text(), `"settings":{"docExpansion":"none"}`)
	with(func() {}).Get("/docs/start.js").Expect(500)
}

// TestOpenAPIEdit: the last word is the app's.
func TestOpenAPIEdit(t *testing.T) {
	app := newShop(t, func(c *fasterapi.Config) {
		c.OpenAPI.Edit = func(d *openapi.Document) { d.Info.Title = "Edited"; d.Extensions = map[string]any{"x-team": "a"} }
	})
	var got map[string]any
	require.NoError(t, json.Unmarshal(fasterapitest.New(t, app).Get("/openapi.json").Body, &got))
	require.Equal(t, "a", got["x-team"])
	require.Equal(t, "Edited", got["info"].(map[string]any)["title"])
}

// TestStatus: what the option says is documented and done.
func TestStatus(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		styles(app, "/new", func(*fasterapi.Ctx, fasterapi.None) (user, error) { return user{}, nil })
		app.Post("/made", func(*fasterapi.Ctx, fasterapi.None) (user, error) { return user{}, nil }, fasterapi.Status(201))
		app.Post("/fails", func(*fasterapi.Ctx, fasterapi.None) (user, error) { return user{}, problem.Conflict("") }, fasterapi.Status(201))
		app.Post("/other", func(c *fasterapi.Ctx, _ fasterapi.None) (user, error) { c.SetStatus(202); return user{}, nil }, fasterapi.Status(201))
		app.Post("/later", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil }, fasterapi.Status(202))
	}, func(t *testing.T, s service) {
		require.Equal(t, 201, s.do("POST", "/made", "").status)
		require.Equal(t, 409, s.do("POST", "/fails", "").status)
		require.Equal(t, 202, s.do("POST", "/other", "").status)
		require.Equal(t, 202, s.do("POST", "/later", "").status)
		require.Equal(t, 404, s.get("/nowhere").status)
	})
	app := fasterapi.New(fasterapi.Config{})
	app.Get("/", list, fasterapi.Status(99))
	_, err := app.OpenAPI()
	require.ErrorContains(t, err, "Status(99)")
}

// TestContract: the suite's judge sees a service that does not do what it says.
func TestContract(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Logger: fasterapitest.Logger(t)})
	app.Get("/lies", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return "x", nil },
		fasterapi.Operation(func(o *openapi.Operation) {
			o.Responses.Get("200").Content = openapi.Map[*openapi.MediaType]{{Name: "application/json", Value: &openapi.MediaType{}}}
		}))
	_, text := documentOf(t, app)
	c, err := contract.New(text)
	require.NoError(t, err)
	response, err := fasterapitest.New(t, app).HTTP().Get("http://app.test/lies")
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	err = c.Check(response.Request, contract.Answer{Status: response.StatusCode, Header: response.Header, Body: body})
	require.Error(t, err)
}

// TestSecuritySchemes: what checks an identity names its scheme; two descriptions of one
// are a mistake.
func TestSecuritySchemes(t *testing.T) {
	doc, _ := documentOf(t, newShop(t))
	require.Equal(t, []map[string][]string{{"bearer": {}}}, doc.Paths.Get("/tracks").Post.Security)
	require.True(t, doc.Paths.Get("/tracks").Post.Responses.Has("401"))
	require.Nil(t, doc.Paths.Get("/tracks").Get.Security)
	require.Equal(t, "bearer", doc.Components.SecuritySchemes.Get("bearer").Scheme)

	app := fasterapi.New(fasterapi.Config{})
	use := func(kind string) fasterapi.RouteOption {
		return fasterapi.DescribeSecurity(openapi.SecurityUse{Name: "a", Scheme: openapi.SecurityScheme{Type: kind}})
	}
	app.Get("/a", list, use("http"))
	app.Get("/b", list, use("mutualTLS"))
	_, err := app.OpenAPI()
	require.ErrorContains(t, err, `the security scheme "a" is described in another way`)
}

func BenchmarkOpenAPI(b *testing.B) {
	app := newShop(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := app.OpenAPI(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestDocumentsStatusText keeps the texts of statuses short of surprises.
func TestDocumentsStatusText(t *testing.T) {
	doc, _ := documentOf(t, newShop(t))
	require.Equal(t, http.StatusText(http.StatusSeeOther), doc.Paths.Get("/login").Post.Responses.Get("303").Description)
	require.True(t, strings.HasPrefix(doc.Paths.Get("/tracks").Get.Description, "All tracks"))
}
