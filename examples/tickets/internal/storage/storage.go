package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/secret"
)

// Settings say which database it is.
type Settings struct {
	URL  secret.String `env:"DATABASE_URL" required:"false" doc:"a Postgres database, postgres://user:password@host/name"`
	File string        `env:"DATABASE_FILE" default:"tickets.db" doc:"the SQLite file, where there is no DATABASE_URL"`
}

// Open opens the database and migrates it.
func Open(ctx context.Context, s Settings) (*db.Pool, error) {
	pool, err := open(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := migrate(ctx, pool); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate the database: %w", err), pool.Close(context.WithoutCancel(ctx)))
	}
	return pool, nil
}

func open(ctx context.Context, s Settings) (*db.Pool, error) {
	if !s.URL.IsZero() {
		return pg.Open(ctx, pg.Config{URL: s.URL.Reveal()})
	}
	return sqlite.Open(s.File, sqlite.Config{})
}

// IsPostgres tells what the pool is a pool of, for the little that Postgres alone has.
func IsPostgres(pool *db.Pool) bool { return pool.Stats().Driver == "postgres" }

// Provide provides the pool, which is closed when the app stops, and to each request that asks for one its transaction.
// committed is called behind each commit.
func Provide(app *fasterapi.App, pool *db.Pool, committed func()) {
	app.Provide(pool, fasterapi.CloseOnStop())
	app.ProvideWithOutcome(func(c *fasterapi.Ctx, in struct {
		DB *db.Pool `inject:""`
	},
	) (*db.Tx, func(error) error, error) {
		tx, end := in.DB.Begin(c, db.TxOptions{})
		return tx, func(outcome error) error {
			err := end(outcome)
			if outcome == nil && err == nil {
				committed()
			}
			return err
		}, nil
	})
}

// snippet: zeros
// RefuseZeros answers 422 for a text with the character U+0000: JSON may have one, and Postgres takes none, as text (22021) or as
// JSON (22P05). SQLite keeps it.
func RefuseZeros(_ *fasterapi.Ctx, err *db.Error) error {
	if err.Code == "22021" || err.Code == "22P05" {
		return problem.Unprocessable("a text must not have the character U+0000")
	}
	return nil
}

// end snippet

// Now is the time as both databases keep it: in UTC, to the microsecond.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Kept is a time of a client as both databases keep it.
func Kept(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	kept := t.UTC().Truncate(time.Microsecond)
	return &kept
}
