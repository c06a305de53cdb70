package reply_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/test/held"
)

// TestStraight: a stream is opened once, on a goroutine, while the request lasts.
func TestStraight(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	h.AddHeader("X-A", "1")
	q.Reply.Stage(200, "text/plain", nil)
	q.OnReactor()
	_, err := h.Way().Open(h, 5)
	require.ErrorIs(t, err, exchange.ErrOnReactor)
	q.X.OwnerChanged(false)
	body, err := h.Way().Open(h, 5)
	require.NoError(t, err)
	require.True(t, h.Sent())
	sent := q.Sent()
	require.Equal(t, http.Header{"X-A": {"1"}, "Content-Type": {"text/plain"}}, sent.Header)
	require.EqualValues(t, 5, sent.Length)
	_, err = body.Write([]byte("hello"))
	require.NoError(t, err)
	require.EqualValues(t, 5, q.Reply.BodySize())
	_, err = h.Way().Open(h, 5)
	require.ErrorIs(t, err, exchange.ErrResponseSent)
	h.Respond(500, "text/plain", nil)
	require.Equal(t, 200, q.X.Status)
	q.End()
	_, err = h.Way().Open(h, 5)
	require.ErrorIs(t, err, exchange.ErrOver)
	require.ErrorIs(t, h.Way().Close(h), exchange.ErrOver)
	require.False(t, sent.Complete())
}

// TestStraightRefused: a head that cannot be sent leaves a response that can still be
// changed, by a function of OnHead too, but not streamed.
func TestStraightRefused(t *testing.T) {
	for _, refuse := range []func(q *held.Request){
		func(q *held.Request) { q.Reply.Stage(100, "", nil) },
		func(q *held.Request) {
			q.Reply.Stage(200, "", nil)
			q.Reply.OnHead(hook(func(h reply.Holder) { reply.Handle{Holder: h}.SetHeader("Location", "\n") }))
		},
	} {
		q := held.New(t, "GET", "/")
		h := reply.Handle{Holder: q}
		refuse(q)
		_, err := h.Way().Open(h, -1)
		require.Error(t, err)
		require.False(t, h.Sent())
		h.WithdrawAll()
		h.Respond(500, "text/plain", []byte("problem"))
		require.Equal(t, "problem", string(q.X.Payload))
		_, err = h.Way().Open(h, -1)
		require.ErrorIs(t, err, exchange.ErrResponseSent)
		require.Nil(t, q.Sent())
	}
}

// TestThroughMiddleware: what is staged, and what is streamed, goes through the writers
// of net/http middleware, which may be nested.
func TestThroughMiddleware(t *testing.T) {
	type key struct{}
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	h.SetHeader("X-Before", "1")
	outerWriter, innerWriter := httptest.NewRecorder(), httptest.NewRecorder()
	for _, w := range []*httptest.ResponseRecorder{outerWriter, innerWriter} {
		w.Header().Set("X-Before", "1")
		w.Header().Set("X-Middleware", "1")
		w.Header().Set("Content-Length", "99") // of nobody's
	}
	require.Nil(t, q.Reply.Added())
	outer, before := reply.Enter(h, outerWriter, context.WithValue(q, key{}, "outer"))
	require.Nil(t, before)
	require.Equal(t, "1", q.X.FieldValue("X-Middleware"))
	inner, before := reply.Enter(h, innerWriter, context.WithValue(q, key{}, "inner"))
	require.Same(t, outer, before)
	require.Equal(t, "inner", q.Reply.Added().Value(key{}))

	h.SetHeader("X-Handler", "1")
	q.Reply.Stage(201, "text/plain", []byte("hello"))
	require.True(t, inner.Finish(h))
	got := innerWriter.Result()
	require.Equal(t, 201, got.StatusCode)
	require.Equal(t, http.Header{
		"X-Before": {"1"}, "X-Middleware": {"1"}, "X-Handler": {"1"}, "Content-Type": {"text/plain"}, "Content-Length": {"5"},
	}, got.Header)
	require.Equal(t, "hello", innerWriter.Body.String())
	inner.Leave(h, outer)
	require.Equal(t, "outer", q.Reply.Added().Value(key{}))

	body, err := h.Way().Open(h, -1)
	require.NoError(t, err)
	require.True(t, h.Sent())
	_, err = h.Way().Open(h, -1)
	require.ErrorIs(t, err, exchange.ErrResponseSent)
	_, err = body.Write([]byte("streamed"))
	require.NoError(t, err)
	require.NoError(t, body.Flush())
	require.True(t, outerWriter.Flushed)
	require.False(t, outer.Finish(h), "the stream is not complete")
	require.NoError(t, h.Way().Close(h))
	require.True(t, outer.Finish(h))
	require.Equal(t, "streamed", outerWriter.Body.String())
	require.Empty(t, outerWriter.Header().Get("Content-Length"))
	require.Nil(t, q.Sent(), "the middleware sends it, or does not")
}

// TestWithdrawingInside: what net/http middleware has set stays with its writer.
func TestWithdrawingInside(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Encoding", "gzip")
	reply.Enter(h, w, q)
	q.Reply.Within()
	h.SetHeader("ETag", `"1"`)
	h.SetHeader("Content-Language", "de")
	h.WithdrawAll()
	require.Equal(t, http.Header{"Content-Encoding": {"gzip"}}, q.Header())
}

