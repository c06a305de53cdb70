// Command answers is step 5 of docs/tutorial: statuses, header fields, and bodies that are no JSON.
package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi"
)

// snippet: types
type NewBook struct {
	Title string `json:"title" minLength:"1"`
}

type Book struct {
	ID    int64     `json:"id"`
	Title string    `json:"title"`
	Added time.Time `json:"added"`
	price int       // not exported: never sent
}

// end snippet

// snippet: created
func addBook(c *fasterapi.Ctx, in struct {
	Body NewBook `body:""`
},
) (Book, error) {
	book := Book{ID: 4, Title: in.Body.Title, Added: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC), price: 450}
	c.SetHeader("Location", fmt.Sprintf("/books/%d", book.ID))
	return book, nil
}

func removeBook(c *fasterapi.Ctx, in struct {
	ID int64 `path:"id"`
},
) (fasterapi.None, error) {
	return fasterapi.None{}, nil // 204 No Content
}

// end snippet

// snippet: other
func importBooks(c *fasterapi.Ctx, in struct {
	Check bool      `query:"check" doc:"look at the books only"`
	Body  []NewBook `body:""`
},
) (fasterapi.Response[Import], error) {
	if in.Check {
		return fasterapi.Response[Import]{Body: Import{Books: len(in.Body)}}, nil
	}
	return fasterapi.Response[Import]{
		Status: http.StatusAccepted,
		Header: http.Header{"Retry-After": {"5"}},
		Body:   Import{Books: len(in.Body), Started: true},
	}, nil
}

// Import is the state of an import.
type Import struct {
	Books   int  `json:"books"`
	Started bool `json:"started"`
}

func shelfPage(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.HTML, error) {
	return "<h1>Books</h1>\n", nil
}

func catalogue(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Blob, error) {
	return fasterapi.Blob{ContentType: "text/csv", Data: []byte("id,title\n1,Dubliners\n")}, nil
}

func oldCatalogue(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Redirect, error) {
	return fasterapi.Redirect{Location: "/catalogue.csv", Status: http.StatusMovedPermanently}, nil
}

// end snippet

// snippet: routes
func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Post("/books", addBook, fasterapi.Status(201))
	app.Delete("/books/{id}", removeBook)
	app.Post("/imports", importBooks, fasterapi.Returns[Import](202, "The import has begun"))
	app.Get("/", shelfPage)
	app.Get("/catalogue.csv", catalogue)
	app.Get("/books.csv", oldCatalogue)
	return app
}

// end snippet

func main() {
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}).Run()
}
