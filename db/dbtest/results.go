package dbtest

import (
	"errors"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

func testResults(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	accounts(t, p, 3)
	ctx := background(t)

	_, err := p.One[int64](ctx, "SELECT id FROM accounts WHERE id = $1", 99).Await(ctx)
	require.ErrorIs(t, err, db.ErrNoRows)
	_, err = p.One[int64](ctx, "SELECT id FROM accounts").Await(ctx)
	require.ErrorIs(t, err, db.ErrTooManyRows)

	none, err := p.Query[int64](ctx, "SELECT id FROM accounts WHERE id = $1", 99).Await(ctx)
	require.NoError(t, err)
	require.NotNil(t, none)
	require.Empty(t, none)
	ids, err := p.Query[int64](ctx, "SELECT id FROM accounts WHERE id <> $2 AND id <> $1 ORDER BY id", 99, 2).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 3}, ids)
	same, err := p.Query[int64](ctx, "SELECT id FROM accounts WHERE id = $1 OR id = $1 + 1 ORDER BY id", 1).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2}, same)

	require.EqualValues(t, 2, exec(t, &p.Querier, "UPDATE accounts SET balance = balance + 1 WHERE id > $1", 1).RowsAffected)
	require.EqualValues(t, 0, exec(t, &p.Querier, "UPDATE accounts SET balance = balance + 1 WHERE id > $1", 99).RowsAffected)
	require.EqualValues(t, 0, exec(t, &p.Querier, "CREATE TABLE other (id BIGINT)").RowsAffected)
	require.EqualValues(t, 1, exec(t, &p.Querier, "DELETE FROM accounts WHERE id = $1", 3).RowsAffected)

	require.Equal(t, int64(7), one[int64](t, &p.Querier, "INSERT INTO other (id) VALUES ($1) RETURNING id", 7))
	require.Equal(t, int64(8), one[int64](t, &p.Querier, "WITH n AS (SELECT 8 AS id) INSERT INTO other (id) SELECT id FROM n RETURNING id"))
	require.Equal(t, int64(2), one[int64](t, &p.Querier, "SELECT count(*) FROM other"))
	_, err = p.Ping(ctx).Await(ctx)
	require.NoError(t, err)

	s := p.Stats()
	require.NotZero(t, s.Queries)
	require.NotZero(t, s.Errors)
	require.Zero(t, s.Cancelled)
	require.NotZero(t, s.Open)
}

// failure runs a statement that must fail in a certain way.
func failure(t *testing.T, q *db.Querier, kind db.Kind, sql string, args ...any) *db.Error {
	t.Helper()
	_, err := q.Exec(background(t), sql, args...).Await(background(t))
	e, ok := errors.AsType[*db.Error](err)
	require.True(t, ok, "%v is no *db.Error", err)
	require.Equal(t, kind, e.Kind, "%v", err)
	require.NotEmpty(t, e.Code)
	require.False(t, db.SafeToRetry(err), "%v", err)
	return e
}

func testErrors(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	accounts(t, p, 2)
	exec(t, &p.Querier, "CREATE TABLE orders (id BIGINT PRIMARY KEY, account BIGINT NOT NULL REFERENCES accounts (id))")
	q := &p.Querier

	e := failure(t, q, db.UniqueViolation, "INSERT INTO accounts (id, owner, balance) VALUES (9, $1, 1)", "owner 1")
	require.Contains(t, e.Constraint, "owner")
	failure(t, q, db.UniqueViolation, "INSERT INTO accounts (id, owner, balance) VALUES (1, $1, 1)", "new")
	failure(t, q, db.ForeignKeyViolation, "INSERT INTO orders (id, account) VALUES (1, 99)")
	e = failure(t, q, db.NotNullViolation, "INSERT INTO accounts (id, owner, balance) VALUES (9, NULL, 1)")
	require.Equal(t, "owner", e.Column)
	e = failure(t, q, db.CheckViolation, "UPDATE accounts SET balance = -1 WHERE id = 1")
	require.Equal(t, "balance_positive", e.Constraint)
	e = failure(t, q, db.Invalid, "SELEC 1")
	require.ErrorContains(t, e, "SELEC")
	failure(t, q, db.Invalid, "SELECT * FROM missing")
	failure(t, q, db.Invalid, "SELECT missing FROM accounts")

	ctx := background(t)
	_, err := p.One[int64](ctx, "SELECT id FROM accounts WHERE id = $1").Await(ctx)
	require.Error(t, err, "a parameter is missing")
	_, err = p.One[int64](ctx, "SELECT id FROM accounts WHERE id = $1", 1, 2).Await(ctx)
	require.Error(t, err, "a parameter too many")
	require.NotContains(t, err.Error(), "owner 1")
	require.Equal(t, int64(200), total(t, q), "nothing has changed")

	// A schema change under prepared statements.
	require.Equal(t, int64(1), one[int64](t, q, "SELECT id FROM orders UNION ALL SELECT 1"))
	type order struct{ ID, Account int64 }
	_, err = p.Query[order](ctx, "SELECT * FROM orders").Await(ctx)
	require.NoError(t, err)
	exec(t, q, "ALTER TABLE orders ADD COLUMN note TEXT")
	type noted struct {
		ID, Account int64
		Note        *string
	}
	_, err = p.Query[noted](ctx, "SELECT * FROM orders").Await(ctx)
	require.NoError(t, err)
}
