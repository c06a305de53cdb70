package storage

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
)

// TestMigrate: what was applied is not applied again, and an older program does not touch what a newer one has made.
func TestMigrate(t *testing.T) {
	s := Settings{File: filepath.Join(t.TempDir(), "test.db")}
	for range 2 {
		pool, err := Open(t.Context(), s)
		require.NoError(t, err)
		require.NoError(t, pool.Close(context.Background()))
	}
	pool, err := Open(t.Context(), s)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `INSERT INTO migrations (name) VALUES ('9999_later.sql')`).Await(t.Context())
	require.NoError(t, err)
	require.NoError(t, pool.Close(context.Background()))
	_, err = Open(t.Context(), s)
	require.EqualError(t, err, "migrate the database: it was migrated by a newer version of this service, which has 9999_later.sql")

	_, err = Open(t.Context(), Settings{File: filepath.Join(t.TempDir(), "no", "folder.db")})
	require.ErrorContains(t, err, "open the database")
}

func TestWhere(t *testing.T) {
	var w Where
	require.Empty(t, w.String())
	w.Add("a = ?", 1)
	w.Add("(b LIKE ? OR c LIKE ?)", Contains(`50%_\`), "?")
	AddOneOf(&w, "d", []string{"x", "y"})
	AddOneOf(&w, "e", []string{})
	require.Equal(t, " WHERE a = $1 AND (b LIKE $2 OR c LIKE $3) AND d IN ($4, $5)", w.String())
	require.Equal(t, []any{1, `%50\%\_\\%`, "?", "x", "y"}, w.Args)
}

func TestRefuseZeros(t *testing.T) {
	for _, code := range []string{"22021", "22P05"} {
		var refused *problem.Problem
		require.ErrorAs(t, RefuseZeros(nil, &db.Error{Code: code}), &refused)
		require.Equal(t, 422, refused.Status)
	}
	require.NoError(t, RefuseZeros(nil, &db.Error{Code: "23505"}), "others are not its business")
}
