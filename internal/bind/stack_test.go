package bind_test

import (
	"runtime"
	"testing"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/stretchr/testify/require"
)

// restless is a Source that makes the goroutine's stack move in the middle of Bind, and collects garbage.
type restless struct {
	*request
	depth int
}

func (r *restless) PathValue(i int) []byte {
	r.depth *= 2
	grow(r.depth)
	runtime.GC()
	return r.request.PathValue(i)
}

// grow uses about 1 KiB of stack for each level.
//
//go:noinline
func grow(n int) byte {
	var frame [1024]byte
	frame[n%len(frame)] = byte(n)
	if n == 0 {
		return frame[0]
	}
	return grow(n-1) + frame[1]
}

// TestStackMayMove: the input of a plan without foreign code lives on the caller's stack, behind a pointer that the
// compiler does not follow. It must move with the stack, and what it points to must stay alive.
func TestStackMayMove(t *testing.T) {
	type input struct {
		Name  string   `query:"name" default:"none"`
		First *int64   `path:"p0"`
		Text  string   `path:"p1"`
		Last  *string  `path:"p2"`
		List  []string `query:"list"`
	}
	b, errs := bind.For[input](params)
	require.Empty(t, errs)
	done := make(chan input)
	for range 8 {
		go func() { // a new goroutine has a small stack
			src := &restless{newRequest(path("7", "some text", "last text"), query("list=alpha,beta&list=gamma")), 8}
			in, prob := b.Bind(src)
			if prob != nil {
				panic(prob)
			}
			src.spoil()
			done <- in
		}()
	}
	seven, last := int64(7), "last text"
	for range 8 {
		require.Equal(t, input{
			Name: "none", First: &seven, Text: "some text", Last: &last, List: []string{"alpha", "beta", "gamma"},
		}, <-done)
	}
}
