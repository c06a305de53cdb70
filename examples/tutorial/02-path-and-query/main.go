// Command path-and-query is step 2 of docs/tutorial: inputs from the path and the query.
package main

import (
	"fmt"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: book
type Book struct {
	ID     int64  `json:"id"`
	Title  string `json:"title"`
	Author string `json:"author"`
	Year   int    `json:"year"`
}

var books = []Book{
	{1, "Dubliners", "James Joyce", 1914},
	{2, "Middlemarch", "George Eliot", 1871},
	{3, "Ulysses", "James Joyce", 1922},
}

// end snippet

// snippet: path
type BookID struct {
	ID int64 `path:"id" minimum:"1" doc:"number of the book"`
}

func getBook(c *fasterapi.Ctx, in BookID) (Book, error) {
	for _, book := range books {
		if book.ID == in.ID {
			return book, nil
		}
	}
	return Book{}, problem.NotFound(fmt.Sprintf("there is no book %d", in.ID))
}

// end snippet

// snippet: query
type Search struct {
	Words string `query:"q" maxLength:"50" doc:"a part of the title"`
	Year  *int   `query:"year" minimum:"1450"`
	By    string `query:"by" enum:"anyone,joyce,eliot" default:"anyone"`
	Limit int    `query:"limit" default:"10" minimum:"1" maximum:"100"`
}

func listBooks(c *fasterapi.Ctx, in Search) ([]Book, error) {
	var found []Book
	for _, book := range books {
		title, author := strings.ToLower(book.Title), strings.ToLower(book.Author)
		switch {
		case !strings.Contains(title, strings.ToLower(in.Words)):
		case in.By != "anyone" && !strings.Contains(author, in.By):
		case in.Year != nil && book.Year != *in.Year:
		case len(found) < in.Limit:
			found = append(found, book)
		}
	}
	return found, nil
}

// end snippet

// snippet: routes
func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Get("/books", listBooks)
	app.Get("/books/{id}", getBook)
	return app
}

// end snippet

func main() {
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}).Run()
}
