package main

import (
	"fmt"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
)

// NewBook is what librarians send.
type NewBook struct {
	Title  string  `json:"title" minLength:"1" maxLength:"200"`
	Author string  `json:"author" minLength:"1" maxLength:"100"`
	Note   *string `json:"note" maxLength:"500"`
}

// Change is a part of a book; null takes the note away.
type Change struct {
	Title  *string               `json:"title" minLength:"1" maxLength:"200"`
	Author *string               `json:"author" minLength:"1" maxLength:"100"`
	Note   fasterapi.Opt[string] `json:"note" maxLength:"500"`
}

// Book is what everybody gets. Who has it is for nobody to see.
type Book struct {
	ID     int64   `json:"id"`
	Title  string  `json:"title"`
	Author string  `json:"author"`
	Note   *string `json:"note"`
	Lent   bool    `json:"lent"`
}

const columns = `id, title, author, note, reader IS NOT NULL AS lent`

// bookRoutes registers what can be done with books; staff is what it takes to change them.
func bookRoutes(books *fasterapi.Group, staff fasterapi.RouteOption) {
	missing := fasterapi.Returns[problem.Problem](404, "There is no such book")
	books.Get("/", listBooks)
	books.Get("/events", watchBooks)
	books.Get("/{id}", getBook, missing)
	books.Post("/", addBook, staff, fasterapi.Status(201), fasterapi.Returns[problem.Problem](409, "The library has this book"))
	books.Patch("/{id}", changeBook, staff, missing, fasterapi.StrictBody())
	books.Delete("/{id}", removeBook, staff, missing)
	books.Post("/{id}/loan", lendBook, missing, fasterapi.Returns[problem.Problem](409, "Somebody has the book"))
}

// BookID is the input of most routes below /books/{id}.
type BookID struct {
	ID int64    `path:"id" minimum:"1"`
	DB *db.Pool `inject:""`
}

func listBooks(c *fasterapi.Ctx, in struct {
	Author *string  `query:"author"`
	After  int64    `query:"after" doc:"the id of the last book of the page before"`
	Limit  int      `query:"limit" default:"20" minimum:"1" maximum:"100"`
	DB     *db.Pool `inject:""`
},
) ([]Book, error) {
	return in.DB.Query[Book](c, `SELECT `+columns+` FROM books
		WHERE (author = $1 OR $1 IS NULL) AND id > $2 ORDER BY id LIMIT $3`, in.Author, in.After, in.Limit).Await(c)
}

func getBook(c *fasterapi.Ctx, in BookID) (Book, error) {
	return found(in.DB.One[Book](c, `SELECT `+columns+` FROM books WHERE id = $1`, in.ID).Await(c))
}

func addBook(c *fasterapi.Ctx, in struct {
	Body NewBook  `body:""`
	DB   *db.Pool `inject:""`
	Hub  *Hub     `inject:""`
},
) (Book, error) {
	book, err := in.DB.One[Book](c, `INSERT INTO books (title, author, note) VALUES ($1, $2, $3)
		RETURNING `+columns, in.Body.Title, in.Body.Author, in.Body.Note).Await(c)
	if db.KindOf(err) == db.UniqueViolation {
		return book, problem.Conflict("the library has this book")
	}
	if err != nil {
		return book, err
	}
	c.SetHeader("Location", fmt.Sprintf("/books/%d", book.ID))
	in.Hub.publish("added", book)
	return book, nil
}

// snippet: patch
// changeBook changes what the body names: a parameter that is NULL leaves its column.
func changeBook(c *fasterapi.Ctx, in struct {
	BookID
	Body Change `body:""`
},
) (Book, error) {
	var note *string
	if text, ok := in.Body.Note.Get(); ok {
		note = &text
	}
	return found(in.DB.One[Book](c, `UPDATE books SET
			title = coalesce($2, title), author = coalesce($3, author), note = CASE WHEN $4 THEN note ELSE $5 END
		WHERE id = $1 RETURNING `+columns,
		in.ID, in.Body.Title, in.Body.Author, in.Body.Note.IsZero(), note).Await(c))
}

// end snippet

func removeBook(c *fasterapi.Ctx, in BookID) (fasterapi.None, error) {
	_, err := found(in.DB.One[int64](c, `DELETE FROM books WHERE id = $1 RETURNING id`, in.ID).Await(c))
	return fasterapi.None{}, err
}

// lendBook lends a book to whoever asks, if it is there.
func lendBook(c *fasterapi.Ctx, in struct {
	BookID
	Who Who  `inject:""`
	Hub *Hub `inject:""`
},
) (Book, error) {
	list, err := in.DB.Query[Book](c, `UPDATE books SET reader = $2 WHERE id = $1 AND reader IS NULL
		RETURNING `+columns, in.ID, in.Who.Subject).Await(c)
	if err != nil {
		return Book{}, err
	}
	if len(list) == 0 { // not there, or lent
		if book, err := getBook(c, in.BookID); err != nil {
			return book, err
		}
		return Book{}, problem.Conflict("somebody has the book")
	}
	in.Hub.publish("lent", list[0])
	return list[0], nil
}
