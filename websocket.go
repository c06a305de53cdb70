package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/check"
	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/internal/websocket"
	"github.com/fasterapi/fasterapi/problem"
)

// Message is a WebSocket message as it is: the type to use where text and
// binary messages both occur.
type Message struct {
	Binary bool
	Data   []byte
}

// CloseError says how a WebSocket ended: with the code and the reason of the
// close frame. A handler may return one to close with its code and reason. Receive
// and Send return a pointer to it.
type CloseError struct {
	// Code is the close code; 1005: the client gave none, 1006: the connection ended
	// without a close frame.
	Code   int
	Reason string
	// Local: this side closed first.
	Local bool
	// Cause is why the connection broke, nil when it was closed.
	Cause error
}

// Error names the code and who closed.
func (e *CloseError) Error() string { return (*websocket.CloseError)(e).Error() }

// Unwrap returns Cause.
func (e *CloseError) Unwrap() error { return e.Cause }

// asPublic is err, with the public type of what package websocket fails with.
func asPublic(err error) error {
	if closed, ok := err.(*websocket.CloseError); ok {
		return (*CloseError)(closed)
	}
	return err
}

// Socket is the server's side of one WebSocket. Incoming and Outgoing are the types of its messages:
// string is text, []byte is binary, [Message] is either, and any other type is
// JSON in text messages, checked like a request body when it is received.
//
// Any goroutine may send and close; one at a time may receive.
type Socket[Incoming, Outgoing any] struct {
	route *socketRoute[Incoming, Outgoing]
	terms websocket.Accepted
	// conn is nil until the handshake is complete. Atomic; stored under mu.
	conn atomic.Pointer[websocket.Conn]
	// refused is why the last message was refused; nil: it was not. Atomic.
	refused atomic.Pointer[error]
	mu      sync.Mutex
	c       *Ctx // until the handler has returned; under mu
	// events is set where functions are called for messages.
	events websocket.Listener
}

// Accept completes the handshake. Receive and Send do it when it is still to be
// done. Until then a handler can refuse by returning an error.
func (s *Socket[Incoming, Outgoing]) Accept() error {
	_, err := s.accepted()
	return err
}

// accepted returns the connection, and completes the handshake if need be.
func (s *Socket[Incoming, Outgoing]) accepted() (*websocket.Conn, error) {
	if conn := s.conn.Load(); conn != nil {
		return conn, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if conn := s.conn.Load(); conn != nil {
		return conn, nil
	}
	return s.route.accept(s)
}

// leave takes the request away: its handler has returned. It returns the
// connection, nil when there is none and will not be.
func (s *Socket[Incoming, Outgoing]) leave() *websocket.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.c = nil
	return s.conn.Load()
}

// Subprotocol is the negotiated subprotocol, "" without.
func (s *Socket[Incoming, Outgoing]) Subprotocol() string { return s.terms.Subprotocol }

// Context ends when the connection does. It completes the handshake when that is
// still to be done, and has ended when that fails. Futures that are started with it
// belong to the reactor of the connection, and may be awaited anywhere.
func (s *Socket[Incoming, Outgoing]) Context() context.Context {
	conn, err := s.accepted()
	if err != nil {
		ended, end := context.WithCancelCause(context.Background())
		end(err)
		return ended
	}
	return conn.Context()
}

// Receive waits for the next message. It fails
//   - with ctx;
//   - with a [*CloseError] when the connection ends;
//   - with a [*CloseError] of 1003 for a binary message where text is expected, and with
//     a [problem.Problem] that lists what is wrong with a JSON message. Then the
//     connection goes on, unless the handler returns: also nil closes with the code of
//     the refusal (1003, 1007) when the last message was refused.
func (s *Socket[Incoming, Outgoing]) Receive(ctx context.Context) (Incoming, error) {
	m, err := s.receive(ctx)
	if err != nil {
		var none Incoming
		return none, err
	}
	return s.take(ctx, m)
}

// receive waits for the next message as it came.
func (s *Socket[Incoming, Outgoing]) receive(ctx context.Context) (websocket.Message, error) {
	conn, err := s.accepted()
	if err != nil {
		return websocket.Message{}, err
	}
	m, err := conn.Receive(ctx)
	return m, asPublic(err)
}

