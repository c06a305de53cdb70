package docspage

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/openapi"
)

// answered is what a request got.
type answered struct {
	status      int
	contentType string
	header      map[string]string
	text        string // as the client reads it
}

// ask asks for a file with fields in pairs of name and value.
func ask(t *testing.T, file File, fields ...string) answered {
	t.Helper()
	page, err := file.Page()
	require.NoError(t, err)
	a := answered{header: map[string]string{}}
	headers := func(name string) (values []string) {
		for i := 0; i < len(fields); i += 2 {
			if fields[i] == name {
				values = append(values, fields[i+1])
			}
		}
		return values
	}
	var body []byte
	a.status, a.contentType, body = page.Answer("GET", headers, func(name, value string) { a.header[name] = value })
	if a.header["Content-Encoding"] == "gzip" {
		r, err := gzip.NewReader(bytes.NewReader(body))
		require.NoError(t, err)
		body, err = io.ReadAll(r)
		require.NoError(t, err)
	}
	a.text = string(body)
	return a
}

// newSite is the site of a document that names hosts.
func newSite() *Site {
	document := &openapi.Document{Info: openapi.Info{Title: "Shop & <Co>", Version: "1"}}
	document.Servers = []openapi.Server{{URL: "https://api.example.com/v1"}, {URL: "https://{region}.example.com"}, {URL: "/relative"}, {URL: "https://a;b.example.com"}}
	return &Site{Path: "/inner/docs", DocumentPath: "/openapi.json", DocumentPath30: "/openapi-3.0.json", Document: func() *openapi.Document { return document }}
}

// named finds a file by its path.
func named(t *testing.T, files []File, path string) File {
	t.Helper()
	i := slices.IndexFunc(files, func(f File) bool { return f.Path == path })
	require.GreaterOrEqual(t, i, 0, path)
	return files[i]
}

// TestFiles: all files are there, of their types, the same with and without gzip, and
// made once.
func TestFiles(t *testing.T) {
	site := newSite()
	types := map[string]string{
		"/openapi.json": "application/json", "/openapi.yaml": "application/yaml",
		"/openapi-3.0.json": "application/json", "/openapi-3.0.yaml": "application/yaml", "/inner/docs": htmlType,
		"/inner/docs/swagger-ui.css": styleType, "/inner/docs/swagger-ui-bundle.js": scriptType,
		"/inner/docs/favicon-32x32.png": "image/png", "/inner/docs/start.js": scriptType,
		"/inner/docs/oauth2-redirect.html": htmlType, "/inner/docs/oauth2-redirect.js": scriptType,
	}
	files := slices.Concat(site.DocumentFiles(), site.PageFiles())
	paths := map[string]bool{}
	for _, file := range files {
		plain := ask(t, file)
		if file.Path == site.Path+"/" { // people type it
			require.Equal(t, 308, plain.status)
			require.Equal(t, "../docs", plain.header["Location"])
			continue
		}
		paths[file.Path] = true
		require.Equal(t, 200, plain.status, file.Path)
		require.Equal(t, types[file.Path], plain.contentType, file.Path)
		require.NotEmpty(t, plain.text, file.Path)
		require.NotContains(t, plain.header, "Content-Encoding", file.Path)

		zipped := ask(t, file, "Accept-Encoding", "br, gzip")
		require.Equal(t, plain.text, zipped.text, file.Path)
		if plain.contentType == "image/png" {
			require.Equal(t, plain, zipped)
		} else {
			require.Equal(t, "gzip", zipped.header["Content-Encoding"], file.Path)
			require.NotEqual(t, plain.header["ETag"], zipped.header["ETag"], "they are two representations")
		}
		first, _ := file.Page()
		second, _ := file.Page()
		require.Same(t, first, second, file.Path)
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(types)), slices.Collect(maps.Keys(paths)))
}

