package fasterapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fasterapi/fasterapi"
)

// An input struct says where each field comes from and what it must be like; one
// answer lists everything that is wrong.
func ExampleApp_Post() {
	type Item struct {
		Name  string   `json:"name" minLength:"1" maxLength:"80"`
		Price float64  `json:"price" exclusiveMinimum:"0"`
		Tags  []string `json:"tags" maxItems:"3" uniqueItems:"true" required:"false"`
	}
	type NewOrder struct {
		Shop  string `path:"shop" pattern:"^[a-z]+$"`
		Draft bool   `query:"draft"`
		Order struct {
			Email string `json:"email" format:"email"`
			Items []Item `json:"items" minItems:"1"`
		} `body:""`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/{shop}/orders", func(c *fasterapi.Ctx, in NewOrder) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprintf("%d items at %s, draft: %t", len(in.Order.Items), in.Shop, in.Draft)), nil
	})

	request(app, "POST", "/books/orders?draft=yes", `{"email":"ann@example.org","items":[{"name":"Go","price":30}]}`,
		"Content-Type", "application/json")
	request(app, "POST", "/BOOKS/orders", `{"email":"ann","items":[{"name":"Go","price":-1},{"price":1}]}`,
		"Content-Type", "application/json")
	// Output:
	// 200 1 items at books, draft: true
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"path.shop","message":"must match the pattern ^[a-z]+$","value":"BOOKS"},{"location":"body.email","message":"must be an email address","value":"ann"},{"location":"body.items[0].price","message":"must be greater than 0","value":-1},{"location":"body.items[1].name","message":"is required"}]}
}

// Opt tells a member that is absent from one that is null: what a PATCH needs.
func ExampleOpt() {
	type PatchUser struct {
		Name  fasterapi.Opt[string] `json:"name,omitzero" maxLength:"80"`
		Email fasterapi.Opt[string] `json:"email,omitzero" format:"email"`
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Patch("/users/{id}", func(c *fasterapi.Ctx, in struct {
		ID   int64     `path:"id"`
		Body PatchUser `body:""`
	},
	) (fasterapi.Text, error) {
		var changes []string
		if name, ok := in.Body.Name.Get(); ok {
			changes = append(changes, "name becomes "+name)
		}
		if in.Body.Email.IsNull() {
			changes = append(changes, "email is deleted")
		}
		return fasterapi.Text(strings.Join(changes, ", ")), nil
	})

	request(app, "PATCH", "/users/7", `{"name":"Ann"}`, "Content-Type", "application/json")
	request(app, "PATCH", "/users/7", `{"email":null}`, "Content-Type", "application/json")
	// Output:
	// 200 name becomes Ann
	// 200 email is deleted
}

// A form with a file: FastAPI's Form() and UploadFile.
func ExampleUpload() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Post("/photos", func(c *fasterapi.Ctx, in struct {
		Title string           `form:"title" maxLength:"80"`
		Photo fasterapi.Upload `file:"photo" accept:"image/*, text/plain" maxBytes:"10000000"`
	},
	) (fasterapi.Text, error) {
		begin := make([]byte, 5)
		if _, err := io.ReadFull(in.Photo.Open(), begin); err != nil {
			return "", err
		}
		return fasterapi.Text(fmt.Sprintf("%s: %s, %d bytes, begins with %q", in.Title, in.Photo.Name, in.Photo.Size, begin)), nil
	}, fasterapi.MaxBody(20<<20))

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("title", "My cat")
	part, _ := form.CreateFormFile("photo", "cat.txt")
	_, _ = io.WriteString(part, "meow, meow")
	_ = form.Close()
	text := strings.Replace(body.String(), "application/octet-stream", "text/plain", 1)
	request(app, "POST", "/photos", text, "Content-Type", form.FormDataContentType())
	request(app, "POST", "/photos", body.String(), "Content-Type", form.FormDataContentType())
	// Output:
	// 200 My cat: cat.txt, 10 bytes, begins with "meow,"
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"file.photo","message":"must be one of: image/*, text/plain","value":"application/octet-stream"}]}
}

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
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"query.loud","message":"must be a boolean: true or false","value":"maybe"}]}
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
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"path.model","message":"must be one of: alexnet, resnet","value":"vgg"},{"location":"query.q","message":"must match the pattern ^[a-z]+$","value":"Cats"},{"location":"query.limit","message":"must be at least 1","value":"0"},{"location":"query.size","message":"must be greater than 0","value":"0"}]}
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
