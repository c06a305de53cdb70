package parts_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/parts"
)

type leaf struct{ n int }

func (*leaf) Leaf() {}

type (
	leafy     interface{ Leaf() }
	wrapper   struct{ *leaf }
	Base      struct{ One *leaf }
	hidden    struct{ Two *leaf }
	behind    struct{ Eight *leaf }
	Recursive struct {
		*Recursive
		Three *leaf
	}
	group struct {
		Base
		hidden
		*behind
		*Recursive
		Nested struct{ Four *leaf }
		Any    any
		None   *leaf
		secret *leaf
		Deep   *struct{ Five *leaf }
		Text   string
	}
)

// TestOf: exported fields are found, in embedded and nested structs too, and nothing that is not the app's.
func TestOf(t *testing.T) {
	ring := &Recursive{Three: &leaf{3}}
	ring.Recursive = ring
	g := group{
		Base: Base{&leaf{1}}, hidden: hidden{&leaf{2}}, behind: &behind{&leaf{8}}, Recursive: ring, Any: &leaf{6}, secret: &leaf{7},
		Deep: &struct{ Five *leaf }{&leaf{5}},
	}
	g.Nested.Four = &leaf{4}
	for _, v := range []any{g, &g} {
		var found []int
		for part := range parts.Of(v) {
			if l, ok := part.(*leaf); ok && !slices.Contains(found, l.n) {
				found = append(found, l.n)
			}
		}
		slices.Sort(found)
		require.Equal(t, []int{1, 2, 3, 4, 6, 8}, found)
		for range parts.Of(v) { // whoever has enough may leave
			break
		}
	}
	for _, v := range []any{nil, (*group)(nil), 5, "text", (*int)(nil), error(nil)} {
		for part := range parts.Of(v) {
			require.Equal(t, v, part, fmt.Sprint(v))
		}
	}
}

type (
	Known  struct{ n int }
	embeds struct{ *Known }
	around struct{ *embeds }
	has    struct{ K *Known }
)

func (*Known) Leaf() {}

// TestPromoted: methods of an embedded value are its, those of a field are not promoted.
func TestPromoted(t *testing.T) {
	k := &Known{1}
	require.True(t, parts.Promoted[leafy](embeds{k}))
	require.True(t, parts.Promoted[leafy](&embeds{k}))
	require.True(t, parts.Promoted[leafy](embeds{}), "whose methods cannot be called")
	require.True(t, parts.Promoted[leafy](around{&embeds{k}}))
	require.False(t, parts.Promoted[leafy](k))
	require.False(t, parts.Promoted[leafy](has{k}))
	require.False(t, parts.Promoted[leafy](nil))
	require.False(t, parts.Promoted[leafy](wrapper{&leaf{1}}), "it is not exported, and not yielded by itself")
}

// TestHear: only who listens hears, and those inside of another hear for themselves.
func TestHear(t *testing.T) {
	parts.Tell("nobody")
	var outer, inner []any
	stop := parts.Hear(&outer)
	parts.Tell(1)
	end := parts.Hear(&inner)
	parts.Tell(2)
	end()
	parts.Tell(3)
	stop()
	parts.Tell(4)
	require.Equal(t, []any{1, 3}, outer)
	require.Equal(t, []any{2}, inner)
}
