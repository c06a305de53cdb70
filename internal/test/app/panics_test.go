package app_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// writeToNilMap is what the stacks in the log have to name.
func writeToNilMap() {
	m := map[string]map[string]int{}
	m["none"]["a"] = 1
}

// brittle is a file whose second half cannot be read.
//
// Owner: the handler.
type brittle struct {
	fs.File
	read int
}

func (b *brittle) Read(p []byte) (int, error) {
	if b.read > 64<<10 {
		writeToNilMap()
	}
	n, err := b.File.Read(p)
	b.read += n
	return n, err
}

type brittleFS struct{ fs.FS }

func (f brittleFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	return &brittle{File: file}, err
}

type brittleReader struct{ io.Reader }

func (r brittleReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		writeToNilMap()
	}
	return n, err
}

// panicRoutes panic behind the first byte of their answer, or where nothing but
// the log can tell.
func panicRoutes(app *fasterapi.App) {
	app.Get("/write", func(*fasterapi.Ctx, struct{}) (fasterapi.Stream, error) {
		return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
			_, err := w.WriteString("some")
			writeToNilMap()
			return err
		}}, nil
	})
	app.Get("/reader", func(*fasterapi.Ctx, struct{}) (fasterapi.Stream, error) {
		return fasterapi.Stream{Reader: brittleReader{strings.NewReader("some")}}, nil
	})
	app.Get("/chunks", func(*fasterapi.Ctx, struct{}) (fasterapi.Stream, error) {
		return fasterapi.Stream{Chunks: func(yield func([]byte, error) bool) {
			yield([]byte("some"), nil)
			writeToNilMap()
		}}, nil
	})
	app.Get("/future", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.Stream, error) {
		return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
			_, err := w.WriteString("some")
			failed := async.Go(c, func(context.Context) (int, error) { writeToNilMap(); return 0, nil })
			_, ended := failed.Await(c)
			return errors.Join(err, ended)
		}}, nil
	})
	app.Get("/lines", func(*fasterapi.Ctx, struct{}) (fasterapi.JSONLines[int], error) {
		return func(yield func(int, error) bool) {
			yield(1, nil)
			writeToNilMap()
		}, nil
	})
	app.Get("/events", func(*fasterapi.Ctx, struct{}) (fasterapi.SSE[int], error) {
		return fasterapi.SSE[int]{Send: func(s *fasterapi.EventSender[int]) error {
			err := s.Send(fasterapi.Event[int]{Data: 1})
			writeToNilMap()
			return err
		}}, nil
	})
	app.Get("/events/future", func(c *fasterapi.Ctx, _ struct{}) (fasterapi.SSE[int], error) {
		return fasterapi.SSE[int]{Events: func(yield func(fasterapi.Event[int], error) bool) {
			_, err := async.Go(c, func(context.Context) (int, error) { writeToNilMap(); return 0, nil }).Await(c)
			yield(fasterapi.Event[int]{}, err)
		}}, nil
	})
	app.Get("/file", func(*fasterapi.Ctx, struct{}) (fasterapi.File, error) {
		return fasterapi.File{FS: brittleFS{fstest.MapFS{"a.bin": {Data: make([]byte, 1<<20)}}}, Name: "a.bin"}, nil
	})
	app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "some")
		_ = http.NewResponseController(w).Flush()
		writeToNilMap()
	}))
	app.Get("/after", func(c *fasterapi.Ctx, _ struct{}) (string, error) {
		return "done", c.After(func(context.Context) error { writeToNilMap(); return nil })
	})
	app.Get("/after/future", func(c *fasterapi.Ctx, _ struct{}) (string, error) {
		return "done", c.After(func(ctx context.Context) error {
			_, err := async.Go(ctx, func(context.Context) (int, error) { writeToNilMap(); return 0, nil }).Await(ctx)
			return err
		})
	})
	behind := app.Group("/timeout")
	behind.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
		return http.TimeoutHandler(next, time.Minute, "late")
	}))
	behind.Get("", func(*fasterapi.Ctx, struct{}) (string, error) { writeToNilMap(); return "", nil })
	silent := app.Group("/swallowed")
	silent.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				_ = recover()
				w.WriteHeader(http.StatusTeapot)
			}()
			next.ServeHTTP(w, r)
		})
	}))
	silent.Get("", func(*fasterapi.Ctx, struct{}) (string, error) { writeToNilMap(); return "", nil })
	app.WebSocket("/socket", func(c *fasterapi.Ctx, _ struct{}, ws *fasterapi.Socket[string, string]) error {
		_, err := ws.Receive(c)
		writeToNilMap()
		return err
	})
	app.WebSocket("/socket/future", func(c *fasterapi.Ctx, _ struct{}, ws *fasterapi.Socket[string, string]) error {
		_, _ = ws.Receive(c)
		_ = ws.Close(1000, "") // it has ended when the error comes
		_, err := async.Go(c.Detach(), func(context.Context) (int, error) { writeToNilMap(); return 0, nil }).Await(c.Detach())
		return err
	})
	app.WebSocketEvents("/socket/events", func(*fasterapi.Ctx, struct{}, *fasterapi.Socket[string, string]) (fasterapi.SocketEvents[string], error) {
		return fasterapi.SocketEvents[string]{Message: func(context.Context, string) error { writeToNilMap(); return nil }}, nil
	})
}

