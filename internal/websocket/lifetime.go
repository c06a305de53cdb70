package websocket

import (
	"context"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/reactor"
)

// lifetime is the context of a connection. It ends when the connection does, or the
// peer has closed it.
//
// Owner: mu; reactor: any (immutable); watchers: any.
type lifetime struct {
	reactor  *reactor.Reactor
	mu       sync.Mutex
	over     bool
	done     chan struct{} // nil until asked for
	watchers async.Watchers
}

// Interfaces that package async looks for.
var (
	_ context.Context   = (*lifetime)(nil)
	_ async.SiteCarrier = (*lifetime)(nil)
	_ async.Watchable   = (*lifetime)(nil)
)

// Context ends when the connection does, or the peer has closed it. Futures that are
// started with it belong to the reactor of the connection.
func (c *Conn) Context() context.Context { return &c.life }

// end ends the context, once: what waits with it hears of it on the reactor.
func (l *lifetime) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	l.over = true
	if l.done != nil {
		close(l.done)
	}
	if !l.reactor.Post(async.TaskFunc(l.watchers.CancelAll)) {
		go l.watchers.CancelAll()
	}
}

// ended tells whether the context has ended.
func (l *lifetime) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

// Deadline implements context.Context: there is none.
func (l *lifetime) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context.
func (l *lifetime) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = make(chan struct{})
		if l.over {
			close(l.done)
		}
	}
	return l.done
}

// Err implements context.Context.
func (l *lifetime) Err() error {
	if l.ended() {
		return context.Canceled
	}
	return nil
}

// Value implements context.Context.
func (l *lifetime) Value(key any) any {
	if key == async.SiteKey() {
		return l.AsyncSite()
	}
	return nil
}

// AsyncSite implements [async.SiteCarrier].
func (l *lifetime) AsyncSite() async.Site { return l.reactor.Here() }

// Watch implements [async.Watchable].
func (l *lifetime) Watch(w *async.Watcher) bool { return l.watchers.Add(w) }

// Unwatch implements [async.Watchable].
func (l *lifetime) Unwatch(w *async.Watcher) { l.watchers.Remove(w) }
