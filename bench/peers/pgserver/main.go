// Command pgserver is this framework on its own Postgres driver: chains at the
// root, the same routes in the straight-line style on goroutines below
// /goroutine.
package main

import (
	"context"
	"log"
	"os"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
)

type input struct {
	DB *db.Pool `inject:""`
}

type countInput struct {
	input
	N string `query:"n"`
}

func world(c *fasterapi.Ctx, in input) async.Future[answers.World] {
	return in.DB.One[answers.World](c, answers.SelectWorld, answers.RandomWorld())
}

// worlds starts n queries, each on its own, and waits for all of them.
func worlds(c *fasterapi.Ctx, in countInput) async.Future[[]answers.World] {
	futures := make([]async.Future[answers.World], answers.Count(in.N))
	for i := range futures {
		futures[i] = world(c, in.input)
	}
	return async.WhenAll(futures...)
}

var page = answers.FortunesPage()

func fortunes(c *fasterapi.Ctx, in input) async.Future[fasterapi.HTML] {
	return in.DB.Query[answers.Fortune](c, answers.SelectFortunes).ThenErr(func(rows []answers.Fortune) (fasterapi.HTML, error) {
		var text strings.Builder
		err := page.Execute(&text, answers.Sorted(rows))
		return fasterapi.HTML(text.String()), err
	})
}

func appended(c *fasterapi.Ctx, in input) async.Future[fasterapi.HTML] {
	return in.DB.Query[answers.Fortune](c, answers.SelectFortunes).Then(func(rows []answers.Fortune) fasterapi.HTML {
		return fasterapi.HTML(answers.AppendFortunes(nil, answers.Sorted(rows)))
	})
}

// awaited makes a straight-line handler of a chain.
func awaited[In, Out any](h func(*fasterapi.Ctx, In) async.Future[Out]) func(*fasterapi.Ctx, In) (Out, error) {
	return func(c *fasterapi.Ctx, in In) (Out, error) { return h(c, in).Await(c) }
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	// As many server connections as the peers may have: 8, on two cores.
	pool, err := pg.Open(ctx, pg.Config{URL: os.Getenv("DATABASE_URL"), MaxConns: 4})
	if err != nil {
		log.Fatal(err)
	}
	app := fasterapi.New(fasterapi.Config{Title: "bench", Addr: "127.0.0.1:" + os.Getenv("PORT")})
	app.Provide(pool)
	app.GetFuture("/db", world)
	app.GetFuture("/queries", worlds)
	app.GetFuture("/fortunes", fortunes)
	app.GetFuture("/fortunes/appended", appended)
	lines := app.Group("/goroutine")
	lines.Get("/db", awaited(world))
	lines.Get("/queries", awaited(worlds))
	lines.Get("/fortunes", awaited(fortunes))
	lines.Get("/fortunes/appended", awaited(appended))
	app.Run()
}
