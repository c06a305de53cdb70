package app_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// An interface hides what it holds from the start of the app.

// envelope is data with a member of any type.
type envelope struct {
	Data any            `json:"data"`
	More map[string]any `json:"more,omitempty"`
	List []any          `json:"list,omitempty"`
}

// shower is an interface with a method, which responses of one's own may have.
type shower interface{ show() string }

type shownRedirect struct{ fasterapi.Redirect }

func (shownRedirect) show() string { return "shown" }

// shownOutput is an output struct.
type shownOutput struct {
	ETag string `header:"ETag"`
	Body user   `body:""`
}

func (shownOutput) show() string { return "shown" }

// hiddenResponses are values that hold a response, by what the log calls it.
func hiddenResponses() map[string]struct {
	value any
	names string
} {
	type hidden = struct {
		value any
		names string
	}
	redirect, made := fasterapi.Redirect{Location: "/"}, fasterapi.Created[user]{Location: "/users/1"}
	return map[string]hidden{
		"redirect": {redirect, "fasterapi.Redirect"},
		"response": {fasterapi.Response[user]{Status: 202}, "fasterapi.Response"},
		"created":  {made, "fasterapi.Created"},
		"pointer":  {&made, "fasterapi.Created"},
		"output":   {shownOutput{}, "app_test.shownOutput"},
		"framed":   {shownRedirect{redirect}, "app_test.shownRedirect"},
		"choice":   {fasterapi.OneOf2[fasterapi.HTML, fasterapi.Redirect]{}.Second(redirect), "fasterapi.OneOf2"},
		"list":     {[]fasterapi.Redirect{redirect}, "fasterapi.Redirect"},
		"anys":     {[]any{1, redirect}, "fasterapi.Redirect"},
		"map":      {map[string]any{"a": map[string]any{"b": &redirect}}, "fasterapi.Redirect"},
		"files":    {map[string]fasterapi.File{"a": {}}, "fasterapi.File"},
		"envelope": {envelope{Data: redirect}, "fasterapi.Redirect"},
		"more":     {envelope{More: map[string]any{"a": made}}, "fasterapi.Created"},
		"deep":     {envelope{List: []any{envelope{Data: fasterapi.SSE[user]{}}}}, "fasterapi.SSE"},
		"stream":   {[]any{fasterapi.Stream{}}, "fasterapi.Stream"},
		"lines":    {[]any{fasterapi.JSONLines[int](nil)}, "fasterapi.JSONLines"},
		"blob":     {[1]any{fasterapi.Blob{}}, "fasterapi.Blob"},
		"of a field": {struct {
			At struct{ Page fasterapi.Response[int] }
		}{}, "fasterapi.Response"},
		"optional": {fasterapi.Some(redirect), "fasterapi.Redirect"},
	}
}

type hiding struct {
	What string `path:"what"`
}

// TestHiddenResponses: a response that an interface hides is never sent as JSON of its fields,
// however deep it is: the answer is a 500, and the log names the route, the type and the remedy.
func TestHiddenResponses(t *testing.T) {
	all := hiddenResponses()
	pick := func(_ *fasterapi.Ctx, in hiding) (any, error) { return all[in.What].value, nil }
	pickEnvelope := func(_ *fasterapi.Ctx, in hiding) (envelope, error) { return envelope{Data: all[in.What].value}, nil }
	type wrapped struct {
		Tag  string `header:"X-Tag"`
		Body any    `body:""`
	}
	later := func(c *fasterapi.Ctx, v any) async.Future[any] {
		return async.Go(c, func(context.Context) (any, error) { return v, nil })
	}
	everyWay(t, func(app *fasterapi.App) {
		app.Get("/goroutine/{what}", pick)
		app.Get("/coroutine/{what}", pick, fasterapi.OnReactor())
		app.GetFuture("/chain/{what}", func(c *fasterapi.Ctx, in hiding) async.Future[any] { return later(c, all[in.What].value) })
		app.Get("/envelope/{what}", pickEnvelope)
		app.Get("/wrapped/{what}", func(_ *fasterapi.Ctx, in hiding) (wrapped, error) { return wrapped{Body: all[in.What].value}, nil })
		app.Get("/of/{what}", func(_ *fasterapi.Ctx, in hiding) (fasterapi.Response[any], error) {
			return fasterapi.Response[any]{Body: all[in.What].value}, nil
		})
		app.Get("/shower/{what}", func(_ *fasterapi.Ctx, in hiding) (shower, error) { return all[in.What].value.(shower), nil })
	}, func(t *testing.T, s service) {
		for what, hidden := range all {
			for _, way := range []string{"goroutine", "coroutine", "chain", "envelope", "wrapped", "of", "shower"} {
				if _, shows := hidden.value.(shower); way == "shower" && !shows {
					continue
				}
				before := len(s.log.String())
				a := s.get("/" + way + "/" + strings.ReplaceAll(what, " ", "%20"))
				require.Equal(t, 500, a.status, "%s: %s", what, a.body)
				require.NotContains(t, a.body, "Location")
				said := s.log.String()[before:]
				require.Contains(t, said, `route="GET /`+way+`/{what}"`)
				require.Contains(t, said, hidden.names, what)
				require.Contains(t, said, "name it as", "the remedy: %s by %s", what, way)
			}
		}
	})
}

