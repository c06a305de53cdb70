//go:build !race

package bind_test

import (
	"testing"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/stretchr/testify/require"
)

func allocs[T any](t *testing.T, opts ...option) float64 {
	t.Helper()
	b, errs := bind.For[T](params)
	require.Empty(t, errs)
	src := newRequest(opts...)
	return testing.AllocsPerRun(200, func() {
		if _, prob := b.Bind(src); prob != nil {
			panic(prob)
		}
	})
}

func TestAllocations(t *testing.T) {
	require.Zero(t, allocs[pathInput](t, path("12345")))
	require.Zero(t, allocs[pathInput](t, path("%31%32")), "decoding happens on the stack")
	require.Zero(t, allocs[threeInput](t, query("page=3&limit=50&full=true")))
	require.Zero(t, allocs[threeInput](t, query("p%61ge=%33&unknown=x&limit=50")))
	require.Zero(t, allocs[threeInput](t))
	require.EqualValues(t, 2, allocs[mixedInput](t, path("1"), query("name=a%20b"), header("Cookie", "sid=xy")),
		"one for each string")
}
