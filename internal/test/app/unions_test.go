package app_test

import (
	"bytes"
	"context"
	jsonv1 "encoding/json"
	"encoding/json/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// The unions of these tests: what a ticket came from, in one of three ways, one of which has
// a union inside.

type (
	source   struct{ fasterapi.Union[source] }
	mailFrom struct {
		Kind string                `json:"kind"`
		From string                `json:"from" format:"email"`
		Wait time.Duration         `json:"wait" required:"false"`
		Size int64                 `json:"size" required:"false"`
		Raw  []byte                `json:"raw,omitempty"`
		At   time.Time             `json:"at,omitzero"`
		Note fasterapi.Opt[string] `json:"note,omitzero" maxLength:"5"`
	}
	webFrom struct {
		Kind string `json:"kind" enum:"web"`
		URL  string `json:"url" format:"uri"`
	}
	copied struct {
		Kind string            `json:"kind"`
		Of   *source           `json:"of"`
		All  []source          `json:"all,omitempty" maxItems:"3"`
		By   map[string]source `json:"by,omitempty"`
	}

	// result is a generic union, and one whose variants share an interface.
	result[T any] struct {
		fasterapi.UnionOf[result[T], outcome]
	}
	outcome          interface{ good() bool }
	succeeded[T any] struct {
		State string `json:"state"`
		Value T      `json:"value"`
	}
	failed struct {
		State string `json:"state"`
		Why   string `json:"why" minLength:"1"`
	}

	incident struct {
		ID     int64                        `json:"id"`
		Source source                       `json:"source"`
		Maybe  *source                      `json:"maybe,omitempty"`
		Opt    fasterapi.Opt[source]        `json:"opt,omitzero"`
		None   source                       `json:"none,omitzero"`
		Many   []source                     `json:"many,omitempty"`
		Named  map[string]source            `json:"named,omitempty"`
		Page   *pageOf[source]              `json:"page,omitempty"`
		Result *result[int64]               `json:"result,omitempty"`
		Extra  map[string]jsonv1.RawMessage `json:",embed"`
	}
)

var _ outcome = failed{} // the linter does not see type arguments

func (source) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[mailFrom]("mail"), fasterapi.VariantOf[webFrom]("web"), fasterapi.VariantOf[copied]("copy"),
	}}
}

func (result[T]) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "state", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[succeeded[T]]("ok"), fasterapi.VariantOf[failed]("failed"), fasterapi.VariantOf[failed]("gone"),
	}}
}

func (succeeded[T]) good() bool { return true }
func (failed) good() bool       { return false }

// allSources has a union in every place that a type can have one.
func allSources() incident {
	mail := source{Of: mailFrom{Kind: "mail", From: "ann@example.org", Wait: 90 * time.Second, Size: 1<<53 + 1, Raw: []byte{0, 255}, At: time.Date(2026, 2, 28, 1, 2, 3, 4, time.UTC), Note: fasterapi.Null[string]()}}
	web := source{Of: webFrom{"web", "https://example.org/?a=1&b=2"}}
	twice := source{Of: copied{Kind: "copy", Of: &web, All: []source{mail, web}, By: map[string]source{"b": web, "a": mail}}}
	return incident{
		ID: 7, Source: mail, Maybe: &web, Opt: fasterapi.Some(twice), Many: []source{web, twice}, Named: map[string]source{"x": mail},
		Page: &pageOf[source]{Items: []source{twice}}, Result: &result[int64]{Of: succeeded[int64]{"ok", 1<<53 + 1}},
		Extra: map[string]jsonv1.RawMessage{"more": []byte(`[1]`)},
	}
}

const allSourcesJSON = `{"id":7,` +
	`"source":` + mailJSON + `,"maybe":` + webJSON + `,"opt":` + copyJSON + `,"many":[` + webJSON + `,` + copyJSON + `],"named":{"x":` + mailJSON + `},` +
	`"page":{"items":[` + copyJSON + `]},"result":{"state":"ok","value":9007199254740993},"more":[1]}`

const (
	mailJSON = `{"kind":"mail","from":"ann@example.org","wait":"1m30s","size":9007199254740993,"raw":"AP8=","at":"2026-02-28T01:02:03.000000004Z","note":null}`
	webJSON  = `{"kind":"web","url":"https://example.org/?a=1&b=2"}`
	copyJSON = `{"kind":"copy","of":` + webJSON + `,"all":[` + mailJSON + `,` + webJSON + `],"by":{"a":` + mailJSON + `,"b":` + webJSON + `}}`
)

