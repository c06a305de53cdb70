package page

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCursor(t *testing.T) {
	for _, want := range []Cursor{{ID: 1}, {Sort: "-updated", Time: time.Date(2026, 5, 1, 9, 0, 0, 123456000, time.UTC), ID: 7}, {Sort: "rank", Rank: 3, ID: 9}} {
		text, err := want.MarshalText()
		require.NoError(t, err)
		require.Regexp(t, "^[-_A-Za-z0-9]+$", string(text), "it goes into a query as it is")
		var got Cursor
		require.NoError(t, got.UnmarshalText(text))
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "x", "!!!!", "e30", "eyJpIjowfQ", "eyJpIjotMX0", "bnVsbA"} {
		require.Error(t, new(Cursor).UnmarshalText([]byte(text)), text)
	}
}

func TestOf(t *testing.T) {
	at := func(n int64) Cursor { return Cursor{ID: n} }
	require.Equal(t, Page[int64]{Items: []int64{1, 2}}, Of([]int64{1, 2}, 2, at))
	require.Equal(t, Page[int64]{Items: []int64{1, 2}, Next: &Cursor{ID: 2}}, Of([]int64{1, 2, 3}, 2, at))
}
