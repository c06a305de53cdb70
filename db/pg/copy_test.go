package pg_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

var errPurpose = errors.New("on purpose")

// rowsOf yields n rows, then err if it is not nil.
func rowsOf(n int, err error) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for i := range n {
			if !yield([]any{i, "tab\there \\ \n and 'quote'", float64(i) / 2, i%2 == 0, []byte{0, 1, 255}, time.Unix(int64(i), 0), []string{"a", "b,c"}, nil}, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

type loaded struct {
	ID   int64
	Name string
	Half float64
	Even bool
	Raw  []byte
	At   time.Time
	Tags []string
	Note *string
}

const loadedTable = "CREATE TABLE loaded (id bigint PRIMARY KEY, name text NOT NULL, half float8, even bool, raw bytea, at timestamptz, tags text[], note text)"

var loadedColumns = []string{"id", "name", "half", "even", "raw", "at", "tags", "note"}

func TestCopyFrom(t *testing.T) {
	for name, c := range targets(t) {
		t.Run(name, func(t *testing.T) {
			p := open(t, c, pg.Config{})
			ctx := background(t)
			exec(t, &p.Querier, loadedTable)
			n, err := pg.CopyFrom(ctx, &p.Querier, "loaded", loadedColumns, rowsOf(20_000, nil)).Await(ctx)
			require.NoError(t, err)
			require.EqualValues(t, 20_000, n)
			got := one[loaded](t, &p.Querier, "SELECT * FROM loaded WHERE id = 3")
			require.True(t, got.At.Equal(time.Unix(3, 0)))
			got.At = time.Time{}
			require.Equal(t, loaded{ID: 3, Name: "tab\there \\ \n and 'quote'", Half: 1.5, Raw: []byte{0, 1, 255}, Tags: []string{"a", "b,c"}}, got)

			_, err = pg.CopyFrom(ctx, &p.Querier, "loaded", loadedColumns, rowsOf(1, nil)).Await(ctx)
			require.Equal(t, db.UniqueViolation, db.KindOf(err), "%v", err)
			exec(t, &p.Querier, "TRUNCATE loaded")
			_, err = pg.CopyFrom(ctx, &p.Querier, "loaded", loadedColumns, rowsOf(10_000, errPurpose)).Await(ctx)
			require.ErrorIs(t, err, errPurpose)
			_, err = pg.CopyFrom(ctx, &p.Querier, "loaded", loadedColumns[:2], rowsOf(1, nil)).Await(ctx)
			require.ErrorContains(t, err, "8 values for 2 columns")
			_, err = pg.CopyFrom(ctx, &p.Querier, "missing", loadedColumns, rowsOf(1, nil)).Await(ctx)
			require.Equal(t, db.Invalid, db.KindOf(err), "%v", err)
			_, err = pg.CopyFrom(ctx, &p.Querier, "loaded", loadedColumns, func(func([]any, error) bool) { panic("on purpose") }).Await(ctx)
			require.ErrorContains(t, err, "on purpose")
			require.Zero(t, one[int64](t, &p.Querier, "SELECT count(*) FROM loaded"))
			idle(t, p)
		})
	}
}

func TestCopyFromInTx(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	ctx := background(t)
	exec(t, &p.Querier, loadedTable)
	_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		n, err := pg.CopyFrom(ctx, &tx.Querier, "loaded", loadedColumns, rowsOf(100, nil)).Await(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 100, n)
		require.EqualValues(t, 100, one[int64](t, &tx.Querier, "SELECT count(*) FROM loaded"))
		return n, errPurpose
	}).Await(ctx)
	require.ErrorIs(t, err, errPurpose)
	require.Zero(t, one[int64](t, &p.Querier, "SELECT count(*) FROM loaded"))
}

func TestCopyFromCancelled(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1})
	ctx, cancel := context.WithCancelCause(background(t))
	exec(t, &p.Querier, loadedTable)
	rows := func(yield func([]any, error) bool) {
		for row := range rowsOf(1<<40, nil) {
			if row[0] == 50_000 {
				cancel(errPurpose)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
	_, err := pg.CopyFrom(ctx, &p.Querier, "loaded", loadedColumns, rows).Await(background(t))
	require.ErrorIs(t, err, errPurpose)
	require.Zero(t, one[int64](t, &p.Querier, "SELECT count(*) FROM loaded"))
	idle(t, p)
}

func TestCopyAsStatement(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	exec(t, &p.Querier, loadedTable)
	_, err := p.Exec(background(t), "COPY loaded FROM STDIN").Await(background(t))
	require.ErrorContains(t, err, "pg.CopyFrom")
	require.EqualValues(t, 1, one[int64](t, &p.Querier, "SELECT 1"))
}
