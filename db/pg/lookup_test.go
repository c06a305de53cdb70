package pg_test

import (
	"context"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
)

// echoed sends v as a parameter of a type, and reads it back.
func echoed[T any](t *testing.T, q *db.Querier, typ string, v T) {
	t.Helper()
	require.Equal(t, v, one[T](t, q, "SELECT $1::"+typ+" AS v", v), typ)
	require.Equal(t, &v, one[*T](t, q, "SELECT $1::"+typ+" AS v", &v), typ)
}

// everyPath runs a test on a pool, behind a pooler, and in a transaction that is
// the first user of its connection.
func everyPath(t *testing.T, schema string, body func(t *testing.T, q *db.Querier)) {
	setup := open(t, plain(t), pg.Config{})
	exec(t, &setup.Querier, schema)
	t.Run("pool", func(t *testing.T) { body(t, &open(t, plain(t), pg.Config{}).Querier) })
	t.Run("pooler", func(t *testing.T) { body(t, &open(t, plain(t), pg.Config{SimplePooler: true}).Querier) })
	t.Run("transaction", func(t *testing.T) {
		p := open(t, plain(t), pg.Config{})
		_, err := p.Tx[bool](background(t), db.TxOptions{}, func(_ context.Context, tx *db.Tx) (bool, error) {
			body(t, &tx.Querier)
			return true, nil
		}).Await(background(t))
		require.NoError(t, err)
	})
}

