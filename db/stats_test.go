package db_test

import (
	"reflect"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// TestStatsAdd: no number is left out of a total.
func TestStatsAdd(t *testing.T) {
	var one, total db.Stats
	v := reflect.ValueOf(&one).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.CanInt():
			f.SetInt(int64(i + 1))
		case f.CanUint():
			f.SetUint(uint64(i + 1))
		}
	}
	total.Add(one)
	require.Equal(t, one, total)
	total.Add(one)
	require.Equal(t, 2*one.InFlight, total.InFlight)
	require.Equal(t, one.Depth, total.Depth, "the deepest of all")
}
