package async

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestGate(t *testing.T) {
	var g Gate
	require.NoError(t, g.Enter())
	require.NoError(t, g.Enter())
	a, b := g.Close(), g.Close()
	require.True(t, g.Closed())
	require.ErrorIs(t, g.Enter(), ErrGateClosed)
	wantErr(t, g.Hold(func() Future[int] { t.Error("called"); return Ready(1) }), ErrGateClosed)
	g.Leave()
	require.False(t, a.Ready())
	require.Equal(t, 1, g.Inside())
	g.Leave()
	want(t, a, struct{}{})
	want(t, b, struct{}{})
	want(t, g.Close(), struct{}{})
	require.Panics(t, g.Leave)
}

func TestGateHold(t *testing.T) {
	l := newLab(0)
	var g Gate
	p, f := NewPromise[int](l)
	held := g.Hold(func() Future[int] { return f })
	empty := g.Close()
	p.Fail(io.EOF)
	require.False(t, empty.Ready())
	l.run()
	wantErr(t, held, io.EOF)
	want(t, empty, struct{}{})
}

func TestGateFromManyGoroutines(t *testing.T) {
	var g Gate
	var inside atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for g.Enter() == nil {
				inside.Add(1)
				runtime.Gosched()
				inside.Add(-1)
				g.Leave()
			}
		})
	}
	_, err := g.Close().Await(context.Background())
	require.NoError(t, err)
	require.Zero(t, inside.Load())
	wg.Wait()
}

// semModel is a semaphore beside a plain model of it.
//
// Owner: the test.
type semModel struct {
	lab         *lab
	sem         *Semaphore
	units, free int
	bound       int
	waiting     []*semRequest
	held        []Permit
}

// semRequest is a pending Acquire.
//
// Owner: the test.
type semRequest struct {
	n      int
	f      Future[Permit]
	cancel func()
	cause  error
}

// admit serves the model's queue and compares.
func (m *semModel) admit(t *rapid.T) {
	m.lab.run()
	for len(m.waiting) > 0 && m.waiting[0].n <= m.free {
		r := m.waiting[0]
		m.waiting = m.waiting[1:]
		m.free -= r.n
		p, err := r.f.Result2()
		require.NoError(t, err)
		require.Equal(t, r.n, p.Units())
		m.held = append(m.held, p)
	}
	for _, r := range m.waiting {
		require.False(t, r.f.Ready())
	}
}

func (m *semModel) acquire(t *rapid.T) {
	n := rapid.IntRange(1, m.units+1).Draw(t, "n")
	ctx := &watched{Context: m.lab.ctx()}
	r := &semRequest{n: n, f: m.sem.Acquire(ctx, n), cause: io.EOF}
	r.cancel = func() { ctx.end(io.EOF) }
	if rapid.Bool().Draw(t, "by future") {
		r.cancel, r.cause = r.f.Cancel, context.Canceled
	}
	atOnce := len(m.waiting) == 0 && n <= m.free
	switch {
	case n > m.units:
		wantErr(t, r.f, ErrTooManyUnits)
	case !atOnce && m.bound >= 0 && len(m.waiting) >= m.bound:
		wantErr(t, r.f, ErrQueueFull)
	default:
		m.waiting = append(m.waiting, r)
	}
	m.admit(t)
}

func (m *semModel) try(t *rapid.T) {
	n := rapid.IntRange(1, m.units).Draw(t, "n")
	p, ok := m.sem.TryAcquire(n)
	require.Equal(t, len(m.waiting) == 0 && n <= m.free, ok)
	if ok {
		m.free -= n
		m.held = append(m.held, p)
	}
}

func (m *semModel) release(t *rapid.T) {
	if len(m.held) == 0 {
		t.Skip("nothing held")
	}
	i := rapid.IntRange(0, len(m.held)-1).Draw(t, "i")
	p := m.held[i]
	m.held = slices.Delete(m.held, i, i+1)
	p.Release()
	p.Release()
	m.free += p.Units()
	m.admit(t)
}

func (m *semModel) cancel(t *rapid.T) {
	if len(m.waiting) == 0 {
		t.Skip("nobody waits")
	}
	i := rapid.IntRange(0, len(m.waiting)-1).Draw(t, "i")
	r := m.waiting[i]
	m.waiting = slices.Delete(m.waiting, i, i+1)
	r.cancel()
	wantErr(t, r.f, r.cause)
	m.admit(t)
}

func (m *semModel) check(t *rapid.T) {
	s := m.sem.Stats()
	require.Equal(t, []int{m.units, m.free, len(m.waiting)}, []int{s.Units, s.Free, s.Waiting})
}

// Random requests, releases and cancellations: first come, first served; no unit
// lost, none made; the queue keeps its bound.
func TestSemaphoreAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units, bound := rapid.IntRange(1, 6).Draw(t, "units"), rapid.IntRange(-1, 4).Draw(t, "queue")
		m := &semModel{units: units, free: units, bound: bound, sem: NewSemaphore(units, bound)}
		m.lab = newLab(rapid.Uint64().Draw(t, "seed"))
		t.Repeat(map[string]func(*rapid.T){
			"acquire": m.acquire, "try": m.try, "release": m.release, "cancel": m.cancel, "": m.check,
		})
	})
}

