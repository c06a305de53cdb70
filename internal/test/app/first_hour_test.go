package app_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/problem"
)

// misspeltClaims are claims whose tag would check nothing.
type misspeltClaims struct {
	Plan string `json:"plan" minLenght:"3"`
}

// unwritable is a value that fails while it is rendered.
type unwritable struct{ Panics bool }

func (u unwritable) MarshalJSON() ([]byte, error) {
	if u.Panics {
		panic("not to be rendered")
	}
	return nil, errors.New("not to be rendered")
}

type headText struct{}

func (headText) MarshalText() ([]byte, error) { panic("no text") }

type unwritableHead struct {
	ID   headText `header:"X-Id"`
	Body string   `body:""`
}

// inStyles registers h in every style, at /goroutine, /reactor and /chain below path.
func inStyles[Out any](app *fasterapi.App, path string, h func(*fasterapi.Ctx) (Out, error), opts ...fasterapi.RouteOption) {
	straight := func(c *fasterapi.Ctx, _ fasterapi.None) (Out, error) { return h(c) }
	app.Get("/goroutine"+path, straight, opts...)
	app.Get("/reactor"+path, straight, append(opts, fasterapi.OnReactor())...)
	app.GetFuture("/chain"+path, func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[Out] { return async.Of(h(c)) }, opts...)
}

// TestLastResortForm: what fails while an answer is made is a 500 in the form of the service, which is
// asked for once.
func TestLastResortForm(t *testing.T) {
	var asked atomic.Int64
	everyProtocol(t, func(app *fasterapi.App) {
		app.ProblemsAs("", func(_ *fasterapi.Ctx, p *problem.Problem) map[string]int {
			asked.Add(1)
			return map[string]int{"code": p.Status}
		})
		app.MapError(func(*fasterapi.Ctx, *soldOut) error { panic("mapping failed") })
		inStyles(app, "/panics", func(*fasterapi.Ctx) (unwritable, error) { return unwritable{true}, nil })
		inStyles(app, "/fails", func(*fasterapi.Ctx) (unwritable, error) { return unwritable{}, nil })
		inStyles(app, "/head", func(*fasterapi.Ctx) (unwritableHead, error) { return unwritableHead{}, nil })
		inStyles(app, "/mapped", func(*fasterapi.Ctx) (string, error) { return "", &soldOut{"tea"} })
		inStyles(app, "/around", func(*fasterapi.Ctx) (string, error) { return "", nil }, fasterapi.Use(func(fasterapi.Handler) fasterapi.Handler {
			return func(*fasterapi.Ctx) error { panic("around") }
		}))
	}, func(t *testing.T, s service) {
		for _, style := range []string{"/goroutine", "/reactor", "/chain"} {
			for _, what := range []string{"/panics", "/fails", "/head", "/mapped", "/around"} {
				asked.Store(0)
				got := s.get(style + what)
				require.Equal(t, 500, got.status, style+what)
				require.Equal(t, "application/json", got.header.Get("Content-Type"), style+what)
				require.JSONEq(t, `{"code":500}`, got.body, style+what)
				require.EqualValues(t, 1, asked.Load(), style+what)
			}
		}
	})
}

// TestLostCommit: when nobody knows whether what the handler did is kept, or it is not, the client gets no
// answer of the handler.
func TestLostCommit(t *testing.T) {
	type unit struct{}
	everyProtocol(t, func(app *fasterapi.App) {
		app.ProvideWithOutcome(func(c *fasterapi.Ctx, _ fasterapi.None) (unit, func(error) error, error) {
			return unit{}, func(outcome error) error {
				if outcome == nil && c.Header("X-Commit") == "lost" {
					return errors.New("the connection broke, and nobody knows whether this was committed")
				}
				return nil
			}, nil
		})
		type in struct {
			Unit unit `inject:""`
		}
		made := func(*fasterapi.Ctx, in) (fasterapi.Created[string], error) {
			return fasterapi.Created[string]{Location: "/orders/1", Body: "made"}, nil
		}
		app.Post("/goroutine", made)
		app.Post("/reactor", made, fasterapi.OnReactor())
		app.PostFuture("/chain", func(c *fasterapi.Ctx, i in) async.Future[fasterapi.Created[string]] { return async.Of(made(c, i)) })
	}, func(t *testing.T, s service) {
		for _, style := range []string{"/goroutine", "/reactor", "/chain"} {
			require.Equal(t, 201, s.do("POST", style, "").status, style)
			got := s.do("POST", style, "", "X-Commit", "lost")
			require.Equal(t, 500, got.status, style)
			require.Equal(t, "application/problem+json", got.header.Get("Content-Type"), style)
			require.Empty(t, got.header.Get("Location"), style)
			require.NotContains(t, got.body, "made", style)
			require.NotContains(t, got.body, "committed", style)
		}
	})
}

// TestSubscribeInHandler: a subscription made in the handler of a stream has what was said before the
// source ran, c serves the source, and HEAD, which runs no source, ends the subscription too.
func TestSubscribeInHandler(t *testing.T) {
	var ended atomic.Int64
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/events", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[string], error) {
			said := make(chan string, 1)
			c.OnEnd(func(*fasterapi.Ctx) { ended.Add(1) })
			said <- "said before the source ran"
			return fasterapi.SSE[string]{Send: func(send *fasterapi.EventSender[string]) error {
				if err := c.Err(); err != nil {
					return err
				}
				return send.Send(fasterapi.Event[string]{Data: <-said + " " + c.Path()})
			}}, nil
		})
	}, func(t *testing.T, s service) {
		ended.Store(0)
		require.Contains(t, s.get("/events").body, "said before the source ran /events")
		require.Equal(t, 200, s.do("HEAD", "/events", "").status)
		require.Eventually(t, func() bool { return ended.Load() == 2 }, 10*time.Second, time.Millisecond, "the client may have its answer before")
	})
}

// TestUnixSocketPeer: a peer at the other end of a unix socket has no address, which is told as net/http
// does.
func TestUnixSocketPeer(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		app.Use(middleware.AccessLog(middleware.AccessLogConfig{}))
		app.Get("/client", func(c *fasterapi.Ctx, _ fasterapi.None) (bool, error) {
			return c.Client().IsValid() || c.Remote().IsValid(), nil
		})
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.RemoteAddr)) }))
	})
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	require.NoError(t, err)
	server := &http.Server{Handler: app.Handler()}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.NoError(t, app.Reactors().Stop(context.Background()))
	})
	get := func(path string) string {
		conn, err := net.Dial("unix", listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		_, err = conn.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		defer response.Body.Close()
		var body strings.Builder
		_, err = bufio.NewReader(response.Body).WriteTo(&body)
		require.NoError(t, err)
		return body.String()
	}
	require.Equal(t, "false", get("/client"))
	require.Equal(t, "@", get("/mounted/x"))
	require.Contains(t, log.String(), "client=@")
}
