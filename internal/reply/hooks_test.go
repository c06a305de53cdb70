package reply_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/test/held"
)

// hook is a function as a hook.
type hook func(h reply.Holder)

func (f hook) Run(h reply.Holder) { f(h) }

// maker is a function as a filter maker.
type maker func(h reply.Holder, next exchange.BodyWriter) reply.Filter

func (f maker) Open(h reply.Holder, next exchange.BodyWriter) reply.Filter { return f(h, next) }

// upper is a filter that shouts, and says at its end that it does.
type upper struct{ exchange.BodyWriter }

func (u upper) Write(p []byte) (int, error) { return u.BodyWriter.Write(bytes.ToUpper(p)) }

func (u upper) Close() error {
	_, err := u.BodyWriter.Write([]byte("!"))
	return err
}

// TestHooks: those of OnHead run once, inside out, and may change the status; those of
// OnEnd the last one first, also one that comes late. A panic of one stops no other.
func TestHooks(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	require.False(t, q.Reply.HasHooks())
	var ran []string
	note := func(name string) hook { return func(reply.Holder) { ran = append(ran, name) } }
	q.Reply.OnHead(note("outer head"))
	q.Reply.OnHead(hook(func(reply.Holder) { panic("broken hook") }))
	q.Reply.OnHead(hook(func(holder reply.Holder) {
		require.Same(t, q, holder)
		reply.Handle{Holder: holder}.Use(func(r *reply.Reply) { r.SetStatus(202) })
		ran = append(ran, "inner head")
	}))
	q.Reply.OnEnd(note("outer end"))
	q.Reply.OnEnd(hook(func(reply.Holder) { q.Reply.OnEnd(note("late end")) }))
	require.True(t, q.Reply.HasHooks())
	q.Reply.Stage(200, "text/plain", []byte("body"))
	h.RunHeads()
	h.RunHeads()
	require.Equal(t, 202, q.X.Status)
	require.Equal(t, "body", string(q.X.Payload))
	h.RunEnds()
	h.RunEnds()
	require.Equal(t, []string{"inner head", "outer head", "late end", "outer end"}, ran)
	require.Contains(t, q.Log(), "broken hook")
	require.Contains(t, q.Log(), "stack")
}

// TestFilters: they see the head before it is sent and the body on its way, the
// innermost one first, and what they keep comes before the end.
func TestFilters(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	heads := 0
	q.Reply.OnHead(hook(func(reply.Holder) { heads++ }))
	q.Reply.FilterStream(maker(func(holder reply.Holder, next exchange.BodyWriter) reply.Filter {
		require.Zero(t, heads, "before the functions of OnHead")
		reply.Handle{Holder: holder}.SetHeader("X-Filtered", "1")
		return upper{next}
	}))
	q.Reply.FilterStream(maker(func(reply.Holder, exchange.BodyWriter) reply.Filter { return nil })) // not this body
	q.Reply.FilterStream(maker(func(_ reply.Holder, next exchange.BodyWriter) reply.Filter {
		q.Reply.FilterStream(maker(func(reply.Holder, exchange.BodyWriter) reply.Filter { panic("too late") }))
		return suffix{next}
	}))
	q.Reply.Stage(200, "text/plain", nil)
	body, err := h.Way().Open(h, 5)
	require.NoError(t, err)
	require.Equal(t, 1, heads)
	sent := q.Sent()
	require.EqualValues(t, -1, sent.Length, "a filter changes it")
	require.Equal(t, "1", sent.Header.Get("X-Filtered"))
	_, err = body.Write([]byte("hello"))
	require.NoError(t, err)
	require.NoError(t, body.Flush())
	require.Equal(t, 1, sent.Flushes())
	require.NoError(t, h.Way().Close(h))
	require.Equal(t, "HELLO, WORLD!", sent.Body())
	require.True(t, sent.Complete())
	require.EqualValues(t, len("HELLO, WORLD!"), q.Reply.BodySize(), "as sent")
	require.Nil(t, q.Reply.StagedBody())
	h.SetHeader("X-Late", "1")
	require.Empty(t, q.X.FieldValue("X-Late"), "the engine may be reading the fields")
}

// suffix is a filter that keeps everything until its end.
type suffix struct{ exchange.BodyWriter }

func (s suffix) Close() error {
	_, err := s.BodyWriter.Write([]byte(", world"))
	return err
}
