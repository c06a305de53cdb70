package router_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// build makes a router whose values are the registered "METHOD pattern" strings.
func build(t testing.TB, routes ...string) *router.Router[string] {
	t.Helper()
	r, err := tryBuild(routes...)
	require.NoError(t, err)
	return r
}

func tryBuild(routes ...string) (*router.Router[string], error) {
	var b router.Builder[string]
	for i, route := range routes {
		method, pattern, _ := strings.Cut(route, " ")
		b.Add(method, router.ParsePattern(pattern), route, fmt.Sprintf("app.go:%d", i+1))
	}
	return b.Build()
}

// answer renders a match as one line.
func answer(r *router.Router[string], request string) string {
	method, path, _ := strings.Cut(request, " ")
	var ps router.Params
	m := r.Match([]byte(method), []byte(path), &ps)
	switch m.Outcome {
	case router.Found:
		out := m.Route.Value
		for i := range ps.Len() {
			out += fmt.Sprintf(" %s=%s", ps.Name(i), ps.AppendValue(nil, i))
		}
		return out
	case router.MethodNotAllowed:
		return "405 " + m.Allow
	case router.Redirect:
		return "308 " + m.Location
	case router.BadPath:
		return "400"
	default:
		return "404"
	}
}

func TestMatch(t *testing.T) {
	r := build(t,
		"GET /",
		"GET /users",
		"POST /users",
		"GET /users/me",
		"GET /users/{id}",
		"DELETE /users/{id}",
		"GET /users/{id}/orders/{order}",
		"GET /users/{id}/orders/latest",
		"GET /dir/",
		"GET /files/{rest...}",
		"GET /files/{name}/meta",
		"HEAD /heads",
		"GET /heads",
		"GET /caf%C3%A9/{x}",
		"GET /a%2Fb",
		"GET /100%25",
		"REPORT /odd/{x}",
		"GET /back/{a}/c",
		"GET /back/b/d",
	)
	for _, c := range []struct{ request, want string }{
		{"GET /", "GET /"},
		{"HEAD /", "GET /"},
		{"GET /users", "GET /users"},
		{"POST /users", "POST /users"},
		{"GET /users/me", "GET /users/me"},
		{"GET /users/7", "GET /users/{id} id=7"},
		{"GET /users/a%2Fb%20c+d", "GET /users/{id} id=a/b c+d"},
		{"GET /%75sers/m%65", "GET /users/me"},
		{"GET /users/7/orders/9", "GET /users/{id}/orders/{order} id=7 order=9"},
		{"GET /users/7/orders/latest", "GET /users/{id}/orders/latest id=7"},
		{"GET /files/", "GET /files/{rest...} rest="},
		{"GET /files/a/b/", "GET /files/{rest...} rest=a/b/"},
		{"GET /files/a/meta", "GET /files/{name}/meta name=a"},
		{"GET /files/a/metal", "GET /files/{rest...} rest=a/metal"},
		{"GET /files//etc", "GET /files/{rest...} rest=/etc"},
		{"HEAD /heads", "HEAD /heads"},
		{"HEAD /users/7", "GET /users/{id} id=7"},
		{"GET /caf%C3%A9/1", "GET /caf%C3%A9/{x} x=1"},
		{"GET /café/1", "GET /caf%C3%A9/{x} x=1"},
		{"GET /a%2fb", "GET /a%2Fb"},
		{"GET /a/b", "404"},
		{"GET /100%25", "GET /100%25"},
		{"GET /100%", "400"},
		{"REPORT /odd/1", "REPORT /odd/{x} x=1"},
		{"GET /back/b/c", "GET /back/{a}/c a=b"},
		{"GET /back/b/d", "GET /back/b/d"},
		{"GET /back/x/d", "404"},
		// trailing slashes
		{"GET /users/", "308 /users"},
		{"GET /users/7/", "308 /users/7"},
		{"GET /dir", "308 /dir/"},
		{"HEAD /dir", "308 /dir/"},
		{"GET /files", "308 /files/"},
		{"POST /dir", "405 GET, HEAD, OPTIONS"},
		{"GET //users/", "404"},
		{"GET //", "404"},
		// methods
		{"PUT /users", "405 GET, HEAD, OPTIONS, POST"},
		{"PUT /users/7", "405 DELETE, GET, HEAD, OPTIONS"},
		{"POST /users/me", "405 DELETE, GET, HEAD, OPTIONS"},
		{"GET /odd/1", "405 OPTIONS, REPORT"},
		{"get /users", "405 GET, HEAD, OPTIONS, POST"},
		{"BREW /nothing", "404"},
		// refused
		{"GET ", "404"},
		{"GET *", "404"},
		{"GET users", "404"},
		{"GET /users/%zz", "400"},
		{"GET /users/%4", "400"},
		{"GET /users/..", "404"},
		{"GET /users/%2e%2E", "404"},
		{"GET /users/...", "GET /users/{id} id=..."},
		{"GET /files/../etc/passwd", "404"},
		{"GET /files/a/%2e%2e/b", "404"},
		{"GET /files/a/..", "404"},
		{"GET /files/a/.b/..c", "GET /files/{rest...} rest=a/.b/..c"},
		{"GET /users//orders/1", "404"},
	} {
		t.Run(c.request, func(t *testing.T) {
			require.Equal(t, c.want, answer(r, c.request))
		})
	}
}

