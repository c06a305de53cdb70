package app_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// leftBehind is what the handler of one request has kept, by what it is.
type leftBehind struct {
	mu      sync.Mutex
	c       *fasterapi.Ctx
	body    io.Reader
	staged  []byte
	derived map[string]context.Context
	stop    func() bool
	request *http.Request
	writer  http.ResponseWriter
	stream  *fasterapi.StreamWriter
	events  *fasterapi.EventSender[string]
	socket  *fasterapi.Socket[string, string]
}

// keepsRoutes keep all that they are given in left.
func keepsRoutes(left *leftBehind) func(*fasterapi.App) {
	return func(app *fasterapi.App) {
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				if c.Header("Keep") == "" {
					return next(c)
				}
				left.mu.Lock()
				left.c = c
				left.mu.Unlock()
				c.Set(tokenKey{}, c.Header("Authorization"))
				err := next(c)
				left.mu.Lock()
				left.staged = c.StagedBody()
				left.mu.Unlock()
				return err
			}
		})
		keep := func(c *fasterapi.Ctx, in struct {
			Body []byte `body:"raw"`
		},
		) (fasterapi.Text, error) {
			if c.Header("Keep") == "" {
				return fasterapi.Text(in.Body), nil
			}
			left.mu.Lock()
			defer left.mu.Unlock()
			left.body, left.stop = c.Body(), c.CancelAfter(time.Hour)
			timed, cancel := context.WithTimeout(c, time.Hour)
			context.AfterFunc(timed, cancel)
			left.derived = map[string]context.Context{
				"WithValue": context.WithValue(c, otherKey{}, 1), "WithTimeout": timed,
				"WithoutCancel": context.WithoutCancel(c), "Detach": c.Detach(),
			}
			return fasterapi.Text(in.Body), nil
		}
		app.Post("/goroutine", keep)
		app.Post("/coroutine", keep, fasterapi.OnReactor())
		app.Post("/waits", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			_, err := async.Sleep(c, time.Millisecond).Await(c)
			return "waited", err
		}, fasterapi.OnReactor())
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Keep") != "" {
				left.mu.Lock()
				left.request, left.writer = r, w
				left.mu.Unlock()
			}
			_, _ = io.Copy(w, r.Body)
		}))
		app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				left.mu.Lock()
				left.stream = w
				left.mu.Unlock()
				_, err := w.WriteString("all of it")
				return err
			}}, nil
		})
		app.Get("/events", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[string], error) {
			return fasterapi.SSE[string]{Send: func(s *fasterapi.EventSender[string]) error {
				left.mu.Lock()
				left.events = s
				left.mu.Unlock()
				return s.Send(fasterapi.Event[string]{Data: "one"})
			}}, nil
		})
		app.WebSocket("/socket", func(_ *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
			left.mu.Lock()
			left.socket = ws
			left.mu.Unlock()
			return io.ErrUnexpectedEOF // not accepted
		})
	}
}

// TestKept uses, one by one, what a handler has kept, while its exchange and its
// connection serve others.
func TestKept(t *testing.T) {
	var left leftBehind
	everyProtocol(t, keepsRoutes(&left), func(t *testing.T, s service) {
		others := func() {
			for range 3 {
				for _, path := range []string{"/goroutine", "/coroutine", "/mounted"} {
					a := s.do("POST", path, strings.Repeat("other", 50), "Authorization", "Bearer other", "Content-Type", "application/octet-stream")
					require.Equal(t, strings.Repeat("other", 50), a.body)
					for _, name := range []string{"X-Late", "Set-Cookie"} {
						require.Empty(t, a.header.Values(name), "%s of another request", name)
					}
				}
				require.Equal(t, "waited", s.do("POST", "/waits", "").body)
			}
		}
		for _, path := range []string{"/goroutine", "/coroutine"} {
			for _, size := range []int{300, 5_000, 300_000} {
				sent := strings.Repeat("a", size)
				a := s.do("POST", path, sent, "Keep", "1", "Authorization", "Bearer mine", "Content-Type", "application/octet-stream")
				require.Equal(t, sent, a.body)
				others()
				checkKeptCtx(t, &left, sent)
				others()
			}
		}
		for _, size := range []int{1, 300, 5_000, 20_000, 300_000} {
			sent := strings.Repeat("m", size)
			require.Equal(t, sent, s.do("POST", "/mounted", sent, "Keep", "1").body)
			checkKeptWriter(t, &left)
			others()
		}
		require.Equal(t, "all of it", s.get("/stream").body)
		require.Contains(t, s.get("/events").body, "one")
		socket := s
		if s.http2 { // it begins as a connection of HTTP/1.1
			socket = newService(t, s.url, s.log, false)
		}
		require.NotEqual(t, http.StatusSwitchingProtocols, socket.get("/socket", "Connection", "Upgrade", "Upgrade", "websocket",
			"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==").status)
		checkKeptStreams(t, &left)
		others()
	})
}

