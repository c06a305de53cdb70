package websocket

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Set are open connections, to be closed together. The zero value is empty. Any
// goroutine may use it.
//
// Owner: mu; gate: any.
type Set struct {
	mu   sync.Mutex
	open map[*Conn]string // the name of its route; "": it is cut off
	// cut counts those that were cut off and not told of yet, of the routes cutOf; cause is why.
	cut   int
	cutOf exchange.Names
	cause error
	// gate holds as many as are open, and is closed by CloseAll.
	gate async.Gate
}

// Add reports false when there are most already, or after CloseAll.
func (s *Set) Add(c *Conn, route string, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= most || s.gate.Enter() != nil {
		return false
	}
	if s.open == nil {
		s.open = make(map[*Conn]string)
	}
	s.open[c] = route
	return true
}

// Remove takes out a connection that has ended, if it was added.
func (s *Set) Remove(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, in := s.open[c]; in {
		delete(s.open, c)
		s.gate.Leave()
	}
}

// list returns the open ones, so that they can be closed without the lock.
func (s *Set) list() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.open))
}

// CloseAll closes all with 1001, and lets no more in.
func (s *Set) CloseAll() {
	s.gate.Close()
	for _, c := range s.list() {
		c.Close(CodeGoingAway, "the service shuts down")
	}
}

// CutOff ends those that are open at once, after CloseAll. Drain tells of them. Whoever is about
// to end what they stand on says so here before, else their ends come faster than the count.
func (s *Set) CutOff(cause error) {
	for _, c := range s.count(cause) {
		c.Abort()
	}
}

// count notes which ones are cut off.
func (s *Set) count(cause error) (left []*Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, route := range s.open {
		if route == "" {
			continue
		}
		left = append(left, c)
		s.open[c] = ""
		s.cut++
		s.cutOf.Add(route)
		s.cause = cause
	}
	return left
}

// Drain waits, after CloseAll, until all have ended. When ctx ends first it cuts them
// off. It says how many were cut off and of which routes.
func (s *Set) Drain(ctx context.Context) error {
	if _, err := s.gate.Close().Await(ctx); err != nil {
		s.CutOff(context.Cause(ctx))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut == 0 {
		return nil
	}
	err := fmt.Errorf("shutdown: %d WebSockets were cut off: %w%s", s.cut, s.cause, s.cutOf.String())
	s.cut, s.cutOf = 0, exchange.Names{} // they are told of
	return err
}
