// Command files is step 11 of docs/tutorial: forms, uploads and downloads.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: upload
// NewCover is a form with a file, as browsers send it.
type NewCover struct {
	ID     int64            `path:"id" minimum:"1"`
	Artist string           `form:"artist" maxLength:"100"`
	Image  fasterapi.Upload `file:"image" accept:"image/png,image/jpeg" maxBytes:"1000000"`
	Folder *os.Root         `inject:""`
}

// Cover is what is known of a cover.
type Cover struct {
	Artist string `json:"artist"`
	Bytes  int64  `json:"bytes"`
}

func putCover(c *fasterapi.Ctx, in NewCover) (Cover, error) {
	content, err := in.Image.Bytes()
	if err != nil {
		return Cover{}, err
	}
	err = in.Folder.WriteFile(fileOf(in.ID), content, 0o600)
	return Cover{Artist: in.Artist, Bytes: in.Image.Size}, err
}

// fileOf names a file. The name that the client gave to its own is not used.
func fileOf(id int64) string { return fmt.Sprintf("cover-%d", id) }

// end snippet

// snippet: download
func getCover(c *fasterapi.Ctx, in struct {
	ID     int64    `path:"id" minimum:"1"`
	Save   bool     `query:"save" doc:"let the browser store it"`
	Folder *os.Root `inject:""`
},
) (fasterapi.File, error) {
	file := fasterapi.File{FS: in.Folder.FS(), Name: fileOf(in.ID), CacheControl: "max-age=3600"}
	if in.Save {
		file.Download = "cover.png"
	}
	return file, nil
}

func removeCover(c *fasterapi.Ctx, in struct {
	ID     int64    `path:"id" minimum:"1"`
	Folder *os.Root `inject:""`
},
) (fasterapi.None, error) {
	err := in.Folder.Remove(fileOf(in.ID))
	if errors.Is(err, os.ErrNotExist) {
		return fasterapi.None{}, problem.NotFound("the book has no cover")
	}
	return fasterapi.None{}, err
}

// end snippet

// snippet: routes
func newApp(cfg fasterapi.Config, covers, site *os.Root) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Provide(covers, fasterapi.CloseOnStop())
	app.Put("/books/{id}/cover", putCover, fasterapi.MaxBody(2_000_000))
	app.Get("/books/{id}/cover", getCover)
	app.Delete("/books/{id}/cover", removeCover)
	app.Static("/site", site.FS())
	return app
}

// end snippet

// snippet: main
func main() {
	covers, err := os.OpenRoot("covers")
	if err != nil {
		log.Fatal(err)
	}
	site, err := os.OpenRoot("site")
	if err != nil {
		log.Fatal(err)
	}
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}, covers, site).Run()
}

// end snippet
