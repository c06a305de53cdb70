package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/console"
)

const secret = "a secret of at least 32 characters"

func TestPage(t *testing.T) {
	accounts, err := sample()
	require.NoError(t, err)
	console.Check(t, "docs/tutorial/10-auth.md", func(cfg fasterapi.Config) *fasterapi.App { return newApp(cfg, accounts, secret) })
}

// snippet: fake
func TestRemove(t *testing.T) {
	app := newApp(fasterapi.Config{Cores: 1}, Accounts{}, secret)
	app.Override(Who{Subject: "test", Scopes: []string{"books:write"}})
	c := fasterapitest.New(t, app)
	c.Delete("/books/1").Expect(204)
}

// end snippet

func TestRemoveWithoutScope(t *testing.T) {
	app := newApp(fasterapi.Config{Cores: 1}, Accounts{}, secret)
	app.Override(Who{Subject: "test"})
	c := fasterapitest.New(t, app)
	c.Delete("/books/1").Expect(403)
}
