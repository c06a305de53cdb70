package pg_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/jackc/pgx/v5/pgtype"
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

// TestCopyFromRefused: rows that the server or the encoder does not take are an
// error that says which, and nothing of the load stays.
func TestCopyFromRefused(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	ctx := background(t)
	exec(t, &p.Querier, "CREATE TABLE strict (n bigint CHECK (n < 5000), at date)")
	load := func(bad any) error {
		rows := func(yield func([]any, error) bool) {
			for i := range 4000 {
				if !yield([]any{i, time.Unix(0, 0)}, nil) {
					return
				}
			}
			yield([]any{bad, nil}, nil)
		}
		_, err := pg.CopyFrom(ctx, &p.Querier, "strict", []string{"n", "at"}, rows).Await(ctx)
		require.Error(t, err)
		require.Zero(t, one[int64](t, &p.Querier, "SELECT count(*) FROM strict"))
		idle(t, p)
		return err
	}
	require.Equal(t, db.Invalid, db.KindOf(load("not a number")))
	require.Equal(t, db.CheckViolation, db.KindOf(load(5000)))
	err := load(make(chan int))
	require.ErrorContains(t, err, "row 4001")
	require.ErrorContains(t, err, "column 1")
	require.ErrorContains(t, err, "chan int")
}

// TestCopyTypes: a value that is copied is the value that is inserted.
func TestCopyTypes(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	ctx := background(t)
	exec(t, &p.Querier, "CREATE TYPE flavour AS ENUM ('o''sweet', 'tab\tsour')")
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.FixedZone("", 2*3600))
	for i, tc := range []struct {
		typ   string
		value any
	}{
		{"numeric", "12.500"},
		{"numeric", math.NaN()},
		{"numeric", math.Inf(-1)},
		{"float8", math.Inf(1)},
		{"real", float32(1.5)},
		{"smallint", int16(-7)},
		{"text", `\N`},
		{"text", ""},
		{"text", "a\\b\tc\nd\re"},
		{"bytea", []byte{0, '\\', '\n', 255}},
		{"bytea", "text"},
		{"uuid", [16]byte{1, 2, 3}},
		{"date", at},
		{"timestamp", at},
		{"timestamptz", at},
		{"interval", 90 * time.Minute},
		{"jsonb", map[string]any{"a": "b\n\\"}},
		{"json", []int{1, 2}},
		{"inet", netip.MustParseAddr("2001:db8::1")},
		{"flavour", "tab\tsour"},
		{"text[]", []string{"a,b", `c"d\`, "NULL", ""}},
		{"bigint[]", []int64{}},
		{"boolean", false},
		{"int8range", pgtype.Range[pgtype.Int8]{Lower: pgtype.Int8{Int64: 1, Valid: true}, LowerType: pgtype.Inclusive, UpperType: pgtype.Unbounded, Valid: true}},
		{"text", sql.NullString{}},
		{"bigint", (*int64)(nil)},
		{"uuid", nil},
	} {
		table := fmt.Sprintf("copied_%d", i)
		exec(t, &p.Querier, "CREATE TABLE "+table+" (v "+tc.typ+")")
		exec(t, &p.Querier, "INSERT INTO "+table+" VALUES ($1)", tc.value)
		n, err := pg.CopyFrom(ctx, &p.Querier, table, []string{"v"}, func(yield func([]any, error) bool) { yield([]any{tc.value}, nil) }).Await(ctx)
		require.NoError(t, err, "%d: %s %v", i, tc.typ, tc.value)
		require.EqualValues(t, 1, n)
		values, err := p.Query[*string](ctx, "SELECT v::text FROM "+table).Await(ctx)
		require.NoError(t, err)
		require.Equal(t, values[0], values[1], "%d: %s %v", i, tc.typ, tc.value)
	}
}

// TestCopyTableChanges: the columns' types are those of the table as it is now.
func TestCopyTableChanges(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1})
	ctx := background(t)
	for _, typ := range []string{"text", "bytea", "interval"} {
		exec(t, &p.Querier, "CREATE TABLE remade (v "+typ+")")
		value := map[string]any{"text": "a", "bytea": []byte{0, 255}, "interval": time.Second}[typ]
		_, err := pg.CopyFrom(ctx, &p.Querier, "remade", []string{"v"}, func(yield func([]any, error) bool) { yield([]any{value}, nil) }).Await(ctx)
		require.NoError(t, err)
		want := map[string]string{"text": "a", "bytea": `\x00ff`, "interval": "00:00:01"}[typ]
		require.Equal(t, want, one[string](t, &p.Querier, "SELECT v::text FROM remade"))
		exec(t, &p.Querier, "DROP TABLE remade")
	}
}
