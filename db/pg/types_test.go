package pg_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// peer is pgx, which knows every type: the oracle.
func peer(t testing.TB) *pgx.Conn {
	c, err := pgx.Connect(background(t), plain(t).URL())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// agree sends random values of T through us and reads them back through pgx, and
// the other way round; all four ways must give the same text and value.
func agree[T any](t *testing.T, typ string, gen *rapid.Generator[T], same func(a, b T) bool) {
	t.Helper()
	p, c, ctx := open(t, plain(t), pg.Config{}), peer(t), background(t)
	echo := "SELECT $1::" + typ
	text := "SELECT ($1::" + typ + ")::text"
	t.Run(typ+" "+reflect.TypeFor[T]().String(), func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			v := gen.Draw(t, "v")
			ours, err := p.One[T](ctx, echo, v).Await(ctx)
			if err != nil {
				t.Fatalf("ours: %v", err)
			}
			oursText, err := p.One[string](ctx, text, v).Await(ctx)
			if err != nil {
				t.Fatalf("ours as text: %v", err)
			}
			var theirs T
			var theirsText string
			if err := c.QueryRow(ctx, echo, v).Scan(&theirs); err != nil {
				t.Fatalf("pgx: %v", err)
			}
			if err := c.QueryRow(ctx, text, v).Scan(&theirsText); err != nil {
				t.Fatalf("pgx as text: %v", err)
			}
			if !same(ours, theirs) || oursText != theirsText {
				t.Fatalf("%v: ours %v (%s), pgx %v (%s)", v, ours, oursText, theirs, theirsText)
			}
			if opt, err := p.One[*T](ctx, echo, &v).Await(ctx); err != nil || opt == nil || !same(*opt, theirs) {
				t.Fatalf("through a pointer: %v %v", opt, err)
			}
		})
		got, err := p.One[*T](ctx, echo, nil).Await(ctx)
		require.NoError(t, err)
		require.Nil(t, got)
		null, err := p.One[sql.Null[T]](ctx, echo, sql.Null[T]{}).Await(ctx)
		require.NoError(t, err)
		require.False(t, null.Valid)
		zero, err := p.One[T](ctx, echo, nil).Await(ctx)
		if v := reflect.ValueOf(zero); v.Kind() == reflect.Struct && v.FieldByName("Valid").IsValid() {
			require.NoError(t, err, "it tells NULL by its flag")
			require.True(t, v.IsZero())
		} else if k := reflect.TypeFor[T]().Kind(); k != reflect.Slice || reflect.TypeFor[T]().Elem().Kind() != reflect.Uint8 {
			var mapping *db.MappingError
			require.ErrorAs(t, err, &mapping)
		}
	})
}

func equal[T any](a, b T) bool { return reflect.DeepEqual(a, b) }

func sameTime(a, b time.Time) bool { return a.Equal(b) }

func printable() *rapid.Generator[string] {
	return rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 && (r < 0xd800 || r > 0xdfff) }))
}

func times(from, to int) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		low := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		high := time.Date(to, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		zone := time.FixedZone("", rapid.IntRange(-11, 12).Draw(t, "zone")*3600)
		return time.Unix(rapid.Int64Range(low, high).Draw(t, "s"), rapid.Int64Range(0, 999_999).Draw(t, "us")*1000).In(zone)
	})
}

