package app_test

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

const immutable = "public, max-age=31536000, immutable"

// TestPageOfSPAIsNotCached: the page of an SPA is "no-cache" on all its addresses,
// and other files are what CacheControl says.
func TestPageOfSPAIsNotCached(t *testing.T) {
	site := fstest.MapFS{
		"index.html": {Data: []byte("page")}, "app.js": {Data: []byte("run()")}, "guide/index.html": {Data: []byte("guide")},
		"shell/app.html": {Data: []byte("shell")},
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Static("/", site, fasterapi.SPA("index.html"), fasterapi.CacheControl(immutable))
		app.Group("/own").Static("/", site, fasterapi.SPA("shell/app.html"), fasterapi.CacheControl(immutable))
		app.Static("/plain", site, fasterapi.CacheControl(immutable))
	}, func(t *testing.T, s service) {
		html := []string{"Accept", "text/html"}
		for path, want := range map[string]string{
			"/": "no-cache", "/index.html": "no-cache", "/users/7": "no-cache", "/app.js": immutable, "/guide/": immutable,
			"/own/shell/app.html": "no-cache", "/own/users/7": "no-cache", "/own/": immutable, "/own/index.html": immutable,
			"/plain/": immutable, "/plain/index.html": immutable,
		} {
			a := s.get(path, html...)
			require.Equal(t, 200, a.status, path)
			require.Equal(t, want, a.header.Get("Cache-Control"), path)
			require.Equal(t, want, s.do("HEAD", path, "", html...).header.Get("Cache-Control"), path)
			again := s.get(path, append(html, "If-None-Match", a.header.Get("ETag"))...)
			require.Equal(t, http.StatusNotModified, again.status, path)
			require.Equal(t, want, again.header.Get("Cache-Control"), path)
			require.Equal(t, want, s.get(path, append(html, "Range", "bytes=0-1")...).header.Get("Cache-Control"), path)
		}
	})
}

// TestDeepLinksWithDots: they are addresses of the application, unless they end like
// a file that a page is made of.
func TestDeepLinksWithDots(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Static("/", fstest.MapFS{"index.html": {Data: []byte("page")}}, fasterapi.SPA("index.html"))
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/users/john.doe", "/docs/v1.2", "/mail/a@example.com", "/go/main.go", "/x.", "/users/john.doe/"} {
			a := s.get(path, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
			require.Equal(t, "page", a.body, path)
			require.Equal(t, 404, s.get(path, "Accept", "*/*").status, path)
			require.Equal(t, 404, s.get(path, "Accept", "application/json").status, path)
			require.Equal(t, 404, s.get(path, "Accept", "text/html;q=0, */*").status, path)
		}
		for _, path := range []string{"/app.1a2b.js", "/app.CSS", "/a/logo.png", "/old.html", "/app.js.map", "/.env", "/users/.john"} {
			require.Equal(t, 404, s.get(path, "Accept", "text/html").status, path)
		}
	})
}

// TestDatesThatSayNothing: files with the date that a build tool gives to all files
// have no tag of it, so that a client sees the next version.
func TestDatesThatSayNothing(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	path := filepath.Join(dir, "app.js")
	write := func(text string, date time.Time) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chtimes(path, date, date))
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Static("/static", root.FS())
		app.Static("/spa", os.DirFS(dir), fasterapi.CacheControl("no-cache"))
		app.Get("/file", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) { return fasterapi.File{Path: path}, nil })
		app.Get("/given", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) {
			info, err := os.Stat(path)
			if err != nil {
				return fasterapi.File{}, err
			}
			return fasterapi.File{Content: strings.NewReader("given"), Path: "x.txt", ModTime: info.ModTime()}, nil
		})
	}, func(t *testing.T, s service) {
		for _, date := range []time.Time{
			time.Unix(0, 0), time.Unix(1, 0), time.Unix(0, 1), time.Unix(-1, 0), time.Unix(3600, 0),
			time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1980, 1, 1, 0, 0, 1, 0, time.FixedZone("", -12*3600)),
			time.Date(1979, 11, 30, 0, 0, 0, 0, time.UTC), time.Date(1985, 10, 26, 8, 15, 0, 0, time.UTC),
		} {
			for _, url := range []string{"/static/app.js", "/spa/app.js", "/file"} {
				write("v1", date)
				first := s.get(url)
				require.Empty(t, first.header.Get("Last-Modified"), "%s %v", url, date)
				write("v2", date)
				fields := []string{"If-Modified-Since", time.Now().UTC().Format(http.TimeFormat)}
				if tag := first.header.Get("ETag"); tag != "" {
					fields = []string{"If-None-Match", tag}
				}
				require.Equal(t, "v2", s.get(url, fields...).body, "%s %v", url, date)
			}
			require.Empty(t, s.get("/given").header.Get("Last-Modified"), date)
		}
		write("v1", time.Unix(1, 0))
		tag := s.get("/static/app.js").header.Get("ETag")
		require.NotEmpty(t, tag, "made of the content")
		require.Equal(t, http.StatusNotModified, s.get("/static/app.js", "If-None-Match", tag).status)
		write(strings.Repeat("x", 1<<20+1), time.Unix(1, 0))
		require.Empty(t, s.get("/static/app.js").header.Get("ETag"), "too large to be read for it each time")
		write("v1", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		require.NotEmpty(t, s.get("/static/app.js").header.Get("ETag"))
		require.NotEmpty(t, s.get("/file").header.Get("Last-Modified"))
		require.NotEmpty(t, s.get("/given").header.Get("Last-Modified"))
	})
}

