package driver

import (
	"database/sql"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestHasFlag: which types tell NULL by themselves.
func TestHasFlag(t *testing.T) {
	type flagged struct{ Valid bool }
	require.True(t, hasFlag(reflect.TypeFor[flagged]()))
	require.True(t, hasFlag(reflect.TypeFor[sql.NullInt64]()))
	require.False(t, hasFlag(reflect.TypeFor[time.Time]()))
	require.False(t, hasFlag(reflect.TypeFor[struct{ Valid int }]()))
	require.False(t, hasFlag(reflect.TypeFor[[]int]()))
}

// TestNullParam: sql.Null of any type that is a parameter without it is one.
func TestNullParam(t *testing.T) {
	type doc struct{ A int }
	for _, v := range []any{
		int64(7), "text", 1.5, true, []byte("b"), time.Unix(5, 0), [16]byte{1}, doc{3}, []int64{1, 2}, &doc{4},
	} {
		want, err := paramOf(v)
		require.NoError(t, err)
		got, err := paramOf(nullOf(v, true))
		require.NoError(t, err, "%T", v)
		require.Equal(t, want.Kind(), got.Kind(), "%T", v)
		none, err := paramOf(nullOf(v, false))
		require.NoError(t, err)
		require.Equal(t, ParamNull, none.Kind(), "%T", v)
	}
}

// nullOf makes a sql.Null of v's own type.
func nullOf(v any, valid bool) any {
	switch v := v.(type) {
	case int64:
		return sql.Null[int64]{V: v, Valid: valid}
	case string:
		return sql.Null[string]{V: v, Valid: valid}
	case float64:
		return sql.Null[float64]{V: v, Valid: valid}
	case bool:
		return sql.Null[bool]{V: v, Valid: valid}
	case []byte:
		return sql.Null[[]byte]{V: v, Valid: valid}
	case time.Time:
		return sql.Null[time.Time]{V: v, Valid: valid}
	case [16]byte:
		return sql.Null[[16]byte]{V: v, Valid: valid}
	case []int64:
		return sql.Null[[]int64]{V: v, Valid: valid}
	default:
		return sql.Null[any]{V: v, Valid: valid}
	}
}
