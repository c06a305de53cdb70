// Package sqltext reads SQL text as the databases do: how many statements a text
// holds, and what they are. A driver that shares its connections must know that
// before it sends anything, whatever comments, quotes and semicolons stand in
// front of, inside or behind a statement.
//
//	t := sqltext.Of(sqltext.Postgres, "-- name: Pay\nUPDATE accounts SET note = 'x; y' WHERE id = $1;")
//	t.Statements // 1
//	t.Verb       // "update"
//	t.Control    // false: it begins and ends no transaction
//
// # How it reads
//
//	text --scan.go--> tokens --statement.go--> statements --traits.go--> Traits
//
// The scanner follows the lexers of the databases: scan.l of PostgreSQL
// (https://github.com/postgres/postgres/blob/master/src/backend/parser/scan.l)
// and tokenize.c of SQLite (https://www.sqlite.org/src/file/src/tokenize.c).
// Statements end at a semicolon, but for those inside of CREATE FUNCTION ... BEGIN
// ATOMIC, CREATE RULE ... DO (a; b) and SQLite's CREATE TRIGGER ... BEGIN.
// Fuzz tests in db/pg and db/sqlite hold the result against the parsers of the
// databases themselves.
//
// What a text does that has an error is not told: the database refuses it.
//
// In PostgreSQL it depends on a setting of the session whether a backslash escapes
// in a plain string (standard_conforming_strings). Where both readings of a text
// are possible, the Traits are those that promise less.
//
// # Which goroutine owns what, and what it costs
//
// All functions are pure. Reading costs about 4 ns per byte, so callers keep the
// Traits of a text with whatever else they keep of it.
package sqltext