// TestUnionsInJSON: both packages encoding/json read and write what the HTTP codec does.
func TestUnionsInJSON(t *testing.T) {
	want := allSources()
	text, err := json.Marshal(want, json.Deterministic(true))
	require.NoError(t, err)
	require.Equal(t, allSourcesJSON, string(text))
	var got incident
	require.NoError(t, json.Unmarshal([]byte(allSourcesJSON), &got))
	require.Equal(t, want, got)

	// Version 1 escapes <, > and & by default, and knows no embed.
	var out bytes.Buffer
	encoder := jsonv1.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	want.Extra = nil
	require.NoError(t, encoder.Encode(want))
	require.Equal(t, strings.Replace(allSourcesJSON, `,"more":[1]`, "", 1)+"\n", out.String())
	got = incident{}
	decoder := jsonv1.NewDecoder(&out)
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&got))
	require.Equal(t, want, got)

	escaped, err := jsonv1.Marshal(want.Source)
	require.NoError(t, err)
	require.Equal(t, mailJSON, string(escaped))
	escaped, err = jsonv1.MarshalIndent(map[string]any{"a": *want.Maybe}, "", " ")
	require.NoError(t, err)
	require.Equal(t, "{\n \"a\": {\n  \"kind\": \"web\",\n  \"url\": \"https://example.org/?a=1\\u0026b=2\"\n }\n}", string(escaped))
	var back map[string]source
	require.NoError(t, jsonv1.Unmarshal(escaped, &back))
	require.Equal(t, map[string]source{"a": *want.Maybe}, back)

	// Libraries that call the methods of version 1 by themselves.
	direct, err := want.Source.MarshalJSON()
	require.NoError(t, err)
	var again source
	require.NoError(t, again.UnmarshalJSON(direct))
	require.Equal(t, want.Source, again)
	typed, err := want.Result.MarshalJSON()
	require.NoError(t, err)
	var other result[int64]
	require.NoError(t, other.UnmarshalJSON(typed))
	require.Equal(t, *want.Result, other)
}

// TestUnionsWriteTheirKind: what is written can be read again, or is an error.
func TestUnionsWriteTheirKind(t *testing.T) {
	none := (*webFrom)(nil)
	for _, c := range []struct {
		value any
		want  string // JSON, or part of the error
	}{
		{source{Of: webFrom{URL: "https://a.example"}}, `{"kind":"web","url":"https://a.example"}`},
		{source{Of: &webFrom{URL: "https://a.example"}}, `{"kind":"web","url":"https://a.example"}`},
		{source{Of: webFrom{Kind: "mail"}}, `its member "kind" is "mail" and must be one of: web`},
		{source{}, "holds none of its variants"},
		{source{Of: none}, "holds none of its variants"},
		{source{Of: "web"}, "holds a string, which is none of its variants"},
		{source{Of: card{}}, "holds a app_test.card, which is none of its variants"},
		{result[int64]{Of: failed{State: "gone", Why: "x"}}, `{"state":"gone","why":"x"}`},
		{result[int64]{Of: failed{Why: "x"}}, `its member "state" is "" and must be one of: failed, gone`},
		{result[int64]{}, "holds none of its variants"},
		{result[int64]{Of: succeeded[string]{}}, "which is none of its variants"},
		{[]*source{nil}, "[null]"},
		{incident{}, "holds none of its variants"},
	} {
		for name, marshal := range map[string]func() ([]byte, error){
			"v1": func() ([]byte, error) { return jsonv1.Marshal(c.value) }, "v2": func() ([]byte, error) { return json.Marshal(c.value) },
		} {
			text, err := marshal()
			if strings.ContainsAny(c.want[:1], "{[") {
				require.NoError(t, err, name)
				require.Equal(t, c.want, string(text), name)
				continue
			}
			require.ErrorContains(t, err, c.want, "%s %+v", name, c.value)
		}
	}
	held := source{Of: webFrom{URL: "https://a.example"}}
	_, err := json.Marshal(held)
	require.NoError(t, err)
	require.Equal(t, source{Of: webFrom{URL: "https://a.example"}}, held, "writing changes nothing")
}

