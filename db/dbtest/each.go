package dbtest

import (
	"context"
	"runtime"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// count is a statement with the rows 1 to $1.
const count = "WITH RECURSIVE c (x) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT x + 1 FROM c WHERE x < $1) SELECT x FROM c"

func testEach(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	ctx := background(t)
	for _, n := range []int64{1, 127, 128, 129, 256, 1000} {
		var sum, rows int64
		for v, err := range p.Each[int64](ctx, count, n) {
			require.NoError(t, err)
			rows++
			sum += v
		}
		require.Equal(t, n, rows)
		require.Equal(t, n*(n+1)/2, sum)
	}
	for range p.Each[int64](ctx, "SELECT 1 WHERE 1 = 0") {
		t.Fatal("there is no row")
	}
	idle(t, p)

	t.Run("break", func(t *testing.T) {
		for v, err := range p.Each[int64](ctx, count, 1_000_000_000) { // would take minutes
			require.NoError(t, err)
			if v == 300 {
				break
			}
		}
		idle(t, p)
	})
	t.Run("panic", func(t *testing.T) {
		require.Panics(t, func() {
			for range p.Each[int64](ctx, count, 1000) {
				panic("on purpose")
			}
		})
		idle(t, p)
	})
	t.Run("Goexit", func(t *testing.T) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range p.Each[int64](ctx, count, 1000) {
				runtime.Goexit()
			}
		}()
		<-done
		idle(t, p)
	})
	t.Run("errors", func(t *testing.T) { testEachErrors(t, p) })
	t.Run("in a transaction", func(t *testing.T) { testEachInTx(t, p) })
	t.Run("cancelled", func(t *testing.T) { testEachCancelled(t, p) })
}

func testEachErrors(t *testing.T, p *db.Pool) {
	ctx := background(t)
	last := func(sql string) (rows int, err error) {
		for _, err = range p.Each[int8](ctx, sql, 1000) {
			if err != nil {
				return rows, err
			}
			rows++
		}
		return rows, nil
	}
	rows, err := last("SELECT missing FROM nowhere WHERE x < $1")
	require.Equal(t, db.Invalid, db.KindOf(err), "%v", err)
	require.Zero(t, rows)
	_, err = last(count) // 128 does not fit
	var mapping *db.MappingError
	require.ErrorAs(t, err, &mapping)
	idle(t, p)
}

func testEachInTx(t *testing.T, p *db.Pool) {
	ctx := background(t)
	exec(t, &p.Querier, "CREATE TABLE seen (x BIGINT)")
	_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		for v, err := range tx.Each[int64](ctx, count, 300) {
			if err != nil {
				return 0, err
			}
			if _, err := tx.Exec(ctx, "INSERT INTO seen (x) VALUES ($1)", v).Await(ctx); err != nil {
				return 0, err
			}
		}
		for v, err := range tx.Each[int64](ctx, count, 300) {
			if err != nil || v == 200 {
				return 0, err // the transaction ends with the stream open
			}
		}
		return 0, nil
	}).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(300), one[int64](t, &p.Querier, "SELECT count(*) FROM seen"))
	idle(t, p)
}

func testEachCancelled(t *testing.T, p *db.Pool) {
	ctx, cancel := context.WithCancelCause(background(t))
	defer cancel(nil)
	var err error
	rows := 0
	for _, err = range p.Each[int64](ctx, count, 1_000_000_000) {
		if err != nil {
			break
		}
		if rows++; rows == 130 { // in the second portion
			cancel(errTest)
		}
	}
	require.ErrorIs(t, err, errTest)
	require.Less(t, rows, 1000)
	idle(t, p)
}
