package async

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// field is a set of promises that are settled in random order, and the record of
// what became of them.
//
// Owner: the test.
type field struct {
	lab       *lab
	futures   []Future[int]
	errs      []error // planned results: nil means the index
	promises  []Promise[int]
	order     []int // the order in which results come: the ready ones first
	cancelled []bool
}

func drawField(t *rapid.T) *field {
	n := rapid.IntRange(0, 6).Draw(t, "n")
	x := &field{lab: newLab(0), cancelled: make([]bool, n)}
	var pending []int
	for i := range n {
		var err error
		if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
			err = fmt.Errorf("input %d: %w", i, errOdd)
		}
		x.errs = append(x.errs, err)
		p, f := NewPromise[int](x.lab)
		if rapid.IntRange(0, 3).Draw(t, "ready") == 0 {
			x.order = append(x.order, i)
			p.Settle(i, err)
			if rapid.Bool().Draw(t, "by value") {
				f = Of(f.Result2())
			}
		} else {
			pending = append(pending, i)
			p.OnCancel(func() { x.cancelled[i] = true })
		}
		x.promises, x.futures = append(x.promises, p), append(x.futures, f)
	}
	if len(pending) > 0 {
		pending = rapid.Permutation(pending).Draw(t, "order")
	}
	x.order = append(x.order, pending...)
	return x
}

// Result2 is Result of a future known to be ready.
func (f Future[T]) Result2() (T, error) { v, err, _ := f.Result(); return v, err }

// settleAll settles in order until done, and checks that what was not needed any
// more was cancelled, and nothing else.
func (x *field) settleAll(t *rapid.T, done func() bool) {
	over := done()
	for _, i := range x.order {
		if x.futures[i].Ready() && !x.cancelled[i] {
			continue
		}
		require.Equal(t, over, x.cancelled[i], "input %d", i)
		require.Equal(t, !over, x.promises[i].Settle(i, x.errs[i]))
		x.lab.run()
		over = done()
	}
	x.lab.run()
	require.True(t, done())
}

func TestWhenAllAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawField(t)
		f := WhenAll(x.futures...)
		x.settleAll(t, f.Ready)
		got, err := f.Result2()
		for _, i := range x.order {
			if x.errs[i] != nil {
				require.Equal(t, x.errs[i], err, "the first error")
				return
			}
		}
		require.NoError(t, err)
		require.Len(t, got, len(x.futures))
		for i, v := range got {
			require.Equal(t, i, v)
		}
	})
}

func TestSettleAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawField(t)
		f := Settle(x.futures...)
		x.settleAll(t, f.Ready)
		got, err := f.Result2()
		require.NoError(t, err)
		require.Len(t, got, len(x.futures))
		for i, r := range got {
			require.Equal(t, x.errs[i], r.Err)
			if r.Err == nil {
				require.Equal(t, i, r.Value)
			}
		}
	})
}

func TestWhenSomeAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawField(t)
		n := rapid.IntRange(0, len(x.futures)+1).Draw(t, "wanted")
		f := WhenSome(n, x.futures...)
		x.settleAll(t, f.Ready)
		got, err := f.Result2()
		if n > len(x.futures) {
			require.Error(t, err)
			return
		}
		wanted := []Indexed[int]{}
		var errs []error
		for _, i := range x.order {
			if len(wanted) == n || len(errs) > len(x.futures)-n {
				break
			}
			if x.errs[i] != nil {
				errs = append(errs, x.errs[i])
			} else {
				wanted = append(wanted, Indexed[int]{i, i})
			}
		}
		if len(wanted) < n {
			require.Equal(t, errors.Join(errs...), err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, wanted, got)
	})
}

func TestWhenAnyAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawField(t)
		f := WhenAny(x.futures...)
		x.settleAll(t, func() bool { x.lab.run(); return f.Ready() })
		got, err := f.Result2()
		for _, i := range x.order {
			if x.errs[i] == nil {
				require.NoError(t, err)
				require.Equal(t, Indexed[int]{i, i}, got)
				return
			}
		}
		if len(x.order) == 0 {
			require.ErrorIs(t, err, ErrNone)
		} else {
			require.ErrorIs(t, err, errOdd)
		}
	})
}

