package fasterapi

import (
	"context"
	"maps"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Interfaces that the async package and package context look for.
var (
	_ context.Context   = (*Ctx)(nil)
	_ async.SiteCarrier = (*Ctx)(nil)
	_ async.Watchable   = (*Ctx)(nil)
)

// Deadline implements context.Context: a request has no deadline of its own,
// but what [Ctx.CancelAfter] gave it.
func (c *Ctx) Deadline() (time.Time, bool) { return c.stages.deadline, !c.stages.deadline.IsZero() }

// Done implements context.Context: the channel closes when the client leaves,
// the server shuts down hard, or the handler has returned.
func (c *Ctx) Done() <-chan struct{} {
	c.shared.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.ended.Load() {
			close(c.done)
		}
	}
	return c.done
}

// Err implements context.Context: nil, context.Canceled, or, when
// [Ctx.CancelAfter] has ended c, context.DeadlineExceeded.
func (c *Ctx) Err() error {
	if c.expired.Load() {
		return context.DeadlineExceeded
	}
	if c.ended.Load() {
		return context.Canceled
	}
	return nil
}

// Value implements context.Context with the values of c.Set, and those that
// net/http middleware has put into the context of the request.
func (c *Ctx) Value(key any) any {
	value := c.own(key)
	if value == nil && c.added != nil {
		return c.added.Value(key)
	}
	return value
}

// own is Value without what net/http middleware has added.
func (c *Ctx) own(key any) any {
	switch key {
	case async.SiteKey():
		return c.AsyncSite()
	case ctxKey{}:
		return c
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.values[key]
}

// Set stores a value for this request: for middleware to hand something on.
func (c *Ctx) Set(key, value any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil {
		c.values = make(map[any]any)
	}
	c.values[key] = value
}

// AfterFunc calls f on a goroutine of its own once c is done, unless stop is
// called before. Package context uses it, so that deriving a context starts no
// goroutine.
func (c *Ctx) AfterFunc(f func()) (stop func() bool) {
	c.shared.Store(true)
	w := &async.Watcher{Cancelled: func() { go f() }}
	if !c.Watch(w) {
		go f()
		return func() bool { return false }
	}
	return w.Stop
}

// Watch calls w once when c is done; it reports false when c is done already.
// Drivers use it to notice cancellation without a goroutine or a channel.
func (c *Ctx) Watch(w *async.Watcher) bool {
	if !c.watchers.Add(w) {
		return false
	}
	c.watching.Add(1)
	return true
}

// Unwatch ends Watch.
func (c *Ctx) Unwatch(w *async.Watcher) {
	if c.watchers.Remove(w) {
		c.watching.Add(-1)
	}
}

// AsyncSite tells package async where the handler runs.
func (c *Ctx) AsyncSite() async.Site {
	site := async.Site{Scheduler: c.reactor, Direct: c.direct}
	if c.coroutine != nil {
		site.Coroutine = c.coroutine
	}
	return site
}

// Detach returns a context that has the values of this request but does not
// end with it: for work that goes on after the response. Futures started with it
// behave as on a plain goroutine of the request's reactor.
func (c *Ctx) Detach() context.Context {
	base := async.WithSite(context.Background(), async.Site{Scheduler: c.reactor})
	return detached{base, c.copyValues()}
}

// copyValues returns the values of c.Set for somebody who outlives c.
func (c *Ctx) copyValues() map[any]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.values)
}

// detached carries the values of a request beyond its end.
type detached struct {
	context.Context
	values map[any]any
}

// Value implements context.Context.
func (d detached) Value(key any) any {
	if value, ok := d.values[key]; ok {
		return value
	}
	return d.Context.Value(key)
}

// cancel ends c: the client has gone, or the handler has returned.
func (c *Ctx) cancel() {
	c.mu.Lock()
	first := !c.ended.Swap(true)
	if first && c.done != nil {
		close(c.done)
	}
	c.mu.Unlock()
	if first {
		c.watchers.CancelAll()
	}
}
