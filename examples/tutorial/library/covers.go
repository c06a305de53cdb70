package main

import (
	"fmt"
	"os"

	"github.com/fasterapi/fasterapi"
)

func coverRoutes(books *fasterapi.Group, staff fasterapi.RouteOption) {
	books.Put("/{id}/cover", putCover, staff, fasterapi.MaxBody(2_000_000))
	books.Get("/{id}/cover", getCover)
}

// Cover is what is known of a cover.
type Cover struct {
	Bytes int64 `json:"bytes"`
}

func putCover(c *fasterapi.Ctx, in struct {
	BookID
	Image  fasterapi.Upload `file:"image" accept:"image/png,image/jpeg" maxBytes:"1000000"`
	Folder *os.Root         `inject:""`
},
) (Cover, error) {
	if _, err := getBook(c, in.BookID); err != nil {
		return Cover{}, err
	}
	content, err := in.Image.Bytes()
	if err != nil {
		return Cover{}, err
	}
	return Cover{Bytes: in.Image.Size}, in.Folder.WriteFile(coverFile(in.ID), content, 0o600)
}

func getCover(c *fasterapi.Ctx, in struct {
	ID     int64    `path:"id" minimum:"1"`
	Folder *os.Root `inject:""`
},
) (fasterapi.File, error) {
	return fasterapi.File{FS: in.Folder.FS(), Name: coverFile(in.ID), CacheControl: "no-cache"}, nil
}

func coverFile(id int64) string { return fmt.Sprintf("cover-%d", id) }
