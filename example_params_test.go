package fasterapi_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/fasterapi/fasterapi"
)

// A service is an app, handlers and their inputs; Run serves it.
func Example() {
	type Hello struct {
		Name string `path:"name"`
		Loud bool   `query:"loud"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1}) // then app.Run()
	defer app.Stop(context.Background())
	app.Get("/hello/{name}", func(c *fasterapi.Ctx, in Hello) (map[string]string, error) {
		if in.Loud {
			return map[string]string{"message": "HELLO " + in.Name}, nil
		}
		return map[string]string{"message": "hello " + in.Name}, nil
	})

	request(app, "GET", "/hello/ann", "")
	request(app, "GET", "/hello/ann?loud=yes", "")
	request(app, "GET", "/hello/ann?loud=maybe", "")
	// Output:
	// 200 {"message":"hello ann"}
	// 200 {"message":"HELLO ann"}
	// 422 {"title":"Unprocessable Entity","status":422,"detail":"the request is not valid","errors":[{"location":"query.loud","message":"must be a boolean: true or false","value":"maybe"}]}
}

// Model is an enumeration: its values are checked and documented.
type Model string

func (Model) Enum() []any { return []any{"alexnet", "resnet"} }

// Path and query parameters: types, numeric and text checks, enumerations, lists,
// defaults, and a wildcard for the rest of a path.
func ExampleApp_Get() {
	type Search struct {
		Model Model    `path:"model"`
		Query string   `query:"q" minLength:"3" maxLength:"50" pattern:"^[a-z]+$"`
		Limit int      `query:"limit" minimum:"1" maximum:"100" default:"10" doc:"most results"`
		Size  *float64 `query:"size" exclusiveMinimum:"0"` // nil: not given
		Tags  []string `query:"tag" maxItems:"3"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/models/{model}", func(c *fasterapi.Ctx, in Search) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprintln(in.Model, in.Query, in.Limit, in.Size == nil, in.Tags)), nil
	})
	app.Get("/files/{path...}", func(c *fasterapi.Ctx, in struct {
		Path string `path:"path"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Path), nil
	})

	request(app, "GET", "/models/resnet?q=cats&tag=a&tag=b,c", "")
	request(app, "GET", "/models/vgg?q=Cats&limit=0&size=0", "")
	request(app, "GET", "/files/home/ann/notes.txt", "")
	// Output:
	// 200 resnet cats 10 true [a b c]
	//
	// 422 {"title":"Unprocessable Entity","status":422,"detail":"the request is not valid","errors":[{"location":"path.model","message":"must be one of: alexnet, resnet","value":"vgg"},{"location":"query.q","message":"must match the pattern ^[a-z]+$","value":"Cats"},{"location":"query.limit","message":"must be at least 1","value":"0"},{"location":"query.size","message":"must be greater than 0","value":"0"}]}
	// 200 home/ann/notes.txt
}

// Paging is a model of query parameters: inputs embed what they share.
type Paging struct {
	Offset int `query:"offset" minimum:"0"`
	Limit  int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// Models of parameters are embedded structs; headers and cookies are fields like
// all others.
func ExampleApp_Get_models() {
	type Client struct {
		Agent   string   `header:"User-Agent"`
		Tokens  []string `header:"X-Token"`
		Session string   `cookie:"session"`
	}
	type ListUsers struct {
		Paging
		Client
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/users", func(c *fasterapi.Ctx, in ListUsers) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprint(in.Offset, " ", in.Limit, " ", in.Agent, " ", in.Tokens, " ", in.Session)), nil
	})

	request(app, "GET", "/users?offset=40", "", "User-Agent", "curl", "X-Token", "a, b", "Cookie", "session=s1")
	// Output: 200 40 20 curl [a b] s1
}

// Types beyond the basic ones: identifiers, times, durations, addresses, and all
// that reads itself from text.
func ExampleApp_Get_types() {
	type Ban struct {
		User  uuid.UUID     `path:"user"`
		From  netip.Addr    `query:"from"`
		Until time.Time     `query:"until"`
		Every time.Duration `query:"every" default:"24h"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Get("/ban/{user}", func(c *fasterapi.Ctx, in Ban) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprint(in.User, " ", in.From, " ", in.Until.Year(), " ", in.Every)), nil
	})

	request(app, "GET", "/ban/2d1c9a4e-97b4-4a7b-8d5b-111111111111?from=192.0.2.1&until=2030-01-02T00:00:00Z", "")
	// Output: 200 2d1c9a4e-97b4-4a7b-8d5b-111111111111 192.0.2.1 2030 24h0m0s
}
