package fasterapitest_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/problem"
)

type say struct {
	Text string `json:"text" maxLength:"20"`
}

func newChat(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Provide(greeter{"hello"})
	app.WebSocket("/chat/{room}", func(c *fasterapi.Ctx, in struct {
		Room string  `path:"room"`
		Key  string  `header:"X-Key"`
		By   greeter `inject:""`
	}, ws *fasterapi.Socket[say, say],
	) error {
		if in.Key != "secret" {
			return problem.Forbidden("no key")
		}
		for message, err := range ws.Messages(c) {
			if err != nil {
				return err
			}
			if message.Text == "bye" {
				return ws.Close(3001, "bye")
			}
			if err := ws.Send(c, say{in.By.word + " " + in.Room + ": " + message.Text}); err != nil {
				return err
			}
		}
		return nil
	}, fasterapi.Subprotocols("chat.v2"))
	return app
}

func TestWebSocket(t *testing.T) {
	fasterapitest.Run(t, newChat, func(t *testing.T, c *fasterapitest.Client) {
		require.Equal(t, "no key", c.Refused("/chat/lobby").Expect(403).Problem().Detail)
		c = c.With("X-Key", "secret")
		ws := c.WebSocket("/chat/lobby", "chat.v1", "chat.v2")
		require.Equal(t, "chat.v2", ws.Subprotocol())
		ws.Send(say{"hi"})
		require.Equal(t, say{"hello lobby: hi"}, ws.JSON[say]())
		ws.Send(`{"text":"again"}`)
		require.Equal(t, `{"text":"hello lobby: again"}`, ws.Text())
		ws.Send(say{"bye"})
		code, reason := ws.Closed()
		require.Equal(t, 3001, code)
		require.Equal(t, "bye", reason)

		other := c.WebSocket("/chat/lobby")
		other.Send(say{"this text is much too long"})
		code, _ = other.Closed()
		require.Equal(t, 1007, code)
		polite := c.WebSocket("/chat/lobby")
		polite.Send(say{"hi"})
		polite.Receive()
		polite.Close(1000, "done")
	})
}

// TestWebSocketFailures: what is wrong is said.
func TestWebSocketFailures(t *testing.T) {
	c := fasterapitest.New(t, newChat(fasterapi.Config{Logger: fasterapitest.Logger(t)}))
	require.Contains(t, failing(t, func(r *recorder) { c.In(r).WebSocket("/chat/lobby") }), "403")
	require.Contains(t, failing(t, func(r *recorder) { c.In(r).WebSocket("/nowhere") }), "404")
	c = c.With("X-Key", "secret")
	require.Contains(t, failing(t, func(r *recorder) { c.In(r).Refused("/chat/lobby") }), "was opened")
	require.Contains(t, failing(t, func(r *recorder) { ws := c.In(r).WebSocket("/chat/a"); ws.Send(say{"x"}); ws.Closed() }), "is open")
	require.Contains(t, failing(t, func(r *recorder) { c.In(r).WebSocket("/chat/a").Send(func() {}) }), "encode the message")
	require.Contains(t, failing(t, func(r *recorder) { ws := c.In(r).WebSocket("/chat/a"); ws.Send(say{"x"}); ws.JSON[int]() }), "is no int")
}

// TestWebSocketLeftOpen: a handler that waits when the test ends has not failed. Its connection ends with the test, and the
// app with it.
func TestWebSocketLeftOpen(t *testing.T) {
	var log bytes.Buffer
	t.Run("open", func(t *testing.T) {
		app := fasterapi.New(fasterapi.Config{Cores: 1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		app.WebSocket("/wait", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[say, say]) error {
			if err := ws.Send(c, say{"hi"}); err != nil {
				return err
			}
			<-c.Done()
			return c.Err()
		})
		client := fasterapitest.New(t, app)
		for range 20 {
			require.Equal(t, say{"hi"}, client.WebSocket("/wait").JSON[say]())
		}
	})
	require.NotContains(t, log.String(), "failed")
}
