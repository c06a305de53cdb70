package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// curious is a ResponseWriter of net/http middleware that looks at the Ctx.
type curious struct {
	http.ResponseWriter
	c *fasterapi.Ctx
}

func (w curious) Header() http.Header {
	_ = w.c.Path()
	w.c.Vary("X-Curious")
	return w.ResponseWriter.Header()
}

func (w curious) WriteHeader(status int) {
	_ = w.c.Status()
	w.ResponseWriter.WriteHeader(status)
}

// TestMiddlewareLooksAtCtx: no lock of the Ctx is held while code of middleware runs.
func TestMiddlewareLooksAtCtx(t *testing.T) {
	everyWay(t, func(app *fasterapi.App) {
		app.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(curious{w, fasterapi.FromRequest(r)}, r)
			})
		}))
		app.Get("/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "text", nil })
		app.Get("/error", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", io.ErrUnexpectedEOF })
		app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Reader: strings.NewReader("text")}, nil
		})
	}, func(t *testing.T, s service) {
		s.contract = nil
		require.Equal(t, "text", s.get("/text").body)
		require.Equal(t, "text", s.get("/stream").body)
		require.Equal(t, http.StatusInternalServerError, s.get("/error").status)
	})
}

// TestCancelAfterElsewhere: a goroutine that gives a request its time ends what the
// handler waits for, in whatever style it waits.
func TestCancelAfterElsewhere(t *testing.T) {
	wait := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		armed := make(chan struct{})
		go func() {
			c.CancelAfter(time.Millisecond)
			close(armed)
		}()
		<-armed
		_, never := async.NewPromise[int](c.AsyncSite().Scheduler) // which looks at no context itself
		_, err := never.Await(c)
		return fasterapi.None{}, err
	}
	everyWay(t, func(app *fasterapi.App) {
		app.Get("/goroutine", wait)
		app.Get("/coroutine", wait, fasterapi.OnReactor())
		app.GetFuture("/chain", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.None] {
			go c.CancelAfter(time.Millisecond)
			return async.Sleep(c, time.Hour).Then(func(struct{}) fasterapi.None { return fasterapi.None{} })
		})
	}, func(t *testing.T, s service) {
		s.contract = nil
		for _, path := range []string{"/goroutine", "/coroutine", "/chain"} {
			require.Equal(t, http.StatusGatewayTimeout, s.get(path).status, path)
		}
	})
}

// TestKeptYields: the yield of a sequence that its request has ended says so, on
// whatever goroutine, and ends nothing.
func TestKeptYields(t *testing.T) {
	type kept struct {
		text func() bool
		from string
	}
	left := make(chan kept, 3)
	everyWay(t, func(app *fasterapi.App) {
		app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[string], error) {
			return func(yield func(string, error) bool) {
				left <- kept{func() bool { return yield("late", nil) }, "lines"}
				yield("line", nil)
			}, nil
		})
		app.Get("/chunks", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Chunks: func(yield func([]byte, error) bool) {
				left <- kept{func() bool { return yield([]byte("late"), nil) }, "chunks"}
				yield([]byte("chunk"), nil)
			}}, nil
		})
		app.Get("/events", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[string], error) {
			return fasterapi.SSE[string]{Events: func(yield func(fasterapi.Event[string], error) bool) {
				left <- kept{func() bool { return yield(fasterapi.Event[string]{Data: "late"}, nil) }, "events"}
				yield(fasterapi.Event[string]{Data: "event"}, nil)
			}}, nil
		})
		app.Get("/hides", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Chunks: func(yield func([]byte, error) bool) {
				yield([]byte("half"), nil)
				yield(nil, errors.New("it has failed"))
				if yield([]byte("late"), nil) {
					panic("a sequence goes on behind its end")
				}
			}}, nil
		})
		app.Get("/together", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.JSONLines[string], error) {
			return func(yield func(string, error) bool) {
				var all sync.WaitGroup
				for range 4 {
					all.Go(func() {
						for range 50 {
							yield(strings.Repeat("x", 50), nil)
						}
					})
				}
				all.Wait()
			}, nil
		})
	}, func(t *testing.T, s service) {
		for path, want := range map[string]string{"/lines": "\"line\"\n", "/chunks": "chunk", "/events": "data: event\n\n"} {
			require.Equal(t, want, s.get(path).body)
			k := <-left
			said := make(chan bool)
			go func() { said <- k.text() }()
			require.False(t, <-said, k.from)
		}
		require.Equal(t, strings.Repeat("\""+strings.Repeat("x", 50)+"\"\n", 200), s.get("/together").body)
		requireBroken(t, s, "/hides")
	})
}

