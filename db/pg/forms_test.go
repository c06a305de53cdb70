package pg_test

import (
	"database/sql"
	"fmt"
	"iter"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
)

// seen notes what a Scanner is given.
type seen struct{ Got any }

// Scan takes everything.
func (s *seen) Scan(v any) error {
	if s.Got = fmt.Sprintf("%T", v); v == nil {
		s.Got = "NULL"
	}
	return nil
}

// flagged is a Scanner whose Valid has a sense of its own.
type flagged struct {
	Valid bool
	Asked bool
}

func (s *flagged) Scan(any) error {
	s.Asked = true
	return nil
}

// numbered scans itself in pgtype's way, without a flag for NULL.
type numbered struct{ Null bool }

func (n *numbered) ScanNumeric(v pgtype.Numeric) error {
	n.Null = !v.Valid
	return nil
}

// TestScannersSeeNull: a Scanner is asked about NULL whatever the column's type.
func TestScannersSeeNull(t *testing.T) {
	q := &open(t, plain(t), pg.Config{}).Querier
	for _, typ := range []string{"text", "date", "jsonb", "numeric", "interval", "inet", "text[]", "time", "int4range", "point", "money", "uuid", "bytea"} {
		require.Equal(t, seen{"NULL"}, one[seen](t, q, "SELECT NULL::"+typ), typ)
		require.Equal(t, flagged{Asked: true}, one[flagged](t, q, "SELECT NULL::"+typ), typ)
		require.Nil(t, one[*seen](t, q, "SELECT NULL::"+typ), typ)
	}
	require.Equal(t, numbered{true}, one[numbered](t, q, "SELECT NULL::numeric"))
}

// TestJSONForms: a Scanner gets json and jsonb as []byte, as from other drivers;
// JSON's null is nil or not valid; times and UUIDs are strings in JSON.
func TestJSONForms(t *testing.T) {
	type part struct{ A int }
	type row struct{ V *part }
	q := &open(t, plain(t), pg.Config{}).Querier
	at, id := time.Date(2024, 3, 4, 5, 6, 7, 0, time.UTC), [16]byte{1, 2, 3}
	for _, typ := range []string{"json", "jsonb"} {
		require.Equal(t, seen{"[]uint8"}, one[seen](t, q, `SELECT '{"a": 1}'::`+typ))
		for _, text := range []string{"null", " null\n"} {
			require.Nil(t, one[row](t, q, "SELECT $1::"+typ+" AS v", text).V)
			require.Equal(t, sql.Null[part]{}, one[sql.Null[part]](t, q, "SELECT $1::"+typ, text))
			require.Nil(t, one[*[16]byte](t, q, "SELECT $1::"+typ, text))
			require.Nil(t, one[map[string]int](t, q, "SELECT $1::"+typ, text))
		}
		require.Equal(t, "null", one[string](t, q, "SELECT 'null'::"+typ))
		require.Equal(t, at, one[time.Time](t, q, "SELECT $1::"+typ, at))
		require.Equal(t, id, one[[16]byte](t, q, "SELECT $1::"+typ, id))
		require.Equal(t, 5, one[int](t, q, "SELECT '5'::"+typ))
		require.Equal(t, []int{1}, one[[]int](t, q, "SELECT $1::"+typ, []int{1}))
		require.Equal(t, [2]int32{1, 2}, one[[2]int32](t, q, "SELECT $1::"+typ, [2]int32{1, 2}))
	}
}

// TestNumbersAreNoTimes: a number goes into no type that would read its digits as
// something else.
func TestNumbersAreNoTimes(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	exec(t, &p.Querier, "CREATE DOMAIN patience AS interval")
	ctx := background(t)
	for _, typ := range []string{"interval", "patience", "date", "time", "timestamptz", "bytea", "cidr", "varbit"} {
		for _, v := range []any{5, int64(20240304), 10.0, uint8(7), uint64(1 << 63)} {
			_, err := p.One[string](ctx, "SELECT ($1::"+typ+")::text", v).Await(ctx)
			require.ErrorContains(t, err, "a number has no", "%T as %s", v, typ)
		}
	}
	require.Equal(t, "01:00:00.000001", one[string](t, &p.Querier, "SELECT $1::interval::text", time.Hour+time.Microsecond))
	require.Equal(t, -time.Minute, one[time.Duration](t, &p.Querier, "SELECT $1::patience", -time.Minute))
	require.Equal(t, int64(time.Second), one[int64](t, &p.Querier, "SELECT $1::bigint", time.Second))
}

