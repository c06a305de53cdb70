package files

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/console"
)

// zipped is text in gzip.
func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// app is the app of the page with a new folder, which the second result is.
func app(t *testing.T, cfg fasterapi.Config) (*fasterapi.App, *os.Root) {
	t.Helper()
	folder, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, folder.Close()) })
	script := `console.log("hello")` + "\n"
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	site := fstest.MapFS{
		"index.html": {Data: []byte("<h1>Photos</h1>\n"), ModTime: day},
		"app.js":     {Data: []byte(script), ModTime: day},
		"app.js.gz":  {Data: zipped(t, script), ModTime: day},
	}
	return newApp(cfg, folder, site), folder
}

func TestPage(t *testing.T) {
	console.Check(t, "docs/how-to/files-and-uploads.md", func(cfg fasterapi.Config) *fasterapi.App {
		a, _ := app(t, cfg)
		return a
	})
}

// TestNothingIsLeft: neither a body that is too long nor one that is no picture leaves a file behind.
func TestNothingIsLeft(t *testing.T) {
	var folder *os.Root
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		cfg.MaxBody = 1 << 10
		a, f := app(t, cfg)
		folder = f
		a.Post("/short", addDocument)
		return a
	}, func(t *testing.T, c *fasterapitest.Client) {
		long := strings.NewReader(strings.Repeat("too long ", 1<<10))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL("/short"), io.MultiReader(long)) // of a length that nobody knows
		require.NoError(t, err)
		r.Header.Set("Content-Type", "text/plain")
		c.Do(r).Expect(413)
		refused := c.Post("/photos", fasterapitest.Multipart{
			{Name: "title", Value: "cat"},
			{Name: "photo", Filename: "cat.png", Type: "image/png", Value: "meow"},
		}).Expect(422).Problem()
		require.Equal(t, []string{"file.photo"}, refused.Locations())
		left, err := os.ReadDir(folder.Name())
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

// TestDocuments: what was stored comes back, as it was.
func TestDocuments(t *testing.T) {
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		a, _ := app(t, cfg)
		return a
	}, func(t *testing.T, c *fasterapitest.Client) {
		text := strings.Repeat("0123456789", 100<<10) // above what is collected
		stored := c.With("Content-Type", "text/plain").Post("/documents", []byte(text)).Expect(201)
		require.EqualValues(t, len(text), stored.JSON[Document]().Bytes)
		got := c.Get(stored.Header.Get("Location")).Expect(200)
		require.Equal(t, text, got.Text())
		require.Equal(t, "private, max-age=3600", got.Header.Get("Cache-Control"))
		part := c.With("Range", "bytes=3-5").Get(stored.Header.Get("Location") + "?save=yes").Expect(206)
		require.Equal(t, "345", part.Text())
		require.Contains(t, part.Header.Get("Content-Disposition"), "document.pdf")
	})
}
