package reply_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/test/held"
)

func TestStaging(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	q.Reply.Stage(200, "text/plain", []byte("one"))
	require.Equal(t, 200, q.Reply.Status())
	q.Reply.SetStatus(201)
	q.Reply.Within()
	h.SetHeader("Content-Type", "text/own")
	q.Reply.Stage(200, "text/plain", []byte("two"))
	require.Equal(t, 201, q.X.Status)
	require.Equal(t, "text/own", q.X.ContentType, "that of the handler goes before that of its type")
	require.EqualValues(t, 3, q.Reply.BodySize())
	h.StageAs(200, "text/value", "text/otherwise", nil)
	require.Equal(t, "text/value", q.X.ContentType, "that of the value goes before both")
	h.StageAs(200, "text/\nbroken", "text/otherwise", nil)
	require.Equal(t, "text/value", q.X.ContentType)
	require.Contains(t, q.Log(), "not a valid field")

	h.Respond(404, "", []byte("none"))
	require.Equal(t, 404, q.X.Status, "whatever SetStatus says")
	require.Equal(t, "text/value", q.X.ContentType, "that of the fields")
	h.Respond(404, "text/plain", []byte("none"))
	require.Equal(t, "text/plain", q.X.ContentType)
	q.Reply.ReplaceBody([]byte("longer"))
	require.Equal(t, "longer", string(q.X.Payload))
	require.Equal(t, 404, q.X.Status)

	q.End()
	h.Respond(200, "text/plain", nil)
	require.Equal(t, 404, q.X.Status, "the request is over")
	require.True(t, h.Sent())
	require.Nil(t, h.Exchange())
	require.Nil(t, h.Way())
}

// TestSpare: one buffer is used again, but never while somebody may look at it.
func TestSpare(t *testing.T) {
	q := held.New(t, "GET", "/")
	r := q.Reply
	r.StageSpare(200, "text/plain", append(r.Spare(), "first"...))
	first := r.Spare()
	require.Equal(t, "first", string(first[:5]), "the same memory")
	require.Empty(t, first)
	require.Nil(t, r.Spare(), "nobody else is given the same")
	require.Nil(t, q.X.Payload, "what was staged from it is not any more")

	r.StageSpare(200, "text/plain", append(first, "second"...))
	kept := r.StagedBody()
	require.Nil(t, r.Spare(), "somebody may have kept it")
	require.Equal(t, "second", string(kept))

	again := func(use func()) []byte {
		r.StageSpare(200, "text/plain", append(make([]byte, 0, 64), "body"...))
		use()
		r.Reset()
		r.Begin(q.X)
		return r.Spare()
	}
	require.NotNil(t, again(func() {}))
	require.Nil(t, again(func() { r.StagedBody() }))
	require.Nil(t, again(q.X.KeepPayload), "the engine has not sent it")
	q.X.Reset()
	require.Nil(t, again(func() { r.KeepSpare(make([]byte, 0, reply.KeepSpare+1)) }), "too large to be kept")
}

// TestLease: the engine copies what it keeps, unless the memory is that of the reply.
func TestLease(t *testing.T) {
	q := held.New(t, "GET", "/")
	q.Reply.Lease()
	require.False(t, q.X.PayloadLeased)
	q.Reply.StageSpare(200, "", append(q.Reply.Spare(), "own"...))
	q.Reply.Lease()
	require.False(t, q.X.PayloadLeased)
	q.Reply.Stage(200, "", []byte("the user's"))
	q.Reply.Lease()
	require.True(t, q.X.PayloadLeased)
}

func TestReset(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	q.Reply.SetStatus(201)
	q.Reply.OnHead(hook(func(reply.Holder) {}))
	q.Reply.OnEnd(hook(func(reply.Holder) {}))
	q.Reply.FilterStream(maker(func(_ reply.Holder, next exchange.BodyWriter) reply.Filter { return upper{next} }))
	h.SetHeader("Location", "\x00")
	require.Error(t, h.Unsendable())
	q.Reply.Reset()
	q.Reply.Begin(q.X)
	require.False(t, q.Reply.HasHooks())
	require.NoError(t, h.Unsendable())
	require.False(t, h.Sent())
	q.Reply.Stage(200, "text/plain", nil)
	require.Equal(t, 200, q.X.Status)
	body, err := h.Way().Open(h, -1)
	require.NoError(t, err)
	_, err = body.Write([]byte("text"))
	require.NoError(t, err)
	require.Equal(t, "text", q.Sent().Body(), "without the filter of the request before")
}