// panicLine is what the log says of one panic.
func panicLine() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^.*level=ERROR.*assignment to entry in nil map.*$`)
}

// TestEveryPanicHasItsStackInTheLog, once, wherever it happens.
func TestEveryPanicHasItsStackInTheLog(t *testing.T) {
	everyProtocol(t, panicRoutes, func(t *testing.T, s service) {
		seen := 0
		check := func(path string) {
			require.Eventually(t, func() bool { return len(panicLine().FindAllString(s.log.String(), -1)) > seen }, 10*time.Second, time.Millisecond, path)
			all := panicLine().FindAllString(s.log.String(), -1)
			require.Len(t, all, seen+1, path)
			require.Contains(t, all[seen], "writeToNilMap", path)
			require.Contains(t, all[seen], "route=", path)
			seen++
		}
		for _, path := range []string{
			"/write", "/reader", "/chunks", "/future", "/lines", "/events", "/events/future", "/file", "/mounted",
			"/after", "/after/future", "/timeout", "/swallowed",
		} {
			answer, err := s.http.Get(s.url + path)
			if err == nil {
				_, _ = io.Copy(io.Discard, answer.Body) // it may break off
				_ = answer.Body.Close()
			}
			check(path)
		}
		for _, path := range []string{"/socket", "/socket/future", "/socket/events"} {
			conn, _, err := websocket.Dial(t.Context(), s.url+path, nil)
			require.NoError(t, err)
			require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte("a")))
			_, _, err = conn.Read(t.Context())
			require.Error(t, err)
			check(path)
		}
	})
}

// TestAPanicBehindTheFirstByteHasAnID that leads from the log to the request.
func TestAPanicBehindTheFirstByteHasAnID(t *testing.T) {
	routes := func(app *fasterapi.App) {
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				c.SetRequestID(c.Header("X-Request-Id"))
				return next(c)
			}
		})
		panicRoutes(app)
	}
	everyProtocol(t, routes, func(t *testing.T, s service) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/write", nil)
		require.NoError(t, err)
		for _, id := range []string{"asked-for-7", ""} {
			r.Header.Set("X-Request-Id", id)
			answer, err := s.http.Do(r)
			if err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
			want := regexp.MustCompile(` id=\w{16} `)
			if id != "" {
				want = regexp.MustCompile(" id=" + id + " ")
			}
			require.Eventually(t, func() bool { return want.MatchString(s.log.String()) }, 10*time.Second, time.Millisecond)
		}
	})
}

// TestAClientThatLeavesIsNoError, and neither is a proxy that breaks off because
// of it.
func TestAClientThatLeavesIsNoError(t *testing.T) {
	routes := func(app *fasterapi.App) {
		app.Get("/endless", func(*fasterapi.Ctx, struct{}) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				for {
					if _, err := w.Write(make([]byte, 64<<10)); err != nil {
						return err
					}
				}
			}}, nil
		})
		app.Mount("/abort", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}))
	}
	everyProtocol(t, routes, func(t *testing.T, s service) {
		for i, path := range []string{"/endless", "/abort"} {
			answer, err := s.http.Get(s.url + path)
			require.NoError(t, err)
			_, _ = answer.Body.Read(make([]byte, 1))
			_ = answer.Body.Close()
			require.Eventually(t, func() bool { return strings.Count(s.log.String(), "response broken off") > i }, 10*time.Second, time.Millisecond, path)
		}
		require.NotContains(t, s.log.String(), "level=ERROR")
	})
}
