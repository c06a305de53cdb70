package fasterapi

import (
	"context"
	"fmt"
	"sync"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/websocket"
)

// closeGoingAway is the close code of a service that shuts down.
const closeGoingAway = 1001

// socketSet are the open WebSockets of one core.
//
// Owner: mu.
type socketSet struct {
	mu      sync.Mutex
	open    map[*websocket.Conn]string // the name of its route
	leaving bool
	// empty is closed when nothing is left; nil while nobody waits.
	empty chan struct{}
}

// add reports false when there are most already, or the service shuts down.
func (s *socketSet) add(conn *websocket.Conn, route string, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving || len(s.open) >= most {
		return false
	}
	if s.open == nil {
		s.open = make(map[*websocket.Conn]string)
	}
	s.open[conn] = route
	return true
}

func (s *socketSet) remove(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
	if len(s.open) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// list returns the open ones, so that they can be closed without the lock.
func (s *socketSet) list() []*websocket.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*websocket.Conn, 0, len(s.open))
	for conn := range s.open {
		conns = append(conns, conn)
	}
	return conns
}

// names lists the routes of the open ones, for the end of a message.
func (s *socketSet) names() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names exchange.Names
	for _, route := range s.open {
		names.Add(route)
	}
	return names.String()
}

// closeAll says goodbye, and refuses new ones.
func (s *socketSet) closeAll() {
	s.mu.Lock()
	s.leaving = true
	s.mu.Unlock()
	for _, conn := range s.list() {
		conn.Close(closeGoingAway, "the service shuts down")
	}
}

// drain waits until all have ended, or cuts them off when ctx ends first.
func (s *socketSet) drain(ctx context.Context) error {
	s.mu.Lock()
	if len(s.open) == 0 {
		s.mu.Unlock()
		return nil
	}
	if s.empty == nil {
		s.empty = make(chan struct{})
	}
	empty := s.empty
	s.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
	}
	names := s.names()
	left := s.list()
	for _, conn := range left {
		conn.Abort()
	}
	return fmt.Errorf("shutdown: %d WebSockets were cut off: %w%s", len(left), context.Cause(ctx), names)
}
