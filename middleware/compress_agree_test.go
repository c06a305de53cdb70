package middleware_test

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// oneWay hides the Seek of its files, as archives do.
type oneWay struct{ fs.FS }

func (o oneWay) Open(name string) (fs.File, error) {
	file, err := o.FS.Open(name)
	return struct{ fs.File }{file}, err
}

// TestCompressAgrees: a 304, a part and a head say the same as the 200 about Vary,
// and a 304 and a head about ETag: RFC 9110 sections 9.3.2, 15.3.7 and 15.4.5.
func TestCompressAgrees(t *testing.T) {
	changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	text := strings.Repeat("text ", 20_000)
	files := fstest.MapFS{
		"large.txt":  {Data: []byte(text), ModTime: changed},
		"staged.txt": {Data: []byte(text[:2000]), ModTime: changed},
		"small.txt":  {Data: []byte(text[:200]), ModTime: changed},
		"sniffed":    {Data: []byte(text), ModTime: changed},
		"large.png":  {Data: []byte(text), ModTime: changed},
	}
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.Compress(middleware.CompressConfig{}), middleware.ETag(middleware.ETagConfig{}))
		app.Static("/static", files)
		app.Static("/archive", oneWay{files})
		app.Mount("/mounted", http.FileServerFS(files))
		answering(app, "/small", func(*fasterapi.Ctx) (fasterapi.Text, error) { return fasterapi.Text(text[:100]), nil })
		answering(app, "/text", func(*fasterapi.Ctx) (fasterapi.Text, error) { return fasterapi.Text(text[:3000]), nil })
		answering(app, "/own", func(c *fasterapi.Ctx) (fasterapi.Text, error) {
			c.SetHeader("ETag", `"own"`)
			return fasterapi.Text(text[:3000]), nil
		})
	}, func(t *testing.T, s service) {
		var paths []string
		for name := range files {
			paths = append(paths, "/static/"+name, "/archive/"+name, "/mounted/"+name)
		}
		for _, style := range styles {
			paths = append(paths, style+"/small", style+"/text", style+"/own")
		}
		for _, path := range paths {
			for _, accept := range []string{"gzip", "br", "identity", "gzip;q=0, *;q=0"} {
				get := s.get(path, "Accept-Encoding", accept)
				require.Equal(t, 200, get.status, path)
				same := func(what string, got answer, names ...string) {
					t.Helper()
					for _, name := range names {
						require.Equal(t, get.header.Values(name), got.header.Values(name), "%s of %s for %s: %s", what, path, accept, name)
					}
				}
				head := s.do(http.MethodHead, path, "", "Accept-Encoding", accept)
				same("head", head, "Vary", "Content-Type", "Content-Encoding", "Accept-Ranges")
				if !strings.HasPrefix(path, "/mounted") { // its tag is made of the content, which HEAD has not
					same("head", head, "ETag")
				}
				if size := head.header.Get("Content-Length"); size != "" {
					same("head", head, "Content-Length")
				}
				tag := get.header.Get("ETag")
				if tag != "" {
					known := s.get(path, "Accept-Encoding", accept, "If-None-Match", tag)
					require.Equal(t, 304, known.status, path)
					same("304", known, "ETag", "Vary")
					strong := s.get(path, "Accept-Encoding", accept, "If-None-Match", strings.TrimPrefix(tag, "W/"))
					require.Equal(t, 304, strong.status, path)
					if !strings.HasPrefix(path, "/mounted") { // nobody knows what it would have sent
						same("304 to the strong tag", strong, "ETag", "Vary")
						same("304 to any tag", s.get(path, "Accept-Encoding", accept, "If-None-Match", "*"), "ETag", "Vary")
					}
				}
				if strings.HasPrefix(path, "/static") || strings.HasPrefix(path, "/mounted") {
					for _, ranges := range []string{"bytes=0-9", "bytes=0-9,20-29", "bytes=1-100"} {
						part := s.get(path, "Accept-Encoding", accept, "Range", ranges)
						require.Equal(t, 206, part.status)
						if !strings.HasPrefix(path, "/mounted") {
							same("part", part, "Vary")
						} else if get.header.Get("Vary") != "" {
							require.Equal(t, "Accept-Encoding", part.header.Get("Vary"))
						}
						require.Empty(t, part.header.Get("Content-Encoding"))
					}
				}
			}
		}
		require.Equal(t, "gzip", s.get("/static/large.txt", "Accept-Encoding", "gzip").header.Get("Content-Encoding"))
		require.Equal(t, "gzip", s.get("/static/staged.txt", "Accept-Encoding", "gzip").header.Get("Content-Encoding"))
		require.Empty(t, s.get("/static/small.txt", "Accept-Encoding", "gzip").header.Get("Content-Encoding"))
		require.Empty(t, s.get("/static/large.png", "Accept-Encoding", "gzip").header.Get("Vary"))
	})
}

