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
)

// A WebSocket counts as an open connection for as long as it lasts, for MaxConns too,
// on both engines.
func TestWebSocketsCount(t *testing.T) {
	t.Run("reactor", func(t *testing.T) { testWebSocketsCount(t, fasterapi.Config{}) })
	t.Run("nethttp", func(t *testing.T) { testWebSocketsCount(t, fasterapi.Config{H2C: true}) })
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
	s := newService(t, "http://"+start(t, app), log, cfg.H2C)
	open := func() int64 { return app.Reactors().Stats()[0].OpenConns }
	for _, kind := range []string{"handler", "events"} {
		first := dialSocket(t, s, "/"+kind, nil)
		other := dialSocket(t, s, "/events", nil)
		require.EqualValues(t, 2, open())

		conn := dial(t, s)
		_, err := fmt.Fprint(conn, "GET /third HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		_ = first.Close(websocket.StatusNormalClosure, "")
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, kind, <-events, "the third one waits until there is room")
		require.Equal(t, "third", <-events)
		require.NoError(t, conn.Close())

		_ = other.Close(websocket.StatusNormalClosure, "")
		require.Equal(t, "events", <-events)
		require.Eventually(t, func() bool { return open() == 0 }, 10*time.Second, time.Millisecond)
	}
}