func TestSemaphoreTimeoutAndHold(t *testing.T) {
	l := newLab(0)
	sem := NewSemaphore(1, 1)
	p, pending := NewPromise[int](l)
	held := sem.Hold(l.ctx(), 1, func() Future[int] { return pending })
	late := sem.Acquire(l.ctx(), 1).Timeout(time.Second)
	wantErr(t, sem.Acquire(l.ctx(), 1), ErrQueueFull)
	l.advance(time.Second)
	wantErr(t, late, ErrTimeout)
	p.Resolve(4)
	l.run()
	want(t, held, 4)
	require.Equal(t, SemaphoreStats{Units: 1, Free: 1, Granted: 1, Rejected: 1, Abandoned: 1}, sem.Stats())
	Permit{}.Release()
	require.Zero(t, Permit{}.Units())
}

func TestSemaphoreFromManyGoroutines(t *testing.T) {
	const units = 3
	sem := NewSemaphore(units, -1)
	var used atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 300 {
				ctx, cancel := context.WithCancel(context.Background())
				if (i+j)%3 == 0 {
					go cancel()
				}
				n := 1 + (i+j)%units
				p, err := sem.Acquire(ctx, n).Await(ctx)
				if err == nil {
					if used.Add(int64(n)) > units {
						t.Error("more units handed out than there are")
					}
					runtime.Gosched()
					used.Add(int64(-n))
					p.Release()
				} else if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	require.Equal(t, units, sem.Stats().Free)
	require.Zero(t, sem.Stats().Waiting)
}

func TestSharedServesAll(t *testing.T) {
	l, other := newLab(0), newLab(0)
	p, f := NewPromise[int](l)
	s := f.Then(inc).Shared()
	require.False(t, s.Ready())
	var order []int
	var all []Future[int]
	for i := range 4 {
		ctx := l.ctx()
		if i == 2 {
			ctx = other.ctx()
		}
		all = append(all, s.Future(ctx).Then(func(v int) int { order = append(order, i); return v }))
	}
	all[1].Cancel()
	l.run()
	wantErr(t, all[1], context.Canceled)
	require.False(t, p.Settled(), "one leaves alone")
	p.Resolve(1)
	l.run()
	require.Equal(t, []int{0, 3}, order)
	other.run()
	require.Equal(t, []int{0, 3, 2}, order)
	want(t, s.Future(l.ctx()), 2)
	want(t, Ready(5).Shared().Future(l.ctx()), 5)

	_, f = NewPromise[int](l)
	s = f.Shared()
	g := s.Future(l.ctx())
	s.Cancel()
	l.run()
	wantErr(t, g, context.Canceled)
	_, err := s.Await(context.Background())
	require.ErrorIs(t, err, context.Canceled)
}

func TestSharedFromManyGoroutines(t *testing.T) {
	for range 200 {
		p, f := NewPromise[int](nil)
		s := f.Shared()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				f := s.Future(context.Background())
				if i%2 == 0 {
					f.Cancel()
				}
				v, err := f.Await(context.Background())
				if err == nil && v != 7 || err != nil && !errors.Is(err, context.Canceled) {
					t.Error(v, err)
				}
			})
		}
		wg.Go(func() { p.Resolve(7) })
		wg.Wait()
	}
}

func TestWatchers(t *testing.T) {
	var l Watchers
	var order []string
	mk := func(name string) *Watcher { return &Watcher{Cancelled: func() { order = append(order, name) }} }
	a, b, c := mk("a"), mk("b"), mk("c")
	for _, w := range []*Watcher{a, b, c} {
		require.True(t, l.Add(w))
	}
	require.True(t, l.Remove(b))
	require.False(t, l.Remove(b))
	l.CancelAll()
	l.CancelAll()
	require.Equal(t, []string{"c", "a"}, order)
	require.False(t, l.Add(b))
	l.Reset()
	require.True(t, l.Add(b))
	l.Reset()
	require.False(t, l.Remove(b))
	l.CancelAll()
	require.Len(t, order, 2)
}

func TestOnCancel(t *testing.T) {
	calls := make(chan struct{}, 1)
	w := &Watcher{Cancelled: func() { calls <- struct{}{} }}
	require.True(t, OnCancel(context.Background(), w))
	require.True(t, w.Stop())

	std, cancel := context.WithCancel(context.Background())
	require.True(t, OnCancel(std, w))
	require.True(t, w.Stop())
	require.True(t, OnCancel(std, w))
	cancel()
	<-calls
	require.False(t, w.Stop())
	require.False(t, OnCancel(std, w))

	own := &watched{Context: context.Background()}
	require.True(t, OnCancel(own, w))
	require.True(t, w.Stop())
	require.True(t, OnCancel(own, w))
	own.end(io.EOF)
	<-calls
	require.False(t, w.Stop())
	require.False(t, OnCancel(own, w))
}
