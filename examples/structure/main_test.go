package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/examples/structure/accounts"
	"github.com/fasterapi/fasterapi/examples/structure/notes"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// TestSettings: the parts have their own variables, and main reads all of them.
func TestSettings(t *testing.T) {
	t.Setenv("ACCOUNTS_KEYS", "k1:ada,k2:bob")
	t.Setenv("NOTES_MOST", "2")
	s, err := fasterapi.Settings[Settings]()
	require.NoError(t, err)
	require.Equal(t, Settings{notes.Settings{Most: 2}, accounts.Settings{Keys: map[string]string{"k1": "ada", "k2": "bob"}}}, s)
}

// TestApp is a test of the whole: keys, routes, settings.
func TestApp(t *testing.T) {
	settings := Settings{notes.Settings{Most: 1}, accounts.Settings{Keys: map[string]string{"k1": "ada"}}}
	c := fasterapitest.New(t, newApp(fasterapi.Config{Cores: 1}, settings))
	c.Get("/v1/notes").Expect(401)
	ada := c.With("X-API-Key", "k1")
	require.Equal(t, accounts.User{Name: "ada"}, ada.Get("/v1/account").Expect(200).JSON[accounts.User]())
	ada.Post("/v1/notes", `{"text": "buy tea"}`).Expect(201)
	ada.Post("/v1/notes", `{"text": "and milk"}`).Expect(409)
}
