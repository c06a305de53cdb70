package reference

import (
	"bufio"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

func users(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }

func shop(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }

func me(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil }

type byID struct {
	ID string `path:"id"`
}

func user(_ *fasterapi.Ctx, in byID) (fasterapi.Text, error) {
	return fasterapi.Text(", id = `" + in.ID + "`"), nil
}

func orders(c *fasterapi.Ctx, in byID) (fasterapi.Text, error) { return user(c, in) }

func remove(c *fasterapi.Ctx, in byID) (fasterapi.Text, error) { return user(c, in) }

type below struct {
	Rest string `path:"rest"`
}

func file(_ *fasterapi.Ctx, in below) (fasterapi.Text, error) {
	return fasterapi.Text(", rest = `" + strconv.Quote(in.Rest) + "`"), nil
}

// patternsApp has the routes of the page; each answers with its values, and the
// middleware with its pattern.
func patternsApp() *fasterapi.App {
	app := fasterapi.New(fasterapi.Config{})
	app.Use(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			c.SetHeader("Route", c.Pattern())
			return next(c)
		}
	})
	// snippet: routes
	app.Get("/users", users)
	app.Get("/users/me", me)
	app.Get("/users/{id}", user)
	app.Get("/users/{id}/orders", orders)
	app.Delete("/users/{id}", remove)
	app.Get("/shop/", shop)
	app.Get("/files/{rest...}", file)
	// end snippet
	return app
}

var requests = []struct{ method, path string }{
	{"GET", "/users"},
	{"GET", "/users/7"},
	{"GET", "/users/me"},
	{"GET", "/users/me/orders"},
	{"GET", "/users/a%2Fb"},
	{"HEAD", "/users/7"},
	{"OPTIONS", "/users/7"},
	{"PUT", "/users/7"},
	{"GET", "/users/"},
	{"GET", "/users/?page=2"},
	{"GET", "/users/7/"},
	{"DELETE", "/users/7/"},
	{"GET", "/shop"},
	{"GET", "/shop/"},
	{"GET", "/files/"},
	{"GET", "/files"},
	{"GET", "/files/a/b.txt"},
	{"GET", "/files/../x"},
	{"GET", "/Users"},
	{"GET", "/users//orders"},
}

func patternTable(t *testing.T) string {
	handler := patternsApp().Handler()
	var b strings.Builder
	b.WriteString(head("request", "status", "answered by"))
	for _, r := range requests {
		request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(r.method + " " + r.path + " HTTP/1.1\r\nHost: example.com\r\n\r\n")))
		require.NoError(t, err, r.path)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		what := code(answer.Header().Get("Route")) + answer.Body.String()
		switch location, allow := answer.Header().Get("Location"), answer.Header().Get("Allow"); {
		case location != "":
			what = "`Location: " + location + "`"
		case allow != "":
			what = "`Allow: " + allow + "`"
		case r.method == http.MethodHead:
			what += " of GET, without the body"
		case answer.Code >= 400:
			what = "no route"
		}
		b.WriteString(row(code(r.method+" "+r.path), strconv.Itoa(answer.Code), what))
	}
	return b.String()
}

// wrongPatterns are refused when the app starts: all but the last of a line are there
// so that the last can collide with them.
var wrongPatterns = [][]string{
	{"users"},
	{"/users/{id:[0-9]+}"},
	{"/users/{p:path}"},
	{"/files/{rest...}/x"},
	{"/users/{id}/{id}"},
	{"/v{major}"},
	{"/users/{id}", "/users/{name}"},
	{"/{a}/b", "/a/{b}"},
}

var place = regexp.MustCompile(`\S+_test\.go:\d+`)

func wrongPatternTable(t *testing.T) string {
	none := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil }
	var b strings.Builder
	b.WriteString(head("patterns of GET routes", "the start says"))
	for _, patterns := range wrongPatterns {
		app := fasterapi.New(fasterapi.Config{})
		for _, pattern := range patterns {
			app.Get(pattern, none)
		}
		_, err := app.OpenAPI()
		wrong, ok := errors.AsType[*fasterapi.RegistrationError](err)
		require.True(t, ok, patterns)
		require.Len(t, wrong.Mistakes, 1, patterns)
		line := place.ReplaceAllString(strings.Join(strings.Fields(wrong.Mistakes[0]), " "), "main.go:10")
		b.WriteString(row(code(strings.Join(patterns, ", ")), strings.ReplaceAll(line, "|", `\|`)))
	}
	return b.String()
}
