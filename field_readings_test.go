package fasterapi_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// spoiltCookies are Cookie fields in which other hands than the service's have
// written: browsers send whatever scripts of the whole domain have stored.
var spoiltCookies = []string{
	`prefs={"a":1}; session=abc`, "session=abc;", "session=abc; flag", "theme=\xc3\xa9; session=abc", "=v; session=abc",
	`a b=1; session=abc`, `q="; session="abc"`, ";;session=abc", "x=\\; session=abc", "session=abc; \xff=1",
}

// TestSpoiltCookies: a pair that is malformed hides none of the others, and the
// two ways to a cookie agree.
func TestSpoiltCookies(t *testing.T) {
	type input struct {
		Session string `cookie:"session"`
	}
	both := func(c *fasterapi.Ctx, in input) (fasterapi.Text, error) {
		return fasterapi.Text(in.Session + " " + c.Cookie("session")), nil
	}
	everyMode(t, func(app *fasterapi.App) {
		app.Get("/goroutine", both)
		app.Get("/coroutine", both, fasterapi.OnReactor())
		app.GetFuture("/chain", func(c *fasterapi.Ctx, in input) async.Future[fasterapi.Text] {
			later := async.Go(c, func(context.Context) (struct{}, error) { return struct{}{}, nil })
			return later.ThenErr(func(struct{}) (fasterapi.Text, error) { return both(c, in) })
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/coroutine", "/chain"} {
			for _, line := range spoiltCookies {
				require.Equal(t, "abc abc", s.get(path, "Cookie", line).body, "%s %q", path, line)
			}
			require.Equal(t, "abc abc", s.get(path, "Cookie", "=;", "Cookie", "session=abc; session=x").body, "two lines")
			require.Equal(t, " ", s.get(path, "Cookie", `session={"a":1}; sessions=abc`).body)
		}
	})
}
