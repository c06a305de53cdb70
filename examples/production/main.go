// Command production is a complete service: users, their orders and their
// credits, with the pages that operating it needs. The database is an embedded
// SQLite file, or Postgres where DATABASE_URL names one; the SQL is the same.
//
//	make run                              # port 8000, a database in the cache folder
//	make run-pg                           # the same on a throw-away PostgreSQL
//	PORT=9000 REACTOR_CORES=1 go run ./examples/production --db ./shop.db
//	DATABASE_URL=postgres://app:secret@db/shop go run ./examples/production
//
// The files: settings.go is what the environment may say, store.go the data, store_sqlite.go the database in a file, which
// the build tag nosqlite leaves out (store_none.go), users.go the routes on the data, import.go many users at once, under a limit,
// supplier.go another service that may fail, pipeline.go a chain that runs on the reactor, operations.go health and metrics.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/logs"
	prometheus "github.com/fasterapi/fasterapi/observe/metrics"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

func main() {
	path := flag.String("db", "", "the SQLite file, instead of the variable DB")
	flag.Parse()
	if err := run(*path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	s, err := fasterapi.Settings[settings]()
	if err != nil {
		return err
	}
	if path != "" {
		s.File = path
	}
	pool, err := s.open()
	if err != nil {
		return err
	}
	log, err := logs.New(logs.Config{Burst: 100})
	if err != nil {
		return err
	}
	app := newApp(fasterapi.Config{DrainTimeout: s.DrainTimeout, Logger: log}, pool, newSupplier(s.Supplier))
	m := prometheus.New(app)
	m.Pool("main", pool)
	admin.Attach(app, admin.Config{Settings: s, Pages: map[string]http.Handler{"/metrics": m.Handler()}}) // ADMIN_ADDR, else 127.0.0.1:9090
	app.Run()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return pool.Close(ctx)
}

// newApp is the service on a database that is open: main and the tests use it.
func newApp(cfg fasterapi.Config, pool *db.Pool, supplier *Supplier) *fasterapi.App {
	cfg.Title, cfg.Version = "Production example", "1.0.0"
	app := fasterapi.New(cfg)
	app.Provide(pool)
	imports := newImports()
	app.Provide(supplier)
	if supplier.upstream != nil {
		app.Provide(supplier.upstream, fasterapi.CloseOnStop()) // reports what is wrong with its address
	}
	app.Provide(imports)
	app.Provide(newReports(cfg.Clock))
	app.Provide(resilience.NewRegistry(supplier.calls, supplier.quotes, imports.Policy)) // reports what is wrong with it; ready asks its critical breakers
	app.Provide(&service{app: app, started: time.Now()})
	app.Use(responseTime)

	app.Get("/", index)
	app.Get("/user/{id}", getUser)
	app.Get("/user/{id}/orders", getOrders)
	app.Get("/user/{id}/full", getFull)
	app.Post("/user/{id}/credits", addCredits)
	app.Post("/users/import", importUsers, fasterapi.Priority("batch"), fasterapi.MaxBody(longestImport),
		fasterapi.Returns[problem.Problem](503, "Others import already"))
	app.Get("/products/{id}/quote", quote)
	app.GetFuture("/pipeline/demo", pipelineDemo)
	app.Get("/health", health, fasterapi.Returns[Health](503, "A core is stuck"))
	app.Get("/ready", ready)
	app.Get("/metrics", metrics)
	return app
}

// open opens the database that the settings name.
func (s *settings) open() (*db.Pool, error) {
	if !s.DatabaseURL.IsZero() {
		return openPostgres(s.DatabaseURL.Reveal())
	}
	return openStore(s.File)
}

// openPostgres opens a Postgres database, and fills it when it is empty.
func openPostgres(url string) (*db.Pool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	pool, err := pg.Open(ctx, pg.Config{URL: url})
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, pool); err != nil {
		_ = pool.Close(ctx)
		return nil, fmt.Errorf("prepare the database: %w", err)
	}
	return pool, nil
}

// responseTime tells the client how long it took until the head of the response was sent.
// A field that is set behind next comes too late for a stream, and not at all for a panic.
func responseTime(next fasterapi.Handler) fasterapi.Handler {
	return func(c *fasterapi.Ctx) error {
		begin := time.Now()
		c.OnHead(func(c *fasterapi.Ctx) {
			c.SetHeader("X-Response-Time", fmt.Sprintf("%.2fms", time.Since(begin).Seconds()*1000))
		})
		return next(c)
	}
}
