package fasterapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// endlessReader is a reader without an end that notes its Close.
type endlessReader struct{ closed *atomic.Int64 }

func (endlessReader) Read(p []byte) (int, error) { return len(p), nil }

func (c endlessReader) Close() error {
	c.closed.Add(1)
	return nil
}

// endless are routes whose sources end when their client has left only. Nothing of
// them may run for a response without content.
func endless(started, released *atomic.Int64) func(*fasterapi.App) {
	subscribe := func(c *fasterapi.Ctx) {
		if c.Header("Empty") != "" {
			c.SetStatus(http.StatusNoContent)
		}
		c.OnEnd(func(*fasterapi.Ctx) { released.Add(1) })
	}
	return func(app *fasterapi.App) {
		app.Get("/write", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
			subscribe(c)
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				for started.Add(1); ; {
					if _, err := w.WriteString("more"); err != nil {
						return err
					}
				}
			}}, nil
		})
		app.Get("/chunks", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
			subscribe(c)
			return fasterapi.Stream{Chunks: func(yield func([]byte, error) bool) {
				for started.Add(1); yield([]byte("more"), nil); {
				}
			}}, nil
		})
		app.Get("/reader", func(*fasterapi.Ctx, struct{}) (fasterapi.Stream, error) {
			return fasterapi.Stream{Reader: endlessReader{released}}, nil
		})
		app.Get("/reader/empty", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
			c.SetStatus(http.StatusNoContent)
			return fasterapi.Stream{Reader: endlessReader{released}}, nil
		})
		app.Get("/lines", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.JSONLines[int], error) {
			subscribe(c)
			return func(yield func(int, error) bool) {
				for started.Add(1); yield(1, nil); {
				}
			}, nil
		})
		app.Get("/events", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.SSE[string], error) {
			subscribe(c)
			return fasterapi.SSE[string]{Send: func(*fasterapi.EventSender[string]) error {
				started.Add(1)
				<-c.Done()
				return nil
			}}, nil
		})
		app.Get("/events/iter", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.SSE[string], error) {
			subscribe(c)
			return fasterapi.SSE[string]{Events: func(yield func(fasterapi.Event[string], error) bool) {
				for started.Add(1); yield(fasterapi.Event[string]{Data: "more"}, nil); {
				}
			}}, nil
		})
		app.Mount("/mounted/writes", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write([]byte("more")); err != nil {
					released.Add(1)
					return
				}
			}
		}))
		app.Mount("/mounted/waits", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			released.Add(1)
		}))
		wrapped := app.Group("/wrapped")
		wrapped.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler { return next }))
		wrapped.Get("/chunks", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
			subscribe(c)
			return fasterapi.Stream{Chunks: func(yield func([]byte, error) bool) {
				for started.Add(1); yield([]byte("more"), nil); {
				}
			}}, nil
		})
		wrapped.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write([]byte("more")); err != nil {
					released.Add(1)
					return
				}
			}
		}))
		app.Get("/text", func(*fasterapi.Ctx, struct{}) (fasterapi.Text, error) { return "text", nil })
	}
}

var (
	ownStreams = []string{"/write", "/chunks", "/reader", "/lines", "/events", "/events/iter", "/wrapped/chunks"}
	mounts     = []string{"/mounted/writes", "/mounted/waits", "/wrapped/mounted"}
)

// TestNoSourceRunsForNoContent: the answer to HEAD, or of status 204, is its head. It
// comes at once, the next request of the connection is answered, what was opened is
// let go of, and shutdown is not held (start waits for it).
func TestNoSourceRunsForNoContent(t *testing.T) {
	var started, released atomic.Int64
	everyMode(t, endless(&started, &released), func(t *testing.T, s service) {
		for _, path := range append(append([]string{}, ownStreams...), mounts...) {
			withoutContent(t, s, &released, "HEAD "+path+" HTTP/1.1\r\nHost: test\r\n\r\n", http.StatusOK)
		}
		for _, path := range ownStreams {
			if path == "/reader" {
				path = "/reader/empty"
			}
			withoutContent(t, s, &released, "GET "+path+" HTTP/1.1\r\nHost: test\r\nEmpty: yes\r\n\r\n", http.StatusNoContent)
		}
		require.Zero(t, started.Load(), "a source was started")
	})
}

// withoutContent sends a request and another one behind it.
func withoutContent(t *testing.T, s service, released *atomic.Int64, request string, status int) {
	t.Helper()
	before := released.Load()
	conn := dial(t, s)
	_, err := io.WriteString(conn, request+"GET /text HTTP/1.1\r\nHost: test\r\n\r\n")
	require.NoError(t, err)
	answers := bufio.NewReader(conn)
	for _, want := range []struct {
		method, body string
		status       int
	}{{"HEAD", "", status}, {"GET", "text", http.StatusOK}} {
		asked, err := http.NewRequestWithContext(t.Context(), want.method, s.url, nil)
		require.NoError(t, err)
		response, err := http.ReadResponse(answers, asked)
		require.NoError(t, err, request)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want.status, response.StatusCode, request)
		require.Equal(t, want.body, string(body), request)
	}
	require.Equal(t, before+1, released.Load(), request)
}

// TestNoSourceRunsForNoContentHTTP2 is the same over HTTP/2.
func TestNoSourceRunsForNoContentHTTP2(t *testing.T) {
	var started, released atomic.Int64
	app, _ := newApp(fasterapi.Config{Cores: 2}, endless(&started, &released))
	server := httptest.NewUnstartedServer(app.Handler())
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, app.Reactors().Stop(context.Background()))
	})
	for i, path := range append(append([]string{}, ownStreams...), mounts...) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, server.URL+path, nil)
		require.NoError(t, err)
		response, err := server.Client().Do(request)
		require.NoError(t, err, path)
		require.Equal(t, 2, response.ProtoMajor)
		require.Equal(t, http.StatusOK, response.StatusCode, path)
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		cancel()
		require.Eventually(t, func() bool { return released.Load() == int64(i+1) }, 10*time.Second, time.Millisecond, path)
	}
	require.Zero(t, started.Load())
}

// TestStreamOfNoFinalStatus: a status below 200 is not the answer to anything, and one
// that is sent as a head would leave the client waiting.
func TestStreamOfNoFinalStatus(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		for _, status := range []int{100, 101, 103, 199} {
			app.Get(fmt.Sprintf("/%d", status), func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
				c.SetStatus(status)
				return fasterapi.Stream{Write: func(*fasterapi.StreamWriter) error { return errors.New("it was run") }}, nil
			})
		}
	}, func(t *testing.T, s service) {
		for _, status := range []int{100, 101, 103, 199} {
			require.Equal(t, http.StatusInternalServerError, s.get(fmt.Sprintf("/%d", status)).status, "%d", status)
		}
	})
}
