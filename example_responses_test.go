package fasterapi_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing/fstest"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// The type of a response is its model: what clients must not see is no part of it.
func ExampleApp_Post_responseModel() {
	type NewUser struct {
		Name     string `json:"name"`
		Password string `json:"password" sensitive:"true" minLength:"8"`
	}
	type User struct {
		Name string `json:"name"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/users", func(c *fasterapi.Ctx, in struct {
		User NewUser `body:""`
	},
	) (User, error) {
		return User{in.User.Name}, nil
	}, fasterapi.Status(201))

	request(app, "POST", "/users", `{"name":"ann","password":"correct horse"}`, "Content-Type", "application/json")
	request(app, "POST", "/users", `{"name":"ann","password":"short"}`, "Content-Type", "application/json")
	// Output:
	// 201 {"name":"ann"}
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"body.password","message":"must have at least 8 characters"}]}
}

// A Response has a status and header fields of its own; a Ctx sets cookies, and
// the status while the handler runs.
func ExampleResponse() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Put("/items/{id}", func(c *fasterapi.Ctx, in struct {
		ID int `path:"id"`
	},
	) (fasterapi.Response[map[string]int], error) {
		c.SetCookie(&http.Cookie{Name: "last", Value: fmt.Sprint(in.ID), HttpOnly: true})
		return fasterapi.Response[map[string]int]{
			Status: 201, Header: http.Header{"X-Cat-Dog": {"alone in the world"}}, Body: map[string]int{"id": in.ID},
		}, nil
	}, fasterapi.Returns[map[string]int](201, "It is new"))

	w := httptest.NewRecorder()
	app.Handler().ServeHTTP(w, httptest.NewRequest("PUT", "/items/7", nil))
	fmt.Println(w.Code, w.Body, w.Header().Get("X-Cat-Dog"), w.Header().Get("Set-Cookie"))
	// Output: 201 {"id":7} alone in the world last=7; HttpOnly
}

// Templates are those of html/template, which escapes what it is given.
func ExampleHTML() {
	page := template.Must(template.New("item").Parse("<h1>Item {{.}}</h1>"))
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/items/{id}", func(c *fasterapi.Ctx, in struct {
		ID string `path:"id"`
	},
	) (fasterapi.HTML, error) {
		var b strings.Builder
		err := page.Execute(&b, in.ID)
		return fasterapi.HTML(b.String()), err
	})

	request(app, "GET", "/items/%3Cb%3E", "")
	// Output: 200 <h1>Item &lt;b&gt;</h1>
}

// Redirects, bytes of any type, and plain text.
func ExampleRedirect() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/old", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Redirect, error) {
		return fasterapi.Redirect{Location: "/new", Status: http.StatusSeeOther}, nil
	})
	app.Get("/new", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
		return fasterapi.Blob{ContentType: "application/xml", Data: []byte("<new/>")}, nil
	})

	request(app, "GET", "/new", "")
	request(app, "GET", "/old", "")
	// Output:
	// 200 <new/>
	// 303
}

// Streams are written while they are made: bytes, JSON Lines, server-sent events.
func ExampleJSONLines() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/numbers", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[map[string]int], error) {
		return func(yield func(map[string]int, error) bool) {
			for i := range 3 {
				if !yield(map[string]int{"n": i}, nil) {
					return // the client has left
				}
			}
		}, nil
	})
	app.Get("/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
		return fasterapi.Stream{ContentType: "text/plain", Reader: strings.NewReader("from a reader")}, nil
	})

	request(app, "GET", "/numbers", "")
	request(app, "GET", "/text", "")
	// Output:
	// 200 {"n":0}
	// {"n":1}
	// {"n":2}
	//
	// 200 from a reader
}

// Server-sent events carry typed data.
func ExampleSSE() {
	type Price struct {
		Cents int `json:"cents"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/prices", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[Price], error) {
		return fasterapi.SSE[Price]{Retry: time.Second, Send: func(s *fasterapi.EventSender[Price]) error {
			return s.Send(fasterapi.Event[Price]{Name: "price", ID: "1", Data: Price{995}})
		}}, nil
	})

	request(app, "GET", "/prices", "")
	// Output:
	// 200 retry: 1000
	//
	// event: price
	// id: 1
	// data: {"cents":995}
}

