package app_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/security"
)

type (
	strictList struct {
		Limit int      `query:"limit" default:"10" minimum:"1"`
		Tags  []string `query:"tag,repeat"`
	}
	strictTenant struct{ name string }
	strictUser   struct{ name string }
)

// strictApp is a service that takes declared parameters only, in every style.
func strictApp(app *fasterapi.App) {
	list := func(_ *fasterapi.Ctx, in strictList) (int, error) { return in.Limit, nil }
	app.Get("/list", list)
	app.Get("/reactor", list, fasterapi.OnReactor())
	app.GetFuture("/chain", func(_ *fasterapi.Ctx, in strictList) async.Future[int] { return async.Ready(in.Limit) })
	app.Get("/none", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil })
	app.Get("/loose", list, fasterapi.StrictQuery(false))
	app.WebSocket("/socket", func(*fasterapi.Ctx, strictList, *fasterapi.Socket[string, string]) error { return nil })

	app.ProvideFunc(func(_ *fasterapi.Ctx, in struct {
		Tenant string `query:"tenant" maxLength:"5"`
	},
	) (strictTenant, error) {
		return strictTenant{in.Tenant}, nil
	})
	provided := func(_ *fasterapi.Ctx, in struct {
		Tenant strictTenant `inject:""`
		Limit  int          `query:"limit"`
	},
	) (string, error) {
		return in.Tenant.name, nil
	}
	depends := fasterapi.Depends(func(_ *fasterapi.Ctx, in struct {
		Trace bool `query:"trace"`
	},
	) error {
		return nil
	})
	app.Get("/provided", provided, depends)
	app.GetFuture("/provided-chain", func(c *fasterapi.Ctx, in struct {
		Tenant strictTenant `inject:""`
	},
	) async.Future[string] {
		return async.Ready(in.Tenant.name)
	}, depends)

	keys := security.APIKey(security.APIKeyConfig{In: []security.Place{security.InQuery("key")}},
		func(_ context.Context, key string) (strictUser, error) { return strictUser{key}, nil })
	keys.Provide(app)
	keys.ProvideOptional(app)
	app.Get("/secured", func(_ *fasterapi.Ctx, in struct {
		User strictUser `inject:""`
	},
	) (string, error) {
		return in.User.name, nil
	})
	app.Get("/optional", func(_ *fasterapi.Ctx, in struct {
		User security.Optional[strictUser] `inject:""`
	},
	) (string, error) {
		return in.User.Principal.name, nil
	})

	raw := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		return fasterapi.Text(c.RawQuery()), nil
	}
	app.Get("/reads", raw, fasterapi.Reads[struct {
		Since string `query:"since" doc:"a day"`
	}]())
	app.Get("/operation", raw, fasterapi.Operation(func(o *openapi.Operation) {
		o.Parameters = append(o.Parameters, &openapi.Parameter{Name: "since", In: "query", Schema: &openapi.Schema{}})
	}))
	around := func(next fasterapi.Handler) fasterapi.Handler { return next }
	app.Get("/described", raw, fasterapi.Use(fasterapi.Describing(around, fasterapi.Reads[struct {
		Debug bool `query:"debug"`
	}]())))
	app.Get("/secret", func(_ *fasterapi.Ctx, in struct {
		Pin string `query:"pin" sensitive:"true"`
	},
	) (fasterapi.Text, error) {
		return "", nil
	})
	app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("mounted")) }))
	app.Static("/static", fstest.MapFS{"a.txt": {Data: []byte("a")}})
}

