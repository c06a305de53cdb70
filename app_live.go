package fasterapi

import (
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/observe"
)

const (
	// maxLive is how many requests of a core that have not ended are listed: 8 KiB of pointers.
	maxLive = 1024
	// liveLooks is how many places a request looks at for a free one before it goes without.
	liveLooks = 16
)

// liveTable lists the requests of a core that have not ended. A request never waits for who
// reads it.
//
// Owner: any (atomic).
type liveTable struct {
	next   atomic.Uint32 // where a free place is looked for first
	places [maxLive]atomic.Pointer[Ctx]
}

// enter lists c and returns its place from 1 on; 0: none was free.
func (t *liveTable) enter(c *Ctx) uint32 {
	first := t.next.Load()
	for i := range uint32(liveLooks) {
		at := (first + i) % maxLive
		if t.places[at].CompareAndSwap(nil, c) {
			if i > 0 { // else the request ends before another one begins, most of the time
				t.next.Store(at + 1)
			}
			return at + 1
		}
	}
	t.next.Store(first + liveLooks) // the next one looks elsewhere
	return 0
}

// exit takes what has the place off the list. The place is used again first: it is in the
// cache of the processor.
func (t *liveTable) exit(place uint32) {
	if place == 0 {
		return
	}
	t.places[place-1].Store(nil)
	if t.next.Load() != place-1 {
		t.next.Store(place - 1)
	}
}

// Live lists requests that have not ended, the oldest first, by the clock of the records. It is nil when
// Config.Observe.Off is set, and before the app has started. Of each core it finds up to 1,024; how
// many there are is [observe.Active].
func (a *App) Live() []observe.Live {
	if a.recorder == nil {
		return nil
	}
	var list []observe.Live
	now := a.recorder.Now()
	for core := range a.inFlight {
		for i := range a.inFlight[core].places {
			c := a.inFlight[core].places[i].Load()
			if c == nil {
				continue
			}
			one := read(c, func(r *request) observe.Live { return r.describeLive(a, now) })
			if one.Method != "" { // it has not ended meanwhile
				one.Core = core
				list = append(list, one)
			}
		}
	}
	observe.SortLive(list)
	return list
}

// describeLive tells what is known of a request, with the mu of its Ctx held.
func (r *request) describeLive(a *App, now int64) observe.Live {
	l := observe.Live{Route: r.pattern(), RequestID: r.requestID, Age: time.Duration(max(0, now-r.seen.began)), Stage: r.stage()}
	if client := r.clientAddr(); client.IsValid() {
		l.Client = client.String()
	}
	switch {
	case !r.bodied || r.seen.started != 0:
		l.Method, l.Path = observe.MethodOf(r.x.Head.Method), r.logPath(a, string(r.x.Head.Path))
	case r.route != nil: // its head may be on the move
		l.Method = observe.MethodOf([]byte(r.route.method))
	default:
		l.Method = observe.MethodOf(nil)
	}
	return l
}

// stage tells how far a request has come, with the mu of its Ctx held.
func (r *request) stage() observe.Stage {
	switch s := &r.seen; {
	case r.opened.Load() != 0:
		return observe.Sending
	case s.returned != 0:
		return observe.Output
	case s.bound != 0:
		return observe.Handler
	case s.started == 0 && r.queued():
		return observe.Queue
	case r.route != nil && r.route.facts == nil: // what is mounted reads its input itself
		return observe.Handler
	}
	return observe.Input
}

// queued tells whether a request that has not started had something to wait for.
func (r *request) queued() bool {
	return r.bodied || r.route != nil && style(r.route.style.Load()) == onGoroutine
}
