package fasterapi_test

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
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
