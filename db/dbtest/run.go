package dbtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// Subject is the driver that is tested.
//
// Owner: any (a plain value).
type Subject struct {
	// Open returns a pool over an empty database and closes it when the test
	// ends, unless the test has done so.
	Open func(t testing.TB, l Limits) *db.Pool
	// Slow is a SELECT of one integer that takes at least 20 s.
	Slow string
	// Controls are statements of the driver's own that begin or end transactions.
	Controls []string
}

// Limits are what a test asks of a pool. Zero fields: the driver's defaults.
//
// Owner: any (a plain value).
type Limits struct {
	Connections    int // that may write at the same time, and that may read
	Waiting        int // calls that may wait
	AcquireTimeout time.Duration
}

// Run runs the whole suite.
func Run(t *testing.T, d Subject) {
	t.Helper()
	for _, group := range []struct {
		name string
		run  func(*testing.T, Subject)
	}{
		{"Types", testTypes},
		{"Mapping", testMapping},
		{"Results", testResults},
		{"Errors", testErrors},
		{"Affected", testAffected},
		{"Scripts", testScripts},
		{"Control", testControl},
		{"Tx", testTx},
		{"Savepoint", testSavepoint},
		{"SavepointFails", testSavepointFails},
		{"Outcome", testOutcome},
		{"TxFuture", testTxFuture},
		{"Begin", testBegin},
		{"Batch", testBatch},
		{"Each", testEach},
		{"Cancel", testCancel},
		{"Sites", testSites},
		{"Limits", testLimits},
		{"Close", testClose},
		{"Concurrent", testConcurrent},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(t, d) })
	}
}

// patience is how long the suite waits for what must happen.
const patience = 20 * time.Second

// background returns a context that ends a hanging test.
func background(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// exec runs a statement that must succeed.
func exec(t testing.TB, q *db.Querier, sql string, args ...any) db.Result {
	t.Helper()
	r, err := q.Exec(background(t), sql, args...).Await(background(t))
	require.NoError(t, err, sql)
	return r
}

// one runs a statement whose row must come.
func one[T any](t testing.TB, q *db.Querier, sql string, args ...any) T {
	t.Helper()
	v, err := q.One[T](background(t), sql, args...).Await(background(t))
	require.NoError(t, err, sql)
	return v
}

// accounts makes a table of n accounts, numbered from 1, with 100 each.
func accounts(t testing.TB, p *db.Pool, n int) {
	t.Helper()
	exec(t, &p.Querier, "CREATE TABLE accounts (id BIGINT PRIMARY KEY, owner TEXT NOT NULL UNIQUE, "+
		"balance BIGINT NOT NULL CONSTRAINT balance_positive CHECK (balance >= 0))")
	for i := range n {
		exec(t, &p.Querier, "INSERT INTO accounts (id, owner, balance) VALUES ($1, $2, 100)", i+1, fmt.Sprintf("owner %d", i+1))
	}
}

func total(t testing.TB, q *db.Querier) int64 {
	t.Helper()
	return one[int64](t, q, "SELECT CAST(coalesce(sum(balance), 0) AS BIGINT) FROM accounts")
}

// idle waits until no connection is in use.
func idle(t testing.TB, p *db.Pool) {
	t.Helper()
	require.Eventually(t, func() bool { s := p.Stats(); return s.Busy == 0 && s.Waiting == 0 }, patience, time.Millisecond,
		"connections stay in use")
}