func checkKeptCtx(t *testing.T, left *leftBehind, sent string) {
	t.Helper()
	left.mu.Lock()
	defer left.mu.Unlock()
	c := left.c
	require.ErrorIs(t, c.Err(), context.Canceled)
	require.Empty(t, c.Path()+c.Host()+c.Header("Authorization")+c.Cookie("session")+c.RawQuery()+c.Pattern()+c.Method())
	require.Equal(t, "Bearer mine", c.Value(tokenKey{}))
	text, err := io.ReadAll(left.body)
	require.ErrorIs(t, err, fasterapi.ErrRequestOver)
	require.Empty(t, text)
	_, err = io.ReadAll(c.Body())
	require.ErrorIs(t, err, fasterapi.ErrRequestOver)
	require.Equal(t, sent, string(left.staged))
	require.False(t, left.stop())
	for name, ctx := range left.derived {
		require.Equal(t, "Bearer mine", ctx.Value(tokenKey{}), name)
		if name == "WithoutCancel" || name == "Detach" {
			require.NoError(t, ctx.Err(), name)
			_, err := async.Sleep(ctx, time.Microsecond).Await(ctx)
			require.NoError(t, err, name)
			continue
		}
		<-ctx.Done()
		require.ErrorIs(t, ctx.Err(), context.Canceled, name)
	}
	_, err = async.Sleep(c, time.Microsecond).Await(c)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, c.After(func(context.Context) error { return nil }), fasterapi.ErrRequestOver)
	_, _, err = c.Hijack()
	require.ErrorIs(t, err, fasterapi.ErrRequestOver)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			c.SetHeader("X-Late", "SECRET")
			c.SetCookie(&http.Cookie{Name: "session", Value: "SECRET"})
			c.SetStatus(599)
			c.Respond(598, "text/plain", []byte("SECRET"))
			c.ReplaceBody([]byte("SECRET"))
		})
	}
	all.Wait()
}

func checkKeptWriter(t *testing.T, left *leftBehind) {
	t.Helper()
	left.mu.Lock()
	defer left.mu.Unlock()
	_, err := io.ReadAll(left.request.Body)
	require.Error(t, err)
	require.ErrorIs(t, left.request.Context().Err(), context.Canceled)
	left.writer.Header().Set("X-Late", "SECRET")
	require.Empty(t, left.writer.Header(), "it is nobody's")
	left.writer.WriteHeader(599)
	_, err = left.writer.Write([]byte("SECRET"))
	require.ErrorIs(t, err, fasterapi.ErrRequestOver)
	require.ErrorIs(t, http.NewResponseController(left.writer).Flush(), fasterapi.ErrRequestOver)
	_, _, err = http.NewResponseController(left.writer).Hijack()
	require.ErrorIs(t, err, fasterapi.ErrRequestOver)
}

func checkKeptStreams(t *testing.T, left *leftBehind) {
	t.Helper()
	left.mu.Lock()
	defer left.mu.Unlock()
	_, err := left.stream.WriteString("late")
	require.ErrorIs(t, err, fasterapi.ErrRequestOver)
	require.ErrorIs(t, left.stream.Flush(), fasterapi.ErrRequestOver)
	require.ErrorIs(t, left.events.Send(fasterapi.Event[string]{Data: "late"}), fasterapi.ErrRequestOver)
	require.ErrorIs(t, left.events.Comment("late"), fasterapi.ErrRequestOver)
	require.Error(t, left.socket.Accept())
	require.Error(t, left.socket.Send(t.Context(), "late"))
	require.Error(t, left.socket.Context().Err())
}
