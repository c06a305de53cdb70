package app_test

import (
	"context"
	"database/sql"
	"encoding/json/v2"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/problem"
)

// soldOut is an error of a service's own.
type soldOut struct{ article string }

func (e *soldOut) Error() string { return "secret: " + e.article }

// coded is an error that an interface finds.
type coded int

func (e coded) Error() string { return fmt.Sprint("secret code ", int(e)) }
func (e coded) Code() int     { return int(e) }

// kindsOfErrors are what handlers fail with, by the name that a path has.
func kindsOfErrors(kind string) error {
	switch kind {
	case "typed":
		return &soldOut{"tea"}
	case "wrapped":
		return fmt.Errorf("order 7: %w", &soldOut{"tea"})
	case "joined":
		return errors.Join(sql.ErrNoRows, &soldOut{"tea"})
	case "interface":
		return coded(409)
	case "rows":
		return fmt.Errorf("load: %w", sql.ErrNoRows)
	case "problem":
		return problem.Conflict("as it is")
	case "wrapping problem":
		return problem.Wrap(&soldOut{"tea"}, http.StatusBadGateway, "upstream")
	case "nil problem":
		return (*problem.Problem)(nil)
	case "panic":
		panic(&soldOut{"tea"})
	case "panic text":
		panic("secret")
	}
	return errors.New("secret of " + kind)
}

type kindInput struct {
	Kind string `query:"kind"`
}

// mapEverything registers functions for all kinds of errors.
func mapEverything(app *fasterapi.App) {
	app.MapError(func(_ *fasterapi.Ctx, err *soldOut) error { return problem.Conflict(err.article + " is sold out") })
	app.MapError(func(_ *fasterapi.Ctx, err interface {
		error
		Code() int
	},
	) error {
		return problem.New(err.Code(), "by its code")
	})
	app.MapError(func(_ *fasterapi.Ctx, err error) error {
		if errors.Is(err, sql.ErrNoRows) {
			return problem.NotFound("there is no such row")
		}
		return nil
	})
}

// TestMapErrorStyles: functions are asked about the errors of handlers in every style, with
// middleware and without, and the log has no error for what they answer.
func TestMapErrorStyles(t *testing.T) {
	everyWay(t, func(app *fasterapi.App) {
		mapEverything(app)
		styles(app, "/fails", func(_ *fasterapi.Ctx, in kindInput) (fasterapi.Text, error) { return "", kindsOfErrors(in.Kind) })
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			for kind, want := range map[string]answer{
				"typed": {status: 409, body: "tea is sold out"}, "wrapped": {status: 409, body: "tea is sold out"},
				"joined": {status: 409, body: "tea is sold out"}, "interface": {status: 409, body: "by its code"},
				"rows": {status: 404, body: "there is no such row"}, "problem": {status: 409, body: "as it is"},
				"wrapping problem": {status: 502, body: "upstream"},
			} {
				got := s.get(prefix + "/fails?kind=" + strings.ReplaceAll(kind, " ", "+"))
				require.Equal(t, want.status, got.status, kind)
				require.Equal(t, want.body, got.problem(t).Detail, kind)
				require.NotContains(t, got.body, "secret")
			}
			require.NotContains(t, s.log.String(), "level=ERROR")
		})
		eachStyle(t, func(t *testing.T, prefix string) {
			for kind, want := range map[string]int{"panic": 409, "panic text": 500, "other": 500, "nil problem": 500} {
				before := strings.Count(s.log.String(), "level=ERROR")
				got := s.get(prefix + "/fails?kind=" + strings.ReplaceAll(kind, " ", "+"))
				require.Equal(t, want, got.status, kind)
				id := strings.TrimPrefix(got.problem(t).Instance, "urn:error:")
				require.Len(t, id, 16, kind)
				require.Equal(t, before+1, strings.Count(s.log.String(), "level=ERROR"), "%s: %s", kind, s.log)
				require.Contains(t, s.log.String(), "id="+id)
				require.NotContains(t, got.body, "secret")
			}
		})
	})
}

