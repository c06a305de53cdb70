// Command huma is Huma v2 on net/http's ServeMux: typed handlers, its own
// validation.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/fasterapi/fasterapi/bench/answers"
)

type byID struct {
	ID int64 `path:"id"`
}

type newUser struct {
	Name  string   `json:"name" minLength:"1" maxLength:"100"`
	Email string   `json:"email" format:"email"`
	Age   int      `json:"age" minimum:"0" maximum:"150"`
	Tags  []string `json:"tags,omitempty" maxItems:"10"`
}

type body[T any] struct{ Body T }

func get(_ context.Context, in *byID) (*body[answers.User], error) {
	return &body[answers.User]{answers.NewUser(in.ID)}, nil
}

func create(_ context.Context, in *body[newUser]) (*body[answers.Account], error) {
	u := &in.Body
	return &body[answers.Account]{answers.Account{
		ID: answers.NewAccountID(), Name: u.Name, Email: u.Email, Age: u.Age, Tags: u.Tags,
	}}, nil
}

func main() {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("bench", "1.0.0")
	config.CreateHooks = nil // no $schema links in the bodies, which nobody else sends
	api := humago.New(mux, config)
	huma.Get(api, "/user/{id}", get)
	huma.Register(api, huma.Operation{
		OperationID: "create-user", Method: http.MethodPost, Path: "/user", DefaultStatus: http.StatusCreated,
	}, create)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}