// TestStrictQuery: a parameter that nobody has declared is answered with 422, which names it and the
// nearest one; what is declared by anybody is let through, in every style, over every engine.
func TestStrictQuery(t *testing.T) {
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		cfg.StrictQuery = true
		app := fasterapi.New(cfg)
		strictApp(app)
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		faults := func(path string) (list []string) {
			t.Helper()
			for _, fault := range c.Get(path).Expect(http.StatusUnprocessableEntity).Problem().Errors {
				list = append(list, fault.Location+" "+fault.Message)
			}
			return list
		}
		for _, path := range []string{"/list", "/reactor", "/chain"} {
			require.Equal(t, []string{"query.limt is not known: perhaps limit is meant"}, faults(path+"?limt=3&tag=a&tag=b"), path)
			require.Equal(t, []string{"query.limit must be at least 1", "query.Tag is not known: perhaps tag is meant", "query.other is not known"},
				faults(path+"?limit=0&Tag=a&other&other=2"), path)
			require.Equal(t, []string{"query.lim+it is not known: perhaps limit is meant"}, faults(path+"?lim%2Bit=1&&"), path)
			require.Equal(t, []string{"query has a parameter without a name"}, faults(path+"?=1"), path)
			require.Equal(t, "5", c.Get(path+"?limit=5&tag=x&tag=y").Expect(200).Text(), path)
			c.Send("HEAD", path+"?limt=3", nil).Expect(http.StatusUnprocessableEntity)
			c.Send("HEAD", path+"?limit=3", nil).Expect(200)
		}
		require.Equal(t, []string{"query.a is not known"}, faults("/none?a=1"))
		require.Len(t, faults("/none?%zz=1"), 1, "what cannot be read is not known either")
		require.Equal(t, []string{"query.limt is not known: perhaps limit is meant"}, faults("/socket?limt=1"))
		c.Get("/none?&&").Expect(200)
		c.Get("/loose?limt=3").Expect(200)
		c.Get("/mounted/x?any=1").Expect(200)
		c.Get("/static/a.txt?v=1").Expect(200)
		c.Get("/openapi.json?v=1").Expect(200)
		c.Get("/live?verbose").Expect(200)

		require.Equal(t, `"t"`, c.Get("/provided?tenant=t&limit=1&trace=true").Expect(200).Text())
		require.Equal(t, []string{"query.tenant must have at most 5 characters", "query.tenent is not known: perhaps tenant is meant"},
			faults("/provided?tenant=too-long&tenent=x"))
		require.Equal(t, `"t"`, c.Get("/provided-chain?tenant=t&trace=1").Expect(200).Text())
		require.Equal(t, []string{"query.limit is not known"}, faults("/provided-chain?limit=1"))

		require.Equal(t, `"k"`, c.Get("/secured?key=k").Expect(200).Text())
		require.Equal(t, `"k"`, c.Get("/optional?key=k").Expect(200).Text())
		require.Equal(t, `""`, c.Get("/optional").Expect(200).Text())
		require.Equal(t, []string{"query.ky is not known: perhaps key is meant"}, faults("/secured?key=k&ky=1"))
		c.Get("/secured?ky=1").Expect(http.StatusUnauthorized)

		c.Get("/reads?since=1").Expect(200)
		c.Get("/operation?since=1").Expect(200)
		require.Equal(t, []string{"query.sinse is not known: perhaps since is meant"}, faults("/operation?sinse=1"))
		c.Get("/described?debug=true").Expect(200)
		require.Equal(t, []string{"query.since is not known"}, faults("/described?since=1"))
		secret := c.Get("/secret?pin=a&hidden=1").Expect(http.StatusUnprocessableEntity)
		require.NotContains(t, secret.Text(), "hidden", "it may be a part of the secret")

		long := "/none?" + strings.Repeat("x", 300) + "=1"
		for i := range 100 {
			long += "&p" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		}
		require.Len(t, faults(long), 64)
	})
}

// TestStrictQueryOfGroups: an option decides for routes and groups; it is off by default, and the
// document has what it lets through.
func TestStrictQueryOfGroups(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	none := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }
	app.Get("/default", none)
	strict := app.Group("/strict", fasterapi.StrictQuery(true))
	strict.Get("/inherited", none, fasterapi.Reads[struct {
		Since string `query:"since" doc:"a day"`
	}]())
	strict.Get("/hidden", none, fasterapi.Hidden())
	strict.Get("/not", none, fasterapi.StrictQuery(false))
	c := fasterapitest.New(t, app)
	c.Get("/default?a=1").Expect(200)
	c.Get("/strict/not?a=1").Expect(200)
	c.Get("/strict/inherited?a=1").Expect(422)
	c.Get("/strict/inherited?since=1").Expect(200)
	c.Get("/strict/hidden?a=1").Expect(422)
	doc, err := app.OpenAPI()
	require.NoError(t, err)
	op := doc.Paths.Get("/strict/inherited").Get
	require.Equal(t, "since", op.Parameters[0].Name)
	require.Equal(t, "a day", op.Parameters[0].Description)
	require.NotNil(t, op.Responses.Get("422"))
	require.Nil(t, doc.Paths.Get("/default").Get.Responses.Get("422"))
}

// TestDescribingMiddleware: what middleware says of itself is in the document of the routes behind it,
// a 304 only where requests can ask for one, and what the route says of the same is nearer.
func TestDescribingMiddleware(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	around := func(next fasterapi.Handler) fasterapi.Handler { return next }
	app.Use(chained(around, fasterapi.Describing(around,
		fasterapi.Returns[problem.Problem](429, "too many"), fasterapi.Returns[fasterapi.None](304, "known already"),
		fasterapi.Operation(func(o *openapi.Operation) { o.Tags = append(o.Tags, "limited") }))))
	none := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }
	app.Get("/", none)
	app.Post("/", none, fasterapi.Returns[problem.Problem](429, "own words"))
	doc, err := app.OpenAPI()
	require.NoError(t, err)
	get, post := doc.Paths.Get("/").Get, doc.Paths.Get("/").Post
	require.Equal(t, "known already", get.Responses.Get("304").Description)
	require.Empty(t, get.Responses.Get("304").Content)
	require.Equal(t, "too many", get.Responses.Get("429").Description)
	require.Equal(t, "application/problem+json", get.Responses.Get("429").Content[0].Name)
	require.Equal(t, []string{"limited"}, get.Tags)
	require.Nil(t, post.Responses.Get("304"))
	require.Equal(t, "own words", post.Responses.Get("429").Description)
}