// TestMapErrorPlaces: wherever an error comes from.
func TestMapErrorPlaces(t *testing.T) {
	fails := func(*fasterapi.Ctx, fasterapi.None) error { return &soldOut{"tea"} }
	text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "ok", nil }
	type made struct{ N int }
	type madeLater struct{ N int }
	everyWay(t, func(app *fasterapi.App) {
		app.ProvideFunc(func(*fasterapi.Ctx, fasterapi.None) (made, error) { return made{}, &soldOut{"tea"} })
		app.ProvideFuture(func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[madeLater] {
			return async.Sleep(c, time.Millisecond).ThenErr(func(struct{}) (madeLater, error) { return madeLater{}, &soldOut{"tea"} })
		})
		app.Get("/depends", text, fasterapi.Depends(fails))
		app.Get("/depends/reactor", text, fasterapi.Depends(fails), fasterapi.OnReactor())
		app.Get("/provider", func(*fasterapi.Ctx, struct {
			Made made `inject:""`
		},
		) (fasterapi.Text, error) {
			return "ok", nil
		})
		app.GetFuture("/provider/future", func(*fasterapi.Ctx, struct {
			Made madeLater `inject:""`
		},
		) async.Future[fasterapi.Text] {
			return async.Ready(fasterapi.Text("ok"))
		})
		failing := func(fasterapi.Handler) fasterapi.Handler {
			return func(*fasterapi.Ctx) error { return &soldOut{"tea"} }
		}
		app.Get("/middleware", text, fasterapi.Use(failing))
		app.Static("/static", fstest.MapFS{}, fasterapi.Use(failing))
		app.Mount("/mounted", http.NotFoundHandler(), fasterapi.Use(failing))
		app.Get("/nethttp", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", &soldOut{"tea"} },
			fasterapi.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler { return next })))
		app.WebSocket("/socket", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, string]) error { return &soldOut{"tea"} },
			fasterapi.Depends(fails))
		app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(*fasterapi.StreamWriter) error { return &soldOut{"tea"} }}, nil
		})
		app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[int], error) {
			return func(yield func(int, error) bool) { yield(0, &soldOut{"tea"}) }, nil
		})
		app.Get("/late", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", &soldOut{"tea"} })
		mapEverything(app) // behind all routes
	}, func(t *testing.T, s service) {
		for _, path := range []string{
			"/depends", "/depends/reactor", "/provider", "/provider/future", "/middleware", "/static/x", "/mounted/x", "/nethttp",
			"/socket", "/stream", "/lines", "/late",
		} {
			got := s.get(path)
			require.Equal(t, 409, got.status, path)
			require.Equal(t, "tea is sold out", got.problem(t).Detail, path)
		}
		require.NotContains(t, s.log.String(), "level=ERROR")
	})
}

// TestMapErrorScopes: the group nearest to the route is asked first, then those around it,
// then the app; and functions for problems see validation, 404 and 405, too.
func TestMapErrorScopes(t *testing.T) {
	says := func(what string) func(*fasterapi.Ctx, *soldOut) error {
		return func(*fasterapi.Ctx, *soldOut) error { return problem.Conflict(what) }
	}
	everyProtocol(t, func(app *fasterapi.App) {
		fails := func(*fasterapi.Ctx, struct {
			N int `query:"n"`
		},
		) (fasterapi.Text, error) {
			return "", &soldOut{"tea"}
		}
		outer := app.Group("/outer")
		inner := outer.Group("/inner")
		beside := outer.Group("/beside")
		other := app.Group("/other")
		for _, g := range []*fasterapi.Group{outer, inner, beside, other} {
			g.Get("/fails", fails)
		}
		other.MapError(func(*fasterapi.Ctx, error) error { return problem.New(418, "anything") })
		inner.MapError(says("inner"))
		outer.MapError(says("outer"))
		app.MapError(says("app"))
		app.Get("/fails", fails)
		app.MapError(func(_ *fasterapi.Ctx, p *problem.Problem) error {
			mapped := *p
			mapped.Detail = "mapped " + http.StatusText(p.Status)
			return &mapped
		})
	}, func(t *testing.T, s service) {
		for path, want := range map[string]string{
			"/outer/inner/fails": "inner", "/outer/fails": "outer", "/outer/beside/fails": "outer", "/fails": "app", "/other/fails": "anything",
			"/nowhere": "mapped Not Found", "/other/fails?n=x": "mapped Unprocessable Entity", // as net/http calls it
		} {
			require.Equal(t, want, s.get(path).problem(t).Detail, path)
		}
		got := s.do("POST", "/fails", "")
		require.Equal(t, 405, got.status)
		require.Equal(t, "GET, HEAD, OPTIONS", got.header.Get("Allow"))
		require.Equal(t, "mapped Method Not Allowed", got.problem(t).Detail)
	})
}

