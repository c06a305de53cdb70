package sqlite

import (
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/internal/sqltext"
)

// severalStatements is the error for a call that takes one.
func severalStatements(sql string) error {
	return &db.Error{
		Kind: db.Invalid, SQL: sql,
		Message: "several statements in one call: only Exec without parameters takes them; see Batch",
	}
}

// script runs several statements in one text, all or nothing. A BEGIN and a COMMIT
// around all of them say the same.
func (c *conn) script(q, item *driver.Query, by party) error {
	text := item.SQL
	if c.handle.autocommit() {
		text = sqltext.Of(sqltext.SQLite, text).Body(text)
	}
	if err := c.refuseEarly(text, by); err != nil {
		return err
	}
	return c.atomically(q, "BEGIN IMMEDIATE", func() error {
		if err := c.statements(q, item, key{text, by}); err != nil || by != byMigration {
			return err
		}
		return c.checkKeys(q)
	})
}

// refuseEarly refuses a script for any of its statements that will be refused, before
// the ones in front of it have run.
func (c *conn) refuseEarly(text string, by party) error {
	for _, sql := range sqltext.Split(sqltext.SQLite, text) {
		switch traits := sqltext.Of(sqltext.SQLite, sql); {
		case traits.Control, traits.Verb == "pragma", traits.Verb == "attach", traits.Verb == "detach":
			if why := c.handle.probe(sql, by); why != "" {
				return &db.Error{Kind: db.Invalid, Message: why, SQL: sql}
			}
		}
	}
	return nil
}

// statements runs all statements of k in the transaction that is open.
// Its result is the sum of the rows that they affected, and the last rowid.
func (c *conn) statements(q, item *driver.Query, k key) error {
	var affected, rowid int64
	for rest := k.sql; !blank(rest); {
		s, err := c.compile(q, key{rest, k.by})
		if err != nil {
			return err
		}
		text := rest[:s.length]
		rest = rest[s.length:]
		changed := c.handle.totalChanges()
		if err = c.admit(s); err == nil && s.want > 0 {
			err = &db.Error{Kind: db.Invalid, SQL: text, Message: "a script has no parameters"}
		}
		if err == nil {
			c.wrote = c.wrote || !s.readOnly
			code := c.firstStep(q, s.ptr)
			for code == codeRow {
				code = c.handle.step(s.ptr)
			}
			err = c.check(q, code, text)
		}
		c.handle.finalize(s.ptr)
		if err != nil {
			return err
		}
		rows, last := c.affected(sqltext.Of(sqltext.SQLite, text).Main, changed)
		if affected += rows; last != 0 {
			rowid = last
		}
	}
	item.Affected(affected, rowid)
	return nil
}

// affected is how many rows a statement has inserted, updated or deleted, and the
// last rowid that it has inserted. SQLite's numbers are of the last statement that
// changed rows, and of all that the connection has ever inserted; for DROP TABLE it
// counts rows as well.
func (c *conn) affected(verb string, before int64) (rows, rowid int64) {
	switch verb {
	case "insert", "replace", "update", "delete":
		if c.handle.totalChanges() == before {
			return 0, 0
		}
		rows, rowid = c.handle.changes()
	}
	if rows == 0 || verb != "insert" && verb != "replace" {
		return rows, 0
	}
	return rows, rowid
}

// batch runs the items of q, all or nothing.
func (c *conn) batch(q *driver.Query) error {
	begin := "BEGIN IMMEDIATE"
	if c.reader {
		begin = "BEGIN"
		for _, item := range q.Items {
			s, err := c.statementFor(q, key{item.SQL, byCaller})
			if err != nil {
				continue // it fails again in its place
			}
			c.release(s)
			if !s.readOnly || s.more {
				return errWrites
			}
		}
	}
	return c.atomically(q, begin, func() error {
		for i, item := range q.Items {
			if err := c.run(q, item); err != nil {
				return &db.BatchError{Index: i, SQL: item.SQL, Err: err}
			}
		}
		return nil
	})
}

// atomically runs fn in a transaction of its own, or in a savepoint when there
// is one already.
func (c *conn) atomically(q *driver.Query, begin string, fn func() error) error {
	commit, rollback := "COMMIT", "ROLLBACK"
	if !c.handle.autocommit() {
		begin = "SAVEPOINT fasterapi_batch"
		commit, rollback = "RELEASE fasterapi_batch", "ROLLBACK TO fasterapi_batch"
	}
	if err := c.command(q, begin); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		err = c.command(q, commit)
	}
	if err != nil && !c.handle.autocommit() {
		c.endInterrupts()
		err = join(err, c.command(nil, rollback))
		if commit != "COMMIT" {
			err = join(err, c.command(nil, commit))
		}
	}
	return err
}
