package app_test

import (
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

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
		short := app.Group("/short")
		short.Use(func(fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				for name, value := range staleFields {
					c.SetHeader(name, value)
				}
				c.Respond(http.StatusOK, "text/plain", []byte("from middleware"))
				return nil
			}
		})
		short.WebSocket("/socket", echoSocket[fasterapi.Message])
	})
	for path, status := range map[string]int{
		"/hello": 405, "/posted": 405, "/nothing": 404, "/short/socket": 501, "/goroutine": 101,
	} {
		ws, response, err := websocket.Dial(t.Context(), s.url+path, &websocket.DialOptions{HTTPClient: s.tunnels.client()})
		require.Equal(t, status == 101, err == nil, path)
		require.Equal(t, status, response.StatusCode, path)
		if err == nil {
			require.NoError(t, ws.Close(1000, ""))
		}
		if status == 501 {
			for name := range staleFields {
				require.Empty(t, response.Header.Values(name), "of the answer that was not sent")
			}
			require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
		}
	}
}

// staleFields are about the content of an answer.
var staleFields = map[string]string{"Content-Encoding": "gzip", "ETag": `"one"`, "Cache-Control": "max-age=3600", "Content-Language": "en"}

// TestTunnelsBesideMounts: a mounted handler can take over connections of HTTP/1.1 only, so an app with one
// tells browsers of no other way; its own WebSockets begin like that, too.
func TestTunnelsBesideMounts(t *testing.T) {
	for name, routes := range map[string][]func(*fasterapi.App){
		"sockets": {socketEchoes}, "sockets and a mounted handler": {socketEchoes, mountSocket}, "a mounted handler": {mountSocket},
	} {
		app, log := newApp(fasterapi.Config{Cores: 2, H2C: true}, func(app *fasterapi.App) {
			for _, register := range routes {
				register(app)
			}
		})
		s := newService(t, "http://"+start(t, app), log, false)
		require.Equal(t, name == "sockets", toldOfTunnels(t, s.host()), name)
		if name == "sockets and a mounted handler" {
			ws, _, err := websocket.Dial(t.Context(), s.url+"/goroutine", nil)
			require.NoError(t, err)
			require.NoError(t, ws.Close(1000, ""))
		}
	}
}

// mountSocket mounts the WebSockets of another package, which answers 101 before it hijacks.
func mountSocket(app *fasterapi.App) {
	app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Mounted", "yes")
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"tea"}})
		if err == nil {
			_ = ws.Close(4000, "mounted")
		}
	}))
}

// TestMountedSockets: a handler that answers 101 and then hijacks has its answer sent, as over net/http.
func TestMountedSockets(t *testing.T) {
	everyMode(t, mountSocket, func(t *testing.T, s service) {
		if s.http2 {
			return // a stream cannot be hijacked
		}
		ws, response, err := websocket.Dial(t.Context(), s.url+"/mounted/x", &websocket.DialOptions{HTTPClient: s.http, Subprotocols: []string{"tea"}})
		require.NoError(t, err)
		require.Equal(t, "yes", response.Header.Get("X-Mounted"))
		require.Equal(t, "tea", ws.Subprotocol())
		_, _, err = ws.Read(t.Context())
		require.Equal(t, websocket.StatusCode(4000), websocket.CloseStatus(err))
	})
}

// toldOfTunnels tells what the settings of a server say of RFC 8441.
func toldOfTunnels(t *testing.T, host string) bool {
	t.Helper()
	conn, err := net.Dial("tcp", host)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(t, err)
	framer := http2.NewFramer(conn, conn)
	require.NoError(t, framer.WriteSettings())
	f, err := framer.ReadFrame()
	require.NoError(t, err)
	value, _ := f.(*http2.SettingsFrame).Value(http2.SettingEnableConnectProtocol)
	return value == 1
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
