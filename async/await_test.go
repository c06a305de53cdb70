package async

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAwaitOnAGoroutine(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[int](l)
	done := make(chan struct{})
	go func() {
		defer close(done)
		v, err := f.Then(inc).Await(WithSite(context.Background(), Site{Scheduler: l}))
		if v != 2 || err != nil {
			t.Errorf("got %v, %v", v, err)
		}
	}()
	p.Post(1, nil)
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		default:
			l.run()
			runtime.Gosched()
		}
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	cause := errors.New("gone")
	l := newLab(0)
	contexts := map[string]func() (context.Context, func()){
		"std": func() (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(context.Background())
			return ctx, func() { cancel(cause) }
		},
		"watchable": func() (context.Context, func()) {
			ctx := &watched{Context: context.Background()}
			return ctx, func() { ctx.end(cause) }
		},
	}
	for name, mk := range contexts {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := mk()
			p, f := NewPromise[Permit](l)
			hooked := make(chan struct{})
			p.OnCancel(func() { close(hooked) })
			got := make(chan error)
			go func() { _, err := f.Await(ctx); got <- err }()
			cancel()
			require.ErrorIs(t, <-got, cause)
			<-hooked
			require.False(t, p.Post(Permit{}, nil))
			l.run()

			_, f = NewPromise[Permit](l)
			_, err := f.Await(ctx)
			require.ErrorIs(t, err, cause, "a context that has ended before")
			v, err := Ready(3).Await(ctx)
			require.NoError(t, err, "a ready future has its value all the same")
			require.Equal(t, 3, v)
			l.run()
		})
	}
}

// watched is a Watchable context without a Done channel.
//
// Owner: any (atomic).
type watched struct {
	context.Context
	list  Watchers
	cause atomic.Pointer[error]
}

func (w *watched) Done() <-chan struct{} { panic("Done is not for the fast path") }
func (w *watched) Watch(x *Watcher) bool { return w.list.Add(x) }
func (w *watched) Unwatch(x *Watcher)    { w.list.Remove(x) }
func (w *watched) end(cause error)       { w.cause.Store(&cause); w.list.CancelAll() }
func (w *watched) Err() error {
	if e := w.cause.Load(); e != nil {
		return *e
	}
	return nil
}

func TestAResultForSomebodyWhoLeftIsDiscarded(t *testing.T) {
	l := newLab(0)
	sem := NewSemaphore(1, 0)
	permit, _ := sem.TryAcquire(1)
	p, f := NewPromise[Permit](l)
	g := f.Finally(func() {})
	p.Resolve(permit) // Finally is scheduled, so cancelling cannot stop it
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := g.Await(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, sem.Stats().Free)
	l.run()
	require.Equal(t, 1, sem.Stats().Free)
}

func TestAwaitWouldBlock(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[int](l)
	_, err := f.Await(l.ctx())
	require.ErrorIs(t, err, ErrWouldBlock)
	p.Resolve(1) // the future was not touched
	v, err := f.Await(l.ctx())
	require.NoError(t, err)
	require.Equal(t, 1, v)
}

func TestAwaitInACoroutine(t *testing.T) {
	for _, home := range []bool{true, false} {
		l := newLab(0)
		other := l
		if !home {
			other = newLab(0)
		}
		p, f := NewPromise[int](other)
		var got []int
		co := l.spawn(func(ctx context.Context) {
			v, err := f.Then(inc).Await(ctx)
			require.NoError(t, err)
			got = append(got, v)
			v, err = Ready(5).Await(ctx)
			require.NoError(t, err)
			got = append(got, v)
		})
		require.False(t, co.over)
		co.Run() // a wake-up for no reason
		p.Resolve(1)
		other.run()
		require.Equal(t, home, co.over)
		l.run()
		require.True(t, co.over)
		require.Equal(t, []int{2, 5}, got)
	}
}

func TestAnInterruptedCoroutineLeaves(t *testing.T) {
	l, other := newLab(0), newLab(0)
	for _, s := range []*lab{l, other} {
		p, f := NewPromise[int](s)
		hooks := 0
		p.OnCancel(func() { hooks++ })
		var err error
		co := l.spawn(func(ctx context.Context) {
			_, err = f.Await(ctx)
			_, again := Sleep(ctx, 1).Await(ctx)
			require.ErrorIs(t, again, io.EOF, "an interrupted coroutine does not wait any more")
		})
		co.interrupt = io.EOF
		co.Run()
		require.True(t, co.over)
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, 1, hooks)
		other.run()
		l.run() // what is left must not run the coroutine
	}
}

