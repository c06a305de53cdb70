package nethttp

import (
	"sync"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// running are the requests whose handlers are at work, so that a shutdown out of
// time can say which ones it cuts off: 0.1 us a request.
//
// Owner: mu.
type running struct {
	mu  sync.Mutex
	all map[*carrier]struct{}
}

func (r *running) add(c *carrier) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[*carrier]struct{}{}
	}
	r.all[c] = struct{}{}
}

func (r *running) remove(c *carrier) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, c)
}

func (r *running) list() []*carrier {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*carrier, 0, len(r.all))
	for c := range r.all {
		all = append(all, c)
	}
	return all
}

// names lists what is being answered, for the end of a message.
func (h *Handler) names() string {
	namer, ok := h.handler.(exchange.Namer)
	if !ok {
		return ""
	}
	var names exchange.Names
	for _, c := range h.running.list() {
		c.mu.Lock()
		if c.live { // else x may be another request's by now
			names.Add(namer.Name(c.x))
		}
		c.mu.Unlock()
	}
	return names.String()
}
