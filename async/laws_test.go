package async

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// modelStep is one step of a random chain, as futures and as plain code.
//
// Owner: the test.
type modelStep struct {
	name  string
	apply func(f Future[int]) Future[int]
	model func(v int, err error) (int, error)
}

var errOdd = errors.New("odd")

func drawStep(t *rapid.T, l *lab, promises *[]func(), finals *int) modelStep {
	k := rapid.IntRange(0, 9).Draw(t, "k")
	add := func(v int) int { return v*3 + k }
	odd := func(v int) (int, error) {
		if v%2 != 0 {
			return 0, fmt.Errorf("%d: %w", v, errOdd)
		}
		return v / 2, nil
	}
	onValue := func(fn func(int) (int, error)) func(int, error) (int, error) {
		return func(v int, err error) (int, error) {
			if err != nil {
				return 0, err
			}
			return fn(v)
		}
	}
	later := func(v int) Future[int] {
		p, f := NewPromise[int](l)
		*promises = append(*promises, func() { p.Resolve(add(v)) })
		return f
	}
	addOK := func(v int) (int, error) { return add(v), nil }
	rescue := func(err error) (int, error) { return len(err.Error()), nil }
	steps := []modelStep{
		{"Then", func(f Future[int]) Future[int] { return f.Then(add) }, onValue(addOK)},
		{"ThenErr", func(f Future[int]) Future[int] { return f.ThenErr(odd) }, onValue(odd)},
		{"ThenFuture ready", func(f Future[int]) Future[int] {
			return f.ThenFuture(func(v int) Future[int] { return Ready(add(v)) })
		}, onValue(addOK)},
		{"ThenFuture pending", func(f Future[int]) Future[int] { return f.ThenFuture(later) }, onValue(addOK)},
		{"ThenFuture deferred", func(f Future[int]) Future[int] {
			return f.ThenFuture(func(v int) Future[int] { return deferred(later, v).Then(add) })
		}, onValue(func(v int) (int, error) { return add(add(v)), nil })},
		{
			"Recover", func(f Future[int]) Future[int] { return f.Recover(rescue) },
			func(v int, err error) (int, error) {
				if err != nil {
					return rescue(err)
				}
				return v, nil
			},
		},
		{
			"Finally", func(f Future[int]) Future[int] { return f.Finally(func() { *finals++ }) },
			func(v int, err error) (int, error) { return v, err },
		},
		{
			"Via", func(f Future[int]) Future[int] { return f.Via(l) },
			func(v int, err error) (int, error) { return v, err },
		},
		{
			"Shared", func(f Future[int]) Future[int] { return f.Shared().Future(l.ctx()) },
			func(v int, err error) (int, error) { return v, err },
		},
		{
			"Timeout", func(f Future[int]) Future[int] { return f.Timeout(1 << 40) },
			func(v int, err error) (int, error) { return v, err },
		},
	}
	return rapid.SampledFrom(steps).Draw(t, "step")
}

// A chain gives what the same steps in plain code give, however its steps are
// interleaved with the settling of its promises.
func TestChainsFollowTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLab(rapid.Uint64().Draw(t, "seed"))
		var pending []func()
		settleOne := func() {
			if len(pending) > 0 {
				fn := pending[0]
				pending = pending[1:]
				fn()
			}
		}
		v := rapid.IntRange(-5, 100).Draw(t, "v")
		f, err := Ready(v), error(nil)
		switch rapid.IntRange(0, 3).Draw(t, "source") {
		case 1:
			p, pf := NewPromise[int](l)
			first := v
			f, pending = pf, append(pending, func() { p.Resolve(first) })
		case 2:
			p, pf := NewPromise[int](l)
			v, err = 0, errOdd
			f, pending = pf, append(pending, func() { p.Fail(errOdd) })
		case 3:
			v, err = 0, errOdd
			f = Failed[int](errOdd)
		}
		finals, wantFinals := 0, 0
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			s := drawStep(t, l, &pending, &finals)
			if s.name == "Finally" {
				wantFinals++
			}
			f = s.apply(f)
			v, err = s.model(v, err)
			switch rapid.IntRange(0, 3).Draw(t, "then") {
			case 1:
				settleOne()
			case 2:
				l.step()
			}
		}
		var got int
		var gotErr error
		calls := 0
		f.Via(l).OnDone(func(v int, err error) { got, gotErr = v, err; calls++ })
		for l.run(); len(pending) > 0; l.run() {
			settleOne()
		}
		require.Equal(t, 1, calls)
		require.Equal(t, wantFinals, finals)
		if err != nil {
			require.EqualError(t, gotErr, err.Error())
			return
		}
		require.NoError(t, gotErr)
		require.Equal(t, v, got)
	})
}

func TestThenIsAFunctor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLab(rapid.Uint64().Draw(t, "seed"))
		a, b := rapid.Int().Draw(t, "a"), rapid.Int().Draw(t, "b")
		g := func(v int) int { return v*a + 1 }
		h := func(v int) string { return fmt.Sprint(v ^ b) }
		mk := func() (func(int), Future[int]) {
			if rapid.Bool().Draw(t, "ready") {
				return func(int) {}, Ready(b)
			}
			p, f := NewPromise[int](l)
			return func(v int) { p.Resolve(v) }, f
		}
		r1, f1 := mk()
		r2, f2 := mk()
		r3, f3 := mk()
		identity := f1.Then(func(v int) int { return v })
		composed := f2.Then(func(v int) string { return h(g(v)) })
		chained := f3.Then(g).Then(h)
		r1(b)
		r2(b)
		r3(b)
		l.run()
		want(t, identity, b)
		want(t, composed, h(g(b)))
		want(t, chained, h(g(b)))
	})
}

// Several settlers: the first wins, and only it is told so.
func TestAPromiseIsSettledOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLab(1)
		p, f := NewPromise[int](l)
		end := f.Then(func(v int) int { return v })
		var first string
		for i := range rapid.IntRange(1, 5).Draw(t, "n") {
			how := rapid.SampledFrom([]string{"resolve", "fail", "post", "settle", "cancel"}).Draw(t, "how")
			var won bool
			switch how {
			case "resolve":
				won = p.Resolve(7)
			case "fail":
				won = p.Fail(errOdd)
			case "post":
				won = p.Post(7, nil)
			case "settle":
				won = p.Settle(0, errOdd)
			case "cancel":
				end.Cancel()
				won = i == 0
			}
			require.Equal(t, i == 0, won)
			if i == 0 {
				first = how
			}
			require.True(t, p.Settled())
		}
		l.run()
		v, err, ready := end.Result()
		require.True(t, ready)
		switch first {
		case "resolve", "post":
			require.Equal(t, 7, v)
			require.NoError(t, err)
		case "fail", "settle":
			require.ErrorIs(t, err, errOdd)
		default:
			require.ErrorIs(t, err, context.Canceled)
		}
	})
}
