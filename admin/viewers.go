package admin

import (
	"context"
	"encoding/json/v2"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/internal/eventstream"
)

const (
	// maxViewers is how many may look at the dashboard at a time.
	maxViewers = 32
	// viewTimeout is how long a viewer may take to read one event.
	viewTimeout = 10 * time.Second
)

// viewers are those who look at the dashboard. While there is one, a goroutine makes a snapshot each second, which
// they share; else there is none, and nothing is kept.
//
// Owner: mu.
type viewers struct {
	l *Listener

	mu      sync.Mutex
	all     map[chan []byte]bool
	latest  []byte // the event that a new viewer gets at once
	running sync.WaitGroup
}

// join adds a viewer, who gets the events in the channel; nil: there are too many.
func (v *viewers) join() chan []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.all) >= maxViewers {
		return nil
	}
	events := make(chan []byte, 1)
	if v.latest != nil {
		events <- v.latest
	}
	if v.all == nil {
		v.all = map[chan []byte]bool{}
	}
	v.all[events] = true
	if len(v.all) == 1 {
		v.running.Go(v.watch)
	}
	return events
}

func (v *viewers) leave(events chan []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.all, events)
}

// watch makes snapshots until nobody looks any more.
func (v *viewers) watch() {
	s := &sampler{l: v.l, facts: v.l.factsOf()}
	checks := &checkWatch{l: v.l}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for now := time.Now(); ; {
		text, err := json.Marshal(s.take(now, checks.look()), json.Deterministic(true), texts)
		if err != nil {
			v.l.log.Error("a snapshot could not be made", slog.Any("error", err))
			text = []byte("null")
		}
		event, _ := eventstream.Append(nil, &eventstream.Event{Name: "snapshot", Data: text})
		if !v.send(event) {
			return
		}
		select {
		case now = <-ticker.C:
		case <-v.l.leaving:
			return
		}
	}
}

// send gives every viewer the event, in the place of one that was not taken. It reports false, and forgets all, when
// there is none.
func (v *viewers) send(event []byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.all) == 0 {
		v.latest = nil
		return false
	}
	v.latest = event
	for events := range v.all {
		select {
		case <-events:
		default:
		}
		events <- event
	}
	return true
}

// checkWatch has the health checks run beside the snapshots, which wait for none of them.
//
// Owner: mu.
type checkWatch struct {
	l *Listener

	mu      sync.Mutex
	latest  checkReport
	running bool
}

// look returns the latest report, and has another one made.
func (c *checkWatch) look() checkReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running {
		c.running = true
		go c.run()
	}
	if c.latest.Checks == nil {
		return checkReport{Checks: []checkResult{}}
	}
	return c.latest
}

func (c *checkWatch) run() {
	ctx, cancel := context.WithTimeout(context.Background(), healthTimeout)
	defer cancel()
	report := reportOf(c.l.app.HealthReport(ctx))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest, c.running = report, false
}

// events streams snapshots.
func (l *Listener) events(w http.ResponseWriter, r *http.Request) {
	events := l.viewers.join()
	if events == nil {
		http.Error(w, "32 viewers are enough", http.StatusServiceUnavailable)
		return
	}
	defer l.viewers.leave(events)
	w.Header().Set("Content-Type", eventstream.Type)
	control := http.NewResponseController(w)
	send := func(event []byte) bool {
		if control.SetWriteDeadline(time.Now().Add(viewTimeout)) != nil {
			return false
		}
		_, err := w.Write(event)
		return err == nil && control.Flush() == nil
	}
	for {
		select {
		case event := <-events:
			if !send(event) {
				return
			}
		case <-l.leaving:
			event, _ := eventstream.Append(nil, &eventstream.Event{Name: "leaving"})
			send(event)
			return
		case <-r.Context().Done():
			return
		}
	}
}

// snapshotNow makes one snapshot, whose rates are those since the start.
func (l *Listener) snapshotNow(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
	defer cancel()
	s := &sampler{l: l, facts: l.factsOf()}
	s.samples = []sample{{at: l.started}}
	write(w, s.take(time.Now(), reportOf(l.app.HealthReport(ctx))))
}