// TestMountedForm: the temporary files of a form that a net/http handler has parsed
// go with its request.
func TestMountedForm(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	parse := func(r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			panic(err)
		}
	}
	everyWay(t, func(app *fasterapi.App) {
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			parse(r)
			entries, err := os.ReadDir(os.TempDir())
			if err != nil {
				panic(err)
			}
			fmt.Fprint(w, len(entries))
		}))
		wrapped := app.Group("/wrapped")
		wrapped.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				parse(r)
				next.ServeHTTP(w, r)
			})
		}))
		wrapped.Post("/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			entries, err := os.ReadDir(os.TempDir())
			return fasterapi.Text(fmt.Sprint(len(entries))), err
		})
	}, func(t *testing.T, s service) {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		part, err := w.CreateFormFile("file", "large.bin")
		require.NoError(t, err)
		_, err = part.Write(make([]byte, 100<<10))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		for _, path := range []string{"/mounted", "/wrapped/text"} {
			a := s.do("POST", path, form.String(), "Content-Type", w.FormDataContentType())
			require.Equal(t, "1", a.body, path)
			entries, err := os.ReadDir(os.TempDir())
			require.NoError(t, err)
			require.Empty(t, entries, path)
		}
	})
}

// TestTakenOnce: a connection is taken over by one of those who try, and not beside a
// response.
func TestTakenOnce(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Get("/race", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			var all sync.WaitGroup
			var taken, refused atomic.Int32
			for range 4 {
				all.Go(func() {
					conn, _, err := c.Hijack()
					if err != nil {
						refused.Add(1)
						return
					}
					taken.Add(1)
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\ntaken")
					_ = conn.Close()
				})
			}
			all.Wait()
			if taken.Load() != 1 || refused.Load() != 3 {
				panic(fmt.Sprint(taken.Load(), refused.Load()))
			}
			return fasterapi.None{}, nil
		})
		app.Get("/stream", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				_, _, err := c.Hijack()
				_, _ = fmt.Fprint(w, err != nil)
				return nil
			}}, nil
		})
	}, func(t *testing.T, s service) {
		s.contract = nil
		for range 20 {
			require.Equal(t, "taken", s.get("/race").body)
		}
		require.Equal(t, "true", s.get("/stream").body)
		require.NotContains(t, s.log.String(), "panic")
	})
}

// TestSetupCtx: the Ctx of a provider of the app is one of no request.
func TestSetupCtx(t *testing.T) {
	app, _ := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		app.ProvideFunc(func(c *fasterapi.Ctx, _ fasterapi.None) (int, error) {
			_, _, err := c.Hijack()
			require.ErrorIs(t, err, fasterapi.ErrRequestOver)
			require.ErrorIs(t, c.After(func(context.Context) error { return nil }), fasterapi.ErrRequestOver)
			_, err = c.Body().Read(make([]byte, 1))
			require.ErrorIs(t, err, fasterapi.ErrRequestOver)
			c.SetHeader("X", "1")
			require.Empty(t, c.Path()+c.Pattern()+c.Header("X")+c.LogPath())
			_, err = async.Sleep(c, time.Microsecond).Await(c)
			return 1, err
		}, fasterapi.PerApp())
		app.Get("/n", func(_ *fasterapi.Ctx, in struct {
			N int `inject:""`
		},
		) (int, error) {
			return in.N, nil
		})
	})
	server, err := app.Start()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, server.Shutdown(ctx), "no task is waited for")
}

// keeps is a type whose author did not copy what UnmarshalJSON and UnmarshalText must
// not keep.
type keeps struct{ raw []byte }

func (k *keeps) UnmarshalJSON(b []byte) error { k.raw = b; return nil }

type keepsText struct{ raw []byte }

func (k *keepsText) UnmarshalText(b []byte) error { k.raw = b; return nil }

// TestUnmarshalersKeep: what an unmarshaler keeps is its own, not a buffer of the
// connection that the next request is read into.
func TestUnmarshalersKeep(t *testing.T) {
	type in struct {
		Body struct {
			JSON keeps                `json:"json"`
			Text keepsText            `json:"text"`
			Map  map[string]keepsText `json:"map"`
		} `body:""`
		Query  keepsText `query:"q"`
		Header keepsText `header:"X-Text"`
	}
	left := make(chan in, 1)
	everyWay(t, func(app *fasterapi.App) {
		keep := func(_ *fasterapi.Ctx, in in) (fasterapi.None, error) { left <- in; return fasterapi.None{}, nil }
		app.Post("/goroutine", keep)
		app.Post("/coroutine", keep, fasterapi.OnReactor())
	}, func(t *testing.T, s service) {
		s.contract = nil
		for _, path := range []string{"/goroutine", "/coroutine"} {
			send := func(text string) in {
				body := fmt.Sprintf(`{"json": "%[1]s", "text": "%[1]s", "map": {"m": "%[1]s"}}`, text)
				a := s.do("POST", path+"?q="+text, body, "Content-Type", "application/json", "X-Text", text)
				require.Equal(t, http.StatusNoContent, a.status, a.body)
				return <-left
			}
			first, mine := send("mine"), "mine"
			for range 10 {
				send("else")
			}
			require.Equal(t, `"mine"`, string(first.Body.JSON.raw))
			require.Equal(t, mine, string(first.Body.Text.raw))
			require.Equal(t, mine, string(first.Body.Map["m"].raw))
			require.Equal(t, mine, string(first.Query.raw))
			require.Equal(t, mine, string(first.Header.raw))
		}
	})
}
