package app_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/problem"
)

// article is the body of outputs.
type article struct {
	Title string `json:"title"`
}

// articleOut is an output with header fields of several types.
type articleOut struct {
	ETag     string                `header:"ETag" doc:"its version" example:"\"7\""`
	Modified time.Time             `header:"Last-Modified"`
	Left     int                   `header:"X-Left" minimum:"0"`
	Tags     []string              `header:"X-Tag"`
	Trace    fasterapi.Opt[string] `header:"X-Trace"`
	Links    []string              `header:"Link"`
	Cookies  []string              `header:"Set-Cookie"`
	Body     article               `body:""`
}

func newArticleOut(kind string) (articleOut, error) {
	out := articleOut{Left: 3, Body: article{"tea"}}
	switch kind {
	case "all":
		out.ETag, out.Modified = `"7"`, time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)
		out.Tags, out.Links, out.Trace = []string{"a", "b"}, []string{"</a>; rel=next", "</b>; rel=prev"}, fasterapi.Some("t")
		out.Cookies = []string{"a=1", "b=2"}
	case "bad":
		out.ETag = "a\r\nX-Injected: 1"
	case "fails":
		out.ETag = `"7"`
		return out, errors.New("secret")
	}
	return out, nil
}

// TestOutputStruct: header fields of an output in every style, with HEAD, and with each
// answer held against the document.
func TestOutputStruct(t *testing.T) {
	everyWay(t, func(app *fasterapi.App) {
		styles(app, "/article", func(c *fasterapi.Ctx, in kindInput) (articleOut, error) {
			c.SetHeader("X-Left", "99")
			c.SetHeader("ETag", `"of the handler"`)
			return newArticleOut(in.Kind)
		})
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			got := s.get(prefix + "/article?kind=all")
			require.Equal(t, 200, got.status)
			require.JSONEq(t, `{"title":"tea"}`, got.body)
			require.Equal(t, []string{`"7"`}, got.header["Etag"], "the value is nearer to the content than SetHeader")
			require.Equal(t, "Wed, 01 Jul 2026 10:00:00 GMT", got.header.Get("Last-Modified"))
			require.Equal(t, []string{"3"}, got.header["X-Left"])
			require.Equal(t, []string{"a", "b"}, got.header["X-Tag"])
			require.Equal(t, "</a>; rel=next, </b>; rel=prev", strings.Join(got.header["Link"], ", "))
			require.Equal(t, []string{"a=1", "b=2"}, got.header["Set-Cookie"])
			require.Equal(t, "t", got.header.Get("X-Trace"))

			head := s.do("HEAD", prefix+"/article?kind=all", "")
			require.Equal(t, got.header.Get("Etag"), head.header.Get("Etag"))
			require.Equal(t, got.header.Get("Content-Length"), head.header.Get("Content-Length"))
			require.Empty(t, head.body)

			least := s.get(prefix + "/article")
			require.Equal(t, []string{`"of the handler"`}, least.header["Etag"], "an absent one leaves what was set")
			require.NotContains(t, least.header, "Last-Modified")
			require.NotContains(t, least.header, "X-Tag")
			require.NotContains(t, least.header, "X-Trace")
			require.NotContains(t, s.get(prefix+"/article?kind=bad").header, "X-Injected")
			failed := s.get(prefix + "/article?kind=fails")
			require.Equal(t, 500, failed.status)
			require.Empty(t, failed.header.Get("ETag"))
		})
	})
}

// pageOut, fileOut and the others are outputs around each kind of body.
type (
	pageOut struct {
		Cache string         `header:"Cache-Control"`
		Body  fasterapi.HTML `body:""`
	}
	fileOut struct {
		ETag string         `header:"ETag"`
		Body fasterapi.File `body:""`
	}
	linesOut struct {
		Total int                          `header:"X-Total"`
		Body  fasterapi.JSONLines[article] `body:""`
	}
	emptyOut struct {
		Location string `header:"Location"`
	}
	acceptedOut struct {
		_    struct{} `status:"202"`
		Body article  `body:""`
	}
	shared struct {
		Trace string `header:"X-Trace"`
	}
	embeddingOut struct {
		shared
		Body fasterapi.Response[article] `body:""`
	}
	typedOut struct {
		Type string  `header:"Content-Type"`
		Body article `body:""`
	}
	requiredOut struct {
		ETag string   `header:"ETag" required:"true"`
		Body *article `body:""`
	}
	anyOut struct {
		ETag string `header:"ETag"`
		Body any    `body:""`
	}
)

