package shop

import (
	"context"
	"fmt"
	"net/http"
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

// Service is the service before it runs: more may be added to it.
//
// Owner: the goroutine that called Open.
type Service struct {
	App     *fasterapi.App
	Pool    *db.Pool
	Metrics *prometheus.Metrics // at /metrics of the second address, of package admin
}

// Open opens the database, and sets the service up; first may add to the app what comes before its routes, such as middleware.
func Open(cfg fasterapi.Config, s Settings, first ...func(*fasterapi.App)) (*Service, error) {
	pool, err := s.open()
	if err != nil {
		return nil, err
	}
	log, err := logs.New(logs.Config{Burst: 100})
	if err != nil {
		return nil, err
	}
	cfg.DrainTimeout, cfg.Logger = s.DrainTimeout, log
	app := newApp(cfg, pool, newSupplier(s.Supplier), first...)
	m := prometheus.New(app)
	m.Pool("main", pool)
	admin.Attach(app, admin.Config{Settings: s, Pages: map[string]http.Handler{"/metrics": m.Handler()}}) // ADMIN_ADDR, else 127.0.0.1:9090
	return &Service{app, pool, m}, nil
}

// Run serves until a signal comes, and closes the database.
func (s *Service) Run() error {
	s.App.Run()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return s.Pool.Close(ctx)
}

// newApp is the service on a database that is open: Open and the tests use it.
func newApp(cfg fasterapi.Config, pool *db.Pool, supplier *Supplier, first ...func(*fasterapi.App)) *fasterapi.App {
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
	for _, add := range first {
		add(app)
	}
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
func (s *Settings) open() (*db.Pool, error) {
	if !s.DatabaseURL.IsZero() {
		return openPostgres(s.DatabaseURL.Reveal())
	}
	return openStore(s.File)
}

// openPostgres opens a Postgres database, and fills it when it is empty. While it is away, clients are told so after two seconds.
func openPostgres(url string) (*db.Pool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	pool, err := pg.Open(ctx, pg.Config{URL: url, AcquireTimeout: 2 * time.Second})
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, pool, `SELECT pg_advisory_xact_lock(20261201)`); err != nil {
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
