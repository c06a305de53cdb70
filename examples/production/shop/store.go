package shop

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fasterapi/fasterapi/db"
)

// User is a customer.
type User struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	Credits   int64     `json:"credits"` // cents
	CreatedAt time.Time `json:"created_at"`
}

// Order is one order of a user, with the name of its product.
type Order struct {
	ID        int64     `json:"id"`
	Product   string    `json:"product"`
	Quantity  int       `json:"quantity"`
	Total     int64     `json:"total"` // cents
	CreatedAt time.Time `json:"created_at"`
}

// Product is something to buy.
type Product struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Price int64  `json:"price"` // cents
}

// The SQL is the same for SQLite and Postgres.
const (
	selectUser   = `SELECT id, name, email, credits, created_at FROM users WHERE id = $1`
	selectOrders = `SELECT o.id, p.name AS product, o.quantity, o.total, o.created_at
		FROM orders o JOIN products p ON p.id = o.product_id
		WHERE o.user_id = $1 ORDER BY o.created_at DESC, o.id DESC LIMIT $2`
	selectSuggested = `SELECT id, name, price FROM products
		WHERE id NOT IN (SELECT product_id FROM orders WHERE user_id = $1) ORDER BY price LIMIT 3`
	updateCredits = `UPDATE users SET credits = credits + $2 WHERE id = $1
		RETURNING id, name, email, credits, created_at`
	insertCredit = `INSERT INTO credits (user_id, amount, reason, created_at) VALUES ($1, $2, $3, $4)`
)

// schema is applied at every start; it keeps what is there.
var schema = []string{
	`CREATE TABLE IF NOT EXISTS users (
		id BIGINT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE,
		credits BIGINT NOT NULL CHECK (credits >= 0), created_at TIMESTAMPTZ NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS products (
		id BIGINT PRIMARY KEY, name TEXT NOT NULL, price BIGINT NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS orders (
		id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL REFERENCES users (id),
		product_id BIGINT NOT NULL REFERENCES products (id),
		quantity INT NOT NULL, total BIGINT NOT NULL, created_at TIMESTAMPTZ NOT NULL)`,
	`CREATE INDEX IF NOT EXISTS orders_by_user ON orders (user_id, created_at)`,
	`CREATE TABLE IF NOT EXISTS credits (
		user_id BIGINT NOT NULL REFERENCES users (id), amount BIGINT NOT NULL,
		reason TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL)`,
}

// prepare creates the tables, and the sample data in a database without users, in a transaction that begins with these statements: Postgres is told there that
// instances which start at the same time wait for each other, for of two that create a table one fails, even with IF NOT EXISTS.
func prepare(ctx context.Context, pool *db.Pool, before ...string) error {
	_, err := pool.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		for _, statement := range slices.Concat(before, schema) {
			if _, err := tx.Exec(ctx, statement).Await(ctx); err != nil {
				return struct{}{}, err
			}
		}
		users, err := tx.One[int64](ctx, `SELECT count(*) FROM users`).Await(ctx)
		if err != nil || users > 0 {
			return struct{}{}, err
		}
		return struct{}{}, seed(ctx, tx)
	}).Await(ctx)
	return err
}

const (
	seedUsers  = 100
	seedOrders = 300
)

var seedProducts = []Product{
	{1, "Notebook", 450},
	{2, "Fountain pen", 2900},
	{3, "Ink, blue-black", 1250},
	{4, "Desk lamp", 6900},
	{5, "Paper clips", 180},
	{6, "Stapler", 1590},
	{7, "Calendar", 1990},
	{8, "Envelopes", 620},
}

// seed makes the sample data: the same on every machine.
func seed(ctx context.Context, tx *db.Tx) error {
	day := time.Date(2026, time.January, 1, 9, 0, 0, 0, time.UTC)
	batch := tx.Batch()
	for _, p := range seedProducts {
		batch.Exec(`INSERT INTO products (id, name, price) VALUES ($1, $2, $3)`, p.ID, p.Name, p.Price)
	}
	for id := 1; id <= seedUsers; id++ {
		batch.Exec(`INSERT INTO users (id, name, email, credits, created_at) VALUES ($1, $2, $3, $4, $5)`,
			id, fmt.Sprintf("User %d", id), fmt.Sprintf("user%d@example.com", id), id*100, day.AddDate(0, 0, id))
	}
	for id := 1; id <= seedOrders; id++ {
		product := seedProducts[id*7%len(seedProducts)]
		quantity := 1 + id%3
		batch.Exec(`INSERT INTO orders (id, user_id, product_id, quantity, total, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, 1+id*13%seedUsers, product.ID, quantity, product.Price*int64(quantity), day.AddDate(0, 0, id))
	}
	_, err := batch.Send(ctx).Await(ctx)
	return err
}
