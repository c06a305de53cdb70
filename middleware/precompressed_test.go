package middleware_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
)

// ask sends a request with header fields, of which names and values alternate.
func (s service) ask(method, path string, header ...string) *fasterapitest.Response {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL(path), nil)
	require.NoError(s.t, err)
	request.Header.Set("Accept-Encoding", "identity") // else the client asks for gzip
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return s.Do(request)
}

// TestPrecompressed: siblings in a coding are sent to clients that take it, as
// representations of their own, from disk and from the program, and are not coded twice.
func TestPrecompressed(t *testing.T) {
	script, page := strings.Repeat("let a = 1;\n", 300), "<!doctype html>"+strings.Repeat("<p>a</p>", 300)
	files := map[string]string{
		"app.js": script, "app.js.br": "br of the script", "app.js.zst": "zst of the script", "app.js.gz": "gz of the script",
		"index.html": page, "index.html.gz": "gz of the page", "plain.js": script, "noext": page, "noext.gz": "gz without type",
		"orphan.js.br": "nobody's", "empty.js": script, "empty.js.br": "", "sub/index.html": page, "sub/index.html.gz": "gz of the folder",
	}
	dir := t.TempDir()
	undated := fstest.MapFS{}
	then := time.Now().Add(-time.Hour)
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		require.NoError(t, os.Chtimes(file, then, then))
		undated[name] = &fstest.MapFile{Data: []byte(text)}
	}
	old := filepath.Join(dir, "old.js")
	require.NoError(t, os.WriteFile(old, []byte(script), 0o600))
	require.NoError(t, os.WriteFile(old+".br", []byte("older"), 0o600))
	require.NoError(t, os.Chtimes(old+".br", then, then))
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.Compress(middleware.CompressConfig{}))
		app.Static("/disk", os.DirFS(dir), fasterapi.Precompressed(), fasterapi.SPA("index.html"))
		app.Static("/program", undated, fasterapi.Precompressed(), fasterapi.SPA("index.html"))
		app.Static("/without", os.DirFS(dir))
	}, func(t *testing.T, s service) {
		for _, root := range []string{"/disk", "/program"} {
			tags := map[string]bool{}
			for accepts, want := range map[string][2]string{
				"br, zstd, gzip": {"br", "br of the script"}, "zstd;q=0.9, gzip;q=0.5": {"zstd", "zst of the script"}, "gzip": {"gzip", "gz of the script"},
				"br;q=0.1, x-gzip": {"gzip", "gz of the script"}, "br;q=0, *": {"zstd", "zst of the script"}, "identity, br;q=0.5": {"", script}, "identity": {"", script},
				"deflate": {"", script},
			} {
				r := s.ask("GET", root+"/app.js", "Accept-Encoding", accepts).Expect(http.StatusOK)
				require.Equal(t, want, [2]string{r.Header.Get("Content-Encoding"), r.Text()}, accepts)
				require.Contains(t, r.Header.Get("Content-Type"), "javascript")
				require.Contains(t, strings.Join(r.Header.Values("Vary"), ","), "Accept-Encoding")
				tag := r.Header.Get("ETag")
				require.NotEmpty(t, tag)
				tags[strings.TrimPrefix(tag, "W/")] = true
				if want[0] == "" {
					continue
				}
				require.False(t, strings.HasPrefix(tag, "W/"), "the bytes are those of the file")
				head := s.ask("HEAD", root+"/app.js", "Accept-Encoding", accepts).Expect(http.StatusOK)
				require.Equal(t, r.Header.Get("Content-Length"), head.Header.Get("Content-Length"))
				require.Equal(t, tag, head.Header.Get("ETag"))
				same := s.ask("GET", root+"/app.js", "Accept-Encoding", accepts, "If-None-Match", tag).Expect(http.StatusNotModified)
				require.Equal(t, tag, same.Header.Get("ETag"))
				require.Contains(t, strings.Join(same.Header.Values("Vary"), ","), "Accept-Encoding")
				require.Empty(t, same.Header.Get("Content-Encoding"))
				part := s.ask("GET", root+"/app.js", "Accept-Encoding", accepts, "Range", "bytes=0-1", "If-Range", tag).Expect(http.StatusPartialContent)
				require.Equal(t, want[1][:2], part.Text())
				require.Equal(t, want[0], part.Header.Get("Content-Encoding"))
				require.Equal(t, http.StatusOK, s.ask("GET", root+"/app.js", "If-None-Match", tag).Status, "another representation")
			}
			require.Len(t, tags, 4)
			for _, path := range []string{"/", "/index.html", "/users/7"} {
				r := s.ask("GET", root+path, "Accept-Encoding", "gzip, br;q=0.5", "Accept", "text/html").Expect(http.StatusOK)
				require.Equal(t, "gz of the page", r.Text())
				require.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"))
				require.Equal(t, "no-cache", r.Header.Get("Cache-Control"))
			}
			require.Equal(t, "gz of the folder", s.ask("GET", root+"/sub/", "Accept-Encoding", "gzip").Text())
			untyped := s.ask("GET", root+"/noext", "Accept-Encoding", "gzip").Expect(http.StatusOK)
			require.Equal(t, "gz without type", untyped.Text())
			require.Equal(t, "text/html; charset=utf-8", untyped.Header.Get("Content-Type"))
			require.Equal(t, page, s.ask("GET", root+"/noext").Text(), "what was looked at is sent too")
			require.Equal(t, http.StatusNotFound, s.ask("GET", root+"/orphan.js", "Accept-Encoding", "br").Status)
			require.Equal(t, "nobody's", s.ask("GET", root+"/orphan.js.br").Text())
			require.Equal(t, script, s.ask("GET", root+"/empty.js").Text())
			require.Equal(t, "zstd", s.ask("GET", root+"/plain.js", "Accept-Encoding", "zstd").Header.Get("Content-Encoding"), "by Compress")
		}
		require.Equal(t, script, s.ask("GET", "/disk/old.js").Text())
		require.NotEqual(t, "older", s.ask("GET", "/disk/old.js", "Accept-Encoding", "br").Text())
		require.NotEqual(t, "br of the script", s.ask("GET", "/without/app.js", "Accept-Encoding", "br").Text())
	})
}