// take makes the value of a message, and notes whether it is refused.
func (s *Socket[Incoming, Outgoing]) take(ctx context.Context, m websocket.Message) (Incoming, error) {
	if s.route.checked {
		ctx = s.withRequest(ctx)
	}
	message, err := s.route.decode(ctx, m)
	switch {
	case err != nil:
		s.refused.Store(&err)
	case s.refused.Load() != nil:
		s.refused.Store(nil)
	}
	return message, err
}

// withRequest is ctx for methods Check, which may take the Ctx of the handler: that one,
// where ctx is not derived from it.
func (s *Socket[Incoming, Outgoing]) withRequest(ctx context.Context) context.Context {
	if c, ok := ctx.Value(ctxKey{}).(*Ctx); ok && c != nil {
		return ctx
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c != nil {
		return s.c
	}
	return ctx
}

// refusal is why the last message was refused, nil when it was not.
func (s *Socket[Incoming, Outgoing]) refusal() error {
	if err := s.refused.Load(); err != nil {
		return *err
	}
	return nil
}

// Messages receives until the connection ends, and the sequence with it. Any other
// error of Receive is its last element.
func (s *Socket[Incoming, Outgoing]) Messages(ctx context.Context) iter.Seq2[Incoming, error] {
	return func(yield func(Incoming, error) bool) {
		for {
			m, err := s.receive(ctx)
			if _, ended := errors.AsType[*CloseError](err); ended {
				return // what take fails with may be one too, and is no end
			}
			var message Incoming
			if err == nil {
				message, err = s.take(ctx, m)
			}
			if !yield(message, err) || err != nil {
				return
			}
		}
	}
}

// Send sends a message. It waits while the client does not read, for 30 s at
// most; then it gives the connection up.
func (s *Socket[Incoming, Outgoing]) Send(ctx context.Context, message Outgoing) error {
	conn, err := s.accepted()
	if err != nil {
		return err
	}
	return asPublic(s.route.send(ctx, conn, &message))
}

// Close closes the connection with a code (1000 is the usual one, 3000 to 4999
// are free for applications) and a reason of up to 123 bytes. It does not wait
// for the client's answer.
func (s *Socket[Incoming, Outgoing]) Close(code int, reason string) error {
	if !websocket.ValidCode(code) {
		return fmt.Errorf("fasterapi: %d is not a close code that may be sent", code)
	}
	conn, err := s.accepted()
	if err != nil {
		return err
	}
	conn.Close(code, reason)
	return nil
}

// handshake is a Ctx as the handshake of a WebSocket reads it.
//
// Owner: the handler of the request.
type handshake struct{ *Ctx }

// HTTP11 implements [websocket.Request].
func (h handshake) HTTP11() bool { return h.x.Head.Minor > 0 }

// Tunnel implements [websocket.Request].
func (h handshake) Tunnel() bool { return h.x.Tunnel }

// HasBody implements [websocket.Request].
func (h handshake) HasBody() bool { return h.x.Head.ContentLength > 0 || h.x.Head.Chunked }

// Header implements [websocket.Request].
func (h handshake) Header(name string) string {
	var values []string
	for value := range h.x.Head.Values(name) {
		values = append(values, string(value))
	}
	return strings.Join(values, ",")
}

// refusal is the problem of a request that is not upgraded.
func refusal(r *websocket.Refusal) error {
	p := problem.New(r.Status, r.Reason)
	p.Header = r.Header
	return p
}

// openConn takes the connection from the engine: its descriptor, where it is
// the reactor's. closed must be called when it has ended.
func (c *Ctx) openConn(o *websocket.Options, terms *websocket.Accepted) (conn *websocket.Conn, closed func(), err error) {
	closed = func() {}
	err = c.response().TakeOver(func(x *exchange.Exchange) error {
		if x.Tunnel {
			terms.Stage(x)
		}
		d, err := x.TakeDescriptor()
		switch {
		case err != nil:
			return err
		case d.Conn != nil:
			conn = websocket.OpenNet(c.reactor, d.Conn, o, terms.Deflate, d.Rest)
		default:
			conn = websocket.Open(c.reactor, d.FD, o, terms.Deflate, d.Rest)
			if session, ok := d.TLS.(*stream.Session); ok {
				conn.Resume(session)
			}
		}
		closed = d.Closed
		return nil
	})
	return conn, closed, err
}

// listening calls the functions of a connection without a goroutine.
//
// Owner: the turn of its connection; any (immutable) after ready.
type listening[Incoming any] struct {
	SocketEvents[Incoming]
	decode messageDecoder[Incoming]
	log    func() *slog.Logger
	conn   *websocket.Conn // set before ready is closed
	ready  chan struct{}   // closed when open has returned
}

// Message implements [websocket.Listener].
func (l *listening[Incoming]) Message(m websocket.Message) {
	<-l.ready
	returned := false
	defer func() {
		if !returned {
			l.failed(recover())
		}
	}()
	message, err := l.decode(l.conn.Context(), m)
	if err == nil && l.SocketEvents.Message != nil {
		err = l.SocketEvents.Message(l.conn.Context(), message)
	}
	returned = true
	if err != nil {
		closeFor(l.conn, l.log(), err)
	}
}

// failed closes after a panic (v) or runtime.Goexit (nil).
func (l *listening[Incoming]) failed(v any) {
	l.log().Error("WebSocket handler panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	l.conn.Close(websocket.CodeFailed, "")
}

// Closed implements [websocket.Listener].
func (l *listening[Incoming]) Closed(err *websocket.CloseError) {
	<-l.ready
	returned := false
	defer func() {
		if !returned {
			l.failed(recover())
		}
	}()
	if l.SocketEvents.Closed != nil {
		l.SocketEvents.Closed((*CloseError)(err))
	}
	returned = true
}

// messageDecoder makes a value of a message. Methods Check of the value get ctx.
type messageDecoder[T any] func(ctx context.Context, m websocket.Message) (T, error)

// compileIncoming decides how messages become values.
func compileIncoming[T any](caller check.Caller) (decode messageDecoder[T], checked bool, err error) {
	var zero T
	switch any(zero).(type) {
	case Message:
		return func(_ context.Context, m websocket.Message) (T, error) {
			return any(Message{m.Binary(), m.Data}).(T), nil
		}, false, nil
	case []byte:
		return func(_ context.Context, m websocket.Message) (T, error) { return any(m.Data).(T), nil }, false, nil
	case string:
		return func(_ context.Context, m websocket.Message) (v T, err error) {
			if m.Binary() {
				return v, errBinary
			}
			return any(string(m.Data)).(T), nil
		}, false, nil
	}
	decoder, err := codec.DecoderFor[T](codec.Options{Location: "message"})
	if err != nil {
		return nil, false, err
	}
	checker, err := check.Compile(reflect.TypeFor[T](), false, caller)
	if err != nil {
		return nil, false, err
	}
	return func(ctx context.Context, m websocket.Message) (v T, err error) {
		if m.Binary() {
			return v, errBinary
		}
		errs := codec.Decode(decoder, m.Data, &v)
		if checker.Active() {
			held := new(T)
			*held = v
			r := check.Run{Context: ctx, Faults: errs, Most: bind.MaxErrors}
			if err := checker.Check(&r, reflect.ValueOf(held).Elem(), "message"); err != nil {
				return v, err
			}
			v, errs = *held, r.Faults
		}
		if len(errs) > 0 {
			return v, problem.Validation(errs...)
		}
		return v, nil
	}, checker.Active(), nil
}

// errBinary answers a binary message where text is expected.
var errBinary error = &CloseError{Code: websocket.CodeUnsupported, Reason: "this WebSocket takes text", Local: true}

// compileOutgoing decides how values become messages.
func compileOutgoing[T any](pools *websocket.Pools) (func(context.Context, *websocket.Conn, *T) error, error) {
	var zero T
	switch any(zero).(type) {
	case Message:
		return func(ctx context.Context, conn *websocket.Conn, v *T) error {
			m := any(v).(*Message)
			return conn.Send(ctx, m.Binary, m.Data)
		}, nil
	case []byte:
		return func(ctx context.Context, conn *websocket.Conn, v *T) error {
			return conn.Send(ctx, true, *any(v).(*[]byte))
		}, nil
	case string:
		return func(ctx context.Context, conn *websocket.Conn, v *T) error {
			buf := append(pools.Buffer(), *any(v).(*string)...)
			defer pools.PutBuffer(buf)
			return conn.Send(ctx, false, buf)
		}, nil
	}
	if err := refuseItem(reflect.TypeFor[T]()); err != nil {
		return nil, err
	}
	encoder, err := codec.EncoderFor[T]()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, conn *websocket.Conn, v *T) error {
		buf, err := codec.Append(encoder, pools.Buffer(), v)
		defer pools.PutBuffer(buf)
		if err != nil {
			return err
		}
		return conn.Send(ctx, false, buf)
	}, nil
}
