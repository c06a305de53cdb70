package main

import (
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
)

func poolRoutes(app *fasterapi.App, pool *db.Pool) {
	app.Get("/pool/export", func(c *fasterapi.Ctx, _ fasterapi.None) (int, error) { return export(c, pool) })
	app.Get("/pool/export/first", func(c *fasterapi.Ctx, _ fasterapi.None) (int, error) { return exportFirst(c, pool) })
	app.Get("/pool/orders", func(c *fasterapi.Ctx, _ fasterapi.None) (int64, error) {
		return pool.One[int64](c, "SELECT count(*) FROM orders").Await(c)
	})
}

// snippet: export

// export holds a connection for as long as the slowest thing that it does with a row.
func export(c *fasterapi.Ctx, pool *db.Pool) (n int, err error) {
	for o, err := range pool.Each[order](c, "SELECT id, user_id, euros FROM orders") {
		if err != nil {
			return n, err
		}
		if err := send(c, o); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// exportFirst has given the connection back before it sends anything.
func exportFirst(c *fasterapi.Ctx, pool *db.Pool) (n int, err error) {
	orders, err := pool.Query[order](c, "SELECT id, user_id, euros FROM orders").Await(c)
	for _, o := range orders {
		if err := send(c, o); err != nil {
			return n, err
		}
		n++
	}
	return n, err
}

// end snippet

// send stands for a call of another service.
func send(c *fasterapi.Ctx, _ order) error {
	_, err := async.Sleep(c, 50*time.Millisecond).Await(c)
	return err
}
