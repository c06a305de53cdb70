package storage

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"github.com/fasterapi/fasterapi/db"
)

// Each file is applied once, in the order of their names. A file that was released is never changed: what comes later is a new one.
//
//go:embed migrations
var migrations embed.FS

// lockMigrations keeps several processes that start at the same time from migrating together. SQLite has one writer anyway.
const lockMigrations = `SELECT pg_advisory_xact_lock(7215133)`

// migrate applies what the database does not have yet, all of it or nothing.
func migrate(ctx context.Context, pool *db.Pool) error {
	folder := "migrations/sqlite"
	if IsPostgres(pool) {
		folder = "migrations/postgres"
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	_, err = pool.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		if IsPostgres(pool) {
			if _, err := tx.Exec(ctx, lockMigrations).Await(ctx); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, apply(ctx, tx, files)
	}).Await(ctx)
	return err
}

func apply(ctx context.Context, tx *db.Tx, files fs.FS) error {
	if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)`).Await(ctx); err != nil {
		return err
	}
	done, err := tx.Query[string](ctx, `SELECT name FROM migrations ORDER BY name`).Await(ctx)
	if err != nil {
		return err
	}
	all, err := fs.Glob(files, "*.sql") // sorted by name
	if err != nil {
		return err
	}
	for _, name := range done {
		if !slices.Contains(all, name) {
			return fmt.Errorf("it was migrated by a newer version of this service, which has %s", name)
		}
	}
	for _, name := range all {
		if slices.Contains(done, name) {
			continue
		}
		if err := applyFile(ctx, tx, files, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func applyFile(ctx context.Context, tx *db.Tx, files fs.FS, name string) error {
	script, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, string(script)).Await(ctx); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO migrations (name) VALUES ($1)`, name).Await(ctx)
	return err
}