// brokenError is one whose own methods panic.
type brokenError struct{}

func (brokenError) Error() string        { return "broken" }
func (brokenError) HTTPStatus() int      { return 400 }
func (brokenError) PublicDetail() string { panic("no detail") }

// TestMapErrorFails: a function that panics, or whose answer cannot be sent, is a 500 and a
// line in the log with its place; the app goes on.
func TestMapErrorFails(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.MapError(func(*fasterapi.Ctx, *soldOut) error { panic("mapping failed") })
		app.MapError(func(_ *fasterapi.Ctx, err coded) error {
			switch err {
			case 1:
				return errors.New("secret of the mapping")
			case 2:
				return problem.NotFound("x").WithHeader("Location", "/a\r\nb")
			case 3:
				return problem.New(302, "no failure")
			}
			return problem.New(503, "later").WithHeader("Retry-After", "9")
		})
		styles(app, "/fails", func(_ *fasterapi.Ctx, in kindInput) (fasterapi.Text, error) {
			switch in.Kind {
			case "panics":
				return "", &soldOut{"tea"}
			case "broken":
				return "", brokenError{}
			}
			return "", coded(len(in.Kind))
		})
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			for _, kind := range []string{"panics", "broken", "1", "22", "333"} {
				got := s.get(prefix + "/fails?kind=" + kind)
				require.Equal(t, 500, got.status, kind)
				require.NotContains(t, got.body, "secret")
				require.Equal(t, "Internal Server Error", got.problem(t).Title)
				require.Empty(t, got.header.Get("Location"))
			}
			require.Contains(t, s.log.String(), "mapping failed")
			require.Regexp(t, `MapError at \S*errors_test.go:\d+ failed`, s.log.String())
			got := s.get(prefix + "/fails?kind=4444")
			require.Equal(t, 503, got.status)
			require.Equal(t, "9", got.header.Get("Retry-After"))
			require.Contains(t, s.log.String(), "secret code 4", "the cause of a 503")
			require.Contains(t, got.problem(t).Instance, "urn:error:")
		})
	})
}

// TestMapErrorSeen: middleware and cleanups find both the answer and the cause, and what
// runs at the end the final status.
func TestMapErrorSeen(t *testing.T) {
	type unit struct{}
	seen, ended, cleaned := make(chan string, 9), make(chan int, 9), make(chan bool, 9)
	everyProtocol(t, func(app *fasterapi.App) {
		mapEverything(app)
		app.ProvideWithCleanup(func(*fasterapi.Ctx, fasterapi.None) (unit, func(error), error) {
			return unit{}, func(err error) {
				var cause *soldOut
				cleaned <- errors.As(err, &cause)
			}, nil
		})
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				c.OnEnd(func(c *fasterapi.Ctx) { ended <- c.Status() })
				err := next(c)
				var p *problem.Problem
				var cause *soldOut
				seen <- fmt.Sprint(errors.As(err, &p) && p.Status == 409, errors.As(err, &cause))
				if c.Header("X-Over") != "" {
					return problem.Wrap(err, 504, "middleware says otherwise")
				}
				return err
			}
		})
		app.Get("/fails", func(*fasterapi.Ctx, struct {
			Unit unit `inject:""`
		},
		) (fasterapi.Text, error) {
			return "", &soldOut{"tea"}
		})
	}, func(t *testing.T, s service) {
		require.Equal(t, 409, s.get("/fails").status)
		require.Equal(t, "true true", <-seen)
		require.Equal(t, 409, <-ended)
		require.True(t, <-cleaned)
		got := s.get("/fails", "X-Over", "1")
		require.Equal(t, "middleware says otherwise", got.problem(t).Detail)
		require.Equal(t, "true true", <-seen)
		require.Equal(t, 504, <-ended)
		require.True(t, <-cleaned)
	})
}

// publicError tells clients a part of itself.
type publicError struct {
	status int
	detail string
}

func (e publicError) Error() string        { return "secret: " + e.detail }
func (e publicError) HTTPStatus() int      { return e.status }
func (e publicError) PublicDetail() string { return e.detail }