// TestOutputStructBodies: the body may be every kind of result, or none.
func TestOutputStructBodies(t *testing.T) {
	everyWay(t, func(app *fasterapi.App) {
		app.Get("/page", func(*fasterapi.Ctx, fasterapi.None) (pageOut, error) { return pageOut{"no-store", "<p>"}, nil })
		app.Get("/file", func(*fasterapi.Ctx, fasterapi.None) (fileOut, error) {
			return fileOut{`"f"`, fasterapi.File{FS: fstest.MapFS{"a.txt": {Data: []byte("file")}}, Name: "a.txt"}}, nil
		})
		app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (linesOut, error) {
			return linesOut{2, func(yield func(article, error) bool) { _ = yield(article{"a"}, nil) && yield(article{"b"}, nil) }}, nil
		})
		app.Delete("/empty", func(*fasterapi.Ctx, fasterapi.None) (emptyOut, error) { return emptyOut{"/a b"}, nil })
		app.Post("/accepted", func(*fasterapi.Ctx, fasterapi.None) (acceptedOut, error) { return acceptedOut{Body: article{"x"}}, nil })
		app.Post("/chosen", func(*fasterapi.Ctx, fasterapi.None) (acceptedOut, error) { return acceptedOut{Body: article{"x"}}, nil }, fasterapi.Status(201))
		app.Post("/created", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Created[article], error) {
			return fasterapi.Created[article]{Location: "/articles/1", Body: article{"new"}}, nil
		})
		app.Get("/embedding", func(*fasterapi.Ctx, fasterapi.None) (embeddingOut, error) {
			return embeddingOut{shared{"t"}, fasterapi.Response[article]{Header: http.Header{"X-Trace": {"inner"}}, Body: article{"e"}}}, nil
		})
		app.Get("/typed", func(*fasterapi.Ctx, fasterapi.None) (typedOut, error) {
			return typedOut{"application/vnd.a+json", article{"t"}}, nil
		}, fasterapi.Hidden())
		app.Get("/required", func(*fasterapi.Ctx, fasterapi.None) (requiredOut, error) { return requiredOut{}, nil })
		app.Get("/any", func(_ *fasterapi.Ctx, in kindInput) (anyOut, error) {
			if in.Kind == "response" {
				return anyOut{Body: fasterapi.Text("x")}, nil
			}
			return anyOut{Body: 1}, nil
		})
		app.Get("/tagged", func(*fasterapi.Ctx, fasterapi.None) (articleOut, error) { return newArticleOut("all") },
			fasterapi.Use(middleware.ETag(middleware.ETagConfig{})))
	}, func(t *testing.T, s service) {
		page := s.get("/page")
		require.Equal(t, "text/html; charset=utf-8 no-store <p>", page.header.Get("Content-Type")+" "+page.header.Get("Cache-Control")+" "+page.body)
		require.Equal(t, `"f"`, s.get("/file").header.Get("ETag"))
		require.Equal(t, 304, s.get("/file", "If-None-Match", `"f"`).status)
		require.Equal(t, "{\"title\":\"a\"}\n{\"title\":\"b\"}\n", s.get("/lines").body)
		require.Equal(t, "2", s.get("/lines").header.Get("X-Total"))
		empty := s.do("DELETE", "/empty", "")
		require.Equal(t, 204, empty.status)
		require.Equal(t, "/a%20b", empty.header.Get("Location"))
		require.Equal(t, 202, s.do("POST", "/accepted", "").status)
		require.Equal(t, 201, s.do("POST", "/chosen", "").status, "an option goes before the tag")
		created := s.do("POST", "/created", "")
		require.Equal(t, 201, created.status)
		require.Equal(t, "/articles/1", created.header.Get("Location"))
		require.JSONEq(t, `{"title":"new"}`, created.body)
		require.Equal(t, []string{"inner"}, s.get("/embedding").header["X-Trace"], "nearer to the content")
		require.Equal(t, 500, s.get("/required").status)
		require.Contains(t, s.log.String(), "ETag")
		require.Equal(t, "1", s.get("/any").body)
		require.Equal(t, 500, s.get("/any?kind=response").status)
		tagged := s.get("/tagged", "If-None-Match", `"7"`)
		require.Equal(t, 304, tagged.status)
		require.Empty(t, tagged.body)
		require.Equal(t, `"7"`, tagged.header.Get("ETag"))
		typed := s.get("/typed")
		require.Equal(t, []string{"application/vnd.a+json"}, typed.header["Content-Type"])
	})
}

