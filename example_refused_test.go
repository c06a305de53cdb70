package fasterapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: own-form
// ownForm answers problems in the form of this service, whoever has found them.
func ownForm(next fasterapi.Handler) fasterapi.Handler {
	return func(c *fasterapi.Ctx) error {
		err := next(c)
		var p *problem.Problem
		if !errors.As(err, &p) {
			return err
		}
		if refused := c.Refused(); refused != nil {
			c.SetHeader("X-Refused-By", "server")
		}
		c.Respond(p.Status, "application/json", fmt.Appendf(nil, `{"error":%q}`, p.Detail))
		return nil
	}
}

// end snippet

// The server refuses a body that is too large before the handler is called, and
// middleware answers it like any other failure.
func ExampleCtx_Refused() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Use(ownForm)
	app.Post("/notes", func(c *fasterapi.Ctx, in struct {
		Note string `form:"note"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Note), nil
	}, fasterapi.MaxBody(100))

	request(app, "POST", "/notes", "note=short", "Content-Type", "application/x-www-form-urlencoded")
	request(app, "POST", "/notes", "note="+strings.Repeat("long", 30), "Content-Type", "application/x-www-form-urlencoded")
	// Output:
	// 200 short
	// 413 {"error":"the request body is too large"}
}
