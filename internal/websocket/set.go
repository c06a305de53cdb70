package websocket

import (
	"context"
	"fmt"
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
	open map[*Conn]string // the name of its route
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

// list returns the open ones, so that they can be closed without the lock, and their
// routes for the end of a message.
func (s *Set) list() (open []*Conn, routes string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names exchange.Names
	open = make([]*Conn, 0, len(s.open))
	for c, route := range s.open {
		open = append(open, c)
		names.Add(route)
	}
	return open, names.String()
}

// CloseAll closes all with 1001, and lets no more in.
func (s *Set) CloseAll() {
	s.gate.Close()
	open, _ := s.list()
	for _, c := range open {
		c.Close(CodeGoingAway, "the service shuts down")
	}
}

// Drain waits, after CloseAll, until all have ended. When ctx ends first it cuts them
// off, and says how many there were and of which routes.
func (s *Set) Drain(ctx context.Context) error {
	if _, err := s.gate.Close().Await(ctx); err == nil {
		return nil
	}
	left, routes := s.list()
	for _, c := range left {
		c.Abort()
	}
	return fmt.Errorf("shutdown: %d WebSockets were cut off: %w%s", len(left), context.Cause(ctx), routes)
}
