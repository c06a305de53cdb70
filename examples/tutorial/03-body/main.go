// Command body is step 3 of docs/tutorial: a JSON body, and what it must be like.
package main

import (
	"context"
	"sync"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: types
// NewBook is what a client sends.
type NewBook struct {
	Title  string   `json:"title" minLength:"1" maxLength:"200"`
	Author string   `json:"author" minLength:"1" maxLength:"100"`
	Year   int      `json:"year" minimum:"1450" maximum:"2100"`
	ISBN   *string  `json:"isbn" pattern:"^97[89][0-9]{10}$" example:"9780141182803"`
	Tags   []string `json:"tags,omitempty" maxItems:"5" uniqueItems:"true"`
}

// Book is what a client gets.
type Book struct {
	ID int64 `json:"id"`
	NewBook
}

// end snippet

// snippet: check
// Check is called when every member is good by itself.
func (b *NewBook) Check(_ context.Context, faults *problem.Faults) {
	if b.ISBN != nil && b.Year < 1970 {
		faults.At(&b.ISBN, "is not for books before 1970")
	}
}

// end snippet

// snippet: handlers
// Shelf holds the books, until there is a database.
type Shelf struct {
	mu    sync.Mutex
	books []Book
}

func (s *Shelf) Add(c *fasterapi.Ctx, in struct {
	Body NewBook `body:""`
},
) (Book, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	book := Book{ID: int64(len(s.books)) + 1, NewBook: in.Body}
	s.books = append(s.books, book)
	return book, nil
}

func (s *Shelf) List(c *fasterapi.Ctx, _ fasterapi.None) ([]Book, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Book{}, s.books...), nil
}

func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	shelf := &Shelf{}
	app.Get("/books", shelf.List)
	app.Post("/books", shelf.Add)
	return app
}

// end snippet

func main() {
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}).Run()
}
