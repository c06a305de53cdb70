package router_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/router"
)

// TestForeignPatterns: what other routers write is a mistake that says what to write, and
// does not hide the name that it was to have.
func TestForeignPatterns(t *testing.T) {
	for _, c := range []struct{ pattern, name, message string }{
		{"/users/:id", "id", `":id" is no wildcard here: write {id} (a literal colon is %3A)`},
		{"/users/:id/posts", "id", `write {id}`},
		{"/users/:user_id?", "user_id", `none can be absent: write {user_id}, and register the path without it too`},
		{"/flights/:from-:to", "from", `":from-:to" is no wildcard here, and one fills its segment`},
		{"/files/*rest", "rest", `"*rest" is no wildcard here: the rest of a path is {rest...} (a literal asterisk is %2A)`},
		{"/files/*", "rest", `the rest of a path is {rest...}`},
		{"/files/**", "rest", `the rest of a path is {rest...}`},
		{"/files/*.png", "rest", `the rest of a path is {rest...}`},
		{"/files/+", "rest", `"+" is no wildcard here: the rest of a path is {rest...} (a literal plus is %2B)`},
		{"/users/<id>", "id", `"<id>" is no wildcard here: write {id} (literal angle brackets are %3C and %3E)`},
		{"/users/<int:id>", "id", `write {id}`},
		{"/files/<path:name>", "name", `write {name...}`},
		{"/users/[id]", "id", `"[id]" is no wildcard here: write {id} (literal brackets are %5B and %5D)`},
		{"/docs/[...slug]", "slug", `write {slug...}`},
		{"/docs/[[...slug]]", "slug", `write {slug...}`},
		{"/users/{id:int}", "id", `the wildcard name "id:int" is not a Go identifier: write {id}; the type of the field that reads it`},
		{"/users/{id:[0-9]+}", "id", `write {id}`},
		{"/files/{p:path}", "p", `the rest of a path is {p...}`},
		{"/files/{p:.*}", "p", `the rest of a path is {p...}`},
		{"/files/{*p}", "p", `the rest of a path is {p...}`},
		{"/files/{p*}", "p", `the rest of a path is {p...}`},
		{"/users/{id?}", "id", `a wildcard cannot be absent; register the path without it too`},
		{"/users/{$}", "$", `a pattern that ends with a slash matches that path only, so leave it out`},
	} {
		p := router.ParsePattern(c.pattern)
		require.ErrorContains(t, p.Err(), c.message, c.pattern)
		require.Equal(t, []string{c.name}, p.Wildcards(), c.pattern)
	}
	for _, pattern := range []string{"/items:batchGet", "/v1/{name}/x:undelete", "/%3Aid", "/%2A", "/%3Cid%3E", "/:", "/:1", "/a-b/c.d/~e/$f/@g/(h)", "/%5Bh%5D", "/a%20b", "/ü"} {
		require.NoError(t, router.ParsePattern(pattern).Err(), pattern)
	}
	for pattern, want := range map[string]string{
		`/users/(\d+)`: `"(\\d+)": no path of a request has "\\" as it is: a literal one is %5C`,
		"/users ":      `"users ": no path of a request has " " as it is: a literal one is %20`,
		"/a|b":         `"a|b": no path of a request has "|" as it is: a literal one is %7C`,
		"/^a$":         `"^a$": no path of a request has "^" as it is: a literal one is %5E`,
	} {
		require.EqualError(t, router.ParsePattern(pattern).Err(), want)
	}
}
