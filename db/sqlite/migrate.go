package sqlite

import (
	"context"
	"fmt"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	lib "modernc.org/sqlite/lib"
)

// Migrate runs a script that changes the schema in ways that ALTER TABLE cannot, by
// the procedure of https://www.sqlite.org/lang_altertable.html#otheralter: without
// foreign keys, since with them DROP TABLE deletes the rows of its table first, and
// with those the rows of other tables that refer to them.
//
//	_, err := sqlite.Migrate(ctx, pool, `
//		CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> ''));
//		INSERT INTO new_users SELECT id, name FROM users;
//		DROP TABLE users;
//		ALTER TABLE new_users RENAME TO users;
//	`).Await(ctx)
//
// On the connection that writes it turns foreign keys off, runs the script in one
// transaction, checks the keys of the whole database (PRAGMA foreign_key_check),
// commits, and turns foreign keys on again, whatever happens. A key that refers to
// nothing is a db.ForeignKeyViolation that names it; then, as after any other error,
// the script has had no effect. Views and triggers that name a table must be dropped
// before it and made again behind, or the script begins with
// PRAGMA legacy_alter_table = ON, which is put back as well. The Result counts like
// that of a script in Exec.
func Migrate(ctx context.Context, pool *db.Pool, script string) async.Future[db.Result] {
	return pool.Custom(ctx, script, migration{})
}

// migration marks the query of Migrate.
//
// Owner: any (immutable once made).
type migration struct{}

// custom runs an operation of this package's own.
func (c *conn) custom(q *driver.Query) error {
	if _, ok := q.Hook.Data.(migration); !ok {
		return &db.Error{Kind: db.Invalid, SQL: q.SQL, Message: "this operation is another driver's"}
	}
	return c.migrate(q)
}

// migrate runs the script of q.
func (c *conn) migrate(q *driver.Query) error {
	if err := c.command(q, "PRAGMA foreign_keys = OFF"); err != nil {
		return err
	}
	if c.handle.flags()&lib.SQLITE_ForeignKeys != 0 {
		return &db.Error{Kind: db.Other, SQL: q.SQL, Message: "foreign keys cannot be turned off"}
	}
	return c.script(q, q, byMigration) // settle turns the keys on again
}

// checkKeys fails with the first row that refers to nothing.
func (c *conn) checkKeys(q *driver.Query) error {
	s, err := c.statementFor(q, key{"PRAGMA foreign_key_check", byItself})
	if err != nil {
		return err
	}
	defer c.release(s)
	code := c.firstStep(q, s.ptr)
	if code != codeRow {
		return c.check(q, code, s.sql)
	}
	table, parent := string(c.handle.columnText(s.ptr, 0)), string(c.handle.columnText(s.ptr, 2))
	return &db.Error{
		Kind: db.ForeignKeyViolation, Table: table,
		Message: fmt.Sprintf("after the script row %d of %s refers to a row of %s that does not exist, so nothing was changed",
			c.handle.columnInt(s.ptr, 1), table, parent),
	}
}
