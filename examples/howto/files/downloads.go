package files

import (
	"bytes"
	"encoding/csv"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// snippet: file

func getDocument(_ *fasterapi.Ctx, in struct {
	Name   string   `path:"name" pattern:"^[A-Z0-9]{26}$"`
	Save   bool     `query:"save"`
	Folder *os.Root `inject:""`
},
) (fasterapi.File, error) {
	file := fasterapi.File{FS: in.Folder.FS(), Name: in.Name, CacheControl: "private, max-age=3600"}
	if in.Save {
		file.Download = "document.pdf"
	}
	return file, nil
}

// end snippet

// snippet: content

// report is a file that is made for the request, and has ranges and conditions all the same.
func report(_ *fasterapi.Ctx, _ fasterapi.None) (fasterapi.File, error) {
	var text bytes.Buffer
	table := csv.NewWriter(&text)
	if err := table.WriteAll([][]string{{"day", "visits"}, {"1", "17"}, {"2", "29"}}); err != nil {
		return fasterapi.File{}, err
	}
	return fasterapi.File{
		Content:     bytes.NewReader(text.Bytes()),
		ContentType: "text/csv; charset=utf-8",
		ModTime:     time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), // If-Modified-Since goes by it
		Download:    "visits.csv",
	}, nil
}

// end snippet

func newApp(cfg fasterapi.Config, folder *os.Root, site fs.FS) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Provide(folder)
	// snippet: upload-routes
	app.Post("/photos", addPhoto, fasterapi.MaxBody(20<<20), fasterapi.LimitForm(fasterapi.FormLimits{Files: 5}))
	app.Post("/documents", addDocument, fasterapi.MaxBody(1<<30), fasterapi.Status(201))
	app.Post("/sums", sums, fasterapi.MaxBody(1<<30))
	// end snippet
	app.Get("/documents/{name}", getDocument)
	app.Get("/report.csv", report)
	decompressed(app)
	static(app, site)
	return app
}

// snippet: decompress

func decompressed(app *fasterapi.App) {
	lines := app.Group("/logs")
	lines.Use(middleware.Decompress(middleware.DecompressConfig{MaxBytes: 64 << 20}))
	lines.Post("", func(_ *fasterapi.Ctx, in struct {
		Lines io.Reader `body:"text/plain"`
	},
	) (int64, error) {
		return io.Copy(io.Discard, in.Lines) // what came out
	}, fasterapi.MaxBody(64<<20))
}

// end snippet

// snippet: static

func static(app *fasterapi.App, site fs.FS) {
	app.Static("/", site,
		fasterapi.SPA("index.html"),
		fasterapi.Precompressed(),
		fasterapi.CacheControl("public, max-age=31536000, immutable"))
}

// end snippet
