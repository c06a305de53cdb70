package bridge_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/bridge"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/test/held"
)

// wrap lets answer answer q inside of middleware.
func wrap(t *testing.T, q *held.Request, middleware func(http.Handler) http.Handler, answer func(h bridge.Holder)) error {
	t.Helper()
	r, err := bridge.NewWrapped(q)
	require.NoError(t, err)
	return bridge.Serve(q, middleware(bridge.Inner(func(h bridge.Holder, _ *http.Request) { answer(h) })), r)
}

// TestWrapped: the middleware sees the whole response, and what it adds to the context
// is found while the handler runs.
func TestWrapped(t *testing.T) {
	type key struct{}
	q := held.New(t, "GET", "/")
	q.Set("set", "before")
	err := wrap(t, q, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Middleware", "1")
			recorder := httptest.NewRecorder()
			next.ServeHTTP(recorder, r.WithContext(context.WithValue(r.Context(), key{}, "added")))
			w.WriteHeader(recorder.Code + 1)
			_, _ = io.WriteString(w, strings.ToUpper(recorder.Body.String()))
		})
	}, func(h bridge.Holder) {
		require.Same(t, q, h)
		require.Equal(t, "added", q.Reply.Added().Value(key{}))
		require.Equal(t, "before", q.Reply.Added().Value("set"))
		require.Empty(t, q.X.FieldValue("X-Middleware"), "the recorder has a header of its own")
		q.Reply.Stage(200, "text/plain", []byte("hello"))
	})
	require.NoError(t, err)
	require.Nil(t, q.Reply.Added())
	require.Equal(t, 201, q.X.Status)
	require.Equal(t, "HELLO", string(q.X.Payload))
	require.Equal(t, http.Header{"X-Middleware": {"1"}, "Content-Type": {"text/plain; charset=utf-8"}}, q.Header())
}

// TestWrappedAlone: middleware that answers itself does not let the handler run, and it
// cannot take over a connection that others may write to.
func TestWrappedAlone(t *testing.T) {
	q := held.New(t, "GET", "/")
	require.NoError(t, wrap(t, q, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "stop", http.StatusForbidden) })
	}, func(bridge.Holder) { t.Error("the handler runs") }))
	require.Equal(t, http.StatusForbidden, q.X.Status)

	bridge.Inner(func(bridge.Holder, *http.Request) { t.Error("the handler of no exchange runs") }).
		ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))

	q = held.New(t, "GET", "/")
	require.NoError(t, wrap(t, q, func(next http.Handler) http.Handler { return next }, func(h bridge.Holder) {
		_, _, err := bridge.NewWriter(h).Hijack()
		require.ErrorIs(t, err, http.ErrNotSupported)
		q.Reply.Stage(204, "", nil)
	}))
	require.Equal(t, 204, q.X.Status)
	require.Empty(t, q.X.FieldValue("Content-Length"))
}

// TestWrappedBroken: a stream that was not completed is broken off behind middleware,
// too.
func TestWrappedBroken(t *testing.T) {
	q := held.New(t, "GET", "/")
	err := wrap(t, q, func(next http.Handler) http.Handler { return next }, func(h bridge.Holder) {
		q.Reply.Stage(200, "text/plain", nil)
		to := reply.Handle{Holder: h}
		body, err := to.Way().Open(to, -1)
		require.NoError(t, err)
		_, err = body.Write([]byte(strings.Repeat("x", 2*bridge.HoldBack)))
		require.NoError(t, err)
	})
	require.ErrorContains(t, err, "broken off")
	require.False(t, q.Sent().Complete())
}

// outOfTime is a context whose time is up when ended is closed.
//
// Owner: any (immutable after New).
type outOfTime struct {
	context.Context
	ended chan struct{}
}

func (c outOfTime) Done() <-chan struct{} { return c.ended }

func (c outOfTime) Err() error {
	select {
	case <-c.ended:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// TestWrappedLate: a handler that middleware has left behind is cancelled and waited
// for, and one that comes too late does not run.
func TestWrappedLate(t *testing.T) {
	q := held.New(t, "GET", "/")
	returned, began := false, make(chan struct{})
	err := wrap(t, q, func(next http.Handler) http.Handler {
		limited := http.TimeoutHandler(next, time.Hour, "too late")
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			limited.ServeHTTP(w, r.WithContext(outOfTime{r.Context(), began})) // not before the handler runs
		})
	}, func(h bridge.Holder) {
		close(began)
		<-h.Done()
		q.Reply.Stage(200, "text/plain", []byte("never seen"))
		returned = true
	})
	require.NoError(t, err)
	require.True(t, returned)
	require.Equal(t, http.StatusServiceUnavailable, q.X.Status)
	require.Equal(t, "too late", string(q.X.Payload))

	q = held.New(t, "GET", "/")
	started, late := make(chan struct{}), make(chan struct{})
	require.NoError(t, wrap(t, q, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			go func() {
				<-started
				next.ServeHTTP(w, r)
				close(late)
			}()
		})
	}, func(bridge.Holder) { t.Error("the handler runs") }))
	close(started)
	<-late
}
