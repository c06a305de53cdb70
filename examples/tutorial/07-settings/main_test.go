package main

import (
	"os"
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

// TestDotEnv: a file says what the environment does not say.
func TestDotEnv(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile(".env", []byte("SECRET='a secret of at least 32 characters'\nMAX_LOANS=3\n"), 0o600))
	t.Setenv("SECRET", "") // so that it is put back
	require.NoError(t, os.Unsetenv("SECRET"))
	t.Setenv("MAX_LOANS", "7")
	app, err := build(fasterapi.Config{Cores: 1})
	require.NoError(t, err)
	require.Equal(t, 7, fasterapitest.New(t, app).Get("/rules").Expect(200).JSON[Rules]().Books)

	require.NoError(t, os.WriteFile(".env", []byte("SECRET='never closed\n"), 0o600))
	_, err = build(fasterapi.Config{})
	require.ErrorContains(t, err, ".env:1")
}

// snippet: override
func TestRules(t *testing.T) {
	app := newApp(fasterapi.Config{})
	app.Override(Settings{Name: "Test library", MaxLoans: 1})
	c := fasterapitest.New(t, app)
	require.Equal(t, Rules{Library: "Test library", Books: 1}, c.Get("/rules").Expect(200).JSON[Rules]())
}

// end snippet