// TestDomains: a domain is its base type, also as a parameter, in an array, and as
// a domain of a domain. Bytes for a domain over bytea used to go as bytea's text.
func TestDomains(t *testing.T) {
	everyPath(t, `DROP SCHEMA IF EXISTS dom CASCADE; CREATE SCHEMA dom;
		CREATE DOMAIN dom.blob AS bytea; CREATE DOMAIN dom.blob2 AS dom.blob CHECK (length(VALUE) < 100);
		CREATE DOMAIN dom.n AS int; CREATE DOMAIN dom.list AS int[]; CREATE DOMAIN dom.doc AS jsonb; CREATE DOMAIN dom.at AS timestamptz;
		CREATE DOMAIN dom.span AS interval; CREATE DOMAIN dom.id AS uuid; CREATE DOMAIN dom.name AS text; CREATE DOMAIN dom.price AS numeric(9, 2);
		CREATE TABLE dom.t (b dom.blob, c dom.blob2, l dom.list, d dom.doc)`, func(t *testing.T, q *db.Querier) {
		for _, b := range [][]byte{[]byte(`\x4142`), []byte(`a\\b`), {0, 1, 255}, {}, []byte(`\`)} {
			for _, typ := range []string{"dom.blob", "dom.blob2", "bytea"} {
				echoed(t, q, typ, b)
				echoed(t, q, typ+"[]", [][]byte{b, b})
				require.Equal(t, b, one[[]byte](t, q, "SELECT $1::"+typ, string(b)), typ)
			}
			type row struct{ B, C []byte }
			require.Equal(t, row{b, b}, one[row](t, q, "INSERT INTO dom.t VALUES ($1, $2) RETURNING b, c", b, b))
		}
		echoed(t, q, "dom.n", 7)
		echoed(t, q, "dom.n[]", []int32{7, -8})
		echoed(t, q, "dom.list", []int{1, 2})
		echoed(t, q, "dom.list", []int64{})
		echoed(t, q, "dom.name", "x")
		echoed(t, q, "dom.name[]", []string{"x", `"{,\`})
		echoed(t, q, "dom.price", 12.5)
		echoed(t, q, "dom.id", [16]byte{1, 2, 3})
		type doc struct{ A []int }
		type docs struct{ V doc }
		require.Equal(t, docs{doc{[]int{1}}}, one[docs](t, q, "SELECT $1::dom.doc AS v", doc{[]int{1}}))
		echoed(t, q, "dom.doc", []int{1, 2})
		echoed(t, q, "dom.doc", []string{"a"})
		require.Equal(t, []int{3}, one[[]int](t, q, "INSERT INTO dom.t (l, d) VALUES ($1, $2) RETURNING d", []int{1}, []int{3}))
	})
}

type level string

// TestEnumsAndComposites: enums, composites and their arrays go both ways as
// strings, named strings and structs, also when nobody registered them.
func TestEnumsAndComposites(t *testing.T) {
	everyPath(t, `DROP SCHEMA IF EXISTS enc CASCADE; CREATE SCHEMA enc;
		CREATE TYPE enc.level AS ENUM ('low', 'high', 'very high'); CREATE DOMAIN enc.l AS enc.level;
		CREATE TYPE enc.pos AS (x float8, y float8); CREATE TYPE enc.line AS (a enc.pos, label text, l enc.level);
		CREATE TYPE enc.span AS RANGE (subtype = float8, multirange_type_name = enc.spans)`, func(t *testing.T, q *db.Querier) {
		echoed(t, q, "enc.level", level("high"))
		echoed(t, q, "enc.l", "low")
		echoed(t, q, "enc.level[]", []level{"low", "very high"})
		echoed(t, q, "enc.level[]", []string{"low"})
		echoed(t, q, "enc.l[]", []level{"high"})
		echoed(t, q, "enc.level[]", []*string{nil})
		require.Equal(t, "{low}", one[string](t, q, "SELECT '{low}'::enc.level[]"))
		type pos struct{ X, Y float64 }
		echoed(t, q, "enc.pos", pos{0.1 + 0.2, -1})
		echoed(t, q, "enc.pos[]", []pos{{1, 2}, {3, 4}})
		type line struct {
			A     pos
			Label string
			L     level
		}
		echoed(t, q, "enc.line", line{pos{1, 2}, `a "quoted", (text)\`, "very high"})
		type row struct {
			P pos
			N int
		}
		require.Equal(t, row{pos{1, 2}, 3}, one[row](t, q, "SELECT '(1,2)'::enc.pos AS p, 3 AS n"))
		type only struct{ P pos }
		require.Equal(t, only{pos{1, 2}}, one[only](t, q, "SELECT '(1,2)'::enc.pos AS p"), "a row with a composite, not the composite")
		require.Equal(t, "(1,2)", one[string](t, q, "SELECT '(1,2)'::enc.pos"))
		r := pgtype.Range[float64]{Lower: 0.1 + 0.2, Upper: 1, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true}
		echoed(t, q, "enc.span", r)
		echoed(t, q, "enc.spans", pgtype.Multirange[pgtype.Range[float64]]{r})
		require.Equal(t, `{"{[1,2)}","{}"}`, one[string](t, q, "SELECT $1::int8multirange[]", `{"{[1,2)}","{}"}`))
	})
}

// TestExtensionTypes: the types of Debian's contrib package.
func TestExtensionTypes(t *testing.T) {
	everyPath(t, `DROP EXTENSION IF EXISTS hstore, citext, ltree, cube, isn CASCADE;
		CREATE EXTENSION hstore SCHEMA public; CREATE EXTENSION citext SCHEMA public; CREATE EXTENSION ltree SCHEMA public;
		CREATE EXTENSION cube SCHEMA public; CREATE EXTENSION isn SCHEMA public`, func(t *testing.T, q *db.Querier) {
		v := `a "b" \ =>`
		echoed(t, q, "public.hstore", map[string]string{"k": v, "": ""})
		echoed(t, q, "public.hstore", map[string]*string{"k": &v, "n": nil})
		echoed(t, q, "public.hstore", pgtype.Hstore{"k": nil})
		require.Equal(t, `"a"=>"1"`, one[string](t, q, "SELECT $1::public.hstore", "a=>1"))
		echoed(t, q, "public.citext", "aBc")
		echoed(t, q, "public.citext[]", []string{"aBc", "NULL", ""})
		echoed(t, q, "public.ltree", "a.b.c")
		echoed(t, q, "public.ltree[]", []string{"a.b", "c"})
		echoed(t, q, "public.cube", "(1, 2)")
		echoed(t, q, "public.cube[]", []string{"(1, 2),(3, 4)"})
		echoed(t, q, "public.isbn", "0-393-04002-X")
		echoed(t, q, "money", "$1.50")
		echoed(t, q, "money[]", []string{"$1.50", "-$2.00"})
		echoed(t, q, "timetz[]", []string{"10:00:00+02"})
		echoed(t, q, "regclass", "pg_class")
		echoed(t, q, "pg_lsn[]", []string{"16/B374D848"})
	})
}
