package db

// Result is the outcome of a statement without rows.
//
// Owner: any (immutable after New).
type Result struct {
	// RowsAffected is how many rows the statement has inserted, updated, deleted or
	// merged, without those of triggers and cascades; 0 for every other statement.
	// Of a script: the sum.
	RowsAffected int64
	// LastInsertID is SQLite's rowid of the last INSERT. Postgres has no such
	// thing (0): use RETURNING, which both have.
	LastInsertID int64
}
