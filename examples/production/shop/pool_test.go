package shop

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/db"
)

// TestPoolMetrics: no number of the pool is left out, on neither page.
func TestPoolMetrics(t *testing.T) {
	stats := db.Stats{Driver: "postgres"}
	from := reflect.ValueOf(&stats).Elem()
	for i := range from.NumField() {
		switch f := from.Field(i); {
		case f.CanInt():
			f.SetInt(int64(i + 1))
		case f.CanUint():
			f.SetUint(uint64(i + 1))
		}
	}
	to := reflect.ValueOf(poolMetrics(stats))
	for i := range to.NumField() {
		require.False(t, to.Field(i).IsZero(), to.Type().Field(i).Name)
	}
	require.Equal(t, from.NumField()-1, to.NumField(), "all but the cores, which are a list beside it")

	onBoth(t, func(t *testing.T, c caller) {
		require.Equal(t, 200, c.get("/user/7", nil))
		var h Health
		require.Equal(t, 200, c.get("/health", &h))
		require.Equal(t, h.Database, h.Pool.Driver)
		require.Positive(t, h.Pool.Open)
		var m Metrics
		require.Equal(t, 200, c.get("/metrics", &m))
		require.Positive(t, m.Pool.Queries)
	})
}