// A file answers ranges and conditions; Static serves whole folders, and with SPA
// an application that routes in the browser.
func ExampleFile() {
	files := fstest.MapFS{"report.txt": {Data: []byte("all is well")}, "ui/index.html": {Data: []byte("<app/>")}}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/report", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) {
		return fasterapi.File{FS: files, Name: "report.txt", Download: "report.txt"}, nil
	})
	app.Static("/static", files)

	request(app, "GET", "/report", "", "Range", "bytes=0-2")
	request(app, "GET", "/static/ui/", "")
	request(app, "GET", "/static/missing", "")
	// Output:
	// 206 all
	// 200 <app/>
	// 404 {"title":"Not Found","status":404,"detail":"there is no such file"}
}

// NoMoney is an error of the service's own: it knows its status.
type NoMoney struct{ Missing int }

func (e NoMoney) Error() string   { return fmt.Sprintf("%d cents are missing", e.Missing) }
func (e NoMoney) HTTPStatus() int { return http.StatusPaymentRequired }

// Errors become problem documents (RFC 9457): problems as they are, errors with a
// status by it, and all others as a 500 whose cause is in the log only. MapError changes
// what clients see of a type, like FastAPI's exception handlers.
func Example_errors() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.MapError(func(_ *fasterapi.Ctx, err NoMoney) error {
		return problem.New(err.HTTPStatus(), err.Error()).With("missing", err.Missing)
	})
	app.Get("/items/{id}", func(c *fasterapi.Ctx, in struct {
		ID int `path:"id"`
	},
	) (fasterapi.None, error) {
		if in.ID == 0 {
			return fasterapi.None{}, problem.NotFound("no such item").WithHeader("X-Error", "there goes my error")
		}
		return fasterapi.None{}, NoMoney{in.ID}
	}, fasterapi.Returns[problem.Problem](402, "Not enough money"))

	request(app, "GET", "/items/0", "")
	request(app, "GET", "/items/7", "")
	// Output:
	// 404 {"title":"Not Found","status":404,"detail":"no such item"}
	// 402 {"title":"Payment Required","status":402,"detail":"7 cents are missing","missing":7}
}

// snippet: output
// ArticleOut is an article with fields of the response that the document knows.
type ArticleOut struct {
	ETag     string    `header:"ETag" doc:"Version of the article" example:"\"7\""`
	Modified time.Time `header:"Last-Modified"`
	Body     Article   `body:""`
}

// Article is what clients read.
type Article struct {
	Title string `json:"title"`
}

func article(*fasterapi.Ctx, fasterapi.None) (ArticleOut, error) {
	return ArticleOut{
		ETag: `"7"`, Modified: time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC),
		Body: Article{"Tea"},
	}, nil
}

// end snippet

// Header fields of a response, typed and in the document.
func Example_outputStruct() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/article", article)

	answer := httptest.NewRecorder()
	app.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/article", nil))
	fmt.Println(answer.Header().Get("ETag"), answer.Header().Get("Last-Modified"), answer.Body)
	doc, _ := app.OpenAPI()
	for _, header := range doc.Paths.Get("/article").Get.Responses.Get("200").Headers {
		fmt.Printf("%s: %q %q\n", header.Name, header.Value.Description, header.Value.Schema.Format)
	}
	// Output:
	// "7" Wed, 01 Jul 2026 10:00:00 GMT {"title":"Tea"}
	// ETag: "Version of the article" ""
	// Last-Modified: "" "http-date"
}

// snippet: page-or-redirect
// Login is the form again, or the way to what the user wanted.
type Login = fasterapi.OneOf2[fasterapi.HTML, fasterapi.Redirect]