// In a context derived from the coroutine's, that context decides.
func TestACoroutineWaitsUnderADerivedContext(t *testing.T) {
	l := newLab(0)
	cause := errors.New("too slow")
	var errs []error
	p, f := NewPromise[int](l)
	var cancel context.CancelCauseFunc
	co := l.spawn(func(ctx context.Context) {
		inner, c := context.WithCancelCause(ctx)
		cancel = c
		_, g := NewPromise[int](l)
		_, err := g.Await(inner)
		errs = append(errs, err)
		_, err = Ready(1).Via(l).Await(inner)
		errs = append(errs, err)
		_, err = f.Await(context.WithoutCancel(ctx)) // cleaning up after an interrupt
		errs = append(errs, err)
	})
	cancel(cause)
	for len(errs) == 0 {
		l.run()
		runtime.Gosched()
	}
	co.interrupt = io.EOF
	co.Run()
	require.False(t, co.over)
	p.Resolve(1)
	l.run()
	require.True(t, co.over)
	require.ErrorIs(t, errs[0], cause)
	require.NoError(t, errs[1])
	require.NoError(t, errs[2])
}

func TestSiteOf(t *testing.T) {
	l := newLab(0)
	require.Equal(t, Site{}, SiteOf(context.Background()))
	ctx, cancel := context.WithCancel(l.ctx())
	defer cancel()
	require.Equal(t, Site{Scheduler: l, Direct: true}, SiteOf(ctx))
	require.Equal(t, Site{}, SiteOf(WithSite(ctx, Site{})))
	byValue := context.WithValue(context.Background(), SiteKey(), Site{Scheduler: l})
	require.Equal(t, Site{Scheduler: l}, SiteOf(byValue))
}

func TestGo(t *testing.T) {
	ctx := context.Background()
	l := newLab(0)
	v, err := Go(ctx, func(context.Context) (int, error) { return 3, nil }).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, 3, v)

	_, err = Go(ctx, func(context.Context) (int, error) { panic("boom") }).Await(ctx)
	var panicked *PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, "boom", panicked.Value)

	_, err = Go(ctx, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }).Await(ctx)
	require.ErrorIs(t, err, ErrGoexit)

	sites := make(chan Site, 1)
	ended := make(chan error, 1)
	f := Go(l.ctx(), func(ctx context.Context) (int, error) {
		sites <- SiteOf(ctx)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return 0, ctx.Err()
	})
	require.Equal(t, Site{Scheduler: l}, <-sites)
	f.Cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	wantErr(t, f, context.Canceled)
}

// Goroutines attach while the owner settles: every result arrives, once. The
// race detector watches.
func TestAttachingRacesSettling(t *testing.T) {
	const rounds = 2000
	var sum atomic.Int64
	for range rounds {
		p, f := NewPromise[int](nil)
		q, g := NewPromise[int](nil)
		r, h := NewPromise[int](nil)
		var wg sync.WaitGroup
		wg.Go(func() { p.Resolve(1) })
		wg.Go(func() { q.Post(1, nil) })
		wg.Go(func() { r.Resolve(1) })
		wg.Go(func() {
			v, _ := f.Then(inc).ThenFuture(func(v int) Future[int] { return g }).Then(inc).Await(context.Background())
			sum.Add(int64(v))
		})
		wg.Go(func() {
			v, err := h.Then(inc).Await(context.Background())
			if err == nil {
				sum.Add(int64(v))
			} else {
				sum.Add(2)
			}
		})
		wg.Go(func() { h.Cancel() })
		wg.Wait()
	}
	require.EqualValues(t, 4*rounds, sum.Load())
}

func TestAwaitRacesCancellation(t *testing.T) {
	sem := NewSemaphore(1, -1)
	for range 2000 {
		held, _ := sem.TryAcquire(1)
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() {
			if p, err := sem.Acquire(ctx, 1).Finally(func() {}).Await(ctx); err == nil {
				p.Release()
			}
		})
		wg.Go(cancel)
		wg.Go(held.Release)
		wg.Wait()
		cancel()
		for sem.Stats().Free != 1 { // a discarded permit comes back on a goroutine
			runtime.Gosched()
		}
	}
}