func TestAllow(t *testing.T) {
	r := build(t, "GET /a", "POST /a", "PUT /{x}", "POST /only")
	require.Equal(t, "GET, HEAD, OPTIONS, POST, PUT", r.Allow([]byte("/a")))
	require.Equal(t, "OPTIONS, POST, PUT", r.Allow([]byte("/only")))
	require.Equal(t, "", r.Allow([]byte("/b/c")))
	require.Equal(t, "", r.Allow([]byte("/%")))

	var many []string
	for _, m := range strings.Split("GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT LOCK", " ") {
		many = append(many, m+" /x")
	}
	r = build(t, many...)
	require.Equal(t, "CONNECT, DELETE, GET, HEAD, LOCK, OPTIONS, PATCH, POST, PUT, TRACE", r.Allow([]byte("/x")))
}

func TestEmptyRouter(t *testing.T) {
	r := build(t)
	require.Equal(t, "404", answer(r, "GET /"))
	require.Empty(t, r.Routes())
}

func TestParams(t *testing.T) {
	r := build(t, "GET /{a}/{b...}")
	var ps router.Params
	path := []byte("/x%20y/1/2")
	m := r.Match([]byte("GET"), path, &ps)
	require.Equal(t, router.Found, m.Outcome)
	require.Equal(t, []string{"a", "b"}, m.Route.Pattern.Wildcards())
	require.Equal(t, "x%20y", string(ps.Value(0)))
	v, ok := ps.Lookup("b")
	require.True(t, ok)
	require.Equal(t, "1/2", string(v))
	_, ok = ps.Lookup("c")
	require.False(t, ok)
	require.Equal(t, len(v), cap(v), "appending to a value must not write into the path")
	ps.Reset()
	require.Zero(t, ps.Len())
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{"", "the pattern is empty"},
		{"users", "must begin with a slash"},
		{"/a//b", "empty segment"},
		{"/a/./b", "can never match"},
		{"/a/..", "can never match"},
		{"/%2e/b", "can never match"},
		{"/{}", "has no name"},
		{"/{...}", "has no name"},
		{"/{a-b}", "not a Go identifier"},
		{"/{1a}", "not a Go identifier"},
		{"/{$}", "not a Go identifier"},
		{"/x{a}", "must fill its segment"},
		{"/{a}x", "must fill its segment"},
		{"/{a", "must fill its segment"},
		{"/a}", "not opened"},
		{"/{a}/{a}", `the name "a" appears twice`},
		{"/{a}/b/{a...}", `the name "a" appears twice`},
		{"/{a...}/b", "must be the last segment"},
		{"/{a...}/", "must be the last segment"},
		{"/a%zz", "invalid percent escape"},
		{"/a?b", "no query"},
		{strings.Repeat("/x", 3) + wildcards(17), "17 wildcards, at most 16"},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			_, err := tryBuild("GET " + c.pattern)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "app.go:1")
		})
	}
	build(t, "GET "+wildcards(16))
	_, err := tryBuild("GE(T /")
	require.ErrorContains(t, err, "not an HTTP token")
}

func wildcards(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "/{p%d}", i)
	}
	return b.String()
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := tryBuild(
		"GET /{a}/b",     // 1
		"GET /a/{b}",     // 2: crosses 1
		"GET /{x}/b",     // 3: the same as 1, and crosses 2
		"POST /{x}/b",    // 4: another method
		"GET bad",        // 5
		"HEAD /a/b",      // 6: narrower than both
		"HEAD /{p...}",   // 7: narrower method, wider path than 1, 2, 3
		"GET /a/{b}/{c}", // 8
	)
	var be *router.BuildError
	require.ErrorAs(t, err, &be)
	var got []string
	for _, m := range be.Mistakes {
		got = append(got, m.Site+" "+m.Other)
	}
	require.Equal(t, []string{
		"app.go:2 app.go:1", "app.go:3 app.go:1", "app.go:3 app.go:2", "app.go:5 ",
		"app.go:7 app.go:1", "app.go:7 app.go:2", "app.go:7 app.go:3", "app.go:8 app.go:7",
	}, got)
	require.Contains(t, err.Error(), "8 mistakes")
	require.Contains(t, err.Error(),
		"GET /a/{b} (app.go:2): overlaps with GET /{a}/b (app.go:1): both match some requests and neither is more specific")
}

func TestTooManyMethods(t *testing.T) {
	var routes []string
	for i := range 65 {
		routes = append(routes, fmt.Sprintf("M%d /", i))
	}
	build(t, routes[:64]...)
	_, err := tryBuild(routes...)
	require.ErrorContains(t, err, "more than 64 different methods")
}

func TestManyLiterals(t *testing.T) {
	var routes []string
	for i := range 500 {
		routes = append(routes, fmt.Sprintf("GET /same/prefix/%03d/same/suffix", i), fmt.Sprintf("GET /%d", i))
	}
	r := build(t, routes...)
	for _, route := range routes {
		require.Equal(t, route, answer(r, route))
		require.Equal(t, "404", answer(r, route+"x"))
	}
}

func TestDumpGolden(t *testing.T) {
	r := build(t,
		"GET /", "GET /users", "GET /users/", "GET /users/{id}", "GET /users/{id}/orders", "GET /users/me",
		"GET /files/{rest...}", "GET /files/{name}/meta", "POST /users", "HEAD /users",
	)
	golden := filepath.Join("testdata", "dump.golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(r.Dump()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), r.Dump())
}
