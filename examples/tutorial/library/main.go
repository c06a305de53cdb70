// Command library is the service that docs/tutorial has built in the end: books in a database, readers and
// librarians, covers, events, tests.
//
// The files: main.go puts it together, store.go opens the database, books.go are the routes of the books, covers.go of
// their covers, events.go the stream of what happens, accounts.go who may do what.
package main

import (
	"log"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/middleware"
)

// snippet: settings
// Settings are what the environment says. Secrets have no default.
type Settings struct {
	Database string `env:"DATABASE" default:"library.db" doc:"path of the SQLite file"`
	Covers   string `env:"COVERS" default:"covers" doc:"folder of the covers"`
	Secret   string `env:"SECRET" minLength:"32" doc:"signs the tokens"`
	Admin    string `env:"ADMIN_PASSWORD" minLength:"12" doc:"of the user admin, who is made at the first start"`
}

// end snippet

// snippet: app
func newApp(cfg fasterapi.Config, settings Settings) *fasterapi.App {
	cfg.Title, cfg.Version = "Library", "1.0.0"
	app := fasterapi.New(cfg)
	app.Provide(settings)
	app.ProvideWithCleanup(openStore, fasterapi.PerApp())
	app.ProvideWithCleanup(openCovers, fasterapi.PerApp())
	app.Provide(newHub())
	tokens := newTokens(settings.Secret)
	tokens.scheme.Provide(app)
	staff := tokens.scheme.Require(canWrite)

	app.Use(
		middleware.AccessLog(middleware.AccessLogConfig{Skip: isProbe}),
		middleware.RequestID(middleware.RequestIDConfig{}),
		middleware.SecureHeaders(middleware.SecureHeadersConfig{}),
		middleware.Compress(middleware.CompressConfig{}),
	)
	app.Get("/ready", ready, fasterapi.Hidden())
	app.Post("/token", tokens.login, fasterapi.Use(middleware.RateLimit(middleware.RateLimitConfig{
		Limit: middleware.Limit{Requests: 10, Window: time.Minute},
	})))
	app.Get("/me", me)
	books := app.Group("/books", fasterapi.Tags("books"))
	bookRoutes(books, staff)
	coverRoutes(books, staff)
	return app
}

// end snippet

// snippet: ready
// ready tells a load balancer that requests are welcome here: the database answers.
func ready(c *fasterapi.Ctx, in struct {
	DB *db.Pool `inject:""`
},
) (fasterapi.Text, error) {
	_, err := in.DB.Ping(c).Await(c)
	return "ready\n", err
}

func isProbe(c *fasterapi.Ctx) bool { return c.Pattern() == "/ready" }

// end snippet

// snippet: main
func main() {
	settings, err := fasterapi.Settings[Settings]()
	if err != nil {
		log.Fatal(err)
	}
	newApp(fasterapi.Config{}, settings).Run()
}

// end snippet
