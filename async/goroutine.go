package async

import "context"

// Go runs fn, which may block, on a new goroutine, and returns the future of its
// result; continuations run on the scheduler of ctx. The context of fn ends with
// ctx and when the future is cancelled; it says that fn runs on a goroutine, so
// that fn may await. A panic fails the future with a [*PanicError],
// runtime.Goexit with [ErrGoexit].
//
// A cancelled future fails at once, while fn goes on until it looks at its
// context. What it returns then is thrown away ([Discarder]).
func Go[T any](ctx context.Context, fn func(context.Context) (T, error)) Future[T] {
	site := SiteOf(ctx)
	p, f := NewPromise[T](site.home())
	inner, end := context.WithCancelCause(WithSite(ctx, Site{Scheduler: site.Scheduler}))
	p.OnCancel(func() { end(context.Canceled) })
	go func() {
		defer end(nil)
		work(p, func() (T, error) { return fn(inner) })
	}()
	return f
}

// work settles p by fn, however fn ends.
func work[T any](p Promise[T], fn func() (T, error)) {
	var v T
	err := ErrGoexit
	defer func() {
		if r := recover(); r != nil {
			err = newPanicError(r)
		}
		if !p.Post(v, err) && err == nil {
			discard(p.inside.root.sched, v)
		}
	}()
	v, err = fn()
}
