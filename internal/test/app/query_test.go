package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
)

type question struct {
	Ask struct {
		Words string `json:"words" minLength:"1"`
	} `body:""`
}

type found struct {
	Words string `json:"words"`
}

// questions are routes for QUERY in all styles, in the app and in a group.
func questions(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Use(middleware.CORS(middleware.CORSConfig{Origins: []string{"https://page.test"}}), middleware.ETag(middleware.ETagConfig{}))
	answer := func(_ *fasterapi.Ctx, in question) (found, error) { return found{in.Ask.Words}, nil }
	chain := func(_ *fasterapi.Ctx, in question) async.Future[found] { return async.Ready(found{in.Ask.Words}) }
	app.Query("/straight", answer)
	app.Query("/reactor", answer, fasterapi.OnReactor())
	app.QueryFuture("/chain", chain)
	g := app.Group("/group")
	g.Query("/straight", answer)
	g.QueryFuture("/chain", chain)
	app.Get("/straight", func(*fasterapi.Ctx, fasterapi.None) (string, error) { return "got", nil })
	app.Post("/posted", answer)
	app.Query("/form", func(_ *fasterapi.Ctx, in struct {
		Words string `form:"words"`
	},
	) (found, error) {
		return found{in.Words}, nil
	})
	return app
}

// TestQuery: QUERY has a body that is bound like that of POST, and is answered and
// tagged like GET.
func TestQuery(t *testing.T) {
	fasterapitest.Run(t, questions, func(t *testing.T, c *fasterapitest.Client) {
		for _, path := range []string{"/straight", "/reactor", "/chain", "/group/straight", "/group/chain"} {
			r := c.Query(path, found{"go"})
			require.Equal(t, http.StatusOK, r.Status, path)
			require.Equal(t, found{"go"}, r.JSON[found]())
			require.Equal(t, http.StatusUnprocessableEntity, c.Query(path, found{}).Status, path)
			tag := r.Header.Get("ETag")
			require.NotEmpty(t, tag)
			again := c.With("If-None-Match", tag).Query(path, found{"go"})
			require.Equal(t, http.StatusNotModified, again.Status, path)
			require.Equal(t, http.StatusOK, c.With("If-None-Match", tag).Query(path, found{"other"}).Status)
		}
		require.Equal(t, "\"got\"", string(c.Get("/straight").Body))
	})
}

// TestQueryIsOffered: answers that tell what a resource can do name QUERY and what it
// takes (RFC 10008 section 3), and pages of other origins may ask.
func TestQueryIsOffered(t *testing.T) {
	fasterapitest.Run(t, questions, func(t *testing.T, c *fasterapitest.Client) {
		refused := c.Post("/straight", found{"go"})
		require.Equal(t, http.StatusMethodNotAllowed, refused.Status)
		require.Equal(t, "GET, HEAD, OPTIONS, QUERY", refused.Header.Get("Allow"))
		require.Equal(t, "application/json", refused.Header.Get("Accept-Query"))
		options := c.Send("OPTIONS", "/form", nil)
		require.Equal(t, "OPTIONS, QUERY", options.Header.Get("Allow"))
		require.Equal(t, "application/x-www-form-urlencoded, multipart/form-data", options.Header.Get("Accept-Query"))
		require.Empty(t, c.Get("/posted").Header.Get("Accept-Query"))

		xml, err := http.NewRequest("QUERY", c.URL("/reactor"), strings.NewReader("<a/>"))
		require.NoError(t, err)
		xml.Header.Set("Content-Type", "application/xml")
		r := c.Do(xml)
		require.Equal(t, http.StatusUnsupportedMediaType, r.Status)
		require.Equal(t, "application/json", r.Header.Get("Accept-Query"))

		preflight := c.With("Origin", "https://page.test").With("Access-Control-Request-Method", "QUERY").Send("OPTIONS", "/straight", nil)
		require.Contains(t, preflight.Header.Get("Access-Control-Allow-Methods"), "QUERY")
	})
}

// TestQueryOfFiles: ranges and conditions mean what they do for GET, another spelling of the path keeps method and
// body, and a body without a type is refused where the type decides (RFC 10008 section 2).
func TestQueryOfFiles(t *testing.T) {
	build := func(cfg fasterapi.Config) *fasterapi.App {
		app := questions(cfg)
		app.Query("/file", func(_ *fasterapi.Ctx, in struct {
			Text string `body:"text/plain"`
		},
		) (fasterapi.File, error) {
			return fasterapi.File{Content: strings.NewReader(in.Text), ContentType: "text/plain", ETag: `"1"`}, nil
		})
		return app
	}
	fasterapitest.Run(t, build, func(t *testing.T, c *fasterapitest.Client) {
		ask := func(path, contentType, body string, header ...string) *fasterapitest.Response {
			r, err := http.NewRequestWithContext(t.Context(), "QUERY", c.URL(path), strings.NewReader(body))
			require.NoError(t, err)
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			if contentType != "" {
				r.Header.Set("Content-Type", contentType)
			}
			return c.Do(r)
		}
		require.Equal(t, "0123456789", ask("/file", "text/plain", "0123456789").Expect(http.StatusOK).Text())
		require.Equal(t, "23", ask("/file", "text/plain", "0123456789", "Range", "bytes=2-3").Expect(http.StatusPartialContent).Text())
		ask("/file", "text/plain", "0123456789", "If-None-Match", `"1"`).Expect(http.StatusNotModified)
		require.Equal(t, "../file", ask("/file/", "text/plain", "a").Expect(http.StatusPermanentRedirect).Header.Get("Location"))
		for _, path := range []string{"/file", "/straight"} {
			require.NotEmpty(t, ask(path, "", `{"words":"go"}`).Expect(http.StatusUnsupportedMediaType).Header.Get("Accept-Query"))
		}
	})
}

// TestQueryInDocuments: OpenAPI 3.2 has a place for QUERY; documents of 3.1 keep it in an
// extension.
func TestQueryInDocuments(t *testing.T) {
	doc, err := questions(fasterapi.Config{}).OpenAPI()
	require.NoError(t, err)
	item := doc.Paths.Get("/straight")
	require.NotNil(t, item.Get)
	require.Nil(t, item.Query)
	require.NotNil(t, item.XQuery.RequestBody)
	text, err := doc.JSON()
	require.NoError(t, err)
	require.Contains(t, string(text), `"x-query"`)

	doc, err = questions(fasterapi.Config{OpenAPI: fasterapi.OpenAPIConfig{StreamItems: true}}).OpenAPI()
	require.NoError(t, err)
	item = doc.Paths.Get("/straight")
	require.Nil(t, item.XQuery)
	require.NotNil(t, item.Query.Responses.Get("422"))
}

// TestQueryTwice: two routes for one question are a mistake with both places.
func TestQueryTwice(t *testing.T) {
	app := questions(fasterapi.Config{})
	app.Query("/straight", func(*fasterapi.Ctx, fasterapi.None) (string, error) { return "", nil })
	_, err := app.OpenAPI()
	require.ErrorContains(t, err, "QUERY /straight")
}