// onlyPublic has no status of its own.
type onlyPublic string

func (e onlyPublic) Error() string        { return "secret" }
func (e onlyPublic) PublicDetail() string { return string(e) }

// TestPublicDetail: an error tells status and detail by its methods, also when it is wrapped
// or joined; the log has an error from 500 on only.
func TestPublicDetail(t *testing.T) {
	kinds := map[string]error{
		"plain":     publicError{404, "no such order"},
		"wrapped":   fmt.Errorf("secret: %w", publicError{404, "no such order"}),
		"joined":    errors.Join(sql.ErrNoRows, publicError{404, "no such order"}, publicError{410, "second"}),
		"no-detail": publicError{status: 418},
		"server":    publicError{503, "the shop is closed"},
		"success":   publicError{200, "no failure"},
		"detail":    onlyPublic("ask again tomorrow"),
	}
	everyWay(t, func(app *fasterapi.App) {
		styles(app, "/fails", func(_ *fasterapi.Ctx, in kindInput) (fasterapi.Text, error) { return "", kinds[in.Kind] })
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			before := strings.Count(s.log.String(), "level=ERROR")
			for kind, want := range map[string]answer{
				"plain": {status: 404, body: "no such order"}, "wrapped": {status: 404, body: "no such order"},
				"joined": {status: 404, body: "no such order"}, "no-detail": {status: 418},
			} {
				got := s.get(prefix + "/fails?kind=" + kind)
				require.Equal(t, want.status, got.status, kind)
				require.Equal(t, want.body, got.problem(t).Detail, kind)
				require.NotContains(t, got.body, "secret")
			}
			require.Equal(t, before, strings.Count(s.log.String(), "level=ERROR"), s.log)
			for kind, want := range map[string]answer{
				"server": {status: 503, body: "the shop is closed"}, "success": {status: 500, body: "no failure"}, "detail": {status: 500, body: "ask again tomorrow"},
			} {
				got := s.get(prefix + "/fails?kind=" + kind)
				require.Equal(t, want.status, got.status, kind)
				require.Equal(t, want.body, got.problem(t).Detail, kind)
				require.Contains(t, got.problem(t).Instance, "urn:error:")
			}
			require.Equal(t, before+3, strings.Count(s.log.String(), "level=ERROR"), s.log)
		})
	})
}

// The envelopes of TestProblemsAs: FastAPI's.
type (
	detailForm struct {
		Detail string `json:"detail"`
	}
	detailsForm struct {
		Detail []detailError `json:"detail"`
	}
	detailError struct {
		Loc []string `json:"loc"`
		Msg string   `json:"msg"`
	}
)

func fastAPIForms(app *fasterapi.App) {
	app.ProblemsAs("", func(_ *fasterapi.Ctx, p *problem.Problem) detailForm {
		return detailForm{strings.TrimSpace(p.Title + " " + p.Detail)} // it is always there
	})
	app.ValidationProblemsAs("", func(_ *fasterapi.Ctx, p *problem.Problem) detailsForm {
		form := detailsForm{Detail: []detailError{}}
		for _, e := range p.Errors {
			form.Detail = append(form.Detail, detailError{strings.Split(e.Location, "."), e.Message})
		}
		return form
	})
}

