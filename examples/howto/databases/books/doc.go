// Package books is what sqlc makes of schema.sql and query.sql (sqlc generate, with sqlc.yaml), and
// schema.go, which puts the schema into the program.
package books
