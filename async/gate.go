package async

import (
	"errors"
	"sync"
)

// ErrGateClosed is what entering a closed gate returns.
var ErrGateClosed = errors.New("async: gate is closed")

// Gate counts work that is under way and closes once: no new work enters, and
// Close tells when the last has left. It is how a thing that others still use is
// shut down. The zero value is open. Any goroutine may use it.
//
// Owner: mu.
type Gate struct {
	mu     sync.Mutex
	inside int
	closed bool
	empty  []Promise[struct{}]
}

// Enter lets one piece of work in, or returns [ErrGateClosed]. Whoever entered
// must Leave, once.
func (g *Gate) Enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ErrGateClosed
	}
	g.inside++
	return nil
}

// Leave ends a piece of work. It panics when there is none inside.
func (g *Gate) Leave() {
	g.mu.Lock()
	if g.inside == 0 {
		g.mu.Unlock()
		panic("async: Gate.Leave without Enter")
	}
	g.inside--
	var empty []Promise[struct{}]
	if g.closed && g.inside == 0 {
		empty, g.empty = g.empty, nil
	}
	g.mu.Unlock()
	for _, p := range empty {
		p.Post(struct{}{}, nil)
	}
}

// Close lets nothing more in and returns a future that is ready once the gate is
// empty. It may be called again, with the same meaning. Continuations run on
// [Background]; use [Future.Via] to have them elsewhere.
func (g *Gate) Close() Future[struct{}] {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	if g.inside == 0 {
		return Ready(struct{}{})
	}
	p, f := NewPromise[struct{}](nil)
	g.empty = append(g.empty, p)
	return f
}

// Closed tells whether the gate lets nothing in any more.
func (g *Gate) Closed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// Inside returns the number of pieces of work that have not left.
func (g *Gate) Inside() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inside
}

// Hold calls fn inside the gate and leaves when its future is settled. The
// future fails with [ErrGateClosed] when the gate is closed.
func (g *Gate) Hold[T any](fn func() Future[T]) Future[T] {
	if err := g.Enter(); err != nil {
		return Failed[T](err)
	}
	return held(fn, g.Leave)
}