func login(_ *fasterapi.Ctx, in struct {
	Name string `form:"name"`
},
) (Login, error) {
	if in.Name == "" {
		return Login{}.First("<form>Who are you?</form>"), nil
	}
	return Login{}.Second(fasterapi.Redirect{Location: "/home", Status: 303}), nil
}

// end snippet

// A handler of a form: the page again, or a redirect.
func ExampleOneOf2() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/login", login)

	request(app, "POST", "/login", "name=", "Content-Type", "application/x-www-form-urlencoded")
	request(app, "POST", "/login", "name=Ann", "Content-Type", "application/x-www-form-urlencoded")
	// Output:
	// 200 <form>Who are you?</form>
	// 303
}

// snippet: several
// Saved is 200 with what there is, 201 with what is new, or 204 when nothing was to be
// done.
type Saved = fasterapi.OneOf3[Article, fasterapi.Created[Article], fasterapi.None]

func save(_ *fasterapi.Ctx, in struct {
	ID   int     `path:"id"`
	Body Article `body:""`
},
) (Saved, error) {
	switch in.ID {
	case 1:
		return Saved{}.First(in.Body), nil
	case 2:
		return Saved{}.Second(fasterapi.Created[Article]{Location: "/articles/2", Body: in.Body}), nil
	case 3:
		return Saved{}.Third(fasterapi.None{}), nil
	}
	return Saved{}, problem.NotFound("there is no such article")
}

// end snippet

// Several statuses of one handler, each with its own body.
func ExampleOneOf3() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Put("/articles/{id}", save)

	for _, id := range []int{1, 2, 4, 3} {
		request(app, "PUT", fmt.Sprint("/articles/", id), `{"title":"Tea"}`, "Content-Type", "application/json")
	}
	// Output:
	// 200 {"title":"Tea"}
	// 201 {"title":"Tea"}
	// 404 {"title":"Not Found","status":404,"detail":"there is no such article"}
	// 204
}

// snippet: hints
func page(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.HTML, error) {
	if err := c.EarlyHints("</style.css>; rel=preload; as=style"); err != nil {
		return "", err
	}
	return "<p>what takes its time</p>", nil // a query, say: the browser loads the style meanwhile
}

// end snippet

// Early hints go out before the answer is known.
func ExampleCtx_EarlyHints() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Get("/", page)
	server := httptest.NewServer(app.Handler())
	defer app.Stop(context.Background())
	defer server.Close()

	request, _ := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			fmt.Println(code, header["Link"])
			return nil
		},
	}), "GET", server.URL, nil)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	fmt.Println(response.StatusCode, response.Header["Link"])
	// Output:
	// 103 [</style.css>; rel=preload; as=style]
	// 200 [</style.css>; rel=preload; as=style]
}

// All header fields of a request, such as for a signature over them.
func ExampleCtx_AllHeaders() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		for name, value := range c.AllHeaders() {
			if strings.HasPrefix(name, "X-") {
				fmt.Println(name, value)
			}
		}
		return fasterapi.None{}, nil
	})

	request(app, "GET", "/", "", "x-signed", "yes")
	// Output:
	// X-Signed yes
	// 204
}

// snippet: public
// SoldOut is an error of the shop, which knows nothing of HTTP but two methods.
type SoldOut struct{ Article string }

func (e SoldOut) Error() string        { return "stock: no " + e.Article + " in warehouse 3" } // for the log
func (e SoldOut) HTTPStatus() int      { return http.StatusConflict }
func (e SoldOut) PublicDetail() string { return e.Article + " is sold out" } // for the client

func order(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) {
	return fasterapi.None{}, fmt.Errorf("order 7: %w", SoldOut{"tea"})
}

// end snippet

// An error tells clients what its methods HTTPStatus and PublicDetail say, also when it
// is wrapped.
func Example_publicDetail() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/orders", order)

	request(app, "POST", "/orders", "")
	fmt.Println(SoldOut{"coffee"}.PublicDetail())
	// Output:
	// 409 {"title":"Conflict","status":409,"detail":"tea is sold out"}
	// coffee is sold out
}