// TestConditions: 304 and 412 say which representation they are about, and nothing of
// its content.
func TestConditions(t *testing.T) {
	file := newSite().PageFiles()[0]
	for _, accept := range []string{"identity", "gzip"} {
		whole := ask(t, file, "Accept-Encoding", accept)
		tag := whole.header["ETag"]
		kept := ask(t, file, "Accept-Encoding", accept, "If-None-Match", tag)
		require.Equal(t, answered{
			status: http.StatusNotModified,
			header: map[string]string{
				"ETag": tag, "Cache-Control": "no-cache",
				"Content-Security-Policy": whole.header["Content-Security-Policy"], "X-Content-Type-Options": "nosniff",
			},
		}, kept)
		require.Equal(t, http.StatusPreconditionFailed, ask(t, file, "Accept-Encoding", accept, "If-Match", `"other"`).status)
		require.Equal(t, 200, ask(t, file, "Accept-Encoding", accept, "If-None-Match", `"other"`).status)
	}
}

// TestCaching: what only a new version of the program changes may be kept for an hour.
func TestCaching(t *testing.T) {
	site := newSite()
	files := slices.Concat(site.DocumentFiles(), site.PageFiles())
	for _, file := range files {
		ours := !strings.Contains(file.Path, "swagger-ui") && !strings.Contains(file.Path, "favicon")
		require.Equal(t, map[bool]string{true: "no-cache", false: cachedAsset}[ours], ask(t, file).header["Cache-Control"], file.Path)
	}
}

// TestPage: title and links are those of the site, and the policy names the hosts of
// the document that are hosts.
func TestPage(t *testing.T) {
	page := ask(t, newSite().PageFiles()[0])
	require.Contains(t, page.text, "<title>Shop &amp; &lt;Co&gt;</title>")
	require.Contains(t, page.text, `<script src="docs/start.js"></script>`)
	require.NotContains(t, page.text, "{")
	require.Contains(t, page.header["Content-Security-Policy"], "connect-src 'self' https://api.example.com; base-uri")
}

// TestOrigins: a flow of OAuth asks its token URL.
func TestOrigins(t *testing.T) {
	document := newSite().Document()
	scheme := &openapi.SecurityScheme{Type: "oauth2", Flows: &openapi.OAuthFlows{Password: &openapi.OAuthFlow{TokenURL: "https://login.example.com/token"}}}
	document.Components.SecuritySchemes = openapi.Map[*openapi.SecurityScheme]{{Name: "login", Value: scheme}}
	require.Equal(t, []string{"'self'", "https://api.example.com", "https://login.example.com"}, origins(document))
}

// TestStart: the settings become JSON, or an error that says so.
func TestStart(t *testing.T) {
	site := newSite()
	site.Settings = map[string]any{"docExpansion": "none", "</script>": 1}
	start := ask(t, named(t, site.PageFiles(), "/inner/docs/start.js"))
	require.Contains(t, start.text, `const config = {"base":"docs/","document":"../openapi.json","settings":{"</script>":1,"docExpansion":"none"}};`)
	site.Settings = map[string]any{"onComplete": func() {}}
	_, err := named(t, site.PageFiles(), "/inner/docs/start.js").Page()
	require.ErrorContains(t, err, "write the settings of the docs page")
}

func TestRelative(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"/docs", "/openapi.json", "openapi.json"},
		{"/a/docs", "/a/openapi.json", "openapi.json"},
		{"/a/docs", "/openapi.json", "../openapi.json"},
		{"/a/b/docs", "/a/c/openapi.json", "../c/openapi.json"},
		{"/docs", "/v1/openapi.json", "v1/openapi.json"},
		{"/ab/docs", "/a/openapi.json", "../a/openapi.json"},
	} {
		require.Equal(t, c.want, relative(c.from, c.to), "%+v", c)
	}
}

// TestAnswerSharesBytes: an answer takes the bytes of the page as they are.
func TestAnswerSharesBytes(t *testing.T) {
	page, err := named(t, newSite().PageFiles(), "/inner/docs/swagger-ui-bundle.js").Page()
	require.NoError(t, err)
	none := func(string) []string { return nil }
	_, _, body := page.Answer("GET", none, func(string, string) {})
	require.Same(t, &page.plain[0], &body[0])
}
