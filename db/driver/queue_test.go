package driver

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestQueue holds a Queue against a slice.
func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l Queue
		var want []*Query
		for _, move := range rapid.SliceOf(rapid.IntRange(0, 3)).Draw(t, "moves") {
			switch {
			case move <= 1:
				q := new(Query)
				l.Push(q)
				want = append(want, q)
			case move == 2 && len(want) > 0:
				i := rapid.IntRange(0, len(want)-1).Draw(t, "which")
				l.Remove(want[i])
				require.Nil(t, want[i].Hook.Next)
				require.Nil(t, want[i].Hook.Prev)
				want = slices.Delete(want, i, i+1)
			case move == 3:
				q := l.Pop()
				require.Equal(t, len(want) == 0, q == nil)
				if q != nil {
					require.Same(t, want[0], q)
					want = want[1:]
				}
			}
			require.Equal(t, len(want), l.Len())
			require.Equal(t, len(want) == 0, l.First() == nil)
		}
		for _, q := range want {
			require.Same(t, q, l.Pop())
		}
		require.Nil(t, l.Pop())
	})
}
