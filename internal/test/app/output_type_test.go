package app_test

import (
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/problem"
)

// The ways to hold a response in a type of one's own.
type (
	framedFile struct {
		fasterapi.File
		Note string
	}
	pointedFile     struct{ *fasterapi.File }
	deepFile        struct{ pointedFile }
	framedText      struct{ fasterapi.Text }
	framedNone      struct{ fasterapi.None }
	framedResponse  struct{ fasterapi.Response[user] }
	pointedRedirect struct{ *fasterapi.Redirect }
)

// misplaced registers a handler of Out where it is a mistake, and returns the line.
func misplaced[Out any](app *fasterapi.App, path string) int {
	var zero Out
	_, _, line, _ := runtime.Caller(0)
	app.Get(path, func(*fasterapi.Ctx, fasterapi.None) (Out, error) { return zero, nil })
	return line + 1
}

// TestMisplacedResponses: what holds a response where none is sent is a mistake with
// file and line, that names what to return.
func TestMisplacedResponses(t *testing.T) {
	app, _ := newApp(fasterapi.Config{}, func(*fasterapi.App) {})
	count, line := 0, 0
	for _, register := range []func(*fasterapi.App, string) int{
		misplaced[*fasterapi.File], misplaced[**fasterapi.File], misplaced[*fasterapi.Redirect], misplaced[*fasterapi.Stream],
		misplaced[*fasterapi.Blob], misplaced[*fasterapi.Text], misplaced[*fasterapi.HTML], misplaced[*fasterapi.None],
		misplaced[*fasterapi.JSONLines[user]], misplaced[*fasterapi.SSE[user]], misplaced[*fasterapi.Response[user]],
		misplaced[fasterapi.Response[*fasterapi.File]], misplaced[fasterapi.Response[fasterapi.Response[*fasterapi.Text]]],
		misplaced[[]fasterapi.File], misplaced[map[string]fasterapi.Redirect], misplaced[[2]*fasterapi.Blob],
		misplaced[pointedFile], misplaced[deepFile], misplaced[*pointedFile], misplaced[pointedRedirect],
		misplaced[framedText], misplaced[framedNone], misplaced[framedResponse],
		misplaced[fasterapi.JSONLines[fasterapi.File]], misplaced[fasterapi.JSONLines[*fasterapi.Redirect]],
		misplaced[fasterapi.SSE[fasterapi.Response[user]]], misplaced[fasterapi.SSE[[]fasterapi.Blob]],
	} {
		count++
		line = register(app, "/"+strconv.Itoa(count))
	}
	app.GetFuture("/future", func(*fasterapi.Ctx, fasterapi.None) async.Future[*fasterapi.Redirect] {
		return async.Ready[*fasterapi.Redirect](nil)
	})
	app.WebSocket("/socket", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, fasterapi.File]) error { return nil })
	_, err := app.Start()
	var mistakes *fasterapi.RegistrationError
	require.ErrorAs(t, err, &mistakes)
	require.Len(t, mistakes.Mistakes, count+2, strings.Join(mistakes.Mistakes, "\n"))
	for _, mistake := range mistakes.Mistakes[:count] {
		require.Contains(t, mistake, "output_type_test.go:"+strconv.Itoa(line), "where it was registered")
	}
	require.Contains(t, mistakes.Mistakes[0], "the handler returns *fasterapi.File, which is no response: return fasterapi.File")
	_, err = app.OpenAPI()
	require.ErrorAs(t, err, &mistakes, "the document says so too")
}

