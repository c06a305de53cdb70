// Command events is step 12 of docs/tutorial: telling browsers what happens.
package main

import (
	"sync"

	"github.com/fasterapi/fasterapi"
)

// snippet: hub
// Loan is what the library tells everybody.
type Loan struct {
	Book string `json:"book" minLength:"1"`
	Days int    `json:"days" minimum:"1" maximum:"60"`
}

// Hub hands events to all who listen.
type Hub struct {
	mu        sync.Mutex
	listeners map[chan Loan]bool
}

func (h *Hub) subscribe() (events chan Loan, leave func()) {
	events = make(chan Loan, 16)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners[events] = true
	return events, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners, events)
	}
}

func (h *Hub) publish(loan Loan) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for events := range h.listeners {
		select {
		case events <- loan:
		default: // this one does not read: the others shall not wait
		}
	}
}

// end snippet

// snippet: stream
func watch(c *fasterapi.Ctx, in struct {
	Hub *Hub `inject:""`
},
) (fasterapi.SSE[Loan], error) {
	events, leave := in.Hub.subscribe()
	c.AfterFunc(leave) // when the client has left
	return fasterapi.SSE[Loan]{Send: func(s *fasterapi.EventSender[Loan]) error {
		for {
			select {
			case <-c.Done():
				return nil
			case loan := <-events:
				if err := s.Send(fasterapi.Event[Loan]{Name: "loan", Data: loan}); err != nil {
					return err
				}
			}
		}
	}}, nil
}

// end snippet

// snippet: routes
func lend(c *fasterapi.Ctx, in struct {
	Body Loan `body:""`
	Hub  *Hub `inject:""`
},
) (fasterapi.None, error) {
	in.Hub.publish(in.Body)
	return fasterapi.None{}, nil
}

func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Provide(&Hub{listeners: map[chan Loan]bool{}})
	app.Post("/loans", lend)
	app.Get("/loans/events", watch)
	return app
}

// end snippet

func main() {
	newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}).Run()
}
