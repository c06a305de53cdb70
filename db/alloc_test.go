//go:build !race

package db_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAllocations pins what the facade itself allocates for One of a row with a
// number and a string, called and answered on a reactor: the promise, the place
// for the row, and the string. The parameters do not escape.
func TestAllocations(t *testing.T) {
	f, p := newFake()
	ctx := direct(context.Background())
	id := int64(1_000_000)
	got := testing.AllocsPerRun(1000, func() {
		id++
		future := p.One[user](ctx, "SELECT id, name FROM users WHERE id = $1 AND name <> $2", id, "nobody")
		f.answer()
		if u, err, ok := future.Result(); !ok || err != nil || u.ID != id {
			t.Fatal(u, err, ok)
		}
	})
	require.LessOrEqual(t, got, 3.0)
}
