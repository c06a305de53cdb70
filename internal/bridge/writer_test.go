package bridge_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/bridge"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/test/held"
	"github.com/fasterapi/fasterapi/problem"
)

// serve lets a function answer a request.
func serve(q *held.Request, answer http.HandlerFunc) error {
	r, err := bridge.NewRequest(q, q, 0)
	if err != nil {
		return err
	}
	return bridge.Serve(q, answer, r)
}

// TestShortAnswer: it is staged as if it were a typed handler's.
func TestShortAnswer(t *testing.T) {
	q := held.New(t, "GET", "/")
	reply.Handle{Holder: q}.SetHeader("X-Before", "1")
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
		require.Equal(t, "1", w.Header().Get("X-Before"))
		w.Header().Del("X-Before")
		w.Header().Set("X-Own", "1")
		w.Header()["X-Bad"] = []string{"a\nb"}
		w.WriteHeader(http.StatusEarlyHints) // not sent
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK)
		_, err := io.WriteString(w, "<html>")
		require.NoError(t, err)
	}))
	require.Equal(t, http.StatusTeapot, q.X.Status)
	require.Equal(t, "<html>", string(q.X.Payload))
	require.Equal(t, http.Header{"X-Own": {"1"}, "Content-Type": {"text/html; charset=utf-8"}}, q.Header(), "as net/http guesses")
	require.Contains(t, q.Log(), "X-Bad")
	require.Nil(t, q.Sent())

	q = held.New(t, "GET", "/")
	require.NoError(t, serve(q, func(http.ResponseWriter, *http.Request) {}))
	require.Equal(t, http.StatusOK, q.X.Status)
	require.Empty(t, q.X.ContentType)
}

// TestLongAnswer: it is streamed, with the length that was declared; one that is
// flushed is streamed at once.
func TestLongAnswer(t *testing.T) {
	text := strings.Repeat("x", bridge.HoldBack)
	q := held.New(t, "GET", "/")
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "4097")
		n, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader(text))
		require.NoError(t, err)
		require.EqualValues(t, len(text), n)
		require.Nil(t, q.Sent(), "it may be all")
		_, err = io.WriteString(w, "y")
		require.NoError(t, err)
		require.NotNil(t, q.Sent())
	}))
	require.Equal(t, text+"y", q.Sent().Body())
	require.EqualValues(t, 4097, q.Sent().Length)
	require.Equal(t, "text/plain; charset=utf-8", q.Sent().Header.Get("Content-Type"))
	require.True(t, q.Sent().Complete())

	q = held.New(t, "GET", "/")
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		require.NoError(t, control.EnableFullDuplex())
		_, err := io.WriteString(w, "live")
		require.NoError(t, err)
		w.(http.Flusher).Flush()
		require.Equal(t, "live", q.Sent().Body())
		require.Equal(t, 1, q.Sent().Flushes())
		require.ErrorIs(t, control.SetReadDeadline(time.Time{}), http.ErrNotSupported)
	}))
	require.EqualValues(t, -1, q.Sent().Length)

	q = held.New(t, "GET", "/")
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "five.") // breaks its word
	}))
	require.EqualValues(t, 10, q.Sent().Length, "so that the client sees that something is missing")
}

// TestBeyondTheLength: what goes beyond the declared length is refused, and what came before it is sent; nor may a
// status without content have some. Held back, streamed and on a reactor.
func TestBeyondTheLength(t *testing.T) {
	for name, length := range map[string]int{"held back": 5, "streamed": bridge.HoldBack + 1} {
		for where, make := range map[string]func(*held.Request) *held.Request{
			"goroutine": func(q *held.Request) *held.Request { return q }, "reactor": (*held.Request).OnReactor,
		} {
			t.Run(name+" "+where, func(t *testing.T) {
				q := make(held.New(t, "GET", "/"))
				text := strings.Repeat("x", length)
				require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Length", strconv.Itoa(length))
					n, err := io.WriteString(w, text)
					require.NoError(t, err)
					require.Equal(t, length, n)
					for range 2 {
						n, err = io.WriteString(w, "more")
						require.ErrorIs(t, err, http.ErrContentLength)
						require.Zero(t, n)
					}
				}))
				sent := string(q.X.Payload)
				if q.Sent() != nil {
					sent = q.Sent().Body()
					require.True(t, q.Sent().Complete())
				}
				require.Equal(t, text, sent)
			})
		}
	}
	for _, status := range []int{http.StatusNoContent, http.StatusNotModified} {
		q := held.New(t, "GET", "/")
		require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			n, err := io.WriteString(w, "")
			require.NoError(t, err)
			require.Zero(t, n)
			_, err = io.WriteString(w, "x")
			require.ErrorIs(t, err, http.ErrBodyNotAllowed)
		}))
		require.Equal(t, status, q.X.Status)
		require.Empty(t, q.X.Payload)
	}
}

