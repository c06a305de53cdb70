package databases

import (
	"context"
	"database/sql"
	"errors"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/howto/databases/books"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: request

// provideTx makes every request that asks for a *db.Tx one transaction.
func provideTx(app *fasterapi.App, pool *db.Pool) {
	app.Provide(pool)
	app.ProvideWithOutcome(func(c *fasterapi.Ctx, in struct {
		DB *db.Pool `inject:""`
	},
	) (*db.Tx, func(error) error, error) {
		tx, end := in.DB.Begin(c, db.TxOptions{})
		return tx, end, nil
	})
}

// Stock is a provider's value that shares the transaction of its request.
type Stock struct{ tx *db.Tx }

func provideStock(app *fasterapi.App) {
	app.ProvideFunc(func(_ *fasterapi.Ctx, in struct {
		Tx *db.Tx `inject:""`
	},
	) (Stock, error) {
		return Stock{in.Tx}, nil
	})
}

// Take takes books out of the stock.
func (s Stock) Take(ctx context.Context, book, n int64) error {
	left, err := s.tx.One[int64](ctx, "UPDATE stock SET n = n - $1 WHERE book = $2 RETURNING n", n, book).Await(ctx)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return problem.NotFound("no such book")
	case err == nil && left < 0:
		return problem.Conflict("there are not so many left") // rolls back
	}
	return err
}

type orderInput struct {
	Body struct {
		Book int64 `json:"book"`
		N    int64 `json:"n" minimum:"1"`
	} `body:""`
	Stock Stock  `inject:""`
	Tx    *db.Tx `inject:""`
}

// order is stored when the client is told so, and only then.
func order(c *fasterapi.Ctx, in orderInput) (fasterapi.None, error) {
	if _, err := in.Tx.Exec(c, "INSERT INTO orders (book, n) VALUES ($1, $2)", in.Body.Book, in.Body.N).Await(c); err != nil {
		return fasterapi.None{}, err
	}
	return fasterapi.None{}, in.Stock.Take(c, in.Body.Book, in.Body.N)
}

// end snippet

// snippet: closure

// move is the same in a closure: for routes that stream, and for transactions that are worth another try.
func move(c *fasterapi.Ctx, pool *db.Pool, from, to, n int64) (int64, error) {
	return pool.Tx(c, db.TxOptions{Isolation: db.Serializable}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		if _, err := tx.Exec(ctx, "UPDATE stock SET n = n - $1 WHERE book = $2", n, from).Await(ctx); err != nil {
			return 0, err
		}
		return tx.One[int64](ctx, "UPDATE stock SET n = n + $1 WHERE book = $2 RETURNING n", n, to).Await(ctx)
	}).Await(c)
}

// end snippet

// snippet: sql

// provideSQL makes every request that asks for a *sql.Tx one transaction of database/sql.
func provideSQL(app *fasterapi.App, pool *sql.DB) {
	app.Provide(pool)
	app.ProvideWithOutcome(func(c *fasterapi.Ctx, in struct {
		DB *sql.DB `inject:""`
	},
	) (*sql.Tx, func(error) error, error) {
		// The end is ours: c must not end the transaction while it commits.
		tx, err := in.DB.BeginTx(context.WithoutCancel(c), nil)
		if err != nil {
			return nil, nil, err
		}
		return tx, func(outcome error) error {
			if outcome == nil && c.Err() == nil {
				return tx.Commit()
			}
			return errors.Join(c.Err(), tx.Rollback())
		}, nil
	})
}

// end snippet

// snippet: sqlc

// provideBooks gives handlers the code that sqlc has generated, on the transaction of their request.
func provideBooks(app *fasterapi.App) {
	app.ProvideFunc(func(_ *fasterapi.Ctx, in struct {
		Tx *sql.Tx `inject:""`
	},
	) (*books.Queries, error) {
		return books.New(in.Tx), nil
	})
}

type addInput struct {
	Body    books.AddBookParams `body:""`
	Queries *books.Queries      `inject:""`
}

// add runs on a goroutine, as all handlers do that are not told otherwise: it may block.
func add(c *fasterapi.Ctx, in addInput) (books.Book, error) {
	return in.Queries.AddBook(c, in.Body)
}

func list(c *fasterapi.Ctx, in struct {
	Queries *books.Queries `inject:""`
},
) ([]books.Book, error) {
	return in.Queries.ListBooks(c)
}

// end snippet
