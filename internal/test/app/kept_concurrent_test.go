package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// everyMethod uses all that a Ctx has, as any goroutine may.
func everyMethod(c *fasterapi.Ctx, n int) {
	_ = fmt.Sprint(c.Method(), c.Path(), c.RawQuery(), c.Host(), c.Pattern(), c.Param("x"), c.Header("X"), c.Headers("X"), c.Trailer("X"),
		c.Cookie("x"), c.Remote(), c.Secure(), c.Client(), c.Core(), c.RequestID(), c.ContentType(), c.ResponseHeader("X"), c.BodySize(),
		c.Status(), c.Sent(), c.LogPath(), c.LastEventID(), c.Err(), c.Value("x"), c.AsyncSite().Direct)
	_, _ = io.ReadAll(c.Body())
	_, _ = c.Deadline()
	c.Set(n, n)
	c.SetRequestID("some")
	c.SetClient(netip.AddrFrom4([4]byte{1, 2, 3, 4}), n%2 == 0)
	c.SetHeader("X-Own", fmt.Sprint(n))
	c.AddHeader("X-More", "1")
	c.DeleteHeader("X-More")
	c.Vary("X")
	c.SetStatus(200 + n%2)
	c.ReplaceBody([]byte(strings.Repeat("r", n%100)))
	_ = string(c.StagedBody())
	c.OnHead(func(c *fasterapi.Ctx) { c.SetHeader("X-Head", "1") })
	c.OnEnd(func(c *fasterapi.Ctx) { _ = c.Status() })
	_ = c.LimitBody(1 << 20)
	_ = c.After(func(context.Context) error { return nil })
	c.CancelAfter(time.Hour)()
	stop := context.AfterFunc(c, func() {})
	stop()
	_ = c.Detach().Value(n)
}

// TestCtxFromAnyGoroutine: goroutines use everything that a Ctx has while its handler
// works, answers and ends. The race detector looks on.
func TestCtxFromAnyGoroutine(t *testing.T) {
	var left sync.WaitGroup
	var beginning sync.Mutex // the race detector sees no order in a request and its answer, and Wait wants one
	begin := func(c *fasterapi.Ctx) {
		begun := make(chan struct{}, 3)
		beginning.Lock()
		defer beginning.Unlock()
		for range 3 {
			left.Go(func() {
				begun <- struct{}{}
				for n := range 10 {
					everyMethod(c, n)
				}
			})
		}
		<-begun
	}
	type value struct {
		Text string `json:"text"`
	}
	type body struct {
		Raw []byte `body:"raw"`
	}
	text := strings.Repeat("text ", 20)
	everyWay(t, func(app *fasterapi.App) {
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error { return next(c) }
		})
		app.Post("/text", func(c *fasterapi.Ctx, _ body) (fasterapi.Text, error) { begin(c); return fasterapi.Text(text), nil })
		app.Post("/html", func(c *fasterapi.Ctx, _ body) (fasterapi.HTML, error) { begin(c); return fasterapi.HTML(text), nil }, fasterapi.OnReactor())
		app.Post("/json", func(c *fasterapi.Ctx, _ body) (value, error) { begin(c); return value{text}, nil })
		app.PostFuture("/chain", func(c *fasterapi.Ctx, _ body) async.Future[value] {
			begin(c)
			return async.Sleep(c, time.Microsecond).Then(func(struct{}) value { return value{text} })
		})
		app.Post("/blob", func(c *fasterapi.Ctx, _ body) (fasterapi.Blob, error) {
			begin(c)
			return fasterapi.Blob{Data: []byte(text)}, nil
		}, fasterapi.OnReactor())
		app.Post("/response", func(c *fasterapi.Ctx, _ body) (fasterapi.Response[value], error) {
			begin(c)
			return fasterapi.Response[value]{Status: 201, Header: http.Header{"X-Own": {"mine"}}, Body: value{text}}, nil
		})
		app.Post("/error", func(c *fasterapi.Ctx, _ body) (value, error) { begin(c); return value{}, io.ErrUnexpectedEOF })
		app.Post("/panic", func(c *fasterapi.Ctx, _ body) (value, error) { begin(c); panic("in a handler") })
		app.Post("/stream", func(c *fasterapi.Ctx, _ body) (fasterapi.Stream, error) {
			begin(c)
			return fasterapi.Stream{Reader: strings.NewReader(text)}, nil
		})
		app.Post("/lines", func(c *fasterapi.Ctx, _ body) (fasterapi.JSONLines[value], error) {
			begin(c)
			return func(yield func(value, error) bool) {
				for range 20 {
					if !yield(value{text}, nil) {
						return
					}
				}
			}, nil
		})
		app.Post("/events", func(c *fasterapi.Ctx, _ body) (fasterapi.SSE[value], error) {
			begin(c)
			return fasterapi.SSE[value]{Send: func(s *fasterapi.EventSender[value]) error { return s.Send(fasterapi.Event[value]{Data: value{text}}) }}, nil
		})
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begin(fasterapi.FromRequest(r))
			_, _ = io.Copy(w, r.Body)
			_, _ = io.WriteString(w, text)
		}))
		wrapped := app.Group("/wrapped")
		wrapped.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				begin(fasterapi.FromRequest(r))
				next.ServeHTTP(w, r)
			})
		}))
		wrapped.Post("/json", func(c *fasterapi.Ctx, _ body) (value, error) { begin(c); return value{text}, nil })
		wrapped.Post("/stream", func(c *fasterapi.Ctx, _ body) (fasterapi.Stream, error) {
			begin(c)
			return fasterapi.Stream{Reader: strings.NewReader(text)}, nil
		})
	}, func(t *testing.T, s service) {
		s.contract = nil
		for range 10 {
			for _, path := range []string{
				"/text", "/html", "/json", "/chain", "/blob", "/response", "/error", "/panic", "/stream", "/lines", "/events", "/mounted",
				"/wrapped/json", "/wrapped/stream", "/none",
			} {
				a := s.do("POST", path, strings.Repeat("b", 5000), "Content-Type", "application/octet-stream")
				require.Contains(t, []int{200, 201, 404, 500}, a.status, path)
			}
		}
		beginning.Lock()
		defer beginning.Unlock()
		left.Wait()
	})
}
