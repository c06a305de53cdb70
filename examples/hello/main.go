// snippet: service

package main

import "github.com/fasterapi/fasterapi"

type Hello struct {
	Name string `path:"name" doc:"whom to greet"`
	Loud bool   `query:"loud"`
}

type Greeting struct {
	Message string `json:"message"`
}

func hello(c *fasterapi.Ctx, in Hello) (Greeting, error) {
	if in.Loud {
		return Greeting{Message: "HELLO, " + in.Name + "!"}, nil
	}
	return Greeting{Message: "Hello, " + in.Name + "!"}, nil
}

func main() {
	app := fasterapi.New(fasterapi.Config{Title: "Hello", Version: "1.0.0"})
	app.Get("/hello/{name}", hello)
	app.Run()
}

// end snippet
