package ring

import (
	"sync"
	"sync/atomic"
)

// keep is the largest buffer, in values, that a drained mailbox holds on to.
const keep = 1 << 14

// Mailbox is a queue that any goroutine fills and one owner empties. The zero
// value is ready. Values of one goroutine keep their order.
//
// Owner: mu.
type Mailbox[T any] struct {
	length atomic.Int64 // of box; read without mu
	mu     sync.Mutex
	box    []T
	spare  []T // the owner's, empty between drains
	closed bool
}

// Push queues v and returns true, or false once the mailbox is closed.
// Any goroutine.
func (m *Mailbox[T]) Push(v T) bool {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return false
	}
	m.box = append(m.box, v)
	m.length.Store(int64(len(m.box)))
	m.mu.Unlock()
	return true
}

// Len returns how many values wait. Any goroutine. Both it and Push are
// sequentially consistent: an owner that announces that it parks and then
// sees 0 here is seen parked by the next Push's caller.
func (m *Mailbox[T]) Len() int { return int(m.length.Load()) }

// Drain moves everything to dst and returns how much. Owner only.
func (m *Mailbox[T]) Drain(dst *Ring[T]) int {
	if m.length.Load() == 0 {
		return 0
	}
	m.mu.Lock()
	box := m.box
	m.box = m.spare[:0]
	m.length.Store(0)
	m.mu.Unlock()
	dst.append(box)
	n := len(box)
	clear(box)
	if cap(box) > keep {
		box = nil
	}
	m.spare = box
	return n
}

// Close refuses every later Push; what is queued stays for Drain.
func (m *Mailbox[T]) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
}
