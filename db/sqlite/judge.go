package sqlite

import (
	"fmt"
	"slices"
	"strings"

	lib "modernc.org/sqlite/lib"

	"github.com/fasterapi/fasterapi/db"
)

// party is whom a statement is compiled for.
type party uint8

const (
	// byItself: the connection's own statements, and those that SQLite compiles
	// while one of a caller runs. VACUUM attaches a file, for example.
	byItself party = iota
	byCaller
	byMigration
)

// judge decides while SQLite compiles a statement whether a caller may run it. A
// connection serves all callers in turn, so nothing that a statement leaves behind
// in it may change what the next one means: transactions, settings, attached files.
// What a statement does is known from SQLite's own compiler, so comments, quotes or
// EXPLAIN hide nothing.
//
// Owner: the connection's worker.
type judge struct {
	party    party
	tx       bool   // a transaction is open
	refused  string // why; "" when nothing was refused
	probe    bool   // the statement is only judged: SQLite is not to go on with it
	pragma   bool
	counters counterUse
	collect  bool // tables
	tables   []tableName
}

// counterUse tells whether a statement asks for last_insert_rowid() and its like.
//
// Owner: any (a value).
type counterUse struct {
	name   string
	inside bool // only in a trigger or view
}

// begin starts the judgement of a statement.
func (j *judge) begin(by party, tx bool) { *j = judge{party: by, tx: tx} }

// end lets everything pass until the next begin.
func (j *judge) end() { j.party = byItself }

// question is what SQLite's authorizer asks: an action
// (https://www.sqlite.org/c3ref/c_alter_table.html), the two names that belong to it,
// and whether a trigger or view acts.
//
// Owner: any (immutable once made).
type question struct {
	action        int32
	first, second func() string // nil: NULL
	schema        func() string // of a table
	inside        bool
}

func said(name func() string) string {
	if name == nil {
		return ""
	}
	return name()
}

// allow answers SQLite's authorizer.
func (j *judge) allow(q question) bool {
	switch q.action {
	case lib.SQLITE_PRAGMA:
		j.pragma = true
		if j.party != byItself {
			j.refused = j.judgePragma(strings.ToLower(said(q.first)), q.second != nil)
		}
	case lib.SQLITE_FUNCTION:
		j.noteFunction(strings.ToLower(said(q.second)), q.inside)
	case lib.SQLITE_READ, lib.SQLITE_INSERT, lib.SQLITE_UPDATE, lib.SQLITE_DELETE:
		if j.collect && q.schema != nil {
			if t := (tableName{said(q.schema), said(q.first)}); !slices.Contains(j.tables, t) {
				j.tables = append(j.tables, t)
			}
		}
	case lib.SQLITE_TRANSACTION:
		j.refused = said(q.first) + " as a statement: a transaction is begun with Pool.Tx and ended by its closure"
	case lib.SQLITE_SAVEPOINT:
		j.refused = "a savepoint as a statement: that is Tx.Savepoint, which ends with its closure"
	case lib.SQLITE_ATTACH, lib.SQLITE_DETACH:
		j.refused = "ATTACH and DETACH as statements: they reach one connection of several, so that other calls " +
			"do not find the tables; name the file in Config.Attach, which opens it on all connections"
	}
	return j.party == byItself || j.refused == "" && !j.probe
}

func (j *judge) noteFunction(name string, inside bool) {
	switch name {
	case "last_insert_rowid", "changes", "total_changes":
		if j.counters.name == "" || j.counters.inside {
			j.counters = counterUse{name, inside}
		}
	}
}

// admit decides what depends on where a compiled statement runs. SQLite counts by
// connection: for a caller that is right in the transaction that wrote. Elsewhere it
// would be another caller's number, or on a connection for reading always 0.
func (c *conn) admit(s *statement) error {
	if s.counter == "" || c.wrote && !c.handle.autocommit() {
		return nil
	}
	return &db.Error{
		Kind: db.Invalid, SQL: s.sql,
		Message: fmt.Sprintf("%s() outside of the transaction that wrote: connections are shared, so the number would be another call's. "+
			"Use RETURNING, or Result.LastInsertID and Result.RowsAffected of the call that wrote", s.counter),
	}
}
