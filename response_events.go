package fasterapi

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/eventstream"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/problem"
)

// defaultHeartbeat is below the 30 s and 60 s after which common proxies and
// load balancers give up on a silent connection.
const defaultHeartbeat = 15 * time.Second

// defaultRetry is what browsers wait before they connect again, about.
const defaultRetry = 3 * time.Second

// SSE is a response of server-sent events (the EventSource of browsers). It
// has one source: Events or Send. It needs a route on goroutines.
//
//	return fasterapi.SSE[Price]{Send: func(s *fasterapi.EventSender[Price]) error {
//		for price := range prices.Watch(c) {
//			if err := s.Send(fasterapi.Event[Price]{Data: price}); err != nil {
//				return err
//			}
//		}
//		return nil
//	}}, nil
//
// The stream is open for the client before Send runs: to miss nothing that happens
// from then on, subscribe in the handler, with c, or with [Ctx.OnEnd] to end what c
// does not: a HEAD request is answered without running the source.
//
// Every event is sent at once; a slow client holds the source back. When the
// client leaves, or the app shuts down, c ends, and with it whatever the source
// waits for with c; sending fails from then on. A source that ends or fails
// closes the stream, and the browser connects again: [Ctx.LastEventID] says
// where it was. Answer with [None] to keep it from coming back.
type SSE[T any] struct {
	// Events gives the events.
	Events iter.Seq2[Event[T], error]
	// Send sends the events.
	Send func(s *EventSender[T]) error
	// Heartbeat is how long the stream may be silent before a comment is sent,
	// so that proxies keep it open. Default 15 s; negative: never.
	Heartbeat time.Duration
	// Retry tells the browser how long to wait before it connects again.
	// Default: its own, about 3 s. A stream that ends because the app shuts down
	// tells each browser a time of its own, half of this to one and a half.
	Retry time.Duration
}

// Event is one server-sent event. Zero fields are left out.
type Event[T any] struct {
	// Name is the type of the event; browsers call "message" what has none.
	Name string
	// ID is what Last-Event-ID says after a reconnect.
	ID string
	// Retry changes how long the browser waits before it connects again, in whole milliseconds.
	Retry time.Duration
	// Data is sent as JSON; strings, [Text], [HTML] and []byte as they are.
	Data T
}

var (
	errEventSources = errors.New("fasterapi: an SSE has one source: Events or Send")
	errEventsEnded  = fmt.Errorf("fasterapi: the event stream has ended: %w", ErrRequestOver)
)

// LastEventID is the ID of the last event that a reconnecting event stream has
// received, "" for a new one.
func (c *Ctx) LastEventID() string { return c.Header("Last-Event-ID") }

// MarshalJSON fails: a response is no part of JSON.
func (r SSE[T]) MarshalJSON() ([]byte, error) { return notJSON(r) }

// output implements response.
func (SSE[T]) output() (output, error) {
	data, err := compileEventData[T]()
	if err != nil {
		return output{}, err
	}
	answers := []describe.Answer{{Status: http.StatusOK, ContentType: eventstream.Type, Item: reflect.TypeFor[T]()}}
	return output{waits: true, answers: answers, render: func(c *Ctx, s SSE[T]) error {
		sender := &EventSender[T]{c: c, data: data, silence: s.Heartbeat}
		return sender.run(s)
	}}, nil
}

// compileEventData decides how the data of events becomes text.
func compileEventData[T any]() (func(dst []byte, v *T) ([]byte, error), error) {
	var zero T
	switch any(zero).(type) {
	case string:
		return func(dst []byte, v *T) ([]byte, error) { return append(dst, *any(v).(*string)...), nil }, nil
	case Text:
		return func(dst []byte, v *T) ([]byte, error) { return append(dst, *any(v).(*Text)...), nil }, nil
	case HTML: // fragments of a page
		return func(dst []byte, v *T) ([]byte, error) { return append(dst, *any(v).(*HTML)...), nil }, nil
	case []byte:
		return func(dst []byte, v *T) ([]byte, error) { return append(dst, *any(v).(*[]byte)...), nil }, nil
	}
	if err := refuseItem(reflect.TypeFor[T]()); err != nil {
		return nil, err
	}
	encoder, err := codec.EncoderFor[T]()
	if err != nil {
		return nil, err
	}
	return func(dst []byte, v *T) ([]byte, error) { return codec.Append(encoder, dst, v) }, nil
}

