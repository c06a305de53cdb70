package app_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// A WebSocket counts as an open connection for as long as it lasts, for MaxConns too,
// on both engines.
func TestWebSocketsCount(t *testing.T) {
	t.Run("reactor", func(t *testing.T) { testWebSocketsCount(t, fasterapi.Config{}) })
	t.Run("both on reactors", func(t *testing.T) { testWebSocketsCount(t, fasterapi.Config{H2C: true}) })
	t.Run("nethttp", func(t *testing.T) { testWebSocketsCount(t, fasterapi.Config{NetHTTP: true}) })
}

func testWebSocketsCount(t *testing.T, cfg fasterapi.Config) {
	cfg.Cores, cfg.HTTP.MaxConns = 1, 2
	events := make(chan string, 3)
	app, log := newApp(cfg, func(app *fasterapi.App) {
		app.WebSocket("/handler", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
			_, err := ws.Receive(c)
			events <- "handler"
			return err
		})
		app.WebSocketEvents("/events", func(*fasterapi.Ctx, fasterapi.None, *fasterapi.Socket[string, string]) (fasterapi.SocketEvents[string], error) {
			return fasterapi.SocketEvents[string]{
				Message: func(context.Context, string) error { return nil },
				Closed:  func(*fasterapi.CloseError) { events <- "events" },
			}, nil
		})
		app.Get("/third", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			events <- "third"
			return "third", nil
		})
	})
	s := newService(t, "http://"+start(t, app), log, cfg.NetHTTP)
	open := func() int64 { return app.Reactors().Stats()[0].OpenConns }
	for _, kind := range []string{"handler", "events"} {
		first := dialSocket(t, s, "/"+kind, nil)
		other := dialSocket(t, s, "/events", nil)
		require.EqualValues(t, 2, open())

		conn := dial(t, s)
		_, err := fmt.Fprint(conn, "GET /third HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		for range 20 { // turns of the core, in any of which it would take the connection
			turned := make(chan struct{})
			app.Reactors().Reactor(0).Post(async.TaskFunc(func() { close(turned) }))
			<-turned
		}
		require.Empty(t, events, "the third one waits until there is room")
		_ = first.Close(websocket.StatusNormalClosure, "")
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.NoError(t, answer.Body.Close())
		// There is room when the connection is closed, and the handler may hear of it later.
		require.ElementsMatch(t, []string{kind, "third"}, []string{<-events, <-events})
		require.NoError(t, conn.Close())

		_ = other.Close(websocket.StatusNormalClosure, "")
		require.Equal(t, "events", <-events)
		require.Eventually(t, func() bool { return open() == 0 }, 10*time.Second, time.Millisecond)
	}
}
