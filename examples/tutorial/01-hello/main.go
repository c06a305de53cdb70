// Command hello is step 1 of docs/tutorial: a route and its documentation.

// snippet: program

package main

import "github.com/fasterapi/fasterapi"

type Hello struct {
	Name string `path:"name" doc:"whom to greet"`
}

type Greeting struct {
	Message string `json:"message"`
}

func hello(c *fasterapi.Ctx, in Hello) (Greeting, error) {
	return Greeting{Message: "Hello, " + in.Name + "!"}, nil
}

func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Get("/hello/{name}", hello)
	return app
}

func main() {
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}).Run()
}

// end snippet