// TestOnReactor: nobody waits for the client there, so that all is staged.
func TestOnReactor(t *testing.T) {
	text := strings.Repeat("x", 3*bridge.HoldBack)
	q := held.New(t, "GET", "/").OnReactor()
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.WriteString(w, text)
		require.NoError(t, err)
		require.ErrorIs(t, http.NewResponseController(w).Flush(), http.ErrNotSupported)
		_, _, err = http.NewResponseController(w).Hijack()
		require.ErrorIs(t, err, exchange.ErrOnReactor)
	}))
	require.Equal(t, text, string(q.X.Payload))
}

// TestHead: content is thrown away up to the length that was declared; a handler that
// streams without one is told to end.
func TestHead(t *testing.T) {
	q := held.New(t, "HEAD", "/")
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", "5000")
		for range 5 {
			_, err := io.WriteString(w, strings.Repeat("x", 1000))
			require.NoError(t, err)
		}
		_, err := io.WriteString(w, "x")
		require.ErrorIs(t, err, http.ErrContentLength)
	}))
	require.EqualValues(t, 5000, q.Sent().Length)
	require.Empty(t, q.Sent().Body())
	require.True(t, q.Sent().Complete())
	require.NoError(t, q.Err())

	q = held.New(t, "HEAD", "/")
	require.NoError(t, serve(q, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		_, err := io.WriteString(w, "x")
		require.ErrorIs(t, err, http.ErrBodyNotAllowed)
	}))
	require.True(t, q.Sent().Complete())

	q = held.New(t, "HEAD", "/")
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", "5000")
	}))
	require.EqualValues(t, 5000, q.Sent().Length, "without a write")
	require.Equal(t, field.Entire{ContentType: "text/plain", Size: 5000, Streamed: true}, q.Value(field.EntireKey{}))

	q = held.New(t, "GET", "/")
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		w.(http.Flusher).Flush()
		_, err := io.WriteString(w, "x")
		require.ErrorIs(t, err, http.ErrBodyNotAllowed)
	}))
	require.NoError(t, q.Err(), "only HEAD may have to be told")
}

// TestLeftBehind: what a handler leaves behind has nothing to write to, nor a header
// that anybody reads.
func TestLeftBehind(t *testing.T) {
	var kept http.ResponseWriter
	q := held.New(t, "GET", "/")
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) { kept = w }))
	_, err := io.WriteString(kept, "x")
	require.ErrorIs(t, err, exchange.ErrOver)
	require.ErrorIs(t, http.NewResponseController(kept).Flush(), exchange.ErrOver)
	_, _, err = http.NewResponseController(kept).Hijack()
	require.ErrorIs(t, err, exchange.ErrOver)
	kept.WriteHeader(500)
	kept.Header().Set("X-Late", "1")
	require.Empty(t, kept.Header())
	require.Equal(t, 200, q.X.Status)
	require.Empty(t, q.Header())
}

// TestProblems: the text of a failure gives way to a problem document.
func TestProblems(t *testing.T) {
	q := held.New(t, "GET", "/")
	w := bridge.NewWriter(q)
	w.Problems = true
	http.Error(w, "its own words", http.StatusRequestedRangeNotSatisfiable)
	var p *problem.Problem
	require.ErrorAs(t, w.Finish(), &p)
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, p.Status)
	require.Empty(t, q.X.Payload)
	require.Empty(t, q.Header())
}

func TestHijack(t *testing.T) {
	q := held.New(t, "GET", "/")
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
		conn, rest, err := http.NewResponseController(w).Hijack()
		require.NoError(t, err)
		defer conn.Close()
		early := make([]byte, 4)
		_, err = io.ReadFull(rest, early)
		require.NoError(t, err)
		require.Equal(t, "rest", string(early), "what came before the handler had the connection")
		_, err = io.WriteString(w, "x")
		require.ErrorIs(t, err, http.ErrHijacked)
	}))
	require.True(t, reply.Handle{Holder: q}.Taken())
	require.Zero(t, q.X.Status)

	q = held.New(t, "GET", "/")
	require.NoError(t, serve(q, func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, _, err := http.NewResponseController(w).Hijack()
		require.ErrorIs(t, err, http.ErrNotSupported)
	}))
}

// TestForms: temporary files end with the request, as with net/http.
func TestForms(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	q := held.New(t, "POST", "/", "Content-Type", "multipart/form-data; boundary=b")
	q.X.Body = []byte("--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n" + strings.Repeat("x", 100) + "\r\n--b--\r\n")
	require.NoError(t, serve(q, func(_ http.ResponseWriter, r *http.Request) {
		require.NoError(t, r.ParseMultipartForm(-10<<20)) // less than what fields may take: no file stays in memory
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Len(t, files, 1)
	}))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, files)
}
