package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/observe"
)

func main() {
	if err := run(); err != nil {
		slog.Error("troubleshooting", slog.String("error", err.Error()))
		os.Exit(1)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "troubleshooting")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	pool, err := open(filepath.Join(dir, "shop.db"))
	if err != nil {
		return err
	}
	app, _ := newApp(fasterapi.Config{}, pool)
	app.Run()
	return nil
}

// newApp is the service, with a second address for those who look after it.
func newApp(cfg fasterapi.Config, pool *db.Pool) (*fasterapi.App, *admin.Listener) {
	cfg.Observe = observe.Config{SlowAfter: 20 * time.Millisecond} // what the owner of the service calls slow
	app := fasterapi.New(cfg)
	app.Provide(pool)
	panel := admin.Attach(app, admin.Config{})
	latencyRoutes(app, pool)
	memoryRoutes(app)
	poolRoutes(app, pool)
	app.OnStop(pool.Close)
	return app, panel
}

// open makes a shop of 500 orders by 50 users. One connection for reading is too few on purpose.
func open(path string) (*db.Pool, error) {
	pool, err := sqlite.Open(path, sqlite.Config{Readers: 1, AcquireTimeout: time.Second})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	_, err = pool.Exec(ctx, `
		CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
		CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, euros REAL NOT NULL);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
			INSERT INTO orders (user_id, euros) SELECT i % 50 + 1, i / 10.0 FROM n;
		INSERT INTO users (id, name) SELECT DISTINCT user_id, 'user ' || user_id FROM orders;
	`).Await(ctx)
	return pool, err
}