// TestFiltersInside: a filter that was added inside of net/http middleware meets the
// bytes before that does.
func TestFiltersInside(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	shout := maker(func(_ reply.Holder, next exchange.BodyWriter) reply.Filter { return upper{next} })
	suffixed := maker(func(_ reply.Holder, next exchange.BodyWriter) reply.Filter { return suffix{next} })
	q.Reply.FilterStream(shout)
	w := httptest.NewRecorder()
	way, outer := reply.Enter(h, w, q)
	q.Reply.FilterStream(suffixed)
	q.Reply.Stage(200, "text/plain", nil)
	body, err := h.Way().Open(h, 5)
	require.NoError(t, err)
	require.Empty(t, w.Header().Get("Content-Length"))
	_, err = body.Write([]byte("hello"))
	require.NoError(t, err)
	require.NoError(t, h.Way().Close(h))
	require.True(t, way.Finish(h))
	require.Equal(t, "hello, world", w.Body.String())
	way.Leave(h, outer)

	body, err = h.Way().Open(h, -1) // of what the middleware writes
	require.NoError(t, err)
	_, err = body.Write(w.Body.Bytes())
	require.NoError(t, err)
	require.NoError(t, h.Way().Close(h))
	require.Equal(t, "HELLO, WORLD!", q.Sent().Body())
}

// TestUnsent: the content of an answer to HEAD, and of some statuses, is thrown away,
// for as long as somebody is there.
func TestUnsent(t *testing.T) {
	for method, status := range map[string]int{"HEAD": 200, "GET": 204} {
		q := held.New(t, method, "/")
		h := reply.Handle{Holder: q}
		q.Reply.Stage(status, "text/plain", nil)
		require.False(t, h.WantsContent())
		q.Reply.FilterStream(maker(func(_ reply.Holder, next exchange.BodyWriter) reply.Filter { return failing{next} }))
		body, err := h.Way().Open(h, -1)
		require.NoError(t, err)
		n, err := body.Write([]byte("hello"))
		require.NoError(t, err)
		require.Equal(t, 5, n)
		require.Empty(t, q.Sent().Body())
		q.Closing = http.ErrServerClosed
		_, err = body.Write([]byte("hello"))
		require.ErrorIs(t, err, http.ErrServerClosed)
		q.Stop()
		_, err = body.Write([]byte("hello"))
		require.ErrorIs(t, err, exchange.ErrClientGone)
		require.NoError(t, h.Way().Close(h), "whatever a filter thinks of it")
		require.True(t, q.Sent().Complete())
	}
	require.NoError(t, reply.IgnoreUnsent(http.ErrBodyNotAllowed))
	require.ErrorIs(t, reply.IgnoreUnsent(io.EOF), io.EOF)
}

// failing is a filter that cannot be closed.
type failing struct{ exchange.BodyWriter }

var errFilter = errors.New("the filter failed")

func (failing) Close() error { return errFilter }

// TestFilterFails: a body that a filter did not complete is not complete.
func TestFilterFails(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	q.Reply.FilterStream(maker(func(_ reply.Holder, next exchange.BodyWriter) reply.Filter { return failing{next} }))
	q.Reply.Stage(200, "text/plain", nil)
	_, err := h.Way().Open(h, -1)
	require.NoError(t, err)
	require.ErrorIs(t, h.Way().Close(h), errFilter)
	require.False(t, q.Sent().Complete())
}

// TestTakeOver: one at a time, none beside a response that is sent, and the end of the
// request waits for one.
func TestTakeOver(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	none := func(*exchange.Exchange) error { panic("called") }
	require.ErrorIs(t, h.TakeOver(func(*exchange.Exchange) error {
		require.ErrorIs(t, h.TakeOver(none), exchange.ErrResponseSent)
		_, err := h.Way().Open(h, -1)
		require.ErrorIs(t, err, exchange.ErrResponseSent)
		return io.ErrUnexpectedEOF
	}), io.ErrUnexpectedEOF)
	require.False(t, h.Taken())
	require.False(t, h.Sent(), "it was not taken")

	inside, leave, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	took := make(chan error)
	go func() {
		took <- h.TakeOver(func(x *exchange.Exchange) error {
			close(inside)
			<-leave
			conn, rest, err := x.Hijack()
			if err == nil && string(rest) == "rest" {
				err = conn.Close()
			}
			return err
		})
	}()
	<-inside
	go func() {
		q.End()
		close(ended)
	}()
	select {
	case <-ended:
		t.Fatal("the request has ended while its connection was being taken over")
	default:
	}
	close(leave)
	require.NoError(t, <-took)
	<-ended
	require.ErrorIs(t, h.TakeOver(none), exchange.ErrOver)

	q = held.New(t, "GET", "/")
	h = reply.Handle{Holder: q}
	require.NoError(t, h.TakeOver(func(*exchange.Exchange) error { return nil }))
	require.True(t, h.Taken())
	require.True(t, h.Sent())
	require.ErrorIs(t, h.TakeOver(none), exchange.ErrResponseSent)
}
