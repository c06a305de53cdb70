package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/fasterapitest"
)

// inFolder runs a test in a new folder with a file .env, and without our variables.
func inFolder(t *testing.T, dotEnv string) {
	t.Chdir(t.TempDir())
	for _, name := range []string{
		"SECRET", "ADMIN_EMAIL", "ADMIN_PASSWORD", "DATABASE_FILE", "DATABASE_URL", "TRUSTED_PROXIES", "CORS_ORIGINS",
		"HASH_ROUNDS", "LOGINS_PER_MINUTE", "DRAIN_TIMEOUT",
	} {
		t.Setenv(name, "") // so that it is put back
		require.NoError(t, os.Unsetenv(name))
	}
	require.NoError(t, os.WriteFile(".env", []byte(dotEnv), 0o600))
}

// TestExampleSettings: the settings that README.md has you copy are good ones.
func TestExampleSettings(t *testing.T) {
	example, err := os.ReadFile(".env.example")
	require.NoError(t, err)
	inFolder(t, string(example))
	t.Setenv("HASH_ROUNDS", "1") // the environment and the file together
	app, err := build(t.Context())
	require.NoError(t, err)
	require.Equal(t, "ready\n", fasterapitest.New(t, app).Get("/ready").Expect(200).Text())
	require.FileExists(t, "tickets.db")
}

// TestWrongSettings: all that is wrong is said at once, and no secret is repeated.
func TestWrongSettings(t *testing.T) {
	inFolder(t, "SECRET=short\nDATABASE_URL=postgres://u:hidden@nowhere/x\nTRUSTED_PROXIES=10.0.0.0\nDRAIN_TIMEOUT=soon\n")
	_, err := build(t.Context())
	for _, name := range []string{"SECRET", "ADMIN_PASSWORD is required", "TRUSTED_PROXIES", "DRAIN_TIMEOUT"} {
		require.ErrorContains(t, err, name)
	}
	require.NotContains(t, err.Error(), "short")
	require.NotContains(t, err.Error(), "hidden")

	inFolder(t, "SECRET='not closed\n")
	_, err = build(t.Context())
	require.ErrorContains(t, err, ".env")
}

// TestWrongDatabase: a service without its database does not start, and says which one it wanted without the password.
func TestWrongDatabase(t *testing.T) {
	inFolder(t, "SECRET=a-secret-of-32-characters-or-more\nADMIN_PASSWORD=correct horse battery\nDATABASE_FILE="+filepath.Join("no", "folder.db"))
	_, err := build(t.Context())
	require.ErrorContains(t, err, "folder.db")

	t.Setenv("DATABASE_URL", "postgres://u:hidden@/x?host=/no/such/folder&connect_timeout=1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = build(ctx)
	require.ErrorContains(t, err, "/no/such/folder")
	require.NotContains(t, err.Error(), "hidden")
}
