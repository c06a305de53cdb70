package pg_test

import (
	"database/sql"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
)

// sameAsPgx reads an SQL expression as T through us, alone, through a pointer and
// back as a parameter, and through pgx, which is right.
func sameAsPgx[T any](t *testing.T, p *db.Pool, typ string, values ...string) {
	t.Helper()
	c := peer(t)
	for i, v := range append(values, "NULL") {
		v = "CAST(" + v + " AS " + typ + ")"
		var theirs T
		require.NoError(t, c.QueryRow(background(t), "SELECT "+v).Scan(&theirs), v)
		require.Equal(t, theirs, one[T](t, &p.Querier, "SELECT "+v), v)
		if pointer := one[*T](t, &p.Querier, "SELECT "+v); i == len(values) {
			require.Nil(t, pointer, typ)
		} else {
			require.Equal(t, &theirs, pointer, v)
		}
		require.True(t, one[bool](t, &p.Querier, "SELECT $1::"+typ+"::text IS NOT DISTINCT FROM "+v+"::text", theirs), "%s as a parameter", v)
	}
}

// TestValuesLikePgx: what no Go type of its own stands for, at the edges, with
// NULL told by the value's own flag.
func TestValuesLikePgx(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	sameAsPgx[pgtype.Numeric](t, p, "numeric", "'NaN'", "'Infinity'", "'-Infinity'", "0", "-0.000001", "1e130", "123456789012345678901234567890.123456789")
	sameAsPgx[pgtype.Interval](t, p, "interval", "'1 year -2 mons 3 days -04:05:06.789'", "'0'", "'-178000000 years'")
	sameAsPgx[pgtype.Timestamptz](t, p, "timestamptz", "'infinity'", "'-infinity'")
	sameAsPgx[pgtype.Date](t, p, "date", "'infinity'", "'-infinity'", "'2024-02-29'")
	sameAsPgx[pgtype.Range[pgtype.Int4]](t, p, "int4range", "'empty'", "'(,)'", "'[3,)'", "'(,7]'", "'[1,5)'")
	sameAsPgx[pgtype.Range[pgtype.Date]](t, p, "daterange", "'[2024-01-01,2024-02-01)'", "'empty'")
	sameAsPgx[pgtype.Range[pgtype.Numeric]](t, p, "numrange", "'(1.5,2.5]'")
	sameAsPgx[pgtype.Array[pgtype.Int8]](t, p, "bigint[]", "'{{1,NULL},{3,4}}'", "'{}'")
	sameAsPgx[pgtype.Bits](t, p, "varbit", "B'10110'", "B''")
	sameAsPgx[pgtype.Point](t, p, "point", "'(1.5,-2)'")
	sameAsPgx[pgtype.Hstore](t, p, "text")
	sameAsPgx[pgtype.TID](t, p, "tid", "'(7,1)'")
	sameAsPgx[sql.NullString](t, p, "varchar(5)", "'abc'", "''")
	sameAsPgx[sql.NullInt16](t, p, "smallint", "0", "-7")
	sameAsPgx[sql.NullFloat64](t, p, "real", "1.5")
	sameAsPgx[sql.NullBool](t, p, "boolean", "false")
	sameAsPgx[pgtype.Text](t, p, "text", "''", "'a'")
	sameAsPgx[pgtype.Int4](t, p, "integer", "0", "7")
	sameAsPgx[pgtype.UUID](t, p, "uuid", "'00000000-0000-0000-0000-000000000000'")
	sameAsPgx[pgtype.Bool](t, p, "boolean", "false", "true")
	sameAsPgx[pgtype.Float8](t, p, "float8", "0", "'-Infinity'")
}

// TestNaN: floats that are no numbers go both ways through every type that has them.
func TestNaN(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	for _, typ := range []string{"numeric", "float8", "real"} {
		require.True(t, math.IsNaN(one[float64](t, &p.Querier, "SELECT $1::"+typ, math.NaN())), typ)
		for _, sign := range []int{1, -1} {
			require.Equal(t, math.Inf(sign), one[float64](t, &p.Querier, "SELECT $1::"+typ, math.Inf(sign)), typ)
		}
		require.Equal(t, []float64{math.Inf(1), 1}, one[[]float64](t, &p.Querier, "SELECT $1::"+typ+"[]", []float64{math.Inf(1), 1}), typ)
	}
}

