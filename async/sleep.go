package async

import (
	"context"
	"time"
)

// Sleep returns a future that is ready once d has passed, by the clock of the
// scheduler of ctx. It fails with the cause of ctx when that ends before.
func Sleep(ctx context.Context, d time.Duration) Future[struct{}] {
	if d <= 0 {
		if ctx.Err() != nil {
			return Failed[struct{}](context.Cause(ctx))
		}
		return Ready(struct{}{})
	}
	site := SiteOf(ctx)
	s := &sleeper{ctx: ctx}
	s.initRoot(&s.out.node, s, site.home())
	s.clock.sched, s.clock.delay, s.clock.fire = s.sched, d, s.expire
	s.watcher.Cancelled = s.end
	if !OnCancel(ctx, &s.watcher) {
		return Failed[struct{}](context.Cause(ctx))
	}
	if site.owner() {
		(*arming)(&s.clock).Run()
	} else {
		s.clock.arm()
	}
	return s.out.future()
}

// sleeper is a pending Sleep.
//
// Owner: any (atomic).
type sleeper struct {
	root
	out     state[struct{}]
	clock   clock
	ctx     context.Context
	watcher Watcher
}

// expire is called when the time has passed.
func (s *sleeper) expire() {
	finish(&s.root, &s.out, struct{}{}, nil, false)
	s.watcher.Stop()
}

// end is called when the context has ended.
func (s *sleeper) end() { s.cancel(context.Cause(s.ctx)) }

func (s *sleeper) cancel(cause error) origin {
	s.root.cancel(cause)
	s.clock.abandon()
	s.watcher.Stop()
	return nil
}
