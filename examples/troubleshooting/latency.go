package main

import (
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
)

func latencyRoutes(app *fasterapi.App, pool *db.Pool) {
	app.Get("/latency/blocked", blocked, fasterapi.OnReactor())
	app.Get("/latency/goroutine", blocked) // the same, well: it may block there
	app.Get("/latency/rows", func(c *fasterapi.Ctx, _ fasterapi.None) ([]order, error) { return rows(c, pool) })
	app.Get("/latency/rows/together", func(c *fasterapi.Ctx, _ fasterapi.None) ([]order, error) { return together(c, pool) })
	app.Get("/latency/statement", func(c *fasterapi.Ctx, _ fasterapi.None) (int64, error) { return statement(c, pool) })
}

// snippet: blocked

// blocked holds whatever it runs on: a library that waits, a file on a network, a long computation.
func blocked(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
	time.Sleep(200 * time.Millisecond)
	return "done", nil
}

// end snippet

type order struct {
	ID     int64   `json:"id"`
	UserID int64   `json:"-" db:"user_id"`
	Euros  float64 `json:"euros"`
	User   string  `json:"user" db:"user,optional"`
}

// snippet: rows

// rows asks for the name of each order's user alone.
func rows(c *fasterapi.Ctx, pool *db.Pool) ([]order, error) {
	orders, err := pool.Query[order](c, "SELECT id, user_id, euros FROM orders ORDER BY id LIMIT 50").Await(c)
	if err != nil {
		return nil, err
	}
	for i := range orders {
		orders[i].User, err = pool.One[string](c, "SELECT name FROM users WHERE id = $1", orders[i].UserID).Await(c)
		if err != nil {
			return nil, err
		}
	}
	return orders, nil
}

// together asks once.
func together(c *fasterapi.Ctx, pool *db.Pool) ([]order, error) {
	return pool.Query[order](c, `SELECT o.id, o.user_id, o.euros, u.name AS user
		FROM orders o JOIN users u ON u.id = o.user_id ORDER BY o.id LIMIT 50`).Await(c)
}

// end snippet

// snippet: statement

// statement asks for something that takes the database a while.
func statement(c *fasterapi.Ctx, pool *db.Pool) (int64, error) {
	return pool.One[int64](c, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
		SELECT sum(i) FROM n`).Await(c)
}

// end snippet