func TestTypesAgreeWithPgx(t *testing.T) {
	agree(t, "bigint", rapid.Int64(), equal)
	agree(t, "integer", rapid.Int32(), equal)
	agree(t, "smallint", rapid.Int16(), equal)
	agree(t, "double precision", rapid.Float64(), equal)
	agree(t, "real", rapid.Float32(), equal)
	agree(t, "boolean", rapid.Bool(), equal)
	agree(t, "text", printable(), equal)
	agree(t, "varchar", printable(), equal)
	agree(t, "bytea", rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) []byte { return append([]byte{}, b...) }), equal)
	agree(t, "timestamptz", times(1, 9999), sameTime)
	agree(t, "timestamp", times(1, 9999), sameTime)
	agree(t, "date", rapid.Map(times(1, 9999), func(v time.Time) time.Time { return v.UTC().Truncate(24 * time.Hour) }), sameTime)
	agree(t, "uuid", rapid.Custom(func(t *rapid.T) [16]byte { return [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "u")) }), equal)
	agree(t, "jsonb", rapid.MapOf(rapid.StringMatching("[a-z]*"), rapid.IntRange(-1e9, 1e9)), equal)
	agree(t, "numeric", rapid.Int64Range(-1<<53, 1<<53), equal)
	agree(t, "inet", rapid.Custom(func(t *rapid.T) netip.Addr {
		return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip")))
	}), equal)
	agree(t, "bigint[]", rapid.Map(rapid.SliceOf(rapid.Int64()), func(s []int64) []int64 { return append([]int64{}, s...) }), equal)
	agree(t, "text[]", rapid.Map(rapid.SliceOf(printable()), func(s []string) []string { return append([]string{}, s...) }), equal)
	agree(t, "float8[]", rapid.SliceOfN(rapid.Float64(), 1, 5), equal)
	agree(t, "uuid[]", rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [16]byte {
		return [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "u"))
	}), 1, 3), equal)
	agree(t, "interval", rapid.Map(rapid.Int64Range(-1e15, 1e15), func(us int64) time.Duration { return time.Duration(us) * time.Microsecond }), equal)
	agree(t, "int8range", rapid.Custom(func(t *rapid.T) pgtype.Range[pgtype.Int8] {
		from := rapid.Int64Range(-1000, 1000).Draw(t, "from")
		return pgtype.Range[pgtype.Int8]{
			Lower: pgtype.Int8{Int64: from, Valid: true}, Upper: pgtype.Int8{Int64: from + 5, Valid: true},
			LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true,
		}
	}), equal)
	agree(t, "tstzrange", rapid.Custom(func(t *rapid.T) pgtype.Range[pgtype.Timestamptz] {
		from := times(1, 9000).Draw(t, "from").UTC()
		return pgtype.Range[pgtype.Timestamptz]{
			Lower: pgtype.Timestamptz{Time: from, Valid: true}, Upper: pgtype.Timestamptz{Time: from.Add(time.Hour), Valid: true},
			LowerType: pgtype.Exclusive, UpperType: pgtype.Inclusive, Valid: true,
		}
	}), func(a, b pgtype.Range[pgtype.Timestamptz]) bool {
		return a.Lower.Time.Equal(b.Lower.Time) && a.Upper.Time.Equal(b.Upper.Time) && a.LowerType == b.LowerType && a.UpperType == b.UpperType
	})
	agree(t, "inet", rapid.Custom(func(t *rapid.T) netip.Addr {
		return netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ip"))).Unmap()
	}), equal)
	agree(t, "cidr", rapid.Custom(func(t *rapid.T) netip.Prefix {
		ip := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip")))
		return netip.PrefixFrom(ip, rapid.IntRange(0, 32).Draw(t, "bits")).Masked()
	}), equal)
	agree(t, "time", rapid.Custom(func(t *rapid.T) pgtype.Time {
		return pgtype.Time{Microseconds: rapid.Int64Range(0, 86_399_999_999).Draw(t, "us"), Valid: true}
	}), equal)
	agree(t, "json", rapid.MapOf(rapid.StringMatching("[a-z]*"), rapid.IntRange(-1e9, 1e9)), equal)
	exec(t, &open(t, plain(t), pg.Config{}).Querier, "DROP TYPE IF EXISTS public.season; CREATE TYPE public.season AS ENUM ('spring', 'o''summer', 'fall')")
	agree(t, "public.season", rapid.SampledFrom([]string{"spring", "o'summer", "fall"}), equal)
	agree(t, "numeric", rapid.Custom(func(t *rapid.T) float64 {
		return float64(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "n")) / 64
	}), equal)
	agree(t, "text[]", rapid.SliceOfN(rapid.Ptr(printable(), true), 0, 4), func(a, b []*string) bool { return len(a) == 0 && len(b) == 0 || equal(a, b) })
}

