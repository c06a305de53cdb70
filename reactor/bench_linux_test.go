package reactor

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/poll"
)

// countdown is a task that schedules itself until the benchmark is over.
type countdown struct {
	r    *Reactor
	left int
	done chan struct{}
	step func()
}

func (c *countdown) Run() {
	if c.left == 0 {
		close(c.done)
		return
	}
	c.left--
	c.step()
}

// BenchmarkTask: Schedule and run.
func BenchmarkTask(b *testing.B) {
	r := one(b)
	b.ReportAllocs()
	c := &countdown{r: r, left: b.N, done: make(chan struct{})}
	c.step = func() { r.Schedule(c) }
	r.Post(c)
	wait(b, c.done)
}

// BenchmarkPost: from the reactor itself, so without a wake-up.
func BenchmarkPost(b *testing.B) {
	r := one(b)
	b.ReportAllocs()
	c := &countdown{r: r, left: b.N, done: make(chan struct{})}
	c.step = func() { r.Post(c) }
	r.Post(c)
	wait(b, c.done)
}

// BenchmarkPostBatch: 64 posts per drain.
func BenchmarkPostBatch(b *testing.B) {
	r := one(b)
	b.ReportAllocs()
	nothing := async.TaskFunc(func() {})
	c := &countdown{r: r, left: b.N / 64, done: make(chan struct{})}
	c.step = func() {
		for range 63 {
			r.Post(nothing)
		}
		r.Post(c)
	}
	r.Post(c)
	wait(b, c.done)
}

// BenchmarkTimer: arm and disarm.
func BenchmarkTimer(b *testing.B) {
	v := newLab(1)
	defer v.Close()
	t := &Timer{Task: async.TaskFunc(func() {})}
	b.ReportAllocs()
	for b.Loop() {
		v.Reactor.Arm(t, 30*time.Second)
		v.Reactor.Disarm(t)
	}
}

// BenchmarkTimerFires: arm and fire, a thousand per tick.
func BenchmarkTimerFires(b *testing.B) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	v.order = nil
	timers := make([]Timer, 1000)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		t := &timers[n%len(timers)]
		if t.Task == nil {
			t.Task = async.TaskFunc(func() {})
		}
		r.Arm(t, time.Duration(1+n%100)*time.Millisecond)
		if n%len(timers) == len(timers)-1 {
			r.now += int64(100 * time.Millisecond)
			r.fireTimers()
		}
	}
}

// switcher suspends until the benchmark is over.
type switcher struct{ job }

// BenchmarkCoroutine: there and back.
func BenchmarkCoroutine(b *testing.B) {
	v := newLab(1)
	defer v.Close()
	over := false
	co := v.Reactor.Coroutine(&switcher{job{run: func(co *Coroutine) {
		for !over {
			co.Suspend()
		}
	}}})
	b.ReportAllocs()
	for b.Loop() {
		co.Run()
	}
	over = true
	co.Run()
}

// BenchmarkBareCoroutine: the same with iter.Pull alone.
func BenchmarkBareCoroutine(b *testing.B) {
	next, stop := iter.Pull(func(yield func(mark) bool) {
		for yield(suspended) {
		}
	})
	defer stop()
	for b.Loop() {
		next()
	}
}

// BenchmarkCoroutineJob: a whole job that does not suspend.
func BenchmarkCoroutineJob(b *testing.B) {
	v := newLab(1)
	defer v.Close()
	j := &switcher{job{run: func(*Coroutine) {}}}
	b.ReportAllocs()
	for b.Loop() {
		v.Reactor.Coroutine(j)
	}
}

// BenchmarkWorker: hand a job to a goroutine, which posts the next hand-over.
func BenchmarkWorker(b *testing.B) {
	r := one(b)
	b.ReportAllocs()
	c := &countdown{r: r, left: b.N, done: make(chan struct{})}
	back := async.TaskFunc(func() { r.Post(c) })
	c.step = func() { r.Worker(back) }
	r.Post(c)
	wait(b, c.done)
}

// BenchmarkPingPong: a goroutine posts to a parked reactor and waits for it.
func BenchmarkPingPong(b *testing.B) {
	r := one(b)
	answer := make(chan struct{}, 1)
	task := async.TaskFunc(func() { answer <- struct{}{} })
	b.ReportAllocs()
	for b.Loop() {
		r.Post(task)
		<-answer
	}
}

// awaiter awaits futures that a task of the same reactor resolves.
type awaiter struct {
	job
	ctx  context.Context
	n    int
	done chan struct{}
	p    async.Promise[int]
}

func (a *awaiter) Run() { a.p.Resolve(1) }