// TestProblemsAs: every problem has the form of the service, whatever was said of the
// response before, and the document knows (each answer is held against it).
func TestProblemsAs(t *testing.T) {
	everyWay(t, func(app *fasterapi.App) {
		fastAPIForms(app)
		styles(app, "/fails", func(c *fasterapi.Ctx, in struct {
			Kind string `query:"kind"`
			N    int    `query:"n"`
		},
		) (fasterapi.Text, error) {
			c.SetHeader("Content-Type", "text/csv")
			c.SetStatus(201)
			if in.Kind == "problem" {
				return "", problem.TooManyRequests("slow down").WithHeader("Retry-After", "3").With("more", 1)
			}
			return "", kindsOfErrors(in.Kind)
		})
		app.Post("/post", func(*fasterapi.Ctx, struct {
			Body struct {
				Name string `json:"name" minLength:"2"`
			} `body:""`
		},
		) (fasterapi.Text, error) {
			return "ok", nil
		}, fasterapi.MaxBody(100), fasterapi.Returns[problem.Problem](409, "There is one"))
		app.WebSocket("/socket", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, string]) error { return nil })
		app.Static("/static", fstest.MapFS{"a": {Data: []byte("a")}})
		app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{ContentType: "text/csv", Write: func(*fasterapi.StreamWriter) error { return errors.New("secret") }}, nil
		})
		app.Get("/timeout", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return "", context.DeadlineExceeded })
		app.Mount("/mounted", http.NotFoundHandler())
	}, func(t *testing.T, s service) {
		form := func(got answer, status int, want string) {
			t.Helper()
			require.Equal(t, status, got.status)
			require.Equal(t, []string{"application/json"}, got.header["Content-Type"])
			require.JSONEq(t, want, got.body)
		}
		eachStyle(t, func(t *testing.T, prefix string) {
			got := s.get(prefix + "/fails?kind=problem")
			form(got, 429, `{"detail":"Too Many Requests slow down"}`)
			require.Equal(t, "3", got.header.Get("Retry-After"))
			form(s.get(prefix+"/fails?kind=other"), 500, `{"detail":"Internal Server Error"}`)
			form(s.get(prefix+"/fails?kind=panic+text"), 500, `{"detail":"Internal Server Error"}`)
			form(s.get(prefix+"/fails?n=x"), 422, `{"detail":[{"loc":["query","n"],"msg":"must be an integer"}]}`)
			head := s.do("HEAD", prefix+"/fails?kind=problem", "")
			require.Equal(t, 429, head.status)
			require.Equal(t, "application/json", head.header.Get("Content-Type"))
			require.Empty(t, head.body)
		})
		form(s.get("/nowhere"), 404, `{"detail":"Not Found"}`)
		form(s.do("DELETE", "/post", ""), 405, `{"detail":"Method Not Allowed"}`)
		form(s.do("POST", "/post", `{"name":"x"}`, "Content-Type", "application/json"), 422, `{"detail":[{"loc":["body","name"],"msg":"must have at least 2 characters"}]}`)
		form(s.do("POST", "/post", `<x/>`, "Content-Type", "text/xml"), 415, `{"detail":"Unsupported Media Type the body must be application/json"}`)
		require.Equal(t, 413, s.do("POST", "/post", strings.Repeat(" ", 200), "Content-Type", "application/json").status)
		form(s.do("POST", "/post", strings.Repeat(" ", 200), "Content-Type", "application/json"), 413, `{"detail":"Content Too Large the request body is too large"}`)
		require.Equal(t, []string{"application/json"}, s.get("/socket").header["Content-Type"])
		form(s.get("/static/missing"), 404, `{"detail":"Not Found there is no such file"}`)
		form(s.get("/stream"), 500, `{"detail":"Internal Server Error"}`)
		form(s.get("/timeout"), 504, `{"detail":"Gateway Timeout the request took too long"}`)
		require.Equal(t, "404 page not found\n", s.get("/mounted/x").body, "mounted handlers answer for themselves")
	})
}

// TestProblemsAsDocument: the document has the forms in the place of problem documents.
func TestProblemsAsDocument(t *testing.T) {
	register := func(app *fasterapi.App) {
		app.Get("/x", func(*fasterapi.Ctx, struct {
			N int `query:"n"`
		},
		) (fasterapi.Text, error) {
			return "", nil
		}, fasterapi.Returns[problem.Problem](409, "Conflict"))
	}
	document := func(forms func(*fasterapi.App)) string {
		app := fasterapi.New(fasterapi.Config{Cores: 1})
		register(app)
		forms(app)
		doc, err := app.OpenAPI()
		require.NoError(t, err)
		text, err := doc.JSON()
		require.NoError(t, err)
		return string(text)
	}
	both := document(fastAPIForms)
	require.NotContains(t, both, "problem+json")
	require.NotContains(t, both, "FieldError")
	for _, schema := range []string{"DetailForm", "DetailsForm"} {
		require.Contains(t, strings.ToLower(both), strings.ToLower("#/components/schemas/"+schema))
	}
	one := document(func(app *fasterapi.App) {
		app.ProblemsAs("application/vnd.own+json", func(*fasterapi.Ctx, *problem.Problem) detailForm { return detailForm{} })
	})
	require.NotContains(t, one, "problem+json", "422 has the form of all others")
	require.Equal(t, 3, strings.Count(one, "application/vnd.own+json"), "Problem, ValidationProblem and 409")
	invalid := document(func(app *fasterapi.App) {
		app.ValidationProblemsAs("", func(*fasterapi.Ctx, *problem.Problem) detailsForm { return detailsForm{} })
	})
	require.Contains(t, invalid, "problem+json")
	require.NotContains(t, invalid, `"ValidationProblem":{"type"`)
}

