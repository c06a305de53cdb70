package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/console"
)

func TestPage(t *testing.T) {
	pool, err := open(t.Context(), filepath.Join(t.TempDir(), "books.db"))
	require.NoError(t, err)
	console.Check(t, "docs/tutorial/08-database.md", func(cfg fasterapi.Config) *fasterapi.App { return newApp(cfg, pool) })
}
