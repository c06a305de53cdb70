// Command ours is this framework: the typed routes in its three styles, below
// /chain, /reactor and /goroutine, and WebSockets in both of theirs, below
// /events and /goroutine.
package main

import (
	"os"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/bench/profile"
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

type creation struct {
	User newUser `body:""`
}

func get(_ *fasterapi.Ctx, in byID) (answers.User, error) {
	return answers.NewUser(in.ID), nil
}

func create(_ *fasterapi.Ctx, in creation) (answers.Account, error) {
	return account(&in.User), nil
}

func getChain(_ *fasterapi.Ctx, in byID) async.Future[answers.User] {
	return async.Ready(answers.NewUser(in.ID))
}

func createChain(_ *fasterapi.Ctx, in creation) async.Future[answers.Account] {
	return async.Ready(account(&in.User))
}

func account(u *newUser) answers.Account {
	return answers.Account{ID: answers.NewAccountID(), Name: u.Name, Email: u.Email, Age: u.Age, Tags: u.Tags}
}

// line is a message of a WebSocket.
type line struct {
	Text string `json:"text" maxLength:"100"`
}

type socket = fasterapi.Socket[line, line]

func events(_ *fasterapi.Ctx, _ fasterapi.None, ws *socket) (fasterapi.SocketEvents[line], error) {
	return fasterapi.SocketEvents[line]{Message: ws.Send}, nil
}

func echo(c *fasterapi.Ctx, _ fasterapi.None, ws *socket) error {
	for message, err := range ws.Messages(c) {
		if err != nil {
			return err
		}
		if err := ws.Send(c, message); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	app := fasterapi.New(fasterapi.Config{Title: "bench", Addr: "127.0.0.1:" + os.Getenv("PORT")})

	chain := app.Group("/chain")
	chain.GetFuture("/user/{id}", getChain)
	chain.PostFuture("/user", createChain, fasterapi.Status(201))

	onReactor := app.Group("/reactor", fasterapi.OnReactor())
	onReactor.Get("/user/{id}", get)
	onReactor.Post("/user", create, fasterapi.Status(201))

	goroutine := app.Group("/goroutine")
	goroutine.Get("/user/{id}", get)
	goroutine.Post("/user", create, fasterapi.Status(201))
	goroutine.WebSocket("/socket", echo)

	app.WebSocketEvents("/events/socket", events)
	defer profile.CPU()()
	app.Run()
}