// TestHiddenResponsesInStreams: what is sent in pieces fails at the piece.
func TestHiddenResponsesInStreams(t *testing.T) {
	failed := make(chan error, 1)
	everyWay(t, func(app *fasterapi.App) {
		app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[any], error) {
			return func(yield func(any, error) bool) {
				_ = yield(1, nil) && yield(map[string]any{"a": fasterapi.Redirect{}}, nil)
			}, nil
		})
		app.Get("/events", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[any], error) {
			return fasterapi.SSE[any]{Send: func(s *fasterapi.EventSender[any]) error {
				failed <- s.Send(fasterapi.Event[any]{Data: []any{fasterapi.Response[user]{}}})
				return nil
			}}, nil
		})
	}, func(t *testing.T, s service) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/lines", http.NoBody)
		require.NoError(t, err)
		var text []byte
		response, err := s.http.Do(request)
		if err == nil {
			text, err = io.ReadAll(response.Body)
			response.Body.Close()
		}
		require.Error(t, err, "the stream is broken off: %s", text)
		require.NotContains(t, string(text), "Location")
		require.Contains(t, s.log.String(), "fasterapi.Redirect is a response", "the log says why")
		require.NotContains(t, s.get("/events").body, "Status")
		require.ErrorContains(t, <-failed, "fasterapi.Response")
	})
}

// heldPage holds a response in a field.
type heldPage struct {
	Title string
	Next  *fasterapi.Redirect
}

// TestHeldResponses: a response in a field is known when the app starts.
func TestHeldResponses(t *testing.T) {
	type recursive struct {
		Children []recursive
		Files    map[string][]fasterapi.File
	}
	type tree struct {
		Left, Right *tree
		Text        fasterapi.HTML     // a text is data
		None        fasterapi.None     // nothing
		Left1       fasterapi.Redirect `json:"-"`
	}
	app, _ := newApp(fasterapi.Config{}, func(*fasterapi.App) {})
	misplaced[heldPage](app, "/1")
	misplaced[[]heldPage](app, "/2")
	misplaced[recursive](app, "/3")
	misplaced[fasterapi.Response[heldPage]](app, "/4")
	misplaced[fasterapi.OneOf2[heldPage, fasterapi.Redirect]](app, "/5")
	misplaced[fasterapi.JSONLines[heldPage]](app, "/6")
	misplaced[struct {
		Made fasterapi.Created[user] `json:"made"`
	}](app, "/7")
	misplaced[struct {
		Next fasterapi.Opt[fasterapi.Redirect]
	}](app, "/8")
	misplaced[struct {
		Body struct{ A []heldPage } `body:""`
	}](app, "/9")
	misplaced[tree](app, "/fine")
	_, err := app.Start()
	var mistakes *fasterapi.RegistrationError
	require.ErrorAs(t, err, &mistakes)
	require.Len(t, mistakes.Mistakes, 9, strings.Join(mistakes.Mistakes, "\n"))
	for i, want := range []string{
		"heldPage.Next holds responses, and a response is no JSON: return one fasterapi.Redirect", "heldPage.Next holds responses",
		"recursive.Files holds responses, and a response is no JSON: return one fasterapi.File", "heldPage.Next holds responses", "heldPage.Next holds responses",
		"heldPage.Next holds responses", ".Made holds outputs", ".Next holds responses", ".A.Next holds responses",
	} {
		require.Contains(t, mistakes.Mistakes[i], want)
		require.Contains(t, mistakes.Mistakes[i], "output_type_test.go:")
	}
}
