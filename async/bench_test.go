package async

import (
	"context"
	"iter"
	"testing"
)

func BenchmarkReadyThen(b *testing.B) {
	b.ReportAllocs()
	f := Ready(1)
	for b.Loop() {
		f = f.Then(inc)
	}
}

func BenchmarkReadyThenFuture(b *testing.B) {
	b.ReportAllocs()
	f := Ready(1)
	for b.Loop() {
		f = f.ThenFuture(Ready[int])
	}
}

// fifo is a scheduler of nothing but a queue. The test is its owner.
//
// Owner: the test.
type fifo struct {
	background
	queue []Task
}

func (s *fifo) Schedule(t Task) { s.queue = append(s.queue, t) }

func (s *fifo) run() {
	for i := 0; i < len(s.queue); i++ {
		s.queue[i].Run()
	}
	s.queue = s.queue[:0]
}

// One step of a pending chain, from attaching to having run; the promise and the
// end of the chain are shared by 64 steps.
func BenchmarkPendingThen(b *testing.B) {
	b.ReportAllocs()
	const steps = 64
	s := &fifo{}
	p, f := NewPromise[int](s)
	n := 0
	for b.Loop() {
		f = f.Then(inc)
		if n++; n%steps == 0 {
			p.Resolve(1)
			s.run()
			p, f = NewPromise[int](s)
		}
	}
}

// A promise, a pending Then and its result, all in all.
func BenchmarkPromiseThenResolve(b *testing.B) {
	b.ReportAllocs()
	s := &fifo{}
	for b.Loop() {
		p, f := NewPromise[int](s)
		f = f.Then(inc)
		p.Resolve(1)
		s.run()
		f.Ready()
	}
}

// relay is a reactor in miniature: a goroutine that runs what it is sent.
//
// Owner: any (immutable after New).
type relay struct {
	background
	tasks chan Task
}

func newRelay(b *testing.B) *relay {
	r := &relay{tasks: make(chan Task, 64)}
	go func() {
		for t := range r.tasks {
			t.Run()
		}
	}()
	b.Cleanup(func() { close(r.tasks) })
	return r
}

func (r *relay) Schedule(t Task)  { t.Run() }
func (r *relay) Post(t Task) bool { r.tasks <- t; return true }

// request is a task that settles a promise, as a driver's would.
//
// Owner: the test.
type request struct{ p Promise[int] }

func (r *request) Run() { r.p.Resolve(1) }

// A goroutine asks another one and awaits: two switches. Run with -cpu 1, which
// is how a reactor and its goroutines share a core.
func BenchmarkAwaitOnGoroutine(b *testing.B) {
	b.ReportAllocs()
	s := newRelay(b)
	r := &request{}
	ctx := context.Background()
	for b.Loop() {
		p, f := NewPromise[int](s)
		r.p = p
		s.Post(r)
		if _, err := f.Await(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// What BenchmarkAwaitOnGoroutine would cost with nothing but channels.
func BenchmarkPingPong(b *testing.B) {
	there, back := make(chan struct{}, 1), make(chan struct{}, 1)
	go func() {
		for range there {
			back <- struct{}{}
		}
	}()
	for b.Loop() {
		there <- struct{}{}
		<-back
	}
	close(there)
}

// A coroutine awaits a pending future and is resumed by its result.
func BenchmarkAwaitInCoroutine(b *testing.B) {
	b.ReportAllocs()
	s := &fifo{}
	var p Promise[int]
	co := &pull{}
	ctx := &pullContext{context.Background(), Site{Scheduler: s, Direct: true, Coroutine: co, Bound: true}}
	next, stop := iter.Pull(iter.Seq[struct{}](func(yield func(struct{}) bool) {
		co.yield = yield
		for {
			var f Future[int]
			p, f = NewPromise[int](s)
			if _, err := f.Await(ctx); err != nil {
				return
			}
		}
	}))
	co.next = next
	next()
	for b.Loop() {
		p.Resolve(1)
		s.run()
	}
	co.interrupt = context.Canceled
	co.Run()
	stop()
}

// BenchmarkAwaitInCoroutine without Await: a promise is made and settled, and a
// task resumes the coroutine. The difference is what Await costs.
func BenchmarkAwaitInCoroutineFloor(b *testing.B) {
	b.ReportAllocs()
	s := &fifo{}
	var p Promise[int]
	co := &pull{}
	next, stop := iter.Pull(iter.Seq[struct{}](func(yield func(struct{}) bool) {
		co.yield = yield
		for co.interrupt == nil {
			p, _ = NewPromise[int](s)
			co.Suspend()
		}
	}))
	co.next = next
	next()
	for b.Loop() {
		p.Resolve(1)
		s.Schedule(co)
		s.run()
	}
	co.interrupt = context.Canceled
	co.Run()
	stop()
}

// What BenchmarkAwaitInCoroutine would cost with nothing but the switches.
func BenchmarkCoroutineSwitch(b *testing.B) {
	next, stop := iter.Pull(iter.Seq[int](func(yield func(int) bool) {
		for yield(1) {
		}
	}))
	for b.Loop() {
		next()
	}
	stop()
}

func BenchmarkWhenAll(b *testing.B) {
	b.ReportAllocs()
	s := &fifo{}
	for b.Loop() {
		p, f := NewPromise[int](s)
		q, g := NewPromise[int](s)
		all := WhenAll(f, g)
		p.Resolve(1)
		q.Resolve(2)
		s.run()
		if !all.Ready() {
			b.Fatal("pending")
		}
	}
}

func BenchmarkSemaphore(b *testing.B) {
	b.ReportAllocs()
	sem := NewSemaphore(1, 0)
	ctx := context.Background()
	for b.Loop() {
		p, _ := sem.Acquire(ctx, 1).Await(ctx)
		p.Release()
	}
}

func BenchmarkSiteOf(b *testing.B) {
	b.ReportAllocs()
	ctx := context.Context(&pullContext{Context: context.Background()})
	for b.Loop() {
		SiteOf(ctx)
	}
}