// TestProblemsAsFails: a form that panics, is nil, or cannot be encoded is no answer: the
// problem document is.
func TestProblemsAsFails(t *testing.T) {
	type form struct {
		Detail string `json:"detail"`
		Number float64
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.ProblemsAs("", func(_ *fasterapi.Ctx, p *problem.Problem) *form {
			switch p.Detail {
			case "panic":
				panic("the form failed")
			case "nil":
				return nil
			case "bad":
				zero := 0.0
				return &form{"bad", 1 / zero}
			}
			return &form{Detail: p.Detail}
		})
		styles(app, "/fails", func(_ *fasterapi.Ctx, in kindInput) (fasterapi.Text, error) { return "", problem.Conflict(in.Kind) })
		app.OpenAPI()
	}, func(t *testing.T, s service) {
		s.contract = nil // which knows the form only
		eachStyle(t, func(t *testing.T, prefix string) {
			for _, kind := range []string{"panic", "nil", "bad"} {
				got := s.get(prefix + "/fails?kind=" + kind)
				require.Equal(t, 409, got.status)
				require.Equal(t, kind, got.problem(t).Detail)
			}
			require.JSONEq(t, `{"detail":"good","Number":0}`, s.get(prefix+"/fails?kind=good").body)
		})
		require.Contains(t, s.log.String(), "the form failed")
		require.Regexp(t, `the form of problems \(App.ProblemsAs, \S*errors_test.go:\d+\) failed`, s.log.String())
	})
}

// TestProblemsAsPage: a form may be a page.
func TestProblemsAsPage(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.ProblemsAs("", func(_ *fasterapi.Ctx, p *problem.Problem) fasterapi.HTML {
			return fasterapi.HTML(fmt.Sprintf("<h1>%d</h1>", p.Status))
		})
	}, func(t *testing.T, s service) {
		got := s.get("/nowhere")
		require.Equal(t, 404, got.status)
		require.Equal(t, "text/html; charset=utf-8", got.header.Get("Content-Type"))
		require.Equal(t, "<h1>404</h1>", got.body)
	})
}

// TestErrorMistakes: what is wrong with functions for errors is found at the start, with
// the user's line.
func TestErrorMistakes(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	says := func(*fasterapi.Ctx, *soldOut) error { return nil }
	app.MapError(says)
	app.MapError(says)
	group := app.Group("/g")
	group.MapError[coded](nil)
	group.Get("/x", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil })
	group.Group("/h").Get("/x", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil })
	app.ProblemsAs[detailForm]("", nil)
	app.ProblemsAs("a\nb", func(*fasterapi.Ctx, *problem.Problem) detailForm { return detailForm{} })
	app.ProblemsAs("", func(*fasterapi.Ctx, *problem.Problem) fasterapi.Stream { return fasterapi.Stream{} })
	app.ProblemsAs("", func(*fasterapi.Ctx, *problem.Problem) fasterapi.None { return fasterapi.None{} })
	app.ProblemsAs("", func(*fasterapi.Ctx, *problem.Problem) chan int { return nil })
	app.ProblemsAs("", func(*fasterapi.Ctx, *problem.Problem) detailForm { return detailForm{} })
	app.ProblemsAs("", func(*fasterapi.Ctx, *problem.Problem) detailForm { return detailForm{} })
	_, err := app.OpenAPI()
	wrong, ok := err.(*fasterapi.RegistrationError)
	require.True(t, ok, "%v", err)
	require.Len(t, wrong.Mistakes, 8, "%v", err)
	for _, mistake := range wrong.Mistakes {
		require.Contains(t, mistake, "errors_test.go:")
	}
	var text []byte
	text, err = json.Marshal(wrong.Mistakes)
	require.NoError(t, err)
	for _, part := range []string{"function for *app_test.soldOut already", "function for app_test.coded is nil", "function is nil", "media type", "fasterapi.Stream is no form", "called already"} {
		require.Contains(t, string(text), part)
	}
}