// strictTags have mistakes in tags of what is only answered.
type (
	spelledWrong[T any] struct {
		Name string `json:"name" minLenght:"3"`
		Of   T      `json:"of"`
	}
	headWrong struct {
		ID   string `header:"X-Id" minLenght:"3"`
		Body string `body:""`
	}
	ofAnswer  struct{}
	ofReturns struct{}
	ofHook    struct{}
	ofItem    struct{}
	ofLine    struct{}
	ofProblem struct{}
	ofMessage struct{}
)

// TestTagsOfAnswers: mistakes in what a service only answers or sends are reported at the user's line, once,
// whether the document has it or not, and whether there is a document or not.
func TestTagsOfAnswers(t *testing.T) {
	for _, how := range []string{"documented", "hidden", "off"} {
		app := fasterapi.New(fasterapi.Config{Cores: 1, OpenAPI: fasterapi.OpenAPIConfig{Off: how == "off"}})
		var o []fasterapi.RouteOption
		if how == "hidden" {
			o = append(o, fasterapi.Hidden())
		}
		text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }
		app.Get("/answer", func(*fasterapi.Ctx, fasterapi.None) (v spelledWrong[ofAnswer], err error) { return v, nil }, o...)
		app.Get("/again", func(*fasterapi.Ctx, fasterapi.None) (v []spelledWrong[ofAnswer], err error) { return v, nil }, o...)
		app.Get("/returns", text, append(o, fasterapi.Returns[spelledWrong[ofReturns]](409, ""))...)
		app.Get("/items", func(*fasterapi.Ctx, fasterapi.None) (v fasterapi.SSE[spelledWrong[ofItem]], err error) { return v, nil }, o...)
		app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (v fasterapi.JSONLines[spelledWrong[ofLine]], err error) {
			return v, nil
		}, o...)
		app.Get("/head", func(*fasterapi.Ctx, fasterapi.None) (v headWrong, err error) { return v, nil }, o...)
		app.WebSocket("/socket", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, spelledWrong[ofMessage]]) error {
			return nil
		}, o...)
		app.Webhook[spelledWrong[ofHook]]("hook", o...)
		app.ProblemsAs("", func(*fasterapi.Ctx, *problem.Problem) (v spelledWrong[ofProblem]) { return v })
		_, err := app.OpenAPI()
		var wrong *fasterapi.RegistrationError
		require.ErrorAs(t, err, &wrong, how)
		var subjects []string
		for _, text := range wrong.Mistakes {
			require.Regexp(t, `^[^(]* \([^)]*strict_query_test.go:\d+\): .*the tag "minLenght" is spelt "minLength"$`, text, how)
			subject, _, _ := strings.Cut(text, " (")
			subjects = append(subjects, subject)
		}
		slices.Sort(subjects)
		want := []string{
			"App.ProblemsAs", "GET /answer", "GET /head", "GET /items", "GET /lines", "GET /returns", "GET /socket", "the webhook hook",
		}
		require.Equal(t, want, subjects, how)
	}
}

type (
	failing     struct{ Code int }
	envelopeFor struct {
		Code int `json:"code"`
	}
	paged struct {
		Next string `header:"X-Next"`
		Body string `body:""`
	}
)

func (failing) Error() string { return "failing" }

// TestReturnsContentType: what Returns declares has the media type in which it is sent.
func TestReturnsContentType(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }
	app.Get("/", text,
		fasterapi.Returns[user](201, ""), fasterapi.Returns[fasterapi.HTML](404, ""), fasterapi.Returns[fasterapi.None](205, ""),
		fasterapi.Returns[problem.Problem](409, ""), fasterapi.Returns[*problem.Problem](410, ""), fasterapi.Returns[failing](418, ""),
		fasterapi.Returns[paged](206, "a part"))
	doc, err := app.OpenAPI()
	require.NoError(t, err)
	got := map[string]string{}
	for _, response := range doc.Paths.Get("/").Get.Responses {
		if len(response.Value.Content) > 0 {
			got[response.Name] = response.Value.Content[0].Name
		}
	}
	require.Equal(t, map[string]string{
		"200": "text/plain", "201": "application/json", "404": "text/html", "409": "application/problem+json",
		"410": "application/problem+json", "418": "application/problem+json", "206": "application/json",
	}, got)
	require.NotNil(t, doc.Paths.Get("/").Get.Responses.Get("206").Headers.Get("X-Next"))

	app = fasterapi.New(fasterapi.Config{Cores: 1})
	app.ProblemsAs("application/vnd.failure+json", func(_ *fasterapi.Ctx, p *problem.Problem) envelopeFor { return envelopeFor{p.Status} })
	app.Get("/", text, fasterapi.Returns[envelopeFor](409, ""), fasterapi.Returns[problem.Problem](410, ""))
	doc, err = app.OpenAPI()
	require.NoError(t, err)
	for _, status := range []string{"409", "410"} {
		require.Equal(t, "application/vnd.failure+json", doc.Paths.Get("/").Get.Responses.Get(status).Content[0].Name)
	}
}
