//go:build !race && !invariants

package fasterapi

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

type (
	first  struct{ n int }
	second struct{ first *first }
	third  struct{ a, b int }
	global struct{ n int }

	asksNothing struct {
		Page int `query:"page" default:"1"`
	}
	asksApp struct {
		Page   int              `query:"page" default:"1"`
		Global *global          `inject:""`
		Number interface{ N() } `inject:""`
	}
	asksThree struct {
		Page   int     `query:"page" default:"1"`
		First  *first  `inject:""`
		Second *second `inject:""`
		Third  third   `inject:""`
	}
)

func (*global) N() {}

// inputOf returns what a request does before its handler.
func inputOf[In any](tb testing.TB) func() {
	a := New(Config{Cores: 1})
	a.Provide(&global{7})
	a.ProvideFunc(func(*Ctx, None) (*first, error) { return &first{1}, nil })
	a.ProvideFunc(func(_ *Ctx, in struct {
		First *first `inject:""`
	},
	) (*second, error) {
		return &second{in.First}, nil
	})
	a.ProvideFunc(func(*Ctx, None) (third, error) { return third{1, 2}, nil })
	a.Get("/", func(*Ctx, In) (Text, error) { return "", nil })
	require.NoError(tb, a.start(context.Background()))
	tb.Cleanup(func() { require.NoError(tb, a.Stop(context.Background())) })
	e := a.routes[0].endpoint.(*straight[In, Text])
	c := &Ctx{app: a, request: &request{x: &exchange.Exchange{}, route: a.routes[0]}, reactor: a.reactors.Reactor(0)}
	return func() {
		if _, err := e.input(c); err != nil {
			tb.Fatal(err)
		}
	}
}

func benchmarkInput[In any](b *testing.B) {
	input := inputOf[In](b)
	b.ReportAllocs()
	for b.Loop() {
		input()
	}
}

func BenchmarkInjectNothing(b *testing.B) { benchmarkInput[asksNothing](b) }
func BenchmarkInjectApp(b *testing.B)     { benchmarkInput[asksApp](b) }
func BenchmarkInjectThree(b *testing.B)   { benchmarkInput[asksThree](b) }

func TestInjectionAllocations(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, inputOf[asksNothing](t)))
	require.Zero(t, testing.AllocsPerRun(100, inputOf[asksApp](t)))
	require.LessOrEqual(t, testing.AllocsPerRun(100, inputOf[asksThree](t)), 3.0, "one for each value")
}