func TestFields(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	h.AddHeader("X-A", "outer")
	q.Reply.Within()
	h.AddHeader("X-A", "inner")
	h.AddHeader("X-Bad", "a\r\nb")
	require.Contains(t, q.Log(), "X-Bad")
	h.SetHeader("ETag", "\"1\"")
	h.SetHeader("ETag", "bad\n")
	h.DefaultHeader("Cache-Control", "no-cache")
	h.DefaultHeader("Cache-Control", "no-store")
	h.Vary("Accept")
	h.Vary("accept")
	h.Vary("Cookie")
	require.Equal(t, "inner", h.OwnHeader("x-a"))
	require.Equal(t, http.Header{"X-A": {"outer", "inner"}, "Cache-Control": {"no-cache"}, "Vary": {"Accept, Cookie"}}, q.Header())

	h.PutHeader(http.Header{"X-A": {"put"}, "Set-Cookie": {"a=1"}, "X-Worse": {"\x00"}, "Trailer:X": {"no"}})
	h.DeleteHeader("Vary")
	require.Equal(t, http.Header{"X-A": {"put"}, "Cache-Control": {"no-cache"}, "Set-Cookie": {"a=1"}}, q.Header())
	q.End()
	h.SetHeader("X-Late", "1")
	h.PutHeader(http.Header{"X-Late": {"1"}})
	h.Vary("Late")
	require.NotContains(t, q.Header(), "X-Late")
	require.Contains(t, q.Log(), "the request is over")
}

// TestOrder: the fields of a header, which is a map, are sent by name.
func TestOrder(t *testing.T) {
	for range 50 {
		q := held.New(t, "GET", "/")
		h := reply.Handle{Holder: q}
		h.PutHeader(http.Header{"X-C": {"1"}, "X-A": {"2"}, "Set-Cookie": {"a", "b"}, "X-B": {"3"}, "Allow": {"GET"}, "X-D": {"4"}})
		var names []string
		for _, f := range q.Reply.Exchange().Fields() {
			names = append(names, f.Name)
		}
		require.Equal(t, []string{"Allow", "Set-Cookie", "Set-Cookie", "X-A", "X-B", "X-C", "X-D"}, names)
	}
}

// TestWithdrawing: a problem is not described by the answer that has failed.
func TestWithdrawing(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	h.SetHeader("Cache-Control", "no-store")
	h.SetHeader("X-Frame-Options", "DENY")
	h.SetHeader("Content-Language", "de")
	q.Reply.Within()
	h.SetHeader("ETag", `"1"`)
	h.SetHeader("X-Own", "1")
	q.Reply.Withdraw()
	require.Equal(t, http.Header{
		"Cache-Control": {"no-store"}, "X-Frame-Options": {"DENY"}, "Content-Language": {"de"}, "X-Own": {"1"},
	}, q.Header(), "what was said around it stays")
	h.SetHeader("Location", "\x01")
	h.WithdrawAll()
	require.NoError(t, h.Unsendable())
	require.Equal(t, http.Header{"Cache-Control": {"no-store"}, "X-Frame-Options": {"DENY"}, "X-Own": {"1"}}, q.Header())
}

// TestReferences: what RFC 3986 does not know is escaped, and an answer without the
// reference that it needs is not sent.
func TestReferences(t *testing.T) {
	q := held.New(t, "GET", "/")
	h := reply.Handle{Holder: q}
	h.SetHeader("Location", "/über uns")
	require.Equal(t, "/%C3%BCber%20uns", q.X.FieldValue("Location"))
	for _, name := range []string{"Location", "content-location"} {
		h.AddHeader(name, "/a\nb")
		require.ErrorContains(t, h.Unsendable(), "has control characters", name)
		require.ErrorContains(t, h.Unsendable(), "ocation")
		_, err := h.Way().Open(h, -1)
		require.ErrorIs(t, err, h.Unsendable(), "a stream is an answer, too")
		h.SetHeader(name, "/fine")
		require.NoError(t, h.Unsendable(), "another one has taken its place")
		h.SetHeader(name, "\x7f")
		require.Error(t, h.Unsendable())
		h.DeleteHeader(name)
		require.NoError(t, h.Unsendable())
	}
	require.Equal(t, 4, strings.Count(q.Log(), "a reference with control characters"))
}
