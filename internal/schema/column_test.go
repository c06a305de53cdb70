package schema_test

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// TestColumns: values as drivers of database/sql take and give them.
func TestColumns(t *testing.T) {
	type name string
	type pair struct{ A int }
	for _, c := range []struct{ in, want any }{
		{7, int64(7)},
		{int8(7), int64(7)},
		{uint(7), int64(7)},
		{float32(1.5), 1.5},
		{name("a"), "a"},
		{true, true},
		{[]byte("a"), []byte("a")},
		{[]string{"a"}, []string{"a"}},
		{pair{1}, pair{1}},
	} {
		got, err := schema.ColumnValue(c.in)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ dst, src, want any }{
		{new(int8), int64(7), int8(7)},
		{new(uint), int64(7), uint(7)},
		{new(float32), 1.5, float32(1.5)},
		{new(float64), int64(2), 2.0},
		{new(bool), int64(1), true},
		{new(bool), false, false},
		{new(name), "a", name("a")},
		{new(string), []byte("a"), "a"},
		{new([]byte), "a", []byte("a")},
		{new(time.Time), day, day},
		{new(time.Time), "2026-11-01 00:00:00", day},
		{new(time.Time), "2026-11-01", day},
		{new(netip.Addr), "192.0.2.1", netip.MustParseAddr("192.0.2.1")},
		{new(pair), `{"A":1}`, pair{1}},
		{new([]int), []byte(`[1,2]`), []int{1, 2}},
	} {
		require.NoError(t, schema.ScanColumn(c.dst, c.src), "%T from %v", c.dst, c.src)
		require.Equal(t, c.want, reflect.ValueOf(c.dst).Elem().Interface())
	}
	for _, c := range []struct{ dst, src any }{
		{new(int8), int64(300)},
		{new(uint), int64(-1)},
		{new(int), "7"},
		{new(string), int64(7)},
		{new(bool), int64(2)},
		{new(time.Time), "soon"},
		{new(int), 1.5},
		{new(pair), "no JSON"},
		{new(netip.Addr), "no address"},
	} {
		require.Error(t, schema.ScanColumn(c.dst, c.src), "%T from %v", c.dst, c.src)
	}
}