// login is a page or a redirect; saved one of three statuses; download a file or a problem
// in a form of its own.
type (
	login    = fasterapi.OneOf2[fasterapi.HTML, fasterapi.Redirect]
	saved    = fasterapi.OneOf3[article, fasterapi.Created[article], fasterapi.None]
	anything = fasterapi.OneOf4[fasterapi.Text, fasterapi.HTML, acceptedOut, fasterapi.None]
	streams  = fasterapi.OneOf4[fasterapi.SSE[article], fasterapi.JSONLines[article], fasterapi.File, acceptedOut]
)

// TestOneOf: each alternative has its status and content, in every style.
func TestOneOf(t *testing.T) {
	everyWay(t, func(app *fasterapi.App) {
		styles(app, "/login", func(_ *fasterapi.Ctx, in kindInput) (login, error) {
			switch in.Kind {
			case "page":
				return login{}.First("<p>"), nil
			case "redirect":
				return login{}.Second(fasterapi.Redirect{Location: "/", Status: 303}), nil
			case "fails":
				return login{}.First("<p>"), problem.Conflict("no")
			}
			return login{}, nil
		})
		styles(app, "/saved", func(_ *fasterapi.Ctx, in kindInput) (saved, error) {
			switch in.Kind {
			case "same":
				return saved{}.First(article{"same"}), nil
			case "new":
				return saved{}.Second(fasterapi.Created[article]{Location: "/1", Body: article{"new"}}), nil
			}
			return saved{}.Third(fasterapi.None{}), nil
		})
		styles(app, "/anything", func(_ *fasterapi.Ctx, in kindInput) (fasterapi.Response[anything], error) {
			r := fasterapi.Response[anything]{Header: http.Header{"X-Always": {"1"}}, Body: anything{}.First("text")}
			switch in.Kind {
			case "html":
				r.Body = anything{}.Second("<p>")
			case "json":
				r.Body = anything{}.Third(acceptedOut{Body: article{"a"}})
			case "none":
				r.Body = anything{}.Fourth(fasterapi.None{})
			}
			return r, nil
		})
		app.Get("/streams", func(_ *fasterapi.Ctx, in kindInput) (streams, error) {
			switch in.Kind {
			case "sse":
				return streams{}.First(fasterapi.SSE[article]{Send: func(s *fasterapi.EventSender[article]) error {
					return s.Send(fasterapi.Event[article]{Data: article{"e"}})
				}}), nil
			case "lines":
				return streams{}.Second(func(yield func(article, error) bool) { yield(article{"l"}, nil) }), nil
			case "file":
				return streams{}.Third(fasterapi.File{FS: fstest.MapFS{"a.bin": {Data: []byte("file")}}, Name: "a.bin"}), nil
			}
			return streams{}.Fourth(acceptedOut{Body: article{"later"}}), nil
		})
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			for path, want := range map[string]answer{
				"/login?kind=page": {status: 200, body: "<p>"}, "/login?kind=redirect": {status: 303}, "/login?kind=fails": {status: 409},
				"/login": {status: 500}, "/saved?kind=same": {status: 200, body: `{"title":"same"}`},
				"/saved?kind=new": {status: 201, body: `{"title":"new"}`}, "/saved": {status: 204},
				"/anything": {status: 200, body: "text"}, "/anything?kind=html": {status: 200, body: "<p>"},
				"/anything?kind=json": {status: 202, body: `{"title":"a"}`}, "/anything?kind=none": {status: 204},
			} {
				got := s.get(prefix + path)
				require.Equal(t, want.status, got.status, path)
				if want.status < 400 {
					require.Equal(t, want.body, got.body, path)
				}
				if strings.HasPrefix(path, "/anything") {
					require.Equal(t, "1", got.header.Get("X-Always"))
				}
			}
			require.Equal(t, "/", s.get(prefix+"/login?kind=redirect").header.Get("Location"))
			require.Equal(t, "/1", s.get(prefix+"/saved?kind=new").header.Get("Location"))
			require.Equal(t, "text/html; charset=utf-8", s.get(prefix+"/login?kind=page").header.Get("Content-Type"))
		})
		require.Contains(t, s.log.String(), "has chosen none of its answers")
		for kind, want := range map[string]string{"sse": "data: {\"title\":\"e\"}\n", "lines": "{\"title\":\"l\"}\n", "file": "file", "json": `{"title":"later"}`} {
			require.Contains(t, s.get("/streams?kind="+kind).body, want)
		}
	})
}

