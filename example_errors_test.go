package fasterapi_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

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