// TestCompressStreamsAgree: the head of a stream, and the 304 of one, say what the 200
// says, though its source is not started.
func TestCompressStreamsAgree(t *testing.T) {
	text := strings.Repeat("text ", 20_000)
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.Compress(middleware.CompressConfig{}))
		known := func(c *fasterapi.Ctx) {
			c.SetHeader("ETag", `"own"`)
			if c.Header("If-None-Match") != "" {
				c.SetStatus(http.StatusNotModified)
			}
		}
		stream := func(contentType string, length int64) func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
				known(c)
				return fasterapi.Stream{ContentType: contentType, Length: length, Reader: strings.NewReader(text)}, nil
			}
		}
		app.Get("/text", stream("text/plain", 0))
		app.Get("/sized", stream("text/plain", int64(len(text))))
		app.Get("/image", stream("image/png", int64(len(text))))
		app.Get("/lines", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.JSONLines[int], error) {
			known(c)
			return func(yield func(int, error) bool) { yield(1, nil) }, nil
		})
		app.Get("/events", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[string], error) {
			known(c)
			return fasterapi.SSE[string]{Send: func(s *fasterapi.EventSender[string]) error {
				return s.Send(fasterapi.Event[string]{Data: text})
			}}, nil
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/text", "/sized", "/image", "/lines", "/events"} {
			for _, accept := range []string{"gzip", "br", "zstd", "identity", "gzip;q=0, *;q=0"} {
				get := s.get(path, "Accept-Encoding", accept)
				require.Equal(t, 200, get.status, path)
				compressed := path != "/image" && len(accept) <= len("gzip")
				require.Equal(t, compressed, get.header.Get("Content-Encoding") == accept, "%s for %s", path, accept)
				head := s.do(http.MethodHead, path, "", "Accept-Encoding", accept)
				for _, name := range []string{"Vary", "Content-Type", "Content-Encoding", "Content-Length", "ETag", "Cache-Control"} {
					if name == "Content-Length" && head.header.Get(name) == "" {
						continue // not known without the content
					}
					require.Equal(t, get.header.Values(name), head.header.Values(name), "%s of %s for %s", name, path, accept)
				}
				same := s.get(path, "Accept-Encoding", accept, "If-None-Match", get.header.Get("ETag"))
				require.Equal(t, 304, same.status)
				require.Empty(t, same.header.Get("Content-Encoding"))
				require.Equal(t, get.header.Values("ETag"), same.header.Values("ETag"), "%s for %s", path, accept)
				if path != "/image" {
					require.Equal(t, get.header.Values("Vary"), same.header.Values("Vary"))
				}
			}
		}
	})
}

func TestETagConditions(t *testing.T) {
	modified := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.ETag(middleware.ETagConfig{}))
		answering(app, "/", func(c *fasterapi.Ctx) (fasterapi.Text, error) {
			c.SetHeader("ETag", `"a,b"`)
			c.SetHeader("Last-Modified", modified.Format(http.TimeFormat))
			return "text", nil
		})
		app.Post("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			c.SetHeader("ETag", `"a,b"`)
			return "changed", nil
		})
	}, func(t *testing.T, s service) {
		for _, test := range []struct {
			status int
			fields []string
		}{
			{304, []string{"If-None-Match", `bare, W/"a,b"`}},
			{304, []string{"If-None-Match", `"x"`, "If-None-Match", `"a,b"`}},
			{304, []string{"If-None-Match", "*"}},
			{200, []string{"If-None-Match", `"a", b"`}},
			{200, []string{"If-None-Match", `*, "x"`}},
			{200, []string{"If-None-Match", `"x"`, "If-Modified-Since", modified.Format(http.TimeFormat)}},
			{304, []string{"If-Modified-Since", modified.Format(http.TimeFormat)}},
			{200, []string{"If-Modified-Since", "now"}},
			{200, []string{"If-Match", `"a,b"`}},
			{412, []string{"If-Match", `W/"a,b"`}},
			{412, []string{"If-Match", `"x"`}},
			{412, []string{"If-Unmodified-Since", modified.Add(-time.Second).Format(http.TimeFormat)}},
		} {
			for _, style := range styles {
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					require.Equal(t, test.status, s.do(method, style, "", test.fields...).status, "%s %s %q", method, style, test.fields)
				}
			}
		}
		require.Equal(t, 200, s.do(http.MethodPost, "/", "", "If-None-Match", `"a,b"`).status, "too late: the handler has run")
	})
}
