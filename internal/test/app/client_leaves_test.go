package app_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// waitingRoutes wait until their request ends, and tell ended why.
func waitingRoutes(ended chan error) func(*fasterapi.App) {
	return func(app *fasterapi.App) {
		wait := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			_, err := async.Sleep(c, time.Hour).Await(c)
			ended <- err
			return fasterapi.None{}, err
		}
		app.Get("/goroutine", wait)
		app.Get("/coroutine", wait, fasterapi.OnReactor())
		app.Get("/done", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			<-c.Done()
			ended <- c.Err()
			return fasterapi.None{}, c.Err()
		})
		app.Get("/derived", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			ctx, cancel := context.WithTimeout(c, time.Hour)
			defer cancel()
			_, err := async.Sleep(ctx, time.Hour).Await(ctx)
			ended <- err
			return fasterapi.None{}, err
		}, fasterapi.OnReactor())
		app.GetFuture("/chain", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.None] {
			return async.Sleep(c, time.Hour).Then(func(struct{}) fasterapi.None { return fasterapi.None{} }).
				Recover(func(err error) (fasterapi.None, error) {
					ended <- err
					return fasterapi.None{}, err
				})
		})
		app.Get("/events", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[string], error) {
			return fasterapi.SSE[string]{Send: func(*fasterapi.EventSender[string]) error {
				<-c.Done()
				ended <- c.Err()
				return nil
			}}, nil
		})
		app.Mount("/mounted", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			ended <- r.Context().Err()
		}))
		text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil }
		app.Get("/text", text)
		app.Get("/text/coroutine", text, fasterapi.OnReactor())
	}
}

// A client that sends its request and closes at once has left before its handler
// begins: request and end come in the same event.
func TestClientLeavesAtOnce(t *testing.T) {
	const clients = 40
	ended := make(chan error, clients)
	everyMode(t, waitingRoutes(ended), func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/coroutine", "/done", "/derived", "/chain", "/events", "/mounted"} {
			for i := range clients {
				conn := dial(t, s)
				before := ""
				if i%2 == 1 { // behind another one
					before = "GET /text HTTP/1.1\r\nHost: test\r\n\r\n"
				}
				_, err := fmt.Fprintf(conn, "%sGET %s HTTP/1.1\r\nHost: test\r\n\r\n", before, path)
				require.NoError(t, err)
				if before == "" {
					require.NoError(t, conn.Close())
				} else { // a reset, which tells more, would answer the first response
					require.NoError(t, closeWrite(conn))
				}
			}
			for i := range clients {
				select {
				case err := <-ended:
					require.ErrorIs(t, err, context.Canceled, path)
				case <-time.After(20 * time.Second):
					t.Fatalf("%s: %d of %d handlers did not notice that their client left", path, clients-i, clients)
				}
			}
		}
	})
}

// A client that closes its sending side only still gets its answers.
func TestHalfClosedClient(t *testing.T) {
	everyMode(t, waitingRoutes(make(chan error)), func(t *testing.T, s service) {
		for _, path := range []string{"/text", "/text/coroutine"} {
			for range 50 {
				conn := dial(t, s)
				for range 3 {
					_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path)
					require.NoError(t, err)
				}
				require.NoError(t, closeWrite(conn))
				in := bufio.NewReader(conn)
				for range 3 {
					response, err := http.ReadResponse(in, nil)
					require.NoError(t, err, path)
					body, err := io.ReadAll(response.Body)
					require.NoError(t, err)
					require.Equal(t, "hello", string(body))
				}
				require.NoError(t, conn.Close())
			}
		}
	})
}
