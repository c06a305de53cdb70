package pg_test

import (
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/internal/test/txapp"
)

// kill ends the connection that it runs on.
const kill = "SELECT pg_terminate_backend(pg_backend_pid())"

// TestRequests: apps whose requests are transactions.
func TestRequests(t *testing.T) {
	c := plain(t)
	txapp.Run(t, txapp.Database{Slow: slow, Kill: kill, Unsound: true, Open: func(t testing.TB) *db.Pool {
		return open(t, c, pg.Config{MaxConns: 4})
	}})
}

// TestBouncerRequests: the same behind PgBouncer in transaction mode.
func TestBouncerRequests(t *testing.T) {
	c := plain(t)
	txapp.Run(t, txapp.Database{Slow: slow, Unsound: true, Open: func(t testing.TB) *db.Pool {
		return openBehind(t, c, pgtest.StartBouncer(t, c, 4), pg.Config{MaxConns: 8})
	}})
}
