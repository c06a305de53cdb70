package main

import (
	"sync"

	"github.com/fasterapi/fasterapi"
)

// Hub hands events to all who listen.
type Hub struct {
	mu        sync.Mutex
	listeners map[chan fasterapi.Event[Book]]bool
}

func newHub() *Hub { return &Hub{listeners: map[chan fasterapi.Event[Book]]bool{}} }

func (h *Hub) subscribe() (events chan fasterapi.Event[Book], leave func()) {
	events = make(chan fasterapi.Event[Book], 16)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners[events] = true
	return events, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners, events)
	}
}

func (h *Hub) publish(name string, book Book) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for events := range h.listeners {
		select {
		case events <- fasterapi.Event[Book]{Name: name, Data: book}:
		default: // this one does not read: the others shall not wait
		}
	}
}

func watchBooks(c *fasterapi.Ctx, in struct {
	Hub *Hub `inject:""`
},
) (fasterapi.SSE[Book], error) {
	events, leave := in.Hub.subscribe()
	c.AfterFunc(leave)
	return fasterapi.SSE[Book]{Send: func(s *fasterapi.EventSender[Book]) error {
		for {
			select {
			case <-c.Done():
				return nil
			case event := <-events:
				if err := s.Send(event); err != nil {
					return err
				}
			}
		}
	}}, nil
}