// TestDocuments: json and jsonb go into structs, pointers to them and lists of
// them, at any depth; SQL's NULL and JSON's null are both nothing.
func TestDocuments(t *testing.T) {
	type part struct {
		Name string   `json:"name"`
		Tags []string `json:"tags,omitempty"`
	}
	type row struct {
		Doc  part
		List []part
		Map  map[string]part
		Opt  *part
		Null sql.Null[part]
	}
	p := open(t, plain(t), pg.Config{})
	for _, typ := range []string{"json", "jsonb"} {
		want := row{
			Doc: part{"a", []string{"x", "y"}}, List: []part{{Name: "b"}, {Name: "c"}}, Map: map[string]part{"k": {Name: "d"}},
			Opt: &part{Name: "e"}, Null: sql.Null[part]{V: part{Name: "f"}, Valid: true},
		}
		sql := "SELECT $1::" + typ + " AS doc, $2::" + typ + " AS list, $3::" + typ + " AS map, $4::" + typ + " AS opt, $5::" + typ + " AS null"
		require.Equal(t, want, one[row](t, &p.Querier, sql, want.Doc, want.List, want.Map, want.Opt, want.Null))
		want.Opt, want.Null.Valid, want.Null.V = nil, false, part{}
		require.Equal(t, want, one[row](t, &p.Querier, sql, want.Doc, want.List, want.Map, want.Opt, want.Null))
		_, err := p.One[part](background(t), "SELECT '[1]'::"+typ+" AS doc").Await(background(t))
		var mapping *db.MappingError
		require.ErrorAs(t, err, &mapping)
		require.ErrorContains(t, err, "doc")
	}
}

// TestMismatchNames: a column that does not fit is named with its type and the Go
// type, also where pgtype does the work.
func TestMismatchNames(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	exec(t, &p.Querier, "CREATE TYPE hue AS ENUM ('red')")
	check := func(err error, words ...string) {
		t.Helper()
		var mapping *db.MappingError
		require.ErrorAs(t, err, &mapping)
		for _, w := range words {
			require.ErrorContains(t, err, w)
		}
	}
	type row struct{ Value int64 }
	ctx := background(t)
	for typ, name := range map[string]string{
		"'10.0.0.1'::inet": "INET", "'[1,2)'::int8range": "INT8RANGE", "'1 day'::interval": "INTERVAL", "'{1}'::bigint[]": "_INT8",
		"now()": "TIMESTAMPTZ", "'{}'::jsonb": "JSONB", "'a'::text": "TEXT", "true": "BOOLEAN", "'x'::bytea": "BYTEA", "1.5::float8": "DOUBLE PRECISION",
		"'(1,2)'::point": "POINT",
	} {
		_, err := p.One[row](ctx, "SELECT "+typ+" AS value").Await(ctx)
		check(err, `"value"`, "row.Value", "int64", name)
	}
	_, err := p.One[netip.Addr](ctx, "SELECT 5 AS host").Await(ctx)
	check(err, `"host"`, "INTEGER", "netip.Addr")
	_, err = p.One[time.Time](ctx, "SELECT 'red'::hue AS colour").Await(ctx)
	check(err, `"colour"`, "time.Time")
	_, err = p.One[[]int64](ctx, "SELECT ARRAY[1, NULL]::bigint[] AS list").Await(ctx)
	check(err, `"list"`, "[]int64", "NULL")
}

// TestNullParameters: what stands for nothing is NULL for every type, not an empty
// value.
func TestNullParameters(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	exec(t, &p.Querier, "CREATE TYPE taste AS ENUM ('sweet')")
	for _, typ := range []string{
		"text", "bigint", "boolean", "float8", "numeric", "bytea", "uuid", "date", "time", "timestamp", "timestamptz",
		"interval", "json", "jsonb", "bigint[]", "text[]", "inet", "int8range", "taste",
	} {
		for _, arg := range []any{
			nil, (*string)(nil), (*int64)(nil), (*time.Time)(nil), (*[]int64)(nil),
			sql.NullString{},
			sql.Null[int64]{},
			pgtype.Text{},
			[]byte(nil), []string(nil), map[string]int(nil),
		} {
			require.True(t, one[bool](t, &p.Querier, "SELECT $1::"+typ+" IS NULL", arg), "%T as %s", arg, typ)
		}
	}
}
