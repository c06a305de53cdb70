package app_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// halfClosedRoutes answer with the token of their request in every way there is; the
// streams take a moment, so that the end of the client meets them in the middle.
func halfClosedRoutes(app *fasterapi.App) {
	type in struct {
		Token string `path:"token"`
		Seed  int    `query:"seed"`
	}
	pause := func(c *fasterapi.Ctx, n int) { // an end of c is none of the answer
		_, _ = async.Sleep(c, time.Duration(n%4)*200*time.Microsecond).Await(c)
	}
	text := func(c *fasterapi.Ctx, in in) (fasterapi.Text, error) {
		pause(c, in.Seed)
		return fasterapi.Text(in.Token), nil
	}
	app.Get("/goroutine/{token}", text)
	app.Get("/coroutine/{token}", text, fasterapi.OnReactor())
	app.GetFuture("/chain/{token}", func(_ *fasterapi.Ctx, in in) async.Future[fasterapi.Text] {
		return async.Ready(fasterapi.Text(in.Token))
	})
	app.Get("/json/{token}", func(_ *fasterapi.Ctx, in in) (string, error) { return in.Token, nil })
	app.Get("/blob/{token}", func(_ *fasterapi.Ctx, in in) (fasterapi.Blob, error) {
		return fasterapi.Blob{Data: []byte(strings.Repeat(in.Token, 1+in.Seed%3000))}, nil
	})
	app.Get("/stream/{token}", func(c *fasterapi.Ctx, in in) (fasterapi.Stream, error) {
		return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
			for i := range 1 + in.Seed%6 {
				if _, err := w.WriteString(strings.Repeat(in.Token, 1+in.Seed%500)); err != nil {
					return err
				}
				if pause(c, in.Seed+i); i%2 == 1 {
					if err := w.Flush(); err != nil {
						return err
					}
				}
			}
			return nil
		}}, nil
	})
	app.Get("/reader/{token}", func(_ *fasterapi.Ctx, in in) (fasterapi.Stream, error) {
		return fasterapi.Stream{Reader: strings.NewReader(strings.Repeat(in.Token, 1+in.Seed%3000))}, nil
	})
	app.Get("/lines/{token}", func(c *fasterapi.Ctx, in in) (fasterapi.JSONLines[string], error) {
		return func(yield func(string, error) bool) {
			for i := range 1 + in.Seed%6 {
				if pause(c, in.Seed+i); !yield(in.Token, nil) {
					return
				}
			}
		}, nil
	})
	app.Get("/events/{token}", func(c *fasterapi.Ctx, in in) (fasterapi.SSE[string], error) {
		return fasterapi.SSE[string]{Heartbeat: time.Millisecond, Send: func(s *fasterapi.EventSender[string]) error {
			pause(c, in.Seed)
			return s.Send(fasterapi.Event[string]{Data: in.Token})
		}}, nil
	})
	app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.URL.Path, "/")
		for range 3 {
			_, _ = io.WriteString(w, strings.Repeat(token, 300))
			_ = http.NewResponseController(w).Flush()
		}
	}))
	app.Post("/echo/{token}", func(c *fasterapi.Ctx, _ in) (fasterapi.Stream, error) { return fasterapi.Stream{Reader: c.Body()}, nil })
}

// TestHalfClosedPipelines: clients send requests of all kinds at once and close their
// sending side, or all of the connection, at any moment. What they get is theirs, in
// the order of the requests; only the answer that was made when they left, and what was
// behind it, may be cut.
func TestHalfClosedPipelines(t *testing.T) {
	everyMode(t, halfClosedRoutes, func(t *testing.T, s service) {
		var clients sync.WaitGroup
		var n, whole atomic.Uint64
		until := time.Now().Add(keepFor(t))
		for client := range uint64(12) {
			clients.Go(func() {
				rng := rand.New(rand.NewPCG(client, 7))
				for (time.Now().Before(until) || whole.Load() <= 100) && !t.Failed() {
					if err := halfClose(s, rng, n.Add(1), &whole); err != nil {
						t.Error(err)
					}
				}
			})
		}
		clients.Wait()
		require.NotContains(t, s.log.String(), "panic")
		require.NotContains(t, s.log.String(), "level=ERROR")
		require.Greater(t, whole.Load(), uint64(100), "answers that were whole")
		t.Logf("%d connections, %d whole answers", n.Load(), whole.Load())
	})
}

// halfClose is one client.
func halfClose(s service, rng *rand.Rand, n uint64, whole *atomic.Uint64) error {
	kinds := []string{"goroutine", "coroutine", "chain", "json", "blob", "stream", "reader", "lines", "events", "mounted", "echo"}
	conn, err := s.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	var out strings.Builder
	var tokens, paths []string
	for i := range 1 + rng.IntN(6) {
		kind, token := kinds[rng.IntN(len(kinds))], fmt.Sprintf("token-%d-%d.", n, i)
		tokens, paths = append(tokens, token), append(paths, kind)
		if kind != "echo" {
			fmt.Fprintf(&out, "GET /%s/%s?seed=%d HTTP/1.1\r\nHost: test\r\n\r\n", kind, token, rng.IntN(5000))
			continue
		}
		body := strings.Repeat(token, 1+rng.IntN(2000))
		fmt.Fprintf(&out, "POST /echo/%s HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", token, len(body), body)
	}
	leave := rng.IntN(10)
	go func() { // large answers come before all is sent
		_, _ = io.WriteString(conn, out.String())
		if leave > 0 {
			_ = closeWrite(conn)
		}
	}()
	if leave == 1 {
		return nil // closes all of it
	}
	in := bufio.NewReader(conn)
	for i, token := range tokens {
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			return nil // cut, which is tried for its own sake
		}
		text, err := io.ReadAll(response.Body)
		if err := strange(paths[i], string(text), token); err != nil {
			return err
		}
		switch {
		case err != nil:
			return nil
		case response.StatusCode == http.StatusOK && !strings.Contains(string(text), token) && paths[i] != "events": // which end when their client leaves
			return fmt.Errorf("%s: %.200q", paths[i], text)
		}
		whole.Add(1)
	}
	return nil
}
