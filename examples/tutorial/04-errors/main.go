// Command errors is step 4 of docs/tutorial: what a handler returns when it cannot do what was asked.
package main

import (
	"errors"
	"fmt"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: domain
// Book is what clients get.
type Book struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
	Lent  bool   `json:"lent"`
}

// errNoBook comes from the part of the service that knows nothing of HTTP.
var errNoBook = errors.New("no such book")

func find(id int64) (Book, error) {
	switch id {
	case 1:
		return Book{ID: 1, Title: "Dubliners"}, nil
	case 2:
		return Book{ID: 2, Title: "Middlemarch", Lent: true}, nil
	case 3:
		return Book{}, fmt.Errorf("read page 7 of books.db: checksum mismatch")
	}
	return Book{}, errNoBook
}

// end snippet

// snippet: problems
// BookID is the input of the routes below /books/{id}.
type BookID struct {
	ID int64 `path:"id" minimum:"1"`
}

func getBook(c *fasterapi.Ctx, in BookID) (Book, error) {
	book, err := find(in.ID)
	if errors.Is(err, errNoBook) {
		return book, problem.NotFound(fmt.Sprintf("there is no book %d", in.ID))
	}
	return book, err // anything else is a 500
}

func lendBook(c *fasterapi.Ctx, in BookID) (Book, error) {
	book, err := getBook(c, in)
	if err != nil {
		return book, err
	}
	if book.Lent {
		return book, problem.Conflict("somebody else has the book").With("back_in_days", 3)
	}
	book.Lent = true
	return book, nil
}

// end snippet

// snippet: routes
func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	missing := fasterapi.Returns[problem.Problem](404, "There is no such book")
	app.Get("/books/{id}", getBook, missing)
	app.Post("/books/{id}/loan", lendBook, missing,
		fasterapi.Returns[problem.Problem](409, "The book is lent already"))
	return app
}

// end snippet

func main() {
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}).Run()
}
