package fasterapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/observe"
)

// Recorder is what is kept of requests: a record of the latest, the slow and the failed
// ones, and counts of all by route, method and status. It is nil when
// Config.Observe.Off is set, and before the app has started.
func (a *App) Recorder() *observe.Recorder { return a.recorder }

// beginRecording makes the recorder. Route 0 is that of requests without one.
func (a *App) beginRecording() {
	if a.cfg.Observe.Off {
		return
	}
	patterns := []string{""}
	for _, r := range slices.Concat(a.routes, a.own) {
		r.index = len(patterns)
		patterns = append(patterns, r.pattern.String())
	}
	var now func() time.Time
	if a.cfg.Clock != nil {
		now = a.cfg.Clock.Now
	}
	a.inFlight = make([]liveTable, a.reactors.Len())
	a.recorder = observe.New(a.cfg.Observe, a.reactors.Len(), patterns, now)
	a.ahead = make([]int64, a.reactors.Len())
	for core := range a.ahead {
		a.ahead[core] = clockAhead(a.recorder.Now, a.reactors.Reactor(core).Clock)
	}
}

// clockAhead is how far one clock is ahead of another, in ns. Who is held up between the two reads too little: what
// several tries have most of is nearest.
func clockAhead(one func() int64, other func() time.Duration) int64 {
	most := one() - int64(other())
	for range 4 {
		most = max(most, one()-int64(other()))
	}
	return most
}

// seen is what the record of a request is going to say; times are the recorder's.
//
// Owner: the goroutine of the handler; returned, pending, cause, errorID, broken: the mu of the Ctx; started, bound:
// written by the goroutine of the handler, read by any (atomic).
type seen struct {
	began             int64
	started, bound    atomic.Int64
	returned, pending int64
	waits             bool  // it was sent to a goroutine or coroutine
	broken            bool  // the response broke off, for a reason of the service's own
	cause             error // what was logged
	errorID           string
}

// observe begins the record of a request whose route has been found.
func (d *dispatcher) observe(r *request) {
	if d.recorder == nil {
		return
	}
	route := 0
	if r.route != nil {
		route = r.route.index
	}
	core := r.ctx.Core()
	r.seen.began = d.recorder.Begin(core, route)
	if t := d.cfg.Observe.Tracer; t != nil {
		(*App)(d).contained("the method Sample of the tracer", func() { r.work.trace = beginTrace(t, r.x) })
	}
	r.x.OnOpen(responseBegan)
	r.bodied = r.x.Head.ContentLength > 0 || r.x.Head.Chunked
	r.place = d.inFlight[core].enter(r.ctx)
}

// responseBegan notes when the head of a streamed response was sent.
func responseBegan(x *exchange.Exchange) {
	if r, ok := x.User.(*request); ok && r.ctx != nil {
		r.opened.Store(r.ctx.app.recorder.Now())
	}
}

// started notes when a request that had to wait for something begins to run: now, by the clock of its reactor, 0 when
// that was not read.
func (d *dispatcher) started(r *request, now time.Duration) {
	switch {
	case d.recorder == nil || !r.seen.waits && !r.bodied:
	case now == 0:
		r.seen.started.Store(d.recorder.Now())
	default: // reading the clock twice takes 40 ns more
		r.seen.started.Store(int64(now) + d.ahead[r.ctx.Core()])
	}
}

// markBound notes that the input is there. The request is not over: it was read just now.
func (c *Ctx) markBound() {
	if rec := c.app.recorder; rec != nil {
		c.seen.bound.Store(rec.Now())
	}
}

// markChecked is markBound behind the methods Check of the input, which may have waited. The request may be over:
// middleware may have left the handler behind on a goroutine.
func (c *Ctx) markChecked() {
	if rec := c.app.recorder; rec != nil {
		now := rec.Now()
		c.change(func(r *request) { r.seen.bound.Store(now) })
	}
}

// markReturned notes that the handler has returned, and how long its future was waited for. The request may be over,
// as for markChecked.
func (c *Ctx) markReturned(since int64) {
	rec := c.app.recorder
	if rec == nil {
		return
	}
	now := rec.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.request == nil {
		return
	}
	c.seen.returned = now
	if since != 0 {
		c.seen.pending = now - since
	}
}

// recorded is the time by the clock of the records, 0 when nothing is kept.
func (c *Ctx) recorded() int64 {
	if rec := c.app.recorder; rec != nil {
		return rec.Now()
	}
	return 0
}

// record writes what is kept of a request that is over.
func (r *request) record(rec *observe.Recorder) {
	x, s := r.x, &r.seen
	done := observe.Ended{
		Core: r.ctx.Core(), Status: x.Status, Protocol: r.protocol(), Broken: s.broken, Refused: x.Refusal != nil, RequestID: r.requestID,
		Began: s.began, Started: s.started.Load(), Bound: s.bound.Load(), Returned: s.returned, Opened: r.opened.Load(), Pending: s.pending,
		BytesIn: r.bytesIn(), BytesOut: x.Sent.Load(), Work: r.work.sum(), Trace: r.work.trace,
	}
	if r.route != nil {
		done.Route = r.route.index
	}
	switch {
	case x.Hijacked():
		done.Kind, done.Status = observe.Socket, http.StatusSwitchingProtocols
		done.Broken = done.Broken || r.outcome != nil // a panic: other errors end the connection
	case x.Streamed():
		done.Kind = observe.Stream
	case x.WantsContent():
		done.BytesOut = int64(len(x.Payload))
	}
	r.ctx.app.inFlight[done.Core].exit(r.place)
	if done.Work.Repeated.Count != 0 {
		r.logRepeated(&done.Work)
	}
	if done.Trace == nil {
		rec.End(&done, x.Head.Method, r.detail)
		return
	}
	r.ctx.app.contained("the method End of the tracer", func() { rec.End(&done, x.Head.Method, r.detail) })
}

// bytesIn is how much of the body has come.
func (r *request) bytesIn() int64 {
	x := r.x
	n := x.Received.Load()
	switch {
	case n > 0 || x.BodyReader != nil || x.Refusal != nil:
		return n
	case x.Head.ContentLength >= 0:
		return x.Head.ContentLength
	default:
		return int64(len(x.Body))
	}
}

func (r *request) protocol() observe.Protocol {
	if o := r.x.Original; o != nil && o.ProtoMajor > 1 {
		return observe.Protocol(o.ProtoMajor * 10)
	}
	if r.x.HTTP2 {
		return observe.Protocol(20)
	}
	return observe.Protocol(10 + r.x.Head.Minor)
}

// detail is what is kept of a slow or failed request beside its times.
func (r *request) detail() observe.Detail {
	d := observe.Detail{Path: r.logPath(r.ctx.app, string(r.x.Head.Path)), ErrorID: r.seen.errorID}
	if client := r.clientAddr(); client.IsValid() {
		d.Client = client.String()
	}
	cause := r.seen.cause
	if cause == nil {
		cause = r.outcome
	}
	if cause == nil {
		return d
	}
	d.Error = textOf(cause)
	if p, ok := errors.AsType[*async.PanicError](cause); ok {
		d.Stack = string(p.Stack)
	}
	return d
}

// textOf is the text of an error, whose method may panic.
func textOf(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("the method Error of a %T has panicked", err)
		}
	}()
	return err.Error()
}

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
	case !r.bodied || r.seen.started.Load() != 0:
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
	case s.bound.Load() != 0:
		return observe.Handler
	case s.started.Load() == 0 && r.queued():
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
