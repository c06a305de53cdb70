package async

import (
	"context"
	"sync"

	"github.com/fasterapi/fasterapi/internal/invariant"
)

// Watcher is a place in the list of those who want to hear of a cancellation. It
// is embedded in, or kept with, whatever waits, so that watching allocates
// nothing. Set Cancelled, then give it to [OnCancel]. It may be used again after
// Stop has returned true.
//
// Owner: the mu of the list it is in. Cancelled, on, after: whoever watches.
type Watcher struct {
	// Cancelled is called once, on the goroutine that cancels, after the cause
	// of the context is set. It must not block.
	Cancelled func()

	next, prev *Watcher
	list       *Watchers
	fired      bool // Cancelled has been or is going to be called

	on    Watchable
	after *afterFunc
}

// Watchable is a context that takes watchers: the fast path of [OnCancel], which
// spares the context its Done channel. [Watchers] does the work.
type Watchable interface {
	// Watch registers w. It returns false, and will not call w, when the
	// context is cancelled already.
	Watch(w *Watcher) bool
	// Unwatch removes w if it is registered. Any number of times.
	Unwatch(w *Watcher)
}

// Watchers is a list of watchers. The zero value is ready. Any goroutine may use
// it.
//
// Owner: mu.
type Watchers struct {
	mu     sync.Mutex
	head   *Watcher
	closed bool
}

// Add registers w, which must not be in a list. It returns false after
// CancelAll.
func (l *Watchers) Add(w *Watcher) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	invariant.Check(w.list == nil, "async: a watcher is in two lists")
	w.fired = false
	w.list, w.next, w.prev = l, l.head, nil
	if l.head != nil {
		l.head.prev = w
	}
	l.head = w
	return true
}

// Remove takes w out. It returns false when w is not in the list: never added,
// removed, or taken out by CancelAll.
func (l *Watchers) Remove(w *Watcher) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.list != l {
		return false
	}
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		l.head = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	}
	w.list, w.next, w.prev = nil, nil, nil
	return true
}

// CancelAll closes the list and calls every watcher in it, the newest first, in
// the calling goroutine. Later calls do nothing.
func (l *Watchers) CancelAll() {
	l.mu.Lock()
	l.closed = true
	head := l.head
	l.head = nil
	for w := head; w != nil; w = w.next {
		w.list, w.fired = nil, true
	}
	l.mu.Unlock()
	for head != nil {
		w := head
		head = w.next
		w.next, w.prev = nil, nil
		w.Cancelled()
	}
}

// Reset makes the list ready for another life of its owner. Watchers that are
// still in it are forgotten, without being called.
func (l *Watchers) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := l.head; w != nil; {
		next := w.next
		w.list, w.next, w.prev = nil, nil, nil
		w = next
	}
	l.head, l.closed = nil, false
}

// OnCancel makes the end of ctx call w.Cancelled. It returns false, and w is not
// going to be called, when ctx has ended already. A context that is [Watchable]
// costs no allocation, one that never ends costs nothing, others cost what
// context.AfterFunc does. End it with w.Stop.
func OnCancel(ctx context.Context, w *Watcher) bool {
	w.on, w.after = nil, nil
	if on, ok := ctx.(Watchable); ok {
		w.on = on
		return on.Watch(w)
	}
	if ctx.Done() == nil {
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	w.after = new(afterFunc)
	w.after.watch(ctx, w.Cancelled)
	return true
}

// Stop ends the watch. It returns false when Cancelled has been called or is
// being called; w must not be used again then.
func (w *Watcher) Stop() bool {
	if w.on != nil {
		w.on.Unwatch(w)
		return !w.fired
	}
	return w.after == nil || w.after.end()
}

// afterFunc is a watch on a context that takes no watchers. The context may end,
// and Cancelled call Stop, before context.AfterFunc has returned.
//
// Owner: mu.
type afterFunc struct {
	mu    sync.Mutex
	ended bool
	stop  func() bool
}

func (a *afterFunc) watch(ctx context.Context, fn func()) {
	stop := context.AfterFunc(ctx, fn)
	a.mu.Lock()
	a.stop = stop
	ended := a.ended
	a.mu.Unlock()
	if ended {
		stop()
	}
}

func (a *afterFunc) end() bool {
	a.mu.Lock()
	a.ended = true
	stop := a.stop
	a.mu.Unlock()
	return stop != nil && stop()
}