func TestCancellingACombinatorCancelsItsInputs(t *testing.T) {
	build := map[string]func(a, b Future[int]) Future[int]{
		"WhenAll": func(a, b Future[int]) Future[int] { return WhenAll(a, b).Then(func(v []int) int { return len(v) }) },
		"WhenAny": func(a, b Future[int]) Future[int] {
			return WhenAny(a, b).Then(func(v Indexed[int]) int { return v.Value })
		},
		"Settle": func(a, b Future[int]) Future[int] {
			return Settle(a, b).Then(func(v []Result[int]) int { return len(v) })
		},
		"Zip": func(a, b Future[int]) Future[int] { return a.Zip(b, func(a, b int) (int, error) { return a + b, nil }) },
		"Map": func(a, b Future[int]) Future[int] {
			in := []Future[int]{a, b}
			return Map(context.Background(), []int{0, 1}, 0, func(i int) Future[int] { return in[i] }).Then(func(v []int) int { return len(v) })
		},
	}
	for name, mk := range build {
		t.Run(name, func(t *testing.T) {
			l := newLab(0)
			p, a := NewPromise[int](l)
			q, b := NewPromise[int](l)
			n := 0
			p.OnCancel(func() { n++ })
			q.OnCancel(func() { n++ })
			f := mk(a.Then(inc), b)
			f.Cancel()
			require.Equal(t, 2, n)
			l.run()
			_, err := f.Await(context.Background())
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestZipAndWhenAll23(t *testing.T) {
	l := newLab(0)
	p, a := NewPromise[int](l)
	q, b := NewPromise[string](l)
	f := a.Zip(b, func(n int, s string) (string, error) { return fmt.Sprint(n, s), nil })
	q.Resolve("b")
	l.run()
	require.False(t, f.Ready())
	p.Resolve(1)
	l.run()
	want(t, f, "1b")
	want(t, WhenAll2(Ready(1), Ready("x")), Pair[int, string]{1, "x"})
	want(t, WhenAll3(Ready(1), Ready("x"), Ready(2.5)), Triple[int, string, float64]{1, "x", 2.5})

	_, a = NewPromise[int](l)
	cancelled := false
	r, c := NewPromise[string](l)
	r.OnCancel(func() { cancelled = true })
	wantErr(t, WhenAll3(a, c, Failed[int](io.EOF)), io.EOF)
	require.True(t, cancelled)
	l.run()
}

// A permit that a combinator does not pass on goes back.
func TestCombinatorsGiveBackWhatTheyDoNotPassOn(t *testing.T) {
	l := newLab(0)
	sem := NewSemaphore(8, 0)
	take := func() Permit { p, ok := sem.TryAcquire(1); require.True(t, ok); return p }
	pending := func() (Promise[Permit], Future[Permit]) { return NewPromise[Permit](l) }

	p, f := pending()
	q, g := pending()
	all := WhenAll(Ready(take()), f, g)
	p.Resolve(take())
	l.run()
	q.Fail(io.EOF)
	l.run()
	wantErr(t, all, io.EOF)
	require.Equal(t, 8, sem.Stats().Free, "WhenAll")

	p, f = pending()
	slow := f.Finally(func() {})
	p.Resolve(take()) // too late to cancel
	anyOf := WhenAny(slow, Ready(take()), Ready(take()))
	l.run()
	first, err := anyOf.Result2()
	require.NoError(t, err)
	require.Equal(t, 7, sem.Stats().Free, "WhenAny keeps one")
	first.Value.Release()

	p, f = pending()
	_, never := pending()
	pair := WhenAll2(f, never)
	p.Resolve(take())
	l.run()
	pair.Cancel()
	l.run()
	require.Equal(t, 8, sem.Stats().Free, "WhenAll2")

	p, f = pending()
	_, never = pending()
	some := WhenSome(2, f, never)
	p.Resolve(take())
	l.run()
	some.Cancel()
	_, never = pending()
	Settle(Ready(take()), never).Cancel()
	l.run()
	require.Equal(t, 8, sem.Stats().Free, "WhenSome, Settle")
}

func TestGatheringFromManyGoroutines(t *testing.T) {
	for range 300 {
		var fs []Future[int]
		var wg sync.WaitGroup
		for i := range 8 {
			p, f := NewPromise[int](nil)
			fs = append(fs, f)
			wg.Go(func() { p.Resolve(i) })
		}
		all := WhenAll(fs[:3]...)
		some := WhenSome(2, fs[3:]...)
		v, err := all.Await(context.Background())
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, v)
		two, err := some.Await(context.Background())
		require.NoError(t, err)
		require.Len(t, two, 2)
		wg.Wait()
	}
}
