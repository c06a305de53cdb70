package fasterapi

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

type (
	leaf  struct{ n int }
	wide  struct{ a, b, c int }
	named interface{ Name() string }
	roots struct {
		Leaf  *leaf  `inject:""`
		Wide  wide   `inject:""`
		Text  string `inject:""`
		Named named  `inject:""`
		Page  int    `query:"page" default:"3"`
	}
)

func (*leaf) Name() string { return "leaf" }

// below calls f under n frames.
//
//go:noinline
func below(n int, f func()) {
	var pad [16]byte
	if n > 0 {
		below(n-1, f)
		_ = pad
		return
	}
	f()
}

// TestInjectionStackGrowth injects at every depth of a new stack, so that the
// stack moves between the values in some of them: all have to arrive.
func TestInjectionStackGrowth(t *testing.T) {
	a := New(Config{Cores: 1})
	a.Provide("text")
	a.ProvideFunc(func(*Ctx, None) (*leaf, error) { return &leaf{7}, nil })
	a.ProvideFunc(func(_ *Ctx, in struct {
		Leaf *leaf `inject:""`
	},
	) (wide, error) {
		return wide{in.Leaf.n, 2, 3}, nil
	})
	a.Get("/", func(*Ctx, roots) (Text, error) { return "", nil })
	require.NoError(t, a.start(context.Background()))
	t.Cleanup(func() { require.NoError(t, a.Stop(context.Background())) })
	e := a.routes[0].endpoint.(*straight[roots, Text])
	for n := range 500 {
		bound := make(chan roots)
		go below(n, func() {
			c := &Ctx{app: a, request: &request{x: &exchange.Exchange{}, route: a.routes[0]}, reactor: a.reactors.Reactor(0)}
			in, _ := e.input(c)
			bound <- in
		})
		leaf := &leaf{7}
		require.Equal(t, roots{leaf, wide{7, 2, 3}, "text", leaf, 3}, <-bound, "depth %d", n)
	}
}
