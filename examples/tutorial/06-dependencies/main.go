// Command dependencies is step 6 of docs/tutorial: values that handlers are given.
package main

import (
	"fmt"
	"slices"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: store
// Store is what handlers need; a test may give them another one.
type Store interface {
	Titles() []string
}

type memory []string

func (m memory) Titles() []string { return m }

func listBooks(c *fasterapi.Ctx, in struct {
	Store Store `inject:""`
	Page  Page  `inject:""`
},
) ([]string, error) {
	return in.Page.Of(in.Store.Titles()), nil
}

// end snippet

// snippet: page
// Page is the part of a list that a client asks for.
type Page struct {
	From, Size int
}

// Of is this page of a list.
func (p Page) Of(list []string) []string {
	from := min(p.From, len(list))
	return slices.Clone(list[from:min(from+p.Size, len(list))])
}

// newPage is called for each request whose handler asks for a Page.
func newPage(c *fasterapi.Ctx, in struct {
	Page int `query:"page" default:"1" minimum:"1" maximum:"1000"`
	Size int `query:"size" default:"2" minimum:"1" maximum:"100"`
},
) (Page, error) {
	return Page{From: (in.Page - 1) * in.Size, Size: in.Size}, nil
}

// end snippet

// snippet: depends
// needsKey lets nobody in without the key of the house.
func needsKey(c *fasterapi.Ctx, in struct {
	Key string `header:"X-Key"`
},
) error {
	if in.Key != "sesame" {
		return problem.Forbidden("for librarians")
	}
	return nil
}

// end snippet

// snippet: routes
// bookRoutes registers what belongs to books, below the prefix of the group.
func bookRoutes(books *fasterapi.Group) {
	books.Get("/", listBooks)
	books.Get("/{title}", func(c *fasterapi.Ctx, in struct {
		Title string `path:"title"`
		Store Store  `inject:""`
	},
	) (string, error) {
		if !slices.Contains(in.Store.Titles(), in.Title) {
			return "", problem.NotFound(fmt.Sprintf("there is no book %q", in.Title))
		}
		return in.Title, nil
	})
}

func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Provide(memory{"Dubliners", "Middlemarch", "Ulysses"})
	app.ProvideFunc(newPage)
	bookRoutes(app.Group("/books", fasterapi.Tags("books")))

	office := app.Group("/office", fasterapi.Tags("office"), fasterapi.Depends(needsKey))
	bookRoutes(office.Group("/books"))
	return app
}

// end snippet

func main() {
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}).Run()
}
