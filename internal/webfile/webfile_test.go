package webfile_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/webfile"
	"github.com/fasterapi/fasterapi/problem"
)

// folder has a file, a folder, and links.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("text"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	for name, target := range map[string]string{
		"link": "a.txt", "sub/up": "../a.txt", "circle": "circle", "out": "../outside", "absolute": filepath.Join(dir, "a.txt"), "dir": "sub",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	return dir
}

// opener opens a file by its name below a folder.
type opener func(name string) (fs.File, fs.FileInfo, error)

// TestOpen: regular files and links to them open, and nothing else does, in every kind
// of file system.
func TestOpen(t *testing.T) {
	dir := folder(t)
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	below, err := fs.Sub(os.DirFS(filepath.Dir(dir)), filepath.Base(dir))
	require.NoError(t, err)
	for kind, open := range map[string]opener{
		"root": func(name string) (fs.File, fs.FileInfo, error) { return webfile.Open(root.FS(), name) },
		"dir":  func(name string) (fs.File, fs.FileInfo, error) { return webfile.Open(os.DirFS(dir), name) },
		"sub":  func(name string) (fs.File, fs.FileInfo, error) { return webfile.Open(below, name) },
		"path": func(name string) (fs.File, fs.FileInfo, error) {
			if name == "" {
				return webfile.OpenPath("")
			}
			return webfile.OpenPath(dir + "/" + name)
		},
	} {
		for _, name := range []string{"a.txt", "link", "sub/up"} {
			file, info, err := open(name)
			require.NoError(t, err, "%s %s", kind, name)
			require.EqualValues(t, 4, info.Size())
			text, err := io.ReadAll(file)
			require.NoError(t, err)
			require.Equal(t, "text", string(text))
			require.NoError(t, file.Close())
		}
		for _, name := range []string{"", "sub", "dir", "missing", "a.txt/b", "circle", "sub/../../outside", "a\x00", strings.Repeat("a", 5000)} {
			_, _, err := open(name)
			require.Error(t, err, "%s %q", kind, name)
			var p *problem.Problem
			require.ErrorAs(t, webfile.Problem(err), &p, "%s %q: %v", kind, name, err)
			require.Equal(t, http.StatusNotFound, p.Status)
		}
	}
	for _, files := range []fs.FS{root.FS(), below} {
		_, _, err := webfile.Open(files, "out")
		var p *problem.Problem
		require.ErrorAs(t, webfile.Problem(err), &p)
		require.Equal(t, http.StatusNotFound, p.Status)
	}
}

// TestOpenPathDoesNotClimb: in the notation of any system.
func TestOpenPathDoesNotClimb(t *testing.T) {
	for _, name := range []string{"../a", "a/../b", `..\a`, `a\..\b`, "..", "a/.."} {
		_, _, err := webfile.OpenPath(name)
		require.Equal(t, fs.ErrInvalid, err, name)
	}
}

// TestProblem: clients get to know of what is not there or not allowed, and nothing else.
func TestProblem(t *testing.T) {
	for err, status := range map[error]int{
		fs.ErrNotExist: 404, fs.ErrInvalid: 404, fs.ErrPermission: 403, syscall.ENOTDIR: 404, syscall.ELOOP: 404, syscall.ENAMETOOLONG: 404,
	} {
		var p *problem.Problem
		require.ErrorAs(t, webfile.Problem(&fs.PathError{Op: "open", Path: "secret", Err: err}), &p)
		require.Equal(t, status, p.Status)
		require.NotContains(t, p.Detail, "secret")
	}
	other := &fs.PathError{Op: "open", Path: "a", Err: syscall.EMFILE}
	require.Equal(t, error(other), webfile.Problem(other))
	named := &fs.PathError{Op: "read", Path: "a", Err: errors.New("broken")}
	require.Equal(t, error(named), webfile.Problem(named))
}

func TestNames(t *testing.T) {
	for _, name := range []string{".env", "a/.git/config", ".a/b", "a/..b"} {
		require.True(t, webfile.Hidden(name), name)
	}
	for _, name := range []string{"", "a.b", "a/b.c", ".well-known/acme", "a./b"} {
		require.False(t, webfile.Hidden(name), name)
	}
	for _, name := range []string{"app.js", "a/b.CSS", "x.html", "font.woff2"} {
		require.True(t, webfile.IsAsset(name), name)
	}
	for _, name := range []string{"", "users/john.doe", "v1.2", "go/main.go", "js"} {
		require.False(t, webfile.IsAsset(name), name)
	}
}

// TestSaysDate: the days that stand for none, in any zone, and others.
func TestSaysDate(t *testing.T) {
	for _, none := range []string{
		"1970-01-01T00:00:01Z", "1601-01-01T00:00:00Z", "1904-01-01T12:00:00Z", "1979-11-30T00:00:00Z", "1980-01-01T00:00:00+14:00",
		"1984-06-22T21:50:00Z", "1985-10-26T08:15:00Z", "1969-12-31T19:00:00Z",
	} {
		date, err := time.Parse(time.RFC3339, none)
		require.NoError(t, err)
		require.False(t, webfile.SaysDate(date), none)
	}
	require.False(t, webfile.SaysDate(time.Time{}))
	for _, some := range []string{"2026-01-01T00:00:00Z", "1990-05-01T00:00:00Z", "1985-10-28T00:00:00Z"} {
		date, err := time.Parse(time.RFC3339, some)
		require.NoError(t, err)
		require.True(t, webfile.SaysDate(date), some)
	}
}

// TestTagsOfEmbeddedFiles: files without any date are of the program, and are read once.
func TestTagsOfEmbeddedFiles(t *testing.T) {
	var tags webfile.Tags
	tag := func(text string) string {
		file, info, err := webfile.Open(fstest.MapFS{"a.js": {Data: []byte(text)}}, "a.js")
		require.NoError(t, err)
		got, err := tags.Tag("a.js", file.(io.ReadSeeker), info)
		require.NoError(t, err)
		rest, err := io.ReadAll(file)
		require.NoError(t, err)
		require.Equal(t, text, string(rest), "the content is at its beginning")
		return got
	}
	first := tag("v1")
	require.Regexp(t, `^"[A-Za-z0-9_-]{20}"$`, first)
	require.Equal(t, first, tag("v2"), "of the same size: it is not read again")
	require.NotEqual(t, first, tag("longer"))
}
