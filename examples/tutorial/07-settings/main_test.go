package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/console"
)

func TestPage(t *testing.T) {
	t.Setenv("SECRET", "a secret of at least 32 characters")
	t.Setenv("MAX_LOANS", "10")
	console.Check(t, "docs/tutorial/07-settings.md", newApp)
}

// TestMistakes: the app does not start, and says why, as the page has it.
func TestMistakes(t *testing.T) {
	t.Setenv("MAX_LOANS", "many")
	_, err := newApp(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: fasterapitest.Logger(t)}).Start()
	require.ErrorContains(t, err, `: the settings in the environment have mistakes:
  MAX_LOANS must be an integer that fits in int
  SECRET is required (signs the tokens of readers)`)
}

// snippet: override
func TestRules(t *testing.T) {
	app := newApp(fasterapi.Config{})
	app.Override(Settings{Name: "Test library", MaxLoans: 1})
	c := fasterapitest.New(t, app)
	require.Equal(t, Rules{Library: "Test library", Books: 1}, c.Get("/rules").Expect(200).JSON[Rules]())
}

// end snippet