// TestResponsesInTypes: what holds a response in a way that can be sent is sent.
func TestResponsesInTypes(t *testing.T) {
	files := fstest.MapFS{"text.txt": {Data: []byte(fileText)}}
	everyWay(t, func(app *fasterapi.App) {
		app.Get("/framed", func(*fasterapi.Ctx, fasterapi.None) (framedFile, error) {
			return framedFile{fasterapi.File{FS: files, Name: "text.txt"}, "a note"}, nil
		})
		app.Get("/response", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Response[fasterapi.File], error) {
			return fasterapi.Response[fasterapi.File]{Body: fasterapi.File{FS: files, Name: "text.txt"}}, nil
		})
		app.Get("/texts", func(*fasterapi.Ctx, fasterapi.None) ([]fasterapi.Text, error) { return []fasterapi.Text{"a"}, nil })
		app.Get("/pages", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[fasterapi.HTML], error) {
			return fasterapi.SSE[fasterapi.HTML]{Send: func(s *fasterapi.EventSender[fasterapi.HTML]) error {
				return s.Send(fasterapi.Event[fasterapi.HTML]{Data: "<p>"})
			}}, nil
		})
		app.Get("/any/{what}", func(_ *fasterapi.Ctx, in struct {
			What string `path:"what"`
		},
		) (any, error) {
			return map[string]any{
				"number": 1, "list": []int{1}, "nothing": nil, "user": user{Name: "Ada"}, "file": fasterapi.File{}, "pointer": &fasterapi.File{},
				"redirect": fasterapi.Redirect{Location: "/"}, "response": fasterapi.Response[user]{}, "text": fasterapi.Text("x"),
			}[in.What], nil
		}, fasterapi.Hidden())
	}, func(t *testing.T, s service) {
		require.Equal(t, fileText, s.get("/framed").body)
		require.Equal(t, fileText, s.get("/response").body)
		require.Equal(t, `["a"]`, s.get("/texts").body)
		require.Equal(t, "data: <p>\n\n", s.get("/pages").body)
		for what, want := range map[string]string{"number": "1", "list": "[1]", "nothing": "null", "user": `{"id":0,"name":"Ada","email":""}`} {
			require.Equal(t, want, s.get("/any/"+what).body)
		}
		for what, name := range map[string]string{
			"file": "fasterapi.File", "pointer": `\*fasterapi.File`, "redirect": "fasterapi.Redirect", "response": "fasterapi.Response", "text": "fasterapi.Text",
		} {
			a := s.get("/any/" + what)
			require.Equal(t, 500, a.status, "%s: %s", what, a.body)
			require.Regexp(t, `route="GET /any/{what}".*the handler has returned a `+name+`.* as interface {}`, s.log.String())
		}
	})
}

// anyOutput is an output of which only the value tells what it is.
type anyOutput struct {
	Trace string `header:"X-Trace"`
	Body  any    `body:""`
}

// TestErrorsAsResults: an error in the place of the result is no success, also where an interface hides it.
func TestErrorsAsResults(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		inStyles(app, "/problem", func(*fasterapi.Ctx) (any, error) { return problem.NotFound("no such thing"), nil })
		inStyles(app, "/output", func(*fasterapi.Ctx) (anyOutput, error) { return anyOutput{Body: &soldOut{"tea"}}, nil })
		inStyles(app, "/response", func(*fasterapi.Ctx) (fasterapi.Response[any], error) {
			return fasterapi.Response[any]{Body: &soldOut{"tea"}}, nil
		})
		inStyles(app, "/error", func(*fasterapi.Ctx) (any, error) { return &soldOut{"tea"}, nil })
	}, func(t *testing.T, s service) {
		for _, style := range []string{"/goroutine", "/reactor", "/chain"} {
			for _, what := range []string{"/problem", "/error", "/output", "/response"} {
				require.Equal(t, 500, s.get(style+what).status, style+what)
			}
		}
		require.Contains(t, s.log.String(), "which is an error and would be sent as a success: return it as the second result")
	})
}

// TestBlockingResponsesNeedGoroutines: inside of a Response too.
func TestBlockingResponsesNeedGoroutines(t *testing.T) {
	app, _ := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Get("/file", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Response[fasterapi.File], error) {
			return fasterapi.Response[fasterapi.File]{}, nil
		}, fasterapi.OnReactor())
		app.GetFuture("/stream", func(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.Response[fasterapi.Stream]] {
			return async.Ready(fasterapi.Response[fasterapi.Stream]{Status: http.StatusAccepted})
		})
		app.Get("/deep", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Response[fasterapi.Response[fasterapi.SSE[int]]], error) {
			return fasterapi.Response[fasterapi.Response[fasterapi.SSE[int]]]{}, nil
		}, fasterapi.OnReactor())
	})
	_, err := app.Start()
	var mistakes *fasterapi.RegistrationError
	require.ErrorAs(t, err, &mistakes)
	require.Len(t, mistakes.Mistakes, 3)
	for _, mistake := range mistakes.Mistakes {
		require.Contains(t, mistake, "must run on goroutines")
		require.Contains(t, mistake, "output_type_test.go:")
	}
}
