package pg

import (
	"context"
	"sync"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/reactor"
)

// System implements driver.Systemic.
func (*database) System() string { return "postgresql" }

// Start implements driver.Driver.
func (d *database) Start(q *driver.Query) {
	b, err := d.enter()
	if err != nil {
		q.Finish(err)
		return
	}
	c, here := b.coreFor(q.Site())
	q.Hook.Core.Store(c.id)
	if q.Op == driver.OpBegin {
		q.Hook.Data = callSite()
	}
	if here {
		c.take(q)
		c.checkRest()
		return
	}
	c.post(q)
}

// enter counts one more query in the current binding.
func (d *database) enter() (*binding, error) {
	for {
		if d.closed.Load() {
			return nil, db.ErrClosed
		}
		b := d.bound.Load()
		if b == nil {
			if err := d.bindOwn(); err != nil {
				return nil, err
			}
			continue
		}
		b.active.Add(1)
		if !b.ending.Load() {
			return b, nil
		}
		b.leave()
		if d.closed.Load() {
			return nil, db.ErrClosed
		}
		if d.bound.Load() == b { // its reactors have gone
			d.unbind(b)
		}
	}
}

// end lets no more queries in; drained is closed once the last has left.
func (b *binding) end() {
	b.ending.Store(true)
	if b.active.Load() == 0 {
		b.once.Do(func() { close(b.drained) })
	}
}

// coreFor picks the core of the caller's reactor, else cores round robin. here says
// that the caller runs on it.
func (b *binding) coreFor(site async.Site) (c *core, here bool) {
	if r, ok := site.Scheduler.(*reactor.Reactor); ok && r.Core() < len(b.cores) {
		if c := b.cores[r.Core()]; c.r == r {
			return c, site.Direct
		}
	}
	if len(b.cores) == 1 {
		return b.cores[0], false
	}
	return b.cores[int(b.d.turn.Add(1))%len(b.cores)], false
}

// Cancel implements driver.Driver.
func (d *database) Cancel(q *driver.Query) {
	if c := d.core(q.Hook.Core.Load()); c != nil {
		c.r.Post(&cancellation{c, q})
	}
}

// core returns the core with an id, nil for 0.
func (d *database) core(id int32) *core {
	if id == 0 {
		return nil
	}
	return (*d.cores.Load())[id-1]
}

// Close implements driver.Driver.
func (d *database) Close(ctx context.Context) error {
	d.mu.Lock()
	if d.closed.Swap(true) {
		d.mu.Unlock()
		return db.ErrClosed
	}
	b := d.bound.Load()
	if d.first != nil {
		d.first.close()
	}
	d.mu.Unlock()
	var err error
	if b != nil {
		err = b.close(ctx)
	}
	d.retired.Wait()
	d.stopDialing()
	return err
}

// close ends a binding: what runs may end, until ctx does.
func (b *binding) close(ctx context.Context) error {
	b.end()
	var err error
	select {
	case <-b.drained:
	case <-ctx.Done():
		err = context.Cause(ctx)
		b.each(func(c *core) { c.abort() })
		<-b.drained
	}
	b.each(func(c *core) { c.closeConns() })
	if b.own {
		_ = b.group.Stop(context.Background())
	}
	return err
}

// each runs fn on every core, and waits. Where a reactor has ended fn runs
// right here: no other goroutine uses the core any more.
func (b *binding) each(fn func(*core)) {
	var wg sync.WaitGroup
	for _, c := range b.cores {
		wg.Add(1)
		run := func() { defer wg.Done(); fn(c) }
		if !c.r.Post(async.TaskFunc(run)) {
			<-c.r.Ended()
			run()
		}
	}
	wg.Wait()
}
