// Command fasterapi is this framework, with each answer in its three styles:
// /chain/…, /reactor/… and /goroutine/…. With NETHTTP in its environment it is a handler of
// a server of net/http. WATCH says what is done for each request besides: see watch.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/bench/profile"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/observe/metrics"
)

type userInput struct {
	ID int64 `path:"id"`
}

func plaintext(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
	return answers.Hello, nil
}

func message(*fasterapi.Ctx, fasterapi.None) (answers.Message, error) {
	return answers.Message{Message: answers.Hello}, nil
}

func user(_ *fasterapi.Ctx, in userInput) (answers.User, error) {
	return answers.NewUser(in.ID), nil
}

// now makes a chain of a handler whose answer is there at once.
func now[In, Out any](h func(*fasterapi.Ctx, In) (Out, error)) func(*fasterapi.Ctx, In) async.Future[Out] {
	return func(c *fasterapi.Ctx, in In) async.Future[Out] {
		out, err := h(c, in)
		if err != nil {
			return async.Failed[Out](err)
		}
		return async.Ready(out)
	}
}

func runtimeFigures(*fasterapi.Ctx, fasterapi.None) (answers.Runtime, error) {
	return answers.ReadRuntime(), nil
}

// watch makes the app, which does for each request what it does by default, or nothing, or only what protects
// it, or everything that there is to observe it.
func watch(what string, cfg fasterapi.Config) *fasterapi.App {
	switch what {
	case "none":
		cfg.Overload.Off, cfg.Observe.Off = true, true
	case "protected":
		cfg.Observe.Off = true
	}
	app := fasterapi.New(cfg)
	switch what {
	case "protected":
		app.Use(middleware.Deadline(middleware.DeadlineConfig{}), middleware.Timeout(10*time.Second))
	case "all":
		metrics.New(app)
		app.Use(
			middleware.AccessLog(middleware.AccessLogConfig{Sample: 0.01}),
			middleware.RequestID(middleware.RequestIDConfig{}),
			middleware.Deadline(middleware.DeadlineConfig{}))
	}
	return app
}

func main() {
	app := watch(os.Getenv("WATCH"), fasterapi.Config{
		Title: "bench", Addr: "127.0.0.1:" + os.Getenv("PORT"), TLSCert: os.Getenv("TLS_CERT"), TLSKey: os.Getenv("TLS_KEY"), H2C: os.Getenv("H2C") != "",
	})

	chain := app.Group("/chain")
	chain.GetFuture("/plaintext", now(plaintext))
	chain.GetFuture("/json", now(message))
	chain.GetFuture("/user/{id}", now(user))

	onReactor := app.Group("/reactor", fasterapi.OnReactor())
	onReactor.Get("/plaintext", plaintext)
	onReactor.Get("/json", message)
	onReactor.Get("/user/{id}", user)

	goroutine := app.Group("/goroutine")
	goroutine.Get("/plaintext", plaintext)
	goroutine.Get("/json", message)
	goroutine.Get("/user/{id}", user)

	app.Get(answers.RuntimePath, runtimeFigures)
	defer profile.CPU()()
	if os.Getenv("NETHTTP") == "" {
		app.Run()
		return
	}
	serveHandler(app.Handler())
}

// serveHandler serves h by a server of net/http, until SIGTERM: over TLS if there is a certificate.
func serveHandler(h http.Handler) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Handler: h}
	if os.Getenv("H2C") != "" {
		s.Protocols = new(http.Protocols)
		s.Protocols.SetUnencryptedHTTP2(true)
		s.Protocols.SetHTTP1(true)
	}
	go func() {
		if cert := os.Getenv("TLS_CERT"); cert != "" {
			log.Fatal(s.ListenAndServeTLS(cert, os.Getenv("TLS_KEY")))
		}
		log.Fatal(s.ListenAndServe())
	}()
	<-ctx.Done()
}
