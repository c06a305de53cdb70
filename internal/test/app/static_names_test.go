package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// TestNamesThatNoFileHas: what the system refuses as a name is the client's
// mistake, not a failure of the service.
func TestNamesThatNoFileHas(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("a"), 0o600))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	app, log := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Static("/opened", root.FS())
		app.Static("/dir", os.DirFS(dir))
		app.Get("/path/{name}", func(_ *fasterapi.Ctx, in struct {
			Name string `path:"name"`
		},
		) (fasterapi.File, error) {
			return fasterapi.File{Path: filepath.Join(dir, "a.txt", in.Name)}, nil
		})
	})
	addr := start(t, app)
	for _, name := range []string{
		"/opened/a.txt/b", "/dir/a.txt/b", "/path/b", "/opened/" + strings.Repeat("x", 300), "/dir/" + strings.Repeat("x", 300),
		"/opened/a%00b", "/dir/a%00b", "/opened/..%2fa.txt", "/dir/%2e%2e/a.txt", "/opened/a.txt%2f",
	} {
		answer, err := (&http.Client{Transport: onefield.Transport(t, nil)}).Get("http://" + addr + name)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Contains(t, []int{http.StatusNotFound, http.StatusBadRequest}, answer.StatusCode, name)
	}
	require.NotContains(t, log.String(), "level=ERROR")
}