func (a *awaiter) RunOn(co *Coroutine) {
	r := co.Reactor()
	ctx := siteContext{Context: a.ctx, site: co.Site()}
	for range a.n {
		p, f := async.NewPromise[int](r)
		a.p = p
		r.Schedule(a)
		_, _ = f.Await(&ctx)
	}
	close(a.done)
}

// siteContext is a SiteCarrier, as a request's context is.
type siteContext struct {
	context.Context
	site async.Site
}

func (c *siteContext) AsyncSite() async.Site { return c.site }

// settler does what an awaiter does, but does not await.
type settler struct {
	r    *Reactor
	left int
	done chan struct{}
	p    async.Promise[int]
}

func (s *settler) Run() {
	s.p.Resolve(1)
	if s.left == 0 {
		close(s.done)
		return
	}
	s.left--
	s.p, _ = async.NewPromise[int](s.r)
	s.r.Schedule(s)
}

// BenchmarkAwaitCoroutineBase: make a promise, schedule its resolution. The
// difference to BenchmarkAwaitCoroutine is Await: from its call to its return.
func BenchmarkAwaitCoroutineBase(b *testing.B) {
	r := one(b)
	b.ReportAllocs()
	s := &settler{r: r, left: b.N, done: make(chan struct{})}
	on(b, r, func() {
		s.p, _ = async.NewPromise[int](r)
		r.Schedule(s)
	})
	wait(b, s.done)
}

// BenchmarkAwaitCoroutine: make a promise, schedule its resolution, await it.
func BenchmarkAwaitCoroutine(b *testing.B) {
	r := one(b)
	b.ReportAllocs()
	a := &awaiter{ctx: context.Background(), n: b.N, done: make(chan struct{})}
	on(b, r, func() { r.Coroutine(a) })
	wait(b, a.done)
}

// resolver resolves its promise on the reactor.
type resolver struct{ p async.Promise[int] }

func (s *resolver) Run() { s.p.Resolve(1) }

// BenchmarkAwaitWorker: a worker posts to its reactor and awaits the answer.
func BenchmarkAwaitWorker(b *testing.B) {
	r := one(b)
	b.ReportAllocs()
	done := make(chan struct{})
	ctx := &siteContext{Context: context.Background(), site: async.Site{Scheduler: r}}
	n := b.N
	on(b, r, func() {
		r.Worker(async.TaskFunc(func() {
			task := new(resolver)
			for range n {
				p, f := async.NewPromise[int](r)
				task.p = p
				r.Post(task)
				_, _ = f.Await(ctx)
			}
			close(done)
		}))
	})
	wait(b, done)
}

// bounce answers every byte.
type bounce struct {
	r    *Reactor
	fd   int
	left int
	done chan struct{}
	buf  [64]byte
}

func (e *bounce) Ready(poll.Ready) {
	p := e.r.Poller()
	for e.left > 0 {
		n, errno := p.Read(e.fd, e.buf[:])
		if errno != 0 {
			return
		}
		e.left--
		_, _ = p.Write(e.fd, e.buf[:n])
	}
	select {
	case <-e.done:
	default:
		close(e.done)
	}
}

// BenchmarkTurn: two descriptors of one reactor play ping-pong, so each turn of
// the loop has one event; compare with BenchmarkBareTurn.
func BenchmarkTurn(b *testing.B) {
	r := one(b)
	pair := socketPair(b)
	b.ReportAllocs()
	ends := [2]*bounce{}
	on(b, r, func() {
		for i := range ends {
			ends[i] = &bounce{r: r, fd: pair[i], left: b.N, done: make(chan struct{})}
			require.NoError(b, r.Register(pair[i], ends[i]))
		}
	})
	pair.write(b, "x")
	wait(b, ends[0].done)
	on(b, r, func() {
		for _, fd := range pair {
			r.Deregister(fd)
		}
	})
}

// BenchmarkBareTurn makes the same system calls without a reactor.
func BenchmarkBareTurn(b *testing.B) {
	p, err := poll.New(poll.Options{})
	require.NoError(b, err)
	defer func() { _ = p.Close() }()
	pair := socketPair(b)
	for _, fd := range pair {
		require.NoError(b, p.Add(fd, 1))
	}
	pair.write(b, "x")
	events := make([]poll.Event, 256)
	var buf [64]byte
	for b.Loop() {
		for k := range p.Wait(events) {
			for {
				n, errno := p.Read(events[k].FD, buf[:])
				if errno != 0 {
					break
				}
				_, _ = p.Write(events[k].FD, buf[:n])
			}
		}
	}
}
