// Command database is step 8 of docs/tutorial: books in SQLite.
package main

import (
	"context"
	"errors"
	"log"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: open
const schema = `
	CREATE TABLE IF NOT EXISTS books (
		id INTEGER PRIMARY KEY, title TEXT NOT NULL, author TEXT NOT NULL,
		copies INTEGER NOT NULL CHECK (copies >= 0), UNIQUE (title, author));
	CREATE TABLE IF NOT EXISTS loans (
		book_id INTEGER NOT NULL REFERENCES books (id), reader TEXT NOT NULL, UNIQUE (book_id, reader));`

// open opens the database file, and makes its tables when it is new.
func open(ctx context.Context, path string) (*db.Pool, error) {
	pool, err := sqlite.Open(path, sqlite.Config{})
	if err != nil {
		return nil, err
	}
	_, err = pool.Exec(ctx, schema).Await(ctx)
	return pool, err
}

// end snippet

// snippet: types
// NewBook is what clients send.
type NewBook struct {
	Title  string `json:"title" minLength:"1" maxLength:"200"`
	Author string `json:"author" minLength:"1" maxLength:"100"`
	Copies int    `json:"copies" default:"1" minimum:"1" maximum:"20"`
}

// Book is a row of the table, and what clients get.
type Book struct {
	ID     int64  `json:"id"`
	Title  string `json:"title"`
	Author string `json:"author"`
	Copies int    `json:"copies"`
}

// end snippet

// snippet: one
func getBook(c *fasterapi.Ctx, in struct {
	ID int64    `path:"id"`
	DB *db.Pool `inject:""`
},
) (Book, error) {
	book, err := in.DB.One[Book](c, `SELECT id, title, author, copies FROM books WHERE id = $1`, in.ID).Await(c)
	if errors.Is(err, db.ErrNoRows) {
		return book, problem.NotFound("there is no such book")
	}
	return book, err
}

func addBook(c *fasterapi.Ctx, in struct {
	Body NewBook  `body:""`
	DB   *db.Pool `inject:""`
},
) (Book, error) {
	book, err := in.DB.One[Book](c, `INSERT INTO books (title, author, copies) VALUES ($1, $2, $3)
		RETURNING id, title, author, copies`, in.Body.Title, in.Body.Author, in.Body.Copies).Await(c)
	if db.KindOf(err) == db.UniqueViolation {
		return book, problem.Conflict("the library has this book")
	}
	return book, err
}

// end snippet

// snippet: query
// listBooks has optional filters in one statement: an absent parameter is NULL, and lets every row pass.
func listBooks(c *fasterapi.Ctx, in struct {
	Author *string  `query:"author"`
	Min    int      `query:"min" doc:"at least so many copies"`
	Limit  int      `query:"limit" default:"20" minimum:"1" maximum:"100"`
	DB     *db.Pool `inject:""`
},
) ([]Book, error) {
	return in.DB.Query[Book](c, `SELECT id, title, author, copies FROM books
		WHERE (author = $1 OR $1 IS NULL) AND copies >= $2 ORDER BY id LIMIT $3`,
		in.Author, in.Min, in.Limit).Await(c)
}

// end snippet

// snippet: tx
// lendBook takes a copy and notes who has it, or does neither.
func lendBook(c *fasterapi.Ctx, in struct {
	ID     int64    `path:"id"`
	Reader string   `query:"reader" required:"true"`
	DB     *db.Pool `inject:""`
},
) (Book, error) {
	book, err := in.DB.Tx(c, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (Book, error) {
		_, err := tx.Exec(ctx, `INSERT INTO loans (book_id, reader) VALUES ($1, $2)`, in.ID, in.Reader).Await(ctx)
		if err != nil {
			return Book{}, err
		}
		return tx.One[Book](ctx, `UPDATE books SET copies = copies - 1 WHERE id = $1
			RETURNING id, title, author, copies`, in.ID).Await(ctx)
	}).Await(c)
	switch db.KindOf(err) {
	case db.ForeignKeyViolation:
		return book, problem.NotFound("there is no such book")
	case db.UniqueViolation:
		return book, problem.Conflict("you have this book")
	case db.CheckViolation:
		return book, problem.Conflict("all copies are lent")
	}
	return book, err
}

// end snippet

// snippet: app
func newApp(cfg fasterapi.Config, pool *db.Pool) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Provide(pool, fasterapi.CloseOnStop())
	app.Get("/books", listBooks)
	app.Post("/books", addBook, fasterapi.Status(201))
	app.Get("/books/{id}", getBook)
	app.Post("/books/{id}/loans", lendBook)
	return app
}

func main() {
	pool, err := open(context.Background(), "books.db")
	if err != nil {
		log.Fatal(err)
	}
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}, pool).Run()
}

// end snippet