// TestUnionsRefuse: reading refuses what the HTTP codec refuses, and leaves the value alone.
func TestUnionsRefuse(t *testing.T) {
	for doc, want := range map[string]string{
		`{"kind":"fax"}`:                        "app_test.source.kind must be one of: mail, web, copy",
		`{"url":"https://a.example"}`:           "app_test.source.kind is required",
		`{"kind":"mail","from":"nope"}`:         "app_test.source.from must be an email address",
		`{"kind":"mail"}`:                       "app_test.source.from is required",
		`{"kind":"copy","of":{"kind":"web"}}`:   "app_test.source.of.url is required",
		`{"kind":"mail","from":"a@b","wait":1}`: "wait must be a duration",
		`null`:                                  "must be an object",
		`[]`:                                    "must be an object",
		`"web"`:                                 "must be an object",
		`{}`:                                    "app_test.source.kind is required",
	} {
		before := source{Of: webFrom{"web", "https://before.example"}}
		v := before
		require.ErrorContains(t, json.Unmarshal([]byte(doc), &v), want, "v2 %s", doc)
		require.Equal(t, before, v)
		require.ErrorContains(t, v.UnmarshalJSON([]byte(doc)), want, "methods %s", doc)
		err := jsonv1.Unmarshal([]byte(doc), &v)
		require.ErrorContains(t, err, want, "v1 %s", doc)
		require.Equal(t, before, v)
		var many []source
		require.ErrorContains(t, jsonv1.Unmarshal([]byte("["+webJSON+","+doc+"]"), &many), want)
	}
	twice := `{"kind":"web","url":"https://a.example","url":"https://b.example"}`
	require.ErrorContains(t, jsonv1.Unmarshal([]byte(twice), new(source)), "app_test.source.url is given twice", "also where encoding/json takes the last one")
	require.ErrorContains(t, json.Unmarshal([]byte(twice), new(source)), "duplicate")
	unknown := `{"kind":"web","url":"https://a.example","more":1}`
	var v source
	require.NoError(t, json.Unmarshal([]byte(unknown), &v))
	require.ErrorContains(t, json.Unmarshal([]byte(unknown), &v, json.RejectUnknownMembers(true)), "app_test.source.more is not known")
	decoder := jsonv1.NewDecoder(strings.NewReader(`{"a":` + unknown + `}`))
	decoder.DisallowUnknownFields()
	require.ErrorContains(t, decoder.Decode(&map[string]source{}), "more is not known")
}

type unionIn struct {
	Body incident `body:""`
}

func unionRoutes(app *fasterapi.App) {
	echo := func(_ *fasterapi.Ctx, in unionIn) (incident, error) { return in.Body, nil }
	app.Post("/sync", echo, fasterapi.RequestExample("all", allSources()), fasterapi.ResponseExample("all", 0, allSources()))
	app.Post("/reactor", echo, fasterapi.OnReactor())
	app.PostFuture("/future", func(_ *fasterapi.Ctx, in unionIn) async.Future[incident] { return async.Ready(in.Body) })
	app.Post("/alone", func(_ *fasterapi.Ctx, in struct {
		Body source `body:""`
	},
	) (source, error) {
		return in.Body, nil
	}, fasterapi.StrictBody())
	app.Get("/none", func(*fasterapi.Ctx, fasterapi.None) (source, error) { return source{}, nil })
	app.Get("/events", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[source], error) {
		return fasterapi.SSE[source]{Send: func(s *fasterapi.EventSender[source]) error {
			return s.Send(fasterapi.Event[source]{Data: allSources().Source})
		}}, nil
	})
	app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[source], error) {
		return func(yield func(source, error) bool) {
			_ = yield(allSources().Source, nil) && yield(*allSources().Maybe, nil)
		}, nil
	})
	app.WebSocket("/socket", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[source, source]) error {
		for m, err := range ws.Messages(c) {
			if err != nil {
				return err
			}
			if err := ws.Send(c, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestUnionsOverHTTP: bodies, answers, examples, streams and messages, in every mode and style, read by
// the helpers of tests.
func TestUnionsOverHTTP(t *testing.T) {
	build := func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		unionRoutes(app)
		return app
	}
	fasterapitest.Run(t, build, func(t *testing.T, c *fasterapitest.Client) {
		want := allSources()
		for _, path := range []string{"/sync", "/reactor", "/future"} {
			r := c.Post(path, want).Expect(200)
			require.Equal(t, allSourcesJSON, r.Text(), path)
			require.Equal(t, want, r.JSON[incident](), path)
		}
		require.Equal(t, want.Source, c.Post("/alone", want.Source).Expect(200).JSON[source]())
		p := c.Post("/alone", map[string]any{"kind": "web", "url": "https://a.example", "more": 1}).Expect(422).Problem()
		require.Equal(t, []string{"body.more"}, p.Locations())
		p = c.Post("/sync", map[string]any{"id": 1, "source": map[string]any{"kind": "mail", "from": "nope"}}).Expect(422).Problem()
		require.Equal(t, []string{"body.source.from"}, p.Locations())
		c.Get("/none").Expect(500)
		events := c.Events("/events")
		e, ok := events.Next()
		require.True(t, ok)
		require.Equal(t, want.Source, e.JSON[source](t))
		require.Equal(t, mailJSON+"\n"+webJSON+"\n", c.Get("/lines").Expect(200).Text())
		ws := c.WebSocket("/socket")
		ws.Send(want.Source)
		require.Equal(t, want.Source, ws.JSON[source]())
	}, fasterapitest.InProcess(), fasterapitest.OneReactor(), fasterapitest.FourReactors(), fasterapitest.NetHTTP())
}

// TestUnionsKeepTheContract: the answers fit the document, whose examples are those of the routes.
func TestUnionsKeepTheContract(t *testing.T) {
	everyProtocol(t, unionRoutes, func(t *testing.T, s service) {
		require.Equal(t, 200, s.do("POST", "/sync", allSourcesJSON, "Content-Type", "application/json").status)
		require.Equal(t, 500, s.get("/none").status)
		require.Contains(t, s.log.String(), "holds none of its variants")
	})
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	unionRoutes(app)
	doc, text := documentOf(t, app)
	require.NotContains(t, string(text), "allOf")
	example := doc.Paths.Get("/sync").Post.RequestBody.Content.Get("application/json").Examples.Get("all").Value
	require.Equal(t, allSourcesJSON, string(example))
	var refs []string
	for _, s := range doc.Components.Schemas.Get("ResultInt64").OneOf {
		refs = append(refs, s.Ref)
	}
	require.Equal(t, []string{"#/components/schemas/SucceededInt64", "#/components/schemas/Failed"}, refs)
	kinds := doc.Components.Schemas.Get("Failed").Properties.Get("state")
	require.Equal(t, `"failed"`, string(kinds.Enum[0]))
	require.Equal(t, `"gone"`, string(kinds.Enum[1]))
}

// TestUnionsAgree: what the route for a type accepts, encoding/json accepts, with the same value, and what one
// writes the other does.
func TestUnionsAgree(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Post("/", func(_ *fasterapi.Ctx, in struct {
		Body source `body:""`
	},
	) (source, error) {
		return in.Body, nil
	})
	c := fasterapitest.New(t, app)
	good, bad := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		doc := drawSource(rt, 3)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL("/"), strings.NewReader(doc))
		require.NoError(rt, err)
		request.Header.Set("Content-Type", "application/json")
		r := c.In(t).Do(request)
		var two, one source
		err2, err1 := json.Unmarshal([]byte(doc), &two), jsonv1.Unmarshal([]byte(doc), &one)
		if r.Status != 200 {
			bad++
			require.Error(rt, err2, "%s: %s", doc, r.Body)
			require.Error(rt, err1, "%s: %s", doc, r.Body)
			return
		}
		good++
		require.NoError(rt, err2, doc)
		require.NoError(rt, err1, doc)
		require.Equal(rt, two, one)
		text, err := json.Marshal(two, json.Deterministic(true))
		require.NoError(rt, err)
		require.Equal(rt, r.Text(), string(text))
	})
	require.Positive(t, good)
	require.Positive(t, bad)
}

