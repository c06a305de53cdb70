package fasterapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"strings"

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
	// 422 {"title":"Unprocessable Entity","status":422,"detail":"the request is not valid","errors":[{"location":"path.shop","message":"must match the pattern ^[a-z]+$","value":"BOOKS"},{"location":"body.email","message":"must be an email address","value":"ann"},{"location":"body.items[0].price","message":"must be greater than 0","value":-1},{"location":"body.items[1].name","message":"is required"}]}
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
	// 422 {"title":"Unprocessable Entity","status":422,"detail":"the request is not valid","errors":[{"location":"file.photo","message":"must be one of: image/*, text/plain","value":"application/octet-stream"}]}
}
