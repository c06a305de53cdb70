package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/problem"
)

const schema = `
	CREATE TABLE IF NOT EXISTS accounts (
		login TEXT PRIMARY KEY, name TEXT NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL, scopes TEXT NOT NULL);
	CREATE TABLE IF NOT EXISTS books (
		id INTEGER PRIMARY KEY, title TEXT NOT NULL, author TEXT NOT NULL, note TEXT, reader TEXT, UNIQUE (title, author));`

// snippet: store
// openStore opens the database when the app starts, and closes it when the app stops.
func openStore(c *fasterapi.Ctx, in struct {
	Settings Settings `inject:""`
},
) (*db.Pool, func(error), error) {
	pool, err := sqlite.Open(in.Settings.Database, sqlite.Config{})
	if err != nil {
		return nil, nil, err
	}
	end := func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := pool.Close(ctx); err != nil {
			c.Logger().Error("the database did not close", "error", err)
		}
	}
	if _, err := pool.Exec(c, schema).Await(c); err != nil {
		end(err)
		return nil, nil, err
	}
	if err := addAdmin(c, pool, in.Settings.Admin); err != nil {
		end(err)
		return nil, nil, err
	}
	return pool, end, nil
}

// end snippet

// openCovers opens the folder of the covers, and makes it when it is not there.
func openCovers(_ *fasterapi.Ctx, in struct {
	Settings Settings `inject:""`
},
) (*os.Root, func(error), error) {
	if err := os.MkdirAll(in.Settings.Covers, 0o700); err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(in.Settings.Covers)
	return root, func(error) { _ = root.Close() }, err
}

// found turns "no such row" into a 404.
func found[T any](row T, err error) (T, error) {
	if errors.Is(err, db.ErrNoRows) {
		return row, problem.NotFound("there is no such book")
	}
	return row, err
}