// snippet: map
// TooDear is an error of another package.
type TooDear struct{ Cents int }

func (e *TooDear) Error() string { return fmt.Sprint("limit exceeded by ", e.Cents) }

func mapErrors(app *fasterapi.App) {
	app.MapError(func(_ *fasterapi.Ctx, err *TooDear) error {
		return problem.New(http.StatusPaymentRequired, "that is too dear").With("cents", err.Cents)
	})
	// error stands for all that no other function takes, such as errors that are values.
	app.MapError(func(_ *fasterapi.Ctx, err error) error {
		if errors.Is(err, sql.ErrNoRows) {
			return problem.NotFound("there is no such order")
		}
		return nil // as ever: a 500
	})
}

// end snippet

// What clients see of errors of a type is decided in one place.
func ExampleApp_MapError() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	mapErrors(app)
	app.Get("/orders/{id}", func(_ *fasterapi.Ctx, in struct {
		ID int `path:"id"`
	},
	) (fasterapi.None, error) {
		if in.ID == 7 {
			return fasterapi.None{}, &TooDear{900}
		}
		return fasterapi.None{}, fmt.Errorf("load order %d: %w", in.ID, sql.ErrNoRows)
	})

	request(app, "GET", "/orders/7", "")
	request(app, "GET", "/orders/8", "")
	// Output:
	// 402 {"title":"Payment Required","status":402,"detail":"that is too dear","cents":900}
	// 404 {"title":"Not Found","status":404,"detail":"there is no such order"}
}

// snippet: envelope
// Failure is how this service says that a request failed.
type Failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func envelope(app *fasterapi.App) {
	app.ProblemsAs("application/json", func(_ *fasterapi.Ctx, p *problem.Problem) Failure {
		return Failure{p.Status, cmp.Or(p.Detail, p.Title)}
	})
}

// end snippet

// One form for all that goes wrong, whoever has found it.
func ExampleApp_ProblemsAs() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	envelope(app)
	app.Post("/orders", order, fasterapi.MaxBody(10))

	request(app, "POST", "/orders", "")
	request(app, "GET", "/orders", "")
	request(app, "GET", "/nowhere", "")
	request(app, "POST", "/orders", "more than ten bytes")
	// Output:
	// 409 {"code":409,"message":"tea is sold out"}
	// 405 {"code":405,"message":"Method Not Allowed"}
	// 404 {"code":404,"message":"Not Found"}
	// 413 {"code":413,"message":"the request body is too large"}
}

// snippet: fastapi
// The two shapes of FastAPI: {"detail": "…"}, and {"detail": […]} with status 422.
type (
	detail struct {
		Detail string `json:"detail"`
	}
	details struct {
		Detail []located `json:"detail"`
	}
	located struct {
		Loc []string `json:"loc"`
		Msg string   `json:"msg"`
	}
)

func likeFastAPI(app *fasterapi.App) {
	app.ProblemsAs("", func(_ *fasterapi.Ctx, p *problem.Problem) detail { return detail{cmp.Or(p.Detail, p.Title)} })
	app.ValidationProblemsAs("", func(_ *fasterapi.Ctx, p *problem.Problem) details {
		form := details{Detail: []located{}}
		for _, e := range p.Errors {
			form.Detail = append(form.Detail, located{strings.Split(e.Location, "."), e.Message})
		}
		return form
	})
}

// end snippet

// Clients that were written for FastAPI read what they are used to.
func ExampleApp_ValidationProblemsAs() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	likeFastAPI(app)
	app.Get("/items", func(_ *fasterapi.Ctx, in struct {
		Page int `query:"page" minimum:"1"`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, nil
	})

	request(app, "GET", "/items?page=0", "")
	request(app, "GET", "/nowhere", "")
	// Output:
	// 422 {"detail":[{"loc":["query","page"],"msg":"must be at least 1"}]}
	// 404 {"detail":"Not Found"}
}
