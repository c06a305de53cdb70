package broadcast

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/fasterapi/fasterapi"
)

// Message is what a subscriber gets.
//
// Owner: any (a plain value); Data is shared by all subscribers.
type Message[T any] struct {
	// ID is what Subscription.After says to go on behind it. Empty for a gap.
	ID string `json:"id,omitzero"`
	// Gap: messages are missing here, or may be. The other fields are empty.
	Gap bool `json:"gap,omitzero"`
	// Data is the value that was published. Nobody may change it.
	Data T `json:"data"`
}

// Subscription says what a subscriber wants. The zero value: all from now on.
//
// Owner: any (a plain value).
type Subscription[T any] struct {
	// After is the ID of the last message that the subscriber has had. Messages behind it come first; what is not kept any more is a
	// gap, and so is an ID that is none. SSE takes it from Last-Event-ID when it is empty.
	After string
	// Where tells which messages are wanted. Default: all. It is called on the goroutine of the subscriber.
	Where func(T) bool
}

// Subscribe returns the messages from now on, as they come:
//
//	for m, err := range prices.Subscribe(ctx, broadcast.Subscription[Price]{}) { … }
//
// What is published after it has returned is not missed, although the loop begins later. An error is the last element: the cause of ctx,
// [ErrClosed] or [ErrSlow]. It blocks between messages, and for Config.Timeout at most until the first connection to the
// Link is made. The sequence is for one loop.
func (t *Topic[T]) Subscribe(ctx context.Context, s Subscription[T]) iter.Seq2[Message[T], error] {
	r, err := t.stand(ctx, s.After)
	return func(yield func(Message[T], error) bool) {
		if err != nil {
			yield(Message[T]{}, err)
			return
		}
		t.count(1)
		defer t.count(-1)
		for {
			m, err := t.next(ctx, &r)
			if err == nil && !m.Gap && s.Where != nil && !s.Where(m.Data) {
				continue
			}
			if err == nil && !m.Gap {
				t.delivered.Add(1)
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// stand finds the place of a new subscriber.
func (t *Topic[T]) stand(ctx context.Context, after string) (reader, error) {
	if err := t.wrong.Err(); err != nil {
		return reader{}, err
	}
	if err := t.start(ctx); err != nil {
		return reader{}, err
	}
	patience := time.NewTimer(t.cfg.Timeout)
	defer patience.Stop()
	select {
	case <-t.ready:
	case <-patience.C:
	case <-ctx.Done():
		return reader{}, context.Cause(ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle() // from here on, what was before the first connection is no news
	if after == "" {
		return reader{at: t.log.next}, nil
	}
	at, ok := parsePlace(after)
	if !ok {
		return reader{at: t.log.first, missed: true}, nil
	}
	return t.log.resume(at), nil
}

func (t *Topic[T]) count(by int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Subscribers += by
}

// next waits for the next message of a reader.
func (t *Topic[T]) next(ctx context.Context, r *reader) (Message[T], error) {
	for {
		t.mu.Lock()
		stood := r.at
		e, ok, slow := t.log.read(r)
		more, closed := t.more, t.closed
		if slow {
			t.stats.Overtaken++
			t.stats.Dropped += r.at - stood
		}
		t.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return Message[T]{}, context.Cause(ctx)
		case slow && t.cfg.Slow == Disconnect:
			return Message[T]{}, ErrSlow
		case ok && e.kind == gap:
			return Message[T]{Gap: true}, nil
		case ok:
			return Message[T]{ID: e.at.String(), Data: e.value}, nil
		case closed:
			return Message[T]{}, ErrClosed
		}
		select {
		case <-more:
		case <-ctx.Done():
		}
	}
}

// SSE returns the messages as an event stream, for a handler to return. A browser that comes back goes on behind its
// Last-Event-ID. A gap is an event called "gap", whose data means nothing:
//
//	events.addEventListener("gap", () => location.reload())
func (t *Topic[T]) SSE(c *fasterapi.Ctx, s Subscription[T]) (fasterapi.SSE[T], error) {
	if s.After == "" {
		s.After = c.LastEventID()
	}
	messages := t.Subscribe(c, s)
	return fasterapi.SSE[T]{Events: func(yield func(fasterapi.Event[T], error) bool) {
		for m, err := range messages {
			switch {
			case errors.Is(err, ErrClosed), errors.Is(err, ErrSlow):
				return // the browser comes back
			case m.Gap:
				if !yield(fasterapi.Event[T]{Name: "gap"}, nil) {
					return
				}
			case !yield(fasterapi.Event[T]{ID: m.ID, Data: m.Data}, err):
				return
			}
		}
	}}, nil
}

// Serve sends the messages to a WebSocket until ctx ends, and returns what its handler can return. A handler that also receives calls it
// on a goroutine of its own, with the context of the socket:
//
//	go func() { done <- in.Room.Serve(ws.Context(), ws, broadcast.Subscription[Said]{After: in.After}) }()
func (t *Topic[T]) Serve[Incoming any](ctx context.Context, ws *fasterapi.Socket[Incoming, Message[T]], s Subscription[T]) error {
	messages := t.Subscribe(ctx, s)
	if err := ws.Accept(); err != nil {
		return err
	}
	for m, err := range messages {
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrSlow):
			return &fasterapi.CloseError{Code: 1013, Reason: "too slow: come back later"}
		case errors.Is(err, ErrClosed):
			return &fasterapi.CloseError{Code: 1001, Reason: "the service stops"}
		case err != nil:
			return err
		}
		if err := ws.Send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}
