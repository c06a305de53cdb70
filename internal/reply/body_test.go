package reply_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/test/held"
)

// TestBody: it opens with its first byte and is flushed once the source pauses, for 20
// ms at most.
func TestBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := held.New(t, "GET", "/")
		q.Reply.Stage(200, "text/plain", nil)
		b := reply.NewBody(q, 0)
		defer b.Stop()
		require.Nil(t, q.Sent())
		for range 3 {
			_, err := b.Write([]byte("ab"))
			require.NoError(t, err)
		}
		sent := q.Sent()
		require.EqualValues(t, -1, sent.Length)
		require.Equal(t, "ababab", sent.Body())
		require.Zero(t, sent.Flushes())
		time.Sleep(21 * time.Millisecond)
		require.Equal(t, 1, sent.Flushes(), "once for all that has waited")
		time.Sleep(time.Second)
		require.Equal(t, 1, sent.Flushes())
		require.NoError(t, b.Send([]byte("!")))
		require.Equal(t, 2, sent.Flushes(), "at once")
		_, err := b.Write([]byte("end"))
		require.NoError(t, err)
		require.NoError(t, b.Close())
		require.True(t, sent.Complete())
		require.Equal(t, "ababab!end", sent.Body())
		time.Sleep(time.Second)
		require.Equal(t, 2, sent.Flushes(), "nothing is sent behind the end")
		_, err = b.Write([]byte("late"))
		require.ErrorIs(t, err, io.ErrClosedPipe)
	})
}

func TestBodyWithoutBytes(t *testing.T) {
	q := held.New(t, "GET", "/")
	q.Reply.Stage(200, "text/plain", nil)
	b := reply.NewBody(q, 7)
	require.NoError(t, b.Close())
	require.EqualValues(t, 7, q.Sent().Length)
	require.True(t, q.Sent().Complete())

	q = held.New(t, "GET", "/")
	b = reply.NewBody(q, 0) // nothing is staged
	require.ErrorIs(t, b.Send(nil), exchange.ErrNoStatus)
	_, err := b.Write([]byte("x"))
	require.ErrorIs(t, err, exchange.ErrNoStatus)
	_, err = b.Open()
	require.ErrorIs(t, err, exchange.ErrNoStatus)
	require.ErrorIs(t, b.Close(), exchange.ErrNoStatus)
	require.False(t, reply.Handle{Holder: q}.Sent())
}

// TestBodyUnsent: a source is told that its content is not sent, and its head is.
func TestBodyUnsent(t *testing.T) {
	q := held.New(t, "HEAD", "/")
	q.Reply.Stage(200, "text/plain", nil)
	b := reply.NewBody(q, 0)
	_, err := b.Open()
	require.ErrorIs(t, err, http.ErrBodyNotAllowed)
	_, err = b.Write([]byte("x"))
	require.ErrorIs(t, err, http.ErrBodyNotAllowed)
	require.NoError(t, b.Send([]byte("events go on until their source is told")))
	require.Empty(t, q.Sent().Body())
	require.NoError(t, b.Close())
	require.True(t, q.Sent().Complete())
}

// panicking is a filter that panics when it is flushed.
type panicking struct {
	exchange.BodyWriter
	with any
}

func (p panicking) Flush() error { panic(p.with) }
func (panicking) Close() error   { return nil }

// TestBodyPanics: a filter that panics on the goroutine of the timer fails the next
// write instead of ending the process, with the stack of the place that panicked first.
func TestBodyPanics(t *testing.T) {
	first := &async.PanicError{Value: "first", Stack: []byte("its stack")}
	for _, with := range []any{"loud", errors.Join(first)} {
		synctest.Test(t, func(t *testing.T) {
			q := held.New(t, "GET", "/")
			q.Reply.FilterStream(maker(func(_ reply.Holder, next exchange.BodyWriter) reply.Filter { return panicking{next, with} }))
			q.Reply.Stage(200, "text/plain", nil)
			b := reply.NewBody(q, 0)
			defer b.Stop()
			_, err := b.Write([]byte("x"))
			require.NoError(t, err)
			time.Sleep(21 * time.Millisecond)
			_, err = b.Write([]byte("y"))
			var panicked *async.PanicError
			require.ErrorAs(t, err, &panicked)
			if with == "loud" {
				require.Equal(t, "loud", panicked.Value)
				require.Contains(t, string(panicked.Stack), "Flush")
			} else {
				require.Same(t, first, panicked)
			}
		})
	}
}

func TestCopier(t *testing.T) {
	var c reply.Copier
	text := strings.Repeat("0123456789", 10_000)
	for range 2 {
		var out strings.Builder
		n, err := c.Copy(&out, strings.NewReader(text))
		require.NoError(t, err)
		require.EqualValues(t, len(text), n)
		require.Equal(t, text, out.String())
	}
}
