package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
)

// query finds one row by an index of a table that every database has: that of the tables, by the
// number of itself.
const query = "SELECT relname::text AS name FROM pg_class WHERE oid = $1::oid"

const ownNumber = 1259

// poolSize is how many connections each server has.
const poolSize = 4

type table struct {
	Name string `db:"name"`
}

// pool returns what makes the query by pgx, and does nothing where there is no database.
func (j job) pool() (func(context.Context) error, error) {
	if j.database == "" {
		return func(context.Context) error { return nil }, nil
	}
	config, err := pgxpool.ParseConfig(j.database)
	if err != nil {
		return nil, err
	}
	config.MaxConns = poolSize
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		var t table
		return pool.QueryRow(ctx, query, ownNumber).Scan(&t.Name)
	}, nil
}

type withPool struct {
	DB *db.Pool `inject:""`
}

// serveOurs is serve of this framework, with its own driver.
func serveOurs(j job, tell func(addr string)) error {
	app := fasterapi.New(fasterapi.Config{Title: "bench", Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)}) // has /health
	compute := func() (fasterapi.Text, error) { return fasterapi.Text(fmt.Sprintf("%x", work(j.rounds))), nil }
	if j.database == "" {
		app.Get(workPath, func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return compute() })
	} else {
		pool, err := pg.Open(context.Background(), pg.Config{URL: j.database, MaxConns: poolSize})
		if err != nil {
			return err
		}
		app.Provide(pool)
		app.Get(workPath, func(c *fasterapi.Ctx, in withPool) (fasterapi.Text, error) {
			if _, err := in.DB.One[table](c, query, ownNumber).Await(c); err != nil {
				return "", err
			}
			return compute()
		})
	}
	server, err := app.Start()
	if err != nil {
		return err
	}
	tell(server.Addr().String())
	select {} // until the process is killed
}