// EventSender sends the events of one stream. Any goroutine may use it.
//
// Owner: mu.
type EventSender[T any] struct {
	c       *Ctx
	data    func(dst []byte, v *T) ([]byte, error)
	silence time.Duration

	mu     sync.Mutex
	out    *reply.Body
	timer  alarm
	text   []byte // of the event in work
	body   []byte // of its data
	closed bool
}

// run sends everything.
func (s *EventSender[T]) run(events SSE[T]) error {
	if (events.Events == nil) == (events.Send == nil) {
		return errEventSources
	}
	c := s.c
	leaving := &async.Watcher{Cancelled: c.cancel}
	if !c.app.drain.watchers.Add(leaving) {
		return problem.New(http.StatusServiceUnavailable, "the service shuts down")
	}
	defer c.app.drain.watchers.Remove(leaving)
	if err := s.begin(events.Retry); err != nil {
		return err
	}
	defer s.end()
	var err error
	switch {
	case !c.response().WantsContent():
	case events.Send != nil:
		err = events.Send(s)
	default:
		err = s.sendAll(events.Events)
	}
	err = reply.IgnoreUnsent(err)
	_, panicked := errors.AsType[*async.PanicError](err)
	if err != nil && (c.Err() == nil || panicked) { // else the client has left
		if logBroken(c.Logger(), c.RequestID(), "event stream failed", false, err) {
			c.change(func(r *request) { r.seen.cause, r.seen.broken = err, true })
		}
	}
	s.end()
	s.spread(events.Retry)
	return s.out.Close() // the browser comes back, also after an error
}

// spread tells the browser, when the app shuts down, how long to wait before it comes
// back: all clients of a stream would come at the same time. It may fail: the stream
// ends anyway.
func (s *EventSender[T]) spread(retry time.Duration) {
	if !s.c.app.drain.ending.Load() {
		return
	}
	if retry <= 0 {
		retry = defaultRetry
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = eventstream.AppendRetry(s.text[:0], retry/2+rand.N(retry))
	_ = s.write()
}

// begin sends the head, and with it that the stream is open.
func (s *EventSender[T]) begin(retry time.Duration) error {
	c := s.c
	c.response().DefaultHeader("Cache-Control", "no-cache")
	c.response().DefaultHeader("X-Accel-Buffering", "no") // nginx would collect the events
	c.stage(http.StatusOK, eventstream.Type, nil)
	s.out = reply.NewBody(holder{c}, 0)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = eventstream.AppendRetry(nil, retry)
	if err := s.write(); err != nil {
		return err
	}
	if s.silence == 0 {
		s.silence = defaultHeartbeat
	}
	if s.silence > 0 {
		s.timer = c.app.afterFunc(s.silence, s.beat)
	}
	return nil
}

// beat keeps a silent stream alive.
func (s *EventSender[T]) beat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		if v := recover(); v != nil { // of a filter
			s.c.logBrokenOff(s.c.panicError(v))
			s.c.cancel()
		}
	}()
	if s.closed {
		return
	}
	s.text = eventstream.AppendComment(s.text[:0], "")
	if s.write() != nil {
		s.c.cancel() // nobody listens
		return
	}
	s.timer.Reset(s.silence)
}

// end stops the heartbeat and all sending.
func (s *EventSender[T]) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
}

func (s *EventSender[T]) sendAll(events iter.Seq2[Event[T], error]) error {
	return each(events, s.Send)
}

// Send sends one event. It waits while the client does not read, and fails
// once the client has left or the app shuts down. A name or ID with a line break is
// refused: it would end the event.
func (s *EventSender[T]) Send(event Event[T]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errEventsEnded
	}
	if err := s.c.Err(); err != nil {
		return err
	}
	body, err := s.data(s.body[:0], &event.Data)
	if err != nil {
		return err
	}
	s.body = body
	e := eventstream.Event{Name: event.Name, ID: event.ID, Retry: event.Retry, Data: body}
	if s.text, err = eventstream.Append(s.text[:0], &e); err != nil {
		return err
	}
	if err := s.write(); err != nil {
		return err
	}
	if s.timer != nil {
		s.timer.Reset(s.silence)
	}
	return nil
}

// Comment sends a line that browsers ignore.
func (s *EventSender[T]) Comment(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errEventsEnded
	}
	s.text = eventstream.AppendComment(s.text[:0], text)
	return s.write()
}

// write sends s.text at once.
func (s *EventSender[T]) write() error { return s.out.Send(s.text) }