// TestOneOfDocument: the document has every status with its content and header fields.
func TestOneOfDocument(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Get("/login", func(*fasterapi.Ctx, fasterapi.None) (login, error) { return login{}, nil })
	app.Get("/saved", func(*fasterapi.Ctx, fasterapi.None) (saved, error) { return saved{}, nil })
	app.Get("/article", func(*fasterapi.Ctx, fasterapi.None) (articleOut, error) { return articleOut{}, nil })
	doc, err := app.OpenAPI()
	require.NoError(t, err)
	responses := func(path string) map[string]string {
		list := map[string]string{}
		for _, r := range doc.Paths.Get(path).Get.Responses {
			var parts []string
			for _, c := range r.Value.Content {
				parts = append(parts, c.Name)
			}
			for _, h := range r.Value.Headers {
				parts = append(parts, h.Name)
			}
			if r.Value.Ref == "" {
				list[r.Name] = strings.Join(parts, " ")
			}
		}
		return list
	}
	require.Equal(t, map[string]string{"200": "text/html", "3XX": "Location"}, responses("/login"))
	require.Equal(t, map[string]string{"200": "application/json", "201": "application/json Location", "204": ""}, responses("/saved"))
	require.Equal(t, map[string]string{"200": "application/json ETag Last-Modified X-Left X-Tag X-Trace Link Set-Cookie"}, responses("/article"))
	headers := doc.Paths.Get("/article").Get.Responses.Get("200").Headers
	require.Equal(t, "its version", headers.Get("ETag").Description)
	require.Equal(t, `["\"7\""]`, strings.ReplaceAll(strings.Join([]string{"[", string(headers.Get("ETag").Schema.Examples[0]), "]"}, ""), " ", ""))
	require.False(t, headers.Get("ETag").Required)
	require.True(t, headers.Get("X-Left").Required)
	require.Equal(t, "0", string(headers.Get("X-Left").Schema.Minimum))
	require.Equal(t, "http-date", headers.Get("Last-Modified").Schema.Format)
}

// TestOutputMistakes: outputs that cannot be meant are found at the start, with the line.
func TestOutputMistakes(t *testing.T) {
	type neither struct {
		ETag  string `header:"ETag"`
		Title string `json:"title"`
	}
	type misspelt struct {
		Left int     `header:"X-Left" minimun:"0"`
		Body article `body:""`
	}
	type nested struct {
		ETag string     `header:"ETag"`
		Body articleOut `body:""`
	}
	type badBody struct {
		ETag string   `header:"ETag"`
		Body chan int `body:""`
	}
	for name, c := range map[string]struct {
		register func(*fasterapi.App)
		want     string
	}{
		"neither":              {registers[neither], "field Title: an output has fields tagged header and one tagged body"},
		"misspelt":             {registers[misspelt], "minimun"},
		"nested":               {registers[nested], "has fields tagged header or body itself"},
		"bad body":             {registers[badBody], "chan int"},
		"pointer":              {registers[*articleOut], "return one"},
		"list":                 {registers[[]articleOut], "holds outputs"},
		"lines":                {registers[fasterapi.JSONLines[articleOut]], "is an output"},
		"same twice":           {registers[fasterapi.OneOf2[article, article]], "no client can tell them apart"},
		"two JSON":             {registers[fasterapi.OneOf2[article, *int]], "no client can tell them apart"},
		"redirects":            {registers[fasterapi.OneOf2[fasterapi.Redirect, fasterapi.Redirect]], "no client can tell them apart"},
		"alternative":          {registers[fasterapi.OneOf2[chan int, article]], "chan int"},
		"list of alternatives": {registers[[]login], "holds responses"},
		"status": {func(app *fasterapi.App) {
			app.Get("/x", func(*fasterapi.Ctx, fasterapi.None) (login, error) { return login{}, nil }, fasterapi.Status(201))
		}, "each has its own status"},
		"reactor": {func(app *fasterapi.App) {
			app.Get("/x", func(*fasterapi.Ctx, fasterapi.None) (streams, error) { return streams{}, nil }, fasterapi.OnReactor())
		}, "must run on goroutines"},
		"future": {func(app *fasterapi.App) {
			app.GetFuture("/x", func(*fasterapi.Ctx, fasterapi.None) async.Future[fileOut] { return async.Ready(fileOut{}) })
		}, "must run on goroutines"},
	} {
		t.Run(name, func(t *testing.T) {
			app := fasterapi.New(fasterapi.Config{Cores: 1})
			c.register(app)
			_, err := app.OpenAPI()
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "output_struct_test.go:")
		})
	}
}

func registers[Out any](app *fasterapi.App) {
	app.Get("/x", func(*fasterapi.Ctx, fasterapi.None) (out Out, _ error) { return out, nil })
}