// TestDatesOfArchives: an entry of a zip without a date has no tag.
func TestDatesOfArchives(t *testing.T) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	entry, err := w.CreateHeader(&zip.FileHeader{Name: "app.js", Method: zip.Store})
	require.NoError(t, err)
	_, err = entry.Write([]byte("v1"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	files, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	require.NoError(t, err)
	everyProtocol(t, func(app *fasterapi.App) { app.Static("/", files) }, func(t *testing.T, s service) {
		a := s.get("/app.js")
		require.Equal(t, "v1", a.body)
		require.Empty(t, a.header.Get("ETag"))
		require.Empty(t, a.header.Get("Last-Modified"))
	})
}

// TestOnlyRegularFilesAreServed: opening a pipe takes a thread until somebody writes,
// and a device may do anything.
func TestOnlyRegularFilesAreServed(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, mkfifo(filepath.Join(dir, "pipe")))
	require.NoError(t, os.Symlink("pipe", filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(dir, "zero")))
	require.NoError(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "folder", "index.html"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "piped"), 0o700))
	require.NoError(t, mkfifo(filepath.Join(dir, "piped", "index.html")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("a"), 0o600))
	require.NoError(t, os.Symlink("a.txt", filepath.Join(dir, "alias")))
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	require.NoError(t, err)
	t.Cleanup(func() { socket.Close() })
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	below, err := fs.Sub(os.DirFS(filepath.Dir(dir)), filepath.Base(dir))
	require.NoError(t, err)
	everyProtocol(t, func(app *fasterapi.App) {
		app.Static("/root", root.FS())
		app.Static("/dir", os.DirFS(dir))
		app.Static("/sub", below)
		app.Get("/path/{name...}", func(_ *fasterapi.Ctx, in struct {
			Name string `path:"name"`
		},
		) (fasterapi.File, error) {
			return fasterapi.File{Path: filepath.Join(dir, in.Name)}, nil
		})
		app.Get("/fs/{name...}", func(_ *fasterapi.Ctx, in struct {
			Name string `path:"name"`
		},
		) (fasterapi.File, error) {
			return fasterapi.File{FS: below, Name: in.Name}, nil
		})
	}, func(t *testing.T, s service) {
		for _, prefix := range []string{"/root/", "/dir/", "/sub/", "/path/", "/fs/"} {
			require.Equal(t, "a", s.get(prefix+"a.txt").body, prefix)
			require.Equal(t, "a", s.get(prefix+"alias").body, prefix)
			for _, name := range []string{"pipe", "link", "zero", "folder", "folder/index.html", "piped/index.html", "socket"} {
				require.Equal(t, 404, s.get(prefix+name).status, prefix+name)
				require.Equal(t, 404, s.do("HEAD", prefix+name, "").status, prefix+name)
			}
			require.Equal(t, 404, s.get(prefix+"loop").status, prefix)
		}
		for _, path := range []string{"/root/folder/", "/dir/piped", "/dir/piped/", "/sub/piped/"} {
			require.Equal(t, 404, s.get(path).status, path)
		}
	})
}

// TestPageOfSPAMustBeAFile is found at start-up.
func TestPageOfSPAMustBeAFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, mkfifo(filepath.Join(dir, "index.html")))
	app, _ := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Static("/", os.DirFS(dir), fasterapi.SPA("index.html"))
	})
	_, err := app.Start()
	require.ErrorContains(t, err, "the page index.html of the SPA: ")
	require.ErrorContains(t, err, "not a regular file")
}

// mkfifo makes a pipe with a name.
func mkfifo(name string) error { return syscall.Mkfifo(name, 0o600) }
