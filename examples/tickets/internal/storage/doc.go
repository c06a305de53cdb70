// Package storage opens the database of the service and brings its tables up to date: a SQLite file, or Postgres where a URL
// names one. The statements of the other packages are the same for both.
//
// Handlers that change something ask for a *db.Tx, which is one transaction for the request: it is committed when the handler
// has succeeded, before the client is told so. Handlers that only read ask for the *db.Pool.
package storage
