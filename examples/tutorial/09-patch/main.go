// Command patch is step 9 of docs/tutorial: changing a part of a thing.
package main

import (
	"sync"

	"github.com/fasterapi/fasterapi"
)

// snippet: change
// Book is what clients get.
type Book struct {
	Title string  `json:"title"`
	Year  int     `json:"year"`
	Note  *string `json:"note"`
}

// Change is the body of a PATCH: each member may be absent.
type Change struct {
	Title fasterapi.Maybe[string] `json:"title,omitzero" minLength:"1" maxLength:"200"`
	Year  fasterapi.Maybe[int]    `json:"year,omitzero" minimum:"1450"`
	Note  fasterapi.Opt[string]   `json:"note,omitzero" maxLength:"500"`
}

// end snippet

// snippet: patch
// Desk has the one book of this step.
type Desk struct {
	mu   sync.Mutex
	book Book
}

func (d *Desk) get(*fasterapi.Ctx, fasterapi.None) (Book, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book, nil
}

func (d *Desk) patch(c *fasterapi.Ctx, in struct {
	Body Change `body:""`
},
) (Book, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.book.Title = in.Body.Title.Or(d.book.Title)
	d.book.Year = in.Body.Year.Or(d.book.Year)
	if note, ok := in.Body.Note.Get(); ok {
		d.book.Note = &note
	} else if in.Body.Note.IsNull() {
		d.book.Note = nil
	}
	return d.book, nil
}

func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	desk := &Desk{book: Book{Title: "Dubliners", Year: 1914}}
	app.Get("/book", desk.get)
	app.Patch("/book", desk.patch, fasterapi.StrictBody())
	return app
}

// end snippet

func main() {
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}).Run()
}
