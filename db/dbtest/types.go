package dbtest

import (
	"database/sql"
	"math"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// roundTrip writes a value and reads it back as the same type.
func roundTrip[T any](t *testing.T, p *db.Pool, column string, values ...T) {
	t.Helper()
	t.Run(column, func(t *testing.T) {
		exec(t, &p.Querier, "CREATE TABLE round_trip (id BIGINT, v "+column+")")
		defer exec(t, &p.Querier, "DROP TABLE round_trip")
		for i, v := range values {
			exec(t, &p.Querier, "INSERT INTO round_trip (id, v) VALUES ($1, $2)", i, v)
			got := one[T](t, &p.Querier, "SELECT v FROM round_trip WHERE id = $1", i)
			if want, ok := any(v).(time.Time); ok {
				require.True(t, want.Equal(any(got).(time.Time)), "%v is not %v", got, want)
				continue
			}
			require.Equal(t, v, got)
			got = *one[*T](t, &p.Querier, "SELECT v FROM round_trip WHERE id = $1", i)
			require.Equal(t, v, got, "through a pointer")
		}
		exec(t, &p.Querier, "INSERT INTO round_trip (id, v) VALUES ($1, $2)", -1, nil)
		require.Nil(t, one[*T](t, &p.Querier, "SELECT v FROM round_trip WHERE id = -1"))
		require.Equal(t, sql.Null[T]{}, one[sql.Null[T]](t, &p.Querier, "SELECT v FROM round_trip WHERE id = -1"))
		n := one[sql.Null[T]](t, &p.Querier, "SELECT v FROM round_trip WHERE id = 0")
		require.True(t, n.Valid)
	})
}

type (
	level    int16
	nickname string
	address  struct {
		Street string   `json:"street"`
		Tags   []string `json:"tags"`
	}
)

func testTypes(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	roundTrip(t, p, "BIGINT", int64(0), 1, -1, math.MaxInt64, math.MinInt64)
	roundTrip(t, p, "INTEGER", int32(0), math.MaxInt32, math.MinInt32)
	roundTrip(t, p, "INTEGER", 7, -7)
	roundTrip(t, p, "SMALLINT", int16(math.MaxInt16), math.MinInt16)
	roundTrip(t, p, "SMALLINT", level(3))
	roundTrip(t, p, "SMALLINT", uint8(255))
	roundTrip(t, p, "BIGINT", uint64(math.MaxInt64))
	roundTrip(t, p, "DOUBLE PRECISION", 0.0, 0.1, -1e300, math.SmallestNonzeroFloat64, 3.0)
	roundTrip(t, p, "BOOLEAN", true, false)
	roundTrip(t, p, "TEXT", "", "a", "Grüße, 世界", "it's \"quoted\" $1 ?", longText())
	roundTrip(t, p, "TEXT", nickname("ann"))
	roundTrip(t, p, "BYTEA", []byte{0, 1, 2, 255}, []byte{}, []byte("text"))
	roundTrip(t, p, "TIMESTAMPTZ", time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC),
		time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC),
		time.Date(2024, 7, 1, 12, 0, 0, 1000, time.FixedZone("", 2*3600)))
	roundTrip(t, p, "UUID", [16]byte{0x01, 0x8f, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, [16]byte{})
	roundTrip(t, p, "JSONB", map[string]int{"a": 1})
	t.Run("documents", func(t *testing.T) { testDocuments(t, p) })
	t.Run("nil and pointers are NULL", func(t *testing.T) { testNullParams(t, p) })
	t.Run("times sort and compare", func(t *testing.T) { testTimeOrder(t, p) })
}

func testDocuments(t *testing.T, p *db.Pool) {
	type customer struct {
		ID    int64
		Home  address
		Other *address
	}
	exec(t, &p.Querier, "CREATE TABLE customers (id BIGINT, home JSONB, other JSONB)")
	ann := customer{ID: 1, Home: address{Street: "Main", Tags: []string{"a", "b"}}}
	bob := customer{ID: 2, Home: address{Tags: []string{}}, Other: &address{Street: "Side"}}
	for _, c := range []customer{ann, bob} {
		exec(t, &p.Querier, "INSERT INTO customers (id, home, other) VALUES ($1, $2, $3)", c.ID, c.Home, c.Other)
		require.Equal(t, c, one[customer](t, &p.Querier, "SELECT * FROM customers WHERE id = $1", c.ID))
	}
}

func longText() string {
	b := make([]byte, 100_000)
	for i := range b {
		b[i] = byte('a' + i%26)
	}
	return string(b)
}

func testNullParams(t *testing.T, p *db.Pool) {
	exec(t, &p.Querier, "CREATE TABLE null_params (id BIGINT, v TEXT)")
	text := "x"
	var none *string
	for i, arg := range []any{none, nil, sql.NullString{}, sql.Null[string]{}, &text, sql.Null[string]{V: "x", Valid: true}} {
		exec(t, &p.Querier, "INSERT INTO null_params (id, v) VALUES ($1, $2)", i, arg)
		got := one[*string](t, &p.Querier, "SELECT v FROM null_params WHERE id = $1", i)
		if i < 4 {
			require.Nil(t, got, "parameter %d", i)
			continue
		}
		require.Equal(t, &text, got, "parameter %d", i)
	}
}

func testTimeOrder(t *testing.T, p *db.Pool) {
	exec(t, &p.Querier, "CREATE TABLE events (at TIMESTAMPTZ)")
	base := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, d := range []time.Duration{time.Second, 0, 500 * time.Millisecond, time.Hour, time.Microsecond} {
		exec(t, &p.Querier, "INSERT INTO events (at) VALUES ($1)", base.Add(d).In(time.FixedZone("", -5*3600)))
	}
	got, err := p.Query[time.Time](background(t), "SELECT at FROM events WHERE at >= $1 ORDER BY at", base.Add(time.Microsecond)).Await(background(t))
	require.NoError(t, err)
	require.Len(t, got, 4)
	for i, d := range []time.Duration{time.Microsecond, 500 * time.Millisecond, time.Second, time.Hour} {
		require.True(t, got[i].Equal(base.Add(d)), "%d: %v", i, got[i])
	}
}
