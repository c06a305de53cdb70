package cache

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Second is a level behind a Cache that other processes share. Its methods are called by any goroutine,
// by reactors too, so they must not block.
type Second[K comparable, V any] interface {
	// Connect is called once, by New; its error is a mistake of the cache. What other processes change, and what may have
	// been changed unheard, is told to sink; the calls may come before Connect returns.
	Connect(name string, sink Sink[K]) error
	// Load answers a miss: with what the level has, or else with what load returns, which the level
	// keeps unless key, or a tag of the value, was invalidated meanwhile. The level being out of order is no error: then
	// the answer is that of load. A value that is at least as old as older is no answer, unless older is 0.
	Load(ctx context.Context, key K, older time.Duration, load func(context.Context) async.Future[Loaded[V]]) async.Future[Loaded[V]]
	// Store keeps a value that was given to Set.
	Store(ctx context.Context, key K, v Loaded[V]) async.Future[struct{}]
	// Invalidate and InvalidateTag tell all processes. They fail when that is not known to have worked.
	Invalidate(ctx context.Context, key K) async.Future[struct{}]
	InvalidateTag(ctx context.Context, tag string) async.Future[struct{}]
}

// Loaded is a value with what a second level has to know of it.
//
// Owner: any (a plain value).
type Loaded[V any] struct {
	Value V
	// Life is for how long it is good, counted from when it was loaded: Age ago.
	Life Life
	Age  time.Duration
	Tags []string
}

// Sink takes what a second level has heard. Any goroutine.
//
// Owner: any (a plain value).
type Sink[K comparable] struct {
	// Invalidate ends an entry, and InvalidateTag those with a tag, of this process only.
	Invalidate    func(key K)
	InvalidateTag func(tag string)
	// Clear ends all: it is called when something may have been missed.
	Clear func()
}
