package fasterapi

import (
	"context"
	"log/slog"
	"reflect"
	"runtime/debug"

	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/websocket"
	"github.com/fasterapi/fasterapi/problem"
)

// listening calls the functions of a connection without a goroutine.
//
// Owner: the turn of its connection; any (immutable) after ready.
type listening[Incoming any] struct {
	SocketEvents[Incoming]
	decode func(m websocket.Message) (Incoming, error)
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
	message, err := l.decode(m)
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

// compileIncoming decides how messages become values.
func compileIncoming[T any]() (func(websocket.Message) (T, error), error) {
	var zero T
	switch any(zero).(type) {
	case Message:
		return func(m websocket.Message) (T, error) { return any(Message{m.Binary(), m.Data}).(T), nil }, nil
	case []byte:
		return func(m websocket.Message) (T, error) { return any(m.Data).(T), nil }, nil
	case string:
		return func(m websocket.Message) (v T, err error) {
			if m.Binary() {
				return v, errBinary
			}
			return any(string(m.Data)).(T), nil
		}, nil
	}
	decoder, err := codec.DecoderFor[T](codec.Options{Location: "message"})
	if err != nil {
		return nil, err
	}
	return func(m websocket.Message) (v T, err error) {
		if m.Binary() {
			return v, errBinary
		}
		if errs := codec.Decode(decoder, m.Data, &v); len(errs) > 0 {
			return v, problem.Validation(errs...)
		}
		return v, nil
	}, nil
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
