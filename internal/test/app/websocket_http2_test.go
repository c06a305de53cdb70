package app_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// everySocketMode is everyMode and WebSockets over HTTP/2 (RFC 8441): the same clients, whose
// connections are streams.
func everySocketMode(t *testing.T, routes func(*fasterapi.App), test func(*testing.T, service), more ...func(*fasterapi.Config)) {
	everyMode(t, routes, test, more...)
	t.Run("HTTP/2", func(t *testing.T) { test(t, overTunnels(t, routes, more...)) })
}

// overTunnels starts an app whose connections are streams of HTTP/2.
func overTunnels(t *testing.T, routes func(*fasterapi.App), more ...func(*fasterapi.Config)) service {
	t.Helper()
	app, log := newApp(fasterapi.Config{Cores: 2, H2C: true}, routes, more...)
	s := newService(t, "http://"+start(t, app), log, false).promising(app)
	s.http2, s.tunnels = true, newTunnels(t, s.host())
	return s
}

// TestNoTunnel: a CONNECT that asks for what is no WebSocket gets none (RFC 8441 5, RFC 9110 15.5.6).
func TestNoTunnel(t *testing.T) {
	s := overTunnels(t, func(app *fasterapi.App) {
		socketEchoes(app)
		hello := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil }
		app.Get("/hello", hello)
		app.Post("/posted", hello)
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "mounted") }))
		short := app.Group("/short")
		short.Use(func(fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				c.Respond(http.StatusOK, "text/plain", []byte("from middleware"))
				return nil
			}
		})
		short.WebSocket("/socket", echoSocket[fasterapi.Message])
	})
	for path, status := range map[string]int{
		"/hello": 405, "/posted": 405, "/mounted/x": 405, "/nothing": 404, "/short/socket": 501, "/goroutine": 101,
	} {
		ws, response, err := websocket.Dial(t.Context(), s.url+path, &websocket.DialOptions{HTTPClient: s.tunnels.client()})
		require.Equal(t, status == 101, err == nil, path)
		require.Equal(t, status, response.StatusCode, path)
		if err == nil {
			require.NoError(t, ws.Close(1000, ""))
		}
	}
}

// TestUpgradeOverHTTP2: the handshake of HTTP/1.1 is refused on a stream (RFC 9113 8.2.2).
func TestUpgradeOverHTTP2(t *testing.T) {
	s := onReactorsHTTP2(t, socketEchoes)
	require.Equal(t, http.StatusUpgradeRequired, s.get("/events").status)
}

// TestCloseWithStreamEnd: a client that ends its stream with its close frame gets the one of the server, and
// the end of the stream behind it (RFC 6455 5.5.1).
func TestCloseWithStreamEnd(t *testing.T) {
	s := overTunnels(t, socketEchoes)
	for _, path := range []string{"/goroutine", "/events"} {
		for range 40 {
			asked, err := http.NewRequest(http.MethodGet, s.url+path, nil)
			require.NoError(t, err)
			asked.RequestURI = path
			asked.Header.Set("Sec-WebSocket-Version", "13")
			w, err := s.tunnels.open(connectFields(asked)...)
			require.NoError(t, err)
			_, err = w.answer()
			require.NoError(t, err)
			s.tunnels.mu.Lock()
			err = s.tunnels.framer.WriteData(w.id, true, []byte("\x88\x82\x00\x00\x00\x00\x03\xe8"))
			s.tunnels.mu.Unlock()
			require.NoError(t, err)
			content, err := io.ReadAll(w)
			require.NoError(t, err, path)
			require.Equal(t, "\x88\x02\x03\xe8", string(content), path)
		}
	}
}
