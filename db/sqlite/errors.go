package sqlite

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/fasterapi/fasterapi/db"
	lib "modernc.org/sqlite/lib"
)

// names are the codes that callers meet, by their names in the C interface
// (https://www.sqlite.org/rescode.html).
var names = map[int32]string{
	lib.SQLITE_ERROR:                 "SQLITE_ERROR",
	lib.SQLITE_PERM:                  "SQLITE_PERM",
	lib.SQLITE_BUSY:                  "SQLITE_BUSY",
	lib.SQLITE_LOCKED:                "SQLITE_LOCKED",
	lib.SQLITE_NOMEM:                 "SQLITE_NOMEM",
	lib.SQLITE_READONLY:              "SQLITE_READONLY",
	lib.SQLITE_INTERRUPT:             "SQLITE_INTERRUPT",
	lib.SQLITE_IOERR:                 "SQLITE_IOERR",
	lib.SQLITE_CORRUPT:               "SQLITE_CORRUPT",
	lib.SQLITE_FULL:                  "SQLITE_FULL",
	lib.SQLITE_CANTOPEN:              "SQLITE_CANTOPEN",
	lib.SQLITE_SCHEMA:                "SQLITE_SCHEMA",
	lib.SQLITE_TOOBIG:                "SQLITE_TOOBIG",
	lib.SQLITE_CONSTRAINT:            "SQLITE_CONSTRAINT",
	lib.SQLITE_MISMATCH:              "SQLITE_MISMATCH",
	lib.SQLITE_MISUSE:                "SQLITE_MISUSE",
	lib.SQLITE_AUTH:                  "SQLITE_AUTH",
	lib.SQLITE_RANGE:                 "SQLITE_RANGE",
	lib.SQLITE_NOTADB:                "SQLITE_NOTADB",
	lib.SQLITE_BUSY_SNAPSHOT:         "SQLITE_BUSY_SNAPSHOT",
	lib.SQLITE_CONSTRAINT_CHECK:      "SQLITE_CONSTRAINT_CHECK",
	lib.SQLITE_CONSTRAINT_FOREIGNKEY: "SQLITE_CONSTRAINT_FOREIGNKEY",
	lib.SQLITE_CONSTRAINT_NOTNULL:    "SQLITE_CONSTRAINT_NOTNULL",
	lib.SQLITE_CONSTRAINT_PRIMARYKEY: "SQLITE_CONSTRAINT_PRIMARYKEY",
	lib.SQLITE_CONSTRAINT_UNIQUE:     "SQLITE_CONSTRAINT_UNIQUE",
	lib.SQLITE_CONSTRAINT_ROWID:      "SQLITE_CONSTRAINT_ROWID",
	lib.SQLITE_CONSTRAINT_TRIGGER:    "SQLITE_CONSTRAINT_TRIGGER",
	lib.SQLITE_CONSTRAINT_DATATYPE:   "SQLITE_CONSTRAINT_DATATYPE",
}

// codeName returns the name of a code: its own, else that of its primary code.
func codeName(code int32) string {
	if name, ok := names[code]; ok {
		return name
	}
	if name, ok := names[code&0xff]; ok {
		return fmt.Sprintf("%s %d", name, code)
	}
	return fmt.Sprintf("SQLITE %d", code)
}

// kinds by primary code; constraints are told apart by the extended one.
var kinds = map[int32]db.Kind{
	lib.SQLITE_ERROR:    db.Invalid,
	lib.SQLITE_RANGE:    db.Invalid,
	lib.SQLITE_MISMATCH: db.Invalid,
	lib.SQLITE_TOOBIG:   db.Invalid,
	lib.SQLITE_BUSY:     db.Busy,
	lib.SQLITE_LOCKED:   db.Busy,
	lib.SQLITE_READONLY: db.ReadOnly,
	lib.SQLITE_FULL:     db.Full,
	lib.SQLITE_CORRUPT:  db.Corrupt,
	lib.SQLITE_NOTADB:   db.Corrupt,
	lib.SQLITE_CANTOPEN: db.Unavailable,
	lib.SQLITE_IOERR:    db.Unavailable,
	lib.SQLITE_NOMEM:    db.Unavailable,
	lib.SQLITE_PERM:     db.Permission,
	lib.SQLITE_AUTH:     db.Permission,
}

func kindOf(code int32) db.Kind {
	switch code {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return db.UniqueViolation
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return db.ForeignKeyViolation
	case lib.SQLITE_CONSTRAINT_NOTNULL:
		return db.NotNullViolation
	case lib.SQLITE_CONSTRAINT_CHECK, lib.SQLITE_CONSTRAINT_DATATYPE:
		return db.CheckViolation
	case lib.SQLITE_BUSY_SNAPSHOT:
		return db.Serialization
	}
	return kinds[code&0xff]
}

// newError makes the error for a code. Busy means that the statement, and in
// front of a transaction the transaction, has not happened: safe to retry.
func newError(code int32, message, sql string) *db.Error {
	e := &db.Error{Kind: kindOf(code), Code: codeName(code), Message: message, SQL: sql}
	e.Retry = e.Kind == db.Busy || e.Kind == db.Serialization
	if code&0xff == lib.SQLITE_CONSTRAINT {
		// "UNIQUE constraint failed: users.email, users.tenant",
		// "CHECK constraint failed: positive_balance",
		// "FOREIGN KEY constraint failed"
		if _, what, ok := strings.Cut(message, "constraint failed: "); ok {
			e.Constraint = what
			if table, column, ok := strings.Cut(what, "."); ok && !strings.Contains(what, " ") {
				e.Table, e.Column = table, column
			}
		}
	}
	return e
}

// explained returns a message, and a hint behind it where it leaves the reader
// alone.
func explained(code int32, message string) string { return message + hint(code, message) }

func hint(code int32, message string) string {
	switch code & 0xff {
	case lib.SQLITE_NOTADB:
		return ": the file is not an SQLite database"
	case lib.SQLITE_CANTOPEN:
		if strings.Contains(message, syscall.EMFILE.Error()) {
			return ": raise the process's limit of open files"
		}
		return ": does the folder exist, and may this process write there?"
	default:
		return ""
	}
}