type mood string

func TestOtherTypes(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	q := &p.Querier
	exec(t, q, "CREATE TYPE mood AS ENUM ('sad', 'happy')")
	exec(t, q, "CREATE TABLE people (name text, mood mood, doc json, price numeric(12, 2), born date, home inet)")
	exec(t, q, "INSERT INTO people VALUES ($1, $2, $3, $4, $5, $6)", "ann", mood("happy"), map[string]any{"a": []int{1}}, "12.50", "1999-12-31", "10.0.0.1")
	type person struct {
		Name  string
		Mood  mood
		Doc   json.RawMessage
		Price float64
		Born  time.Time
		Home  netip.Addr
	}
	require.Equal(t, person{
		"ann", "happy", json.RawMessage(`{"a":[1]}`), 12.5,
		time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), netip.MustParseAddr("10.0.0.1"),
	}, one[person](t, q, "SELECT * FROM people"))
	require.Equal(t, "12.50", one[string](t, q, "SELECT price FROM people"))
	require.Equal(t, "10.0.0.1", one[string](t, q, "SELECT host(home) FROM people"))
	require.Equal(t, int64(6), one[int64](t, q, "SELECT sum(x) FROM (VALUES (1::bigint), (2), (3)) AS v (x)"))
	require.Equal(t, *big.NewInt(1), *one[pgtype.Numeric](t, q, "SELECT 1::numeric").Int)
	require.Equal(t, "{happy,sad}", one[string](t, q, "SELECT ARRAY['happy', 'sad']::mood[]"))
	require.Equal(t, []int64{1, 2}, func() []int64 {
		v, err := p.Query[int64](background(t), "SELECT x FROM generate_series(1, 9) AS g (x) WHERE x = ANY ($1) ORDER BY x", []int64{2, 1}).Await(background(t))
		require.NoError(t, err)
		return v
	}())
	require.True(t, math.IsNaN(one[float64](t, q, "SELECT 'NaN'::float8")))
	require.Equal(t, math.Inf(1), one[float64](t, q, "SELECT $1::float8", math.Inf(1)))
	require.Equal(t, "y", one[any](t, q, "SELECT 'y'::text"))
	_, err := p.One[time.Time](background(t), "SELECT 'infinity'::timestamptz").Await(background(t))
	require.ErrorContains(t, err, "infinity")
	// Text goes into whatever the server makes of it.
	require.Equal(t, "2024-02-29", one[string](t, q, "SELECT $1::date::text", "2024-02-29"))
	require.Equal(t, int32(7), one[int32](t, q, "SELECT $1::integer", "7"))
	require.Equal(t, "7", one[string](t, q, "SELECT $1::text", 7))
	require.Equal(t, "3.5", one[string](t, q, "SELECT $1::numeric::text", 3.5))
	_, err = p.One[int32](background(t), "SELECT $1::integer", int64(1)<<40).Await(background(t))
	require.ErrorContains(t, err, "$1 (INTEGER)")
}

// celsius is a custom type: a composite registered with pgtype.
func TestRegisteredTypes(t *testing.T) {
	setup := open(t, plain(t), pg.Config{})
	exec(t, &setup.Querier, "DROP TYPE IF EXISTS public.point2 CASCADE")
	exec(t, &setup.Querier, "CREATE TYPE public.point2 AS (x float8, y float8)")
	oid := one[uint32](t, &setup.Querier, "SELECT 'public.point2'::regtype::oid")
	p := open(t, plain(t), pg.Config{Types: func(m *pgtype.Map) {
		f8, _ := m.TypeForOID(pgtype.Float8OID)
		m.RegisterType(&pgtype.Type{Name: "point2", OID: oid, Codec: &pgtype.CompositeCodec{
			Fields: []pgtype.CompositeCodecField{{Name: "x", Type: f8}, {Name: "y", Type: f8}},
		}})
	}})
	type point2 struct{ X, Y float64 }
	require.Equal(t, point2{1.5, -2}, one[point2](t, &p.Querier, "SELECT $1::public.point2", point2{1.5, -2}))
}