// TestUncommonValues: small arrays, addresses, large numbers, times before Christ
// and zones with seconds arrive as what they are, also through COPY.
func TestUncommonValues(t *testing.T) {
	q := &open(t, plain(t), pg.Config{}).Querier
	mac, ip := net.HardwareAddr{1, 2, 3, 4, 5, 6}, net.ParseIP("1::2")
	local := time.FixedZone("LMT", 53*60+28)
	values := []struct {
		typ  string
		v    any
		text string
	}{
		{"int[]", [2]int32{1, 2}, "{1,2}"},
		{"int[]", [1]int64{7}, "{7}"},
		{"smallint[]", [3]int16{1, 2, 3}, "{1,2,3}"},
		{"macaddr", mac, "01:02:03:04:05:06"},
		{"bytea", mac, `\x010203040506`},
		{"inet", ip, "1::2/128"},
		{"inet", net.IP{49, 58, 58, 50}, "49.58.58.50/32"},
		{"text", ip, "1::2"},
		{"text", mac, "01:02:03:04:05:06"},
		{"numeric", uint64(1<<64 - 1), "18446744073709551615"},
		{"numeric", *new(big.Int).Lsh(big.NewInt(1), 100), "1267650600228229401496703205376"},
		{"numeric", new(big.Int).Lsh(big.NewInt(1), 100), "1267650600228229401496703205376"},
		{"date", time.Date(-43, 3, 15, 0, 0, 0, 0, time.UTC), "0044-03-15 BC"},
		{"date", time.Date(0, 2, 29, 0, 0, 0, 0, time.UTC), "0001-02-29 BC"},
		{"date", time.Date(12345, 2, 28, 0, 0, 0, 0, time.UTC), "12345-02-28"},
		{"timestamp", time.Date(-43, 3, 15, 1, 2, 3, 4000, time.UTC), "0044-03-15 01:02:03.000004 BC"},
		{"timestamptz", time.Date(-43, 3, 15, 1, 2, 3, 0, time.UTC), "0044-03-15 01:02:03+00 BC"},
		{"timestamptz", time.Date(1890, 1, 1, 0, 0, 0, 0, local), "1889-12-31 23:06:32+00"},
		{"time", time.Date(2024, 1, 2, 3, 4, 5, 6000, local), "03:04:05.000006"},
		{"uuid", [16]byte{15: 1}, "00000000-0000-0000-0000-000000000001"},
		{"bytea", [16]byte{15: 1}, `\x00000000000000000000000000000001`},
		{"jsonb", [16]byte{15: 1}, `"00000000-0000-0000-0000-000000000001"`},
		{"jsonb", time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), `"2024-01-02T03:04:05Z"`},
		{"interval", 90 * time.Second, "00:01:30"},
	}
	for i, c := range values {
		exec(t, q, fmt.Sprintf("CREATE TABLE copied_%d (v %s)", i, c.typ))
		require.Equal(t, c.text, one[string](t, q, "SELECT $1::"+c.typ+"::text", c.v), "%T as %s", c.v, c.typ)
		rows := iter.Seq2[[]any, error](func(yield func([]any, error) bool) { yield([]any{c.v}, nil) })
		_, err := pg.CopyFrom(background(t), q, fmt.Sprintf("copied_%d", i), []string{"v"}, rows).Await(background(t))
		require.NoError(t, err, "%T as %s", c.v, c.typ)
		require.Equal(t, c.text, one[string](t, q, fmt.Sprintf("SELECT v::text FROM copied_%d", i)), "%T copied as %s", c.v, c.typ)
	}
	require.Equal(t, mac, one[net.HardwareAddr](t, q, "SELECT '01:02:03:04:05:06'::macaddr"))
	require.Equal(t, ip, one[net.IP](t, q, "SELECT '1::2'::inet"))
	for _, n := range []string{"5", "5.0", "5.00"} {
		require.Equal(t, int64(5), one[int64](t, q, "SELECT '"+n+"'::numeric"))
	}
	for _, at := range one[[]time.Time](t, q, "SELECT ARRAY[now(), now()]") {
		require.Equal(t, time.UTC, at.Location())
	}
}

// TestMishapsAreSorted: only what the server calls corruption is, and a call that
// breaks the protocol's rules is a wrong call.
func TestMishapsAreSorted(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	ctx := background(t)
	for code, kind := range map[string]db.Kind{
		"XX000": db.Other, "XX001": db.Corrupt, "XX002": db.Corrupt, "08P01": db.Invalid, "08006": db.Unavailable,
	} {
		_, err := p.Exec(ctx, "DO $do$ BEGIN RAISE 'mishap' USING ERRCODE = '"+code+"'; END $do$").Await(ctx)
		var e *db.Error
		require.ErrorAs(t, err, &e, code)
		require.Equal(t, kind, e.Kind, code)
	}
	_, err := p.One[sql.NullTime](ctx, "SELECT 'infinity'::timestamptz").Await(ctx)
	require.ErrorContains(t, err, "infinity is not a time.Time")
}