// drawSource makes the document of a source, mostly a good one.
func drawSource(t *rapid.T, depth int) string {
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	if rapid.IntRange(0, 15).Draw(t, "odd") == 0 {
		return pick("oddity", "null", "{}", "[]", `"web"`, `{"kind":"fax"}`, `{"kind":1}`, `{"kind":"web","kind":"mail"}`)
	}
	var members []string
	switch kind := pick("kind", "mail", "web", "copy"); kind {
	case "mail":
		members = append(members, `"kind":"mail"`, `"from":`+pick("from", `"a@example.org"`, `"a@example.org"`, `"nope"`, "null"))
		for _, m := range []string{
			`"wait":` + pick("wait", `"1h30m"`, `"0"`, `"-1.5s"`, "5", "null"), `"size":` + pick("size", "1", "9007199254740993", "9223372036854775808", "1.0", "1e2"),
			`"raw":` + pick("raw", `""`, `"AP8="`, `"AP8"`, "null"), `"note":` + pick("note", "null", `"abc"`, `"abcdef"`, `""`, "3"),
			`"at":` + pick("at", `"2026-02-28T01:02:03.5+01:00"`, `"2026-02-28T24:00:00Z"`, `""`), `"other":` + pick("other", "1", `{"a":[1]}`),
		} {
			if rapid.IntRange(0, 3).Draw(t, "with") == 0 {
				members = append(members, m)
			}
		}
	case "web":
		members = append(members, `"kind":"web"`, `"url":`+pick("url", `"https://a.example/?a=1&b=2"`, `"https://a.example/\u003fa"`, `"relative"`))
	default:
		members = append(members, `"kind":"copy"`)
		if depth > 0 {
			members = append(members, `"of":`+drawSource(t, depth-1), `"by":{"x":`+drawSource(t, depth-1)+`}`, `"all":[`+drawSource(t, depth-1)+`]`)
		} else {
			members = append(members, `"of":null`)
		}
	}
	return "{" + strings.Join(rapid.Permutation(members).Draw(t, "order"), ",") + "}"
}
