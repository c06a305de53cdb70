package app_test

import (
	jsonv1 "encoding/json"
	"encoding/json/v2"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// patched may change what it has, and remove only what is an Opt.
type patched struct {
	Title  fasterapi.Maybe[string]   `json:"title,omitzero" minLength:"2"`
	Tags   fasterapi.Maybe[[]string] `json:"tags,omitzero" maxItems:"2"`
	Inner  fasterapi.Maybe[found]    `json:"inner,omitzero"`
	Note   fasterapi.Opt[string]     `json:"note,omitzero"`
	Strict fasterapi.Opt[int]        `json:"strict,omitzero" nullable:"false" minimum:"1"`
	Ptr    *int                      `json:"ptr,omitzero" nullable:"false"`
	Next   *patched                  `json:"next,omitzero" nullable:"false"`
}

func maybeRoutes(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	echo := func(_ *fasterapi.Ctx, in struct {
		Patch patched `body:""`
	},
	) (patched, error) {
		return in.Patch, nil
	}
	app.Patch("/patch", echo)
	app.Patch("/reactor/patch", echo, fasterapi.OnReactor())
	app.Post("/form", func(_ *fasterapi.Ctx, in struct {
		Title fasterapi.Maybe[string] `form:"title" minLength:"2"`
		Page  fasterapi.Maybe[int]    `query:"page"`
	},
	) (fasterapi.Text, error) {
		page, set := in.Page.Get()
		require.Equal(cfgT{}, page != 0, set)
		return fasterapi.Text(in.Title.Or("absent")), nil
	})
	return app
}

// cfgT panics in place of a test, inside of a handler.
type cfgT struct{}

func (cfgT) Errorf(format string, _ ...any) { panic(format) }
func (cfgT) FailNow()                       {}

func TestMaybe(t *testing.T) {
	fasterapitest.Run(t, maybeRoutes, func(t *testing.T, c *fasterapitest.Client) {
		for _, path := range []string{"/patch", "/reactor/patch"} {
			for _, text := range []string{
				`{}`, `{"title":"ab"}`, `{"tags":[]}`, `{"tags":["a"],"inner":{"words":"w"}}`, `{"note":null}`, `{"strict":1,"ptr":0}`,
				`{"next":{"title":"ab"}}`,
			} {
				r := c.Patch(path, text).Expect(http.StatusOK)
				require.JSONEq(t, text, r.Text())
				var v, old patched
				require.NoError(t, json.Unmarshal([]byte(text), &v))
				require.NoError(t, jsonv1.Unmarshal([]byte(text), &old))
				require.Equal(t, v, old)
				again, err := json.Marshal(v)
				require.NoError(t, err)
				require.JSONEq(t, text, string(again))
			}
			for text, want := range map[string]string{
				`{"title":null}`: "body.title must not be null", `{"tags":null}`: "body.tags must not be null", `{"inner":null}`: "body.inner must not be null",
				`{"strict":null}`: "body.strict must not be null", `{"ptr":null}`: "body.ptr must not be null", `{"next":null}`: "body.next must not be null",
				`{"next":{"next":null}}`: "body.next.next must not be null", `{"title":"a"}`: "body.title must have at least 2 characters",
				`{"tags":["a","b","c"]}`: "body.tags must have at most 2 items", `{"strict":0}`: "body.strict must be at least 1",
			} {
				require.Equal(t, []string{want}, faultsOf(t, c.Patch(path, text)))
			}
		}
		require.Equal(t, "absent", c.Post("/form", url.Values{}).Text())
		require.Equal(t, "abc", c.Post("/form?page=2", url.Values{"title": {"abc"}}).Text())
		require.Equal(t, []string{"form.title must have at least 2 characters"}, faultsOf(t, c.Post("/form", url.Values{"title": {"a"}})))
	})
}

// TestMaybeElsewhere: encoding/json refuses what the framework refuses.
func TestMaybeElsewhere(t *testing.T) {
	for _, text := range []string{`{"title":null}`, `{"inner":null}`} {
		var v patched
		require.ErrorContains(t, json.Unmarshal([]byte(text), &v), "must not be null")
	}
	_, err := json.Marshal(struct{ A fasterapi.Maybe[int] }{})
	require.ErrorContains(t, err, "omitzero")
	text, err := json.Marshal(struct{ A fasterapi.Maybe[int] }{fasterapi.Just(1)})
	require.NoError(t, err)
	require.Equal(t, `{"A":1}`, string(text))
}

func TestMaybeInDocuments(t *testing.T) {
	doc, err := maybeRoutes(fasterapi.Config{}).OpenAPI()
	require.NoError(t, err)
	text, err := doc.JSON()
	require.NoError(t, err)
	var d struct {
		Components struct {
			Schemas map[string]struct {
				Required   []string
				Properties map[string]struct{ Type any }
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &d, json.MatchCaseInsensitiveNames(true)))
	s := d.Components.Schemas["patched"]
	if s.Properties == nil {
		s = d.Components.Schemas["Patched"]
	}
	require.Empty(t, s.Required)
	for name, want := range map[string]any{"title": "string", "tags": "array", "strict": "integer", "ptr": "integer", "note": []any{"string", "null"}} {
		require.Equal(t, want, s.Properties[name].Type, name)
	}
}

// TestMaybeMistakes: an absent member that would have to be written, and a type that is
// never null.
func TestMaybeMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	app.Get("/out", func(*fasterapi.Ctx, fasterapi.None) (struct{ A fasterapi.Maybe[int] }, error) {
		return struct{ A fasterapi.Maybe[int] }{}, nil
	})
	app.Post("/in", func(*fasterapi.Ctx, struct {
		Body struct {
			A int `nullable:"false"`
		} `body:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})
	_, err := app.OpenAPI()
	require.ErrorContains(t, err, "give its member the option omitzero")
	require.ErrorContains(t, err, "nullable is for pointers and Opt: type int is never null")
	require.ErrorContains(t, err, "maybe_test.go:")
}
