package nethttp

import (
	"sync"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// running are the requests that are being answered, so that a shutdown out of time can say
// which ones it cuts off.
//
// Owner: mu.
type running struct {
	mu    sync.Mutex
	first *carrier
}

// link is the place of a carrier among those that run.
//
// Owner: mu of the running.
type link struct{ next, before *carrier }

func (r *running) add(c *carrier) {
	r.mu.Lock()
	if c.link.next = r.first; r.first != nil {
		r.first.link.before = c
	}
	r.first = c
	r.mu.Unlock()
}

// remove takes c from the list: nobody reads its exchange there any more.
func (r *running) remove(c *carrier) {
	r.mu.Lock()
	next, before := c.link.next, c.link.before
	if next != nil {
		next.link.before = before
	}
	if before != nil {
		before.link.next = next
	} else if r.first == c {
		r.first = next
	}
	c.link = link{}
	r.mu.Unlock()
}

// names lists what is being answered, for the end of a message.
func (h *Handler) names() string {
	namer, ok := h.handler.(exchange.Namer)
	if !ok {
		return ""
	}
	var names exchange.Names
	h.running.mu.Lock()
	defer h.running.mu.Unlock()
	for c := h.running.first; c != nil; c = c.link.next {
		names.Add(namer.Name(c.x))
	}
	return names.String()
}
