package main

import (
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/console"
	"github.com/fasterapi/fasterapi/security"
)

// snippet: new
// build makes the app on a new database.
func build(t *testing.T, cfg fasterapi.Config) *fasterapi.App {
	dir := t.TempDir()
	return newApp(cfg, Settings{
		Database: filepath.Join(dir, "test.db"), Covers: filepath.Join(dir, "covers"),
		Secret: "a secret of at least 32 characters", Admin: "correct horse",
	})
}

// as is a client of the app who is logged in as somebody.
func as(t *testing.T, user string, scopes ...string) *fasterapitest.Client {
	app := build(t, fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)})
	app.Override(Who{Subject: user, Scopes: scopes})
	return fasterapitest.New(t, app)
}

// end snippet

// snippet: books
func TestAddBook(t *testing.T) {
	c := as(t, "ada", canWrite)
	added := c.Post("/books", NewBook{Title: "Emma", Author: "Jane Austen"}).Expect(201)
	require.Equal(t, "/books/1", added.Header.Get("Location"))
	want := Book{ID: 1, Title: "Emma", Author: "Jane Austen"}
	require.Equal(t, want, added.JSON[Book]())
	require.Equal(t, want, c.Get("/books/1").Expect(200).JSON[Book]())

	c.Post("/books", NewBook{Title: "Emma", Author: "Jane Austen"}).Expect(409)
	wrong := c.Post("/books", `{"title": ""}`).Expect(422).Problem()
	require.Equal(t, []string{"body.title", "body.author"}, wrong.Locations())
}

// end snippet

func TestChangeAndRemove(t *testing.T) {
	c := as(t, "ada", canWrite)
	c.Post("/books", `{"title": "Emma", "author": "Jane Austen", "note": "torn"}`).Expect(201)
	note := "torn"
	require.Equal(t, Book{ID: 1, Title: "Persuasion", Author: "Jane Austen", Note: &note},
		c.Patch("/books/1", `{"title": "Persuasion"}`).Expect(200).JSON[Book]())
	require.Nil(t, c.Patch("/books/1", `{"note": null}`).Expect(200).JSON[Book]().Note)
	c.Patch("/books/1", `{"titel": "x"}`).Expect(422)
	c.Patch("/books/2", `{}`).Expect(404)
	require.Len(t, c.Get("/books?author=Jane+Austen").Expect(200).JSON[[]Book](), 1)
	require.Empty(t, c.Get("/books?after=1").Expect(200).JSON[[]Book]())
	c.Delete("/books/1").Expect(204)
	c.Delete("/books/1").Expect(404)
}

// snippet: access
func TestOnlyLibrariansChangeBooks(t *testing.T) {
	c := as(t, "bob")
	for _, request := range []struct{ method, path string }{
		{"POST", "/books"}, {"PATCH", "/books/1"}, {"DELETE", "/books/1"}, {"PUT", "/books/1/cover"},
	} {
		c.Send(request.method, request.path, nil).Expect(403)
	}
}

// end snippet

// snippet: engines
// TestLogin uses the real tokens, over every engine.
func TestLogin(t *testing.T) {
	make := func(cfg fasterapi.Config) *fasterapi.App { return build(t, cfg) }
	fasterapitest.Run(t, make, func(t *testing.T, c *fasterapitest.Client) {
		c.Get("/me").Expect(401)
		require.Equal(t, Profile{User: "admin", Name: "Administrator", Scopes: []string{canWrite}}, login(c).Get("/me").Expect(200).JSON[Profile]())
	}, fasterapitest.InProcess(), fasterapitest.OneReactor(), fasterapitest.NetHTTP())
}

// end snippet

// snippet: events
func TestLoan(t *testing.T) {
	c := as(t, "ada", canWrite)
	events := c.Events("/books/events")
	c.Post("/books", NewBook{Title: "Emma", Author: "Jane Austen"}).Expect(201)
	c.Post("/books/1/loan", nil).Expect(200)
	c.Post("/books/1/loan", nil).Expect(409)
	c.Post("/books/2/loan", nil).Expect(404)

	for _, want := range []struct {
		name string
		lent bool
	}{{"added", false}, {"lent", true}} {
		event, ok := events.Next()
		require.True(t, ok)
		require.Equal(t, want.name, event.Name)
		require.Equal(t, want.lent, event.JSON[Book](t).Lent)
	}
}

// end snippet

func TestReady(t *testing.T) {
	require.Equal(t, "ready\n", as(t, "").Get("/ready").Expect(200).Text())
}

func TestPage(t *testing.T) {
	console.Check(t, "docs/tutorial/14-run.md", func(cfg fasterapi.Config) *fasterapi.App { return build(t, cfg) })
}

// login returns a client with a token of the administrator.
func login(c *fasterapitest.Client) *fasterapitest.Client {
	token := c.Post("/token", url.Values{
		"grant_type": {"password"}, "username": {"admin"}, "password": {"correct horse"},
	}).Expect(200).JSON[security.Token]()
	return c.With("Authorization", "Bearer "+token.AccessToken)
}
