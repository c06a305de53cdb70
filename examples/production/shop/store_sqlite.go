//go:build !nosqlite

package shop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
)

// openStore opens an SQLite database, and fills it when it is new.
func openStore(path string) (*db.Pool, error) {
	if path == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find a place for the database (or name one with --db or DB): %w", err)
		}
		folder := filepath.Join(cache, "fasterapi")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("make the database folder: %w", err)
		}
		path = filepath.Join(folder, "production.db")
	}
	pool, err := sqlite.Open(path, sqlite.Config{})
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	if err := prepare(context.Background(), pool); err != nil {
		return nil, fmt.Errorf("prepare the database %s: %w", path, err)
	}
	return pool, nil
}
