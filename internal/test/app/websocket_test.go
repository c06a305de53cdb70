package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/problem"
)

type say struct {
	Text string `json:"text" minLength:"1"`
}

type said struct {
	Room string `json:"room"`
	Text string `json:"text"`
}

type chat struct {
	Room  string `path:"room" maxLength:"10"`
	Token string `header:"X-Token"`
	Log   *rooms `inject:""`
}

// rooms notes how handlers end.
type rooms struct {
	mu    sync.Mutex
	ended []string
}

func (r *rooms) note(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, s)
}

func (r *rooms) waitFor(t *testing.T, s string) {
	t.Helper()
	require.Eventually(t, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, ended := range r.ended {
			if ended == s {
				r.ended = append(r.ended[:i], r.ended[i+1:]...)
				return true
			}
		}
		return false
	}, 20*time.Second, time.Millisecond, "%s is not among %q", s, &r.ended)
}

// socketRoutes register the same services in both styles of WebSockets.
func socketRoutes(log *rooms) func(*fasterapi.App) {
	return func(app *fasterapi.App) {
		app.Provide(log)
		admit := func(in chat) error {
			if in.Token == "wrong" {
				return problem.Forbidden("wrong token")
			}
			return nil
		}
		answer := func(in chat, m say) (said, error) {
			switch m.Text {
			case "fail":
				return said{}, errors.New("secret reason")
			case "forbid":
				return said{}, problem.Forbidden("not that word")
			case "bye":
				return said{}, &fasterapi.CloseError{Code: 4000, Reason: "as you wish"}
			case "panic":
				panic("at the disco")
			}
			return said{in.Room, m.Text}, nil
		}
		app.WebSocket("/goroutine/{room}", func(c *fasterapi.Ctx, in chat, ws *fasterapi.Socket[say, said]) (err error) {
			if err := admit(in); err != nil {
				return err
			}
			defer func() { in.Log.note(fmt.Sprint("goroutine ", err)) }()
			for {
				m, err := ws.Receive(c)
				var ended *fasterapi.CloseError
				if errors.As(err, &ended) {
					in.Log.note(fmt.Sprint("goroutine ", ended.Code))
				}
				if err != nil {
					return err
				}
				reply, err := answer(in, m)
				if err != nil {
					return err
				}
				if err := ws.Send(c, reply); err != nil {
					return err
				}
			}
		}, fasterapi.Subprotocols("chat.v2", "chat.v1"), fasterapi.CompressMessages())
		app.WebSocketEvents("/events/{room}", func(_ *fasterapi.Ctx, in chat, ws *fasterapi.Socket[say, said]) (fasterapi.SocketEvents[say], error) {
			return fasterapi.SocketEvents[say]{
				Message: func(ctx context.Context, m say) error {
					if _, err := async.Sleep(ctx, time.Microsecond).Await(ctx); err != nil {
						return err
					}
					reply, err := answer(in, m)
					if err != nil {
						return err
					}
					return ws.Send(ctx, reply)
				},
				Closed: func(err *fasterapi.CloseError) { in.Log.note(fmt.Sprint("events ", err.Code)) },
			}, admit(in)
		}, fasterapi.Subprotocols("chat.v2", "chat.v1"), fasterapi.CompressMessages())
	}
}

var socketStyles = []string{"goroutine", "events"}

// dialSocket connects as a client that others wrote.
func dialSocket(t *testing.T, s service, path string, o *websocket.DialOptions) *websocket.Conn {
	t.Helper()
	ws, response, err := websocket.Dial(t.Context(), s.url+path, s.dialing(o))
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return ws
}

// dialing is o for the connections of the service.
func (s service) dialing(o *websocket.DialOptions) *websocket.DialOptions {
	if s.tunnels == nil {
		return o
	}
	with := websocket.DialOptions{}
	if o != nil {
		with = *o
	}
	with.HTTPClient = s.tunnels.client()
	return &with
}

func TestWebSocket(t *testing.T) {
	log := &rooms{}
	everySocketMode(t, socketRoutes(log), func(t *testing.T, s service) {
		for _, style := range socketStyles {
			for name, o := range map[string]*websocket.DialOptions{
				"plain":      {CompressionMode: websocket.CompressionDisabled},
				"compressed": {CompressionMode: websocket.CompressionNoContextTakeover},
				"takeover":   {CompressionMode: websocket.CompressionContextTakeover},
			} {
				t.Run(style+"/"+name, func(t *testing.T) { conversation(t, s, log, style, o) })
			}
		}
	})
}

func conversation(t *testing.T, s service, log *rooms, style string, o *websocket.DialOptions) {
	ctx := t.Context()
	o.Subprotocols = []string{"chat.v1", "other", "chat.v2"}
	ws := dialSocket(t, s, "/"+style+"/tea", o)
	ws.SetReadLimit(4 << 20)
	require.Equal(t, "chat.v2", ws.Subprotocol(), "the server's preference")
	texts := []string{"hello", "größe", strings.Repeat("long ", 100), strings.Repeat("very long ", 50_000)}
	for i := range 100 {
		texts = append(texts, fmt.Sprint("message ", i))
	}
	for _, text := range texts {
		require.NoError(t, wsjson.Write(ctx, ws, say{text}))
		var got said
		require.NoError(t, wsjson.Read(ctx, ws, &got))
		require.Equal(t, said{"tea", text}, got)
	}
	for i := range 200 { // many in flight
		require.NoError(t, wsjson.Write(ctx, ws, say{fmt.Sprint(i)}))
	}
	for i := range 200 {
		var got said
		require.NoError(t, wsjson.Read(ctx, ws, &got))
		require.Equal(t, fmt.Sprint(i), got.Text, "in order")
	}
	pinged := ws.CloseRead(ctx)
	require.NoError(t, ws.Ping(ctx))
	require.NoError(t, pinged.Err())
	require.NoError(t, ws.Close(4123, "enough"))
	log.waitFor(t, style+" 4123")
}

// TestWebSocketEndings: what the client sees of what a handler returns.
func TestWebSocketEndings(t *testing.T) {
	log := &rooms{}
	everySocketMode(t, socketRoutes(log), func(t *testing.T, s service) {
		for _, style := range socketStyles {
			for text, want := range map[string]websocket.CloseError{
				`{"text":"fail"}`:   {Code: 1011},
				`{"text":"panic"}`:  {Code: 1011},
				`{"text":"forbid"}`: {Code: 1008, Reason: "not that word"},
				`{"text":"bye"}`:    {Code: 4000, Reason: "as you wish"},
				`{"text":""}`:       {Code: 1007},
				`{"text":`:          {Code: 1007},
			} {
				ws := dialSocket(t, s, "/"+style+"/tea", nil)
				require.NoError(t, ws.Write(t.Context(), websocket.MessageText, []byte(text)))
				_, _, err := ws.Read(t.Context())
				var got websocket.CloseError
				require.ErrorAs(t, err, &got, text)
				require.Equal(t, want.Code, got.Code, "%s: %s", style, text)
				if want.Reason != "" {
					require.Equal(t, want.Reason, got.Reason)
				}
				require.NotContains(t, got.Reason, "secret")
			}
			ws := dialSocket(t, s, "/"+style+"/tea", nil)
			require.NoError(t, ws.Write(t.Context(), websocket.MessageBinary, []byte(`{"text":"x"}`)))
			_, _, err := ws.Read(t.Context())
			require.Equal(t, websocket.StatusUnsupportedData, websocket.CloseStatus(err))
		}
		require.Contains(t, s.log.String(), "secret reason")
		require.Contains(t, s.log.String(), "at the disco")
		log.waitFor(t, "events 1008")
	})
}

// TestWebSocketRefusals: requests that are not upgraded.
func TestWebSocketRefusals(t *testing.T) {
	everySocketMode(t, socketRoutes(&rooms{}), func(t *testing.T, s service) {
		host := s.host()
		good := map[string]string{
			"Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		}
		cases := map[string]struct {
			method, field, value string
			status               int
		}{
			"no upgrade":             {"GET", "Upgrade", "", http.StatusUpgradeRequired},
			"another protocol":       {"GET", "Upgrade", "h2c", http.StatusUpgradeRequired},
			"no connection field":    {"GET", "Connection", "keep-alive", http.StatusBadRequest},
			"old version":            {"GET", "Sec-WebSocket-Version", "8", http.StatusUpgradeRequired},
			"no version":             {"GET", "Sec-WebSocket-Version", "", http.StatusUpgradeRequired},
			"no key":                 {"GET", "Sec-WebSocket-Key", "", http.StatusBadRequest},
			"short key":              {"GET", "Sec-WebSocket-Key", "c2hvcnQ=", http.StatusBadRequest},
			"not base64":             {"GET", "Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!==", http.StatusBadRequest},
			"another method":         {"POST", "", "", http.StatusMethodNotAllowed},
			"with a body":            {"GET", "Content-Length", "1", http.StatusBadRequest},
			"a page of another host": {"GET", "Origin", "https://evil.example", http.StatusForbidden},
			"a page without origin":  {"GET", "Origin", "null", http.StatusForbidden},
			"another port":           {"GET", "Origin", "http://127.0.0.1:1", http.StatusForbidden},
			"the handler refuses":    {"GET", "X-Token", "wrong", http.StatusForbidden},
			"invalid input":          {"GET", "", "too-long-a-name", http.StatusUnprocessableEntity},
			"a page of ours":         {"GET", "Origin", "http://" + host, http.StatusSwitchingProtocols},
			"a program":              {"GET", "Origin", "", http.StatusSwitchingProtocols},
		}
		for name, test := range cases {
			if s.tunnels != nil {
				switch test.field {
				case "Upgrade", "Connection", "Sec-WebSocket-Key": // nothing of them is in a CONNECT
					continue
				case "Sec-WebSocket-Version":
					test.status = http.StatusBadRequest
				}
				if test.method == "POST" {
					continue
				}
			}
			for _, style := range socketStyles {
				room := "tea"
				if test.field == "" && test.value != "" {
					room = test.value
				}
				var b strings.Builder
				fmt.Fprintf(&b, "%s /%s/%s HTTP/1.1\r\nHost: %s\r\n", test.method, style, room, host)
				for field, value := range good {
					if field == test.field {
						value = test.value
					}
					if value != "" {
						fmt.Fprintf(&b, "%s: %s\r\n", field, value)
					}
				}
				if _, listed := good[test.field]; !listed && test.field != "" && test.value != "" {
					fmt.Fprintf(&b, "%s: %s\r\n", test.field, test.value)
				}
				b.WriteString("\r\n")
				if test.field == "Content-Length" {
					b.WriteString("x")
				}
				require.Equal(t, test.status, rawStatus(t, s, b.String()), "%s: %s", style, name)
			}
		}
		require.Equal(t, http.StatusUpgradeRequired, s.get("/events/tea").problem(t).Status)
		require.Equal(t, "websocket", s.get("/events/tea").header.Get("Upgrade"))
	})
}

// TestWebSocketOrigins lets pages of other hosts connect.
func TestWebSocketOrigins(t *testing.T) {
	echo := func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
		return ws.Accept()
	}
	everySocketMode(t, func(app *fasterapi.App) {
		app.WebSocket("/some", echo, fasterapi.Origins("example.com", "*.example.org", "localhost:5173"))
		app.WebSocket("/any", echo, fasterapi.Origins("*"))
	}, func(t *testing.T, s service) {
		for origin, allowed := range map[string]bool{
			"https://example.com": true, "https://EXAMPLE.com:8443": true, "https://www.example.com": false, "https://example.com.evil": false,
			"https://a.b.example.org": true, "https://example.org": false, "https://badexample.org": false,
			"http://localhost:5173": true, "http://localhost:5174": false, "null": false,
		} {
			for path, want := range map[string]bool{"/some": allowed, "/any": true} {
				ws, response, err := websocket.Dial(t.Context(), s.url+path, s.dialing(&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}}))
				require.Equal(t, want, err == nil, "%s from %s", path, origin)
				if want {
					_ = ws.CloseNow()
				} else {
					require.Equal(t, http.StatusForbidden, response.StatusCode)
				}
			}
		}
	})
}

// TestWebSocketTypes: text, bytes and both.
func TestWebSocketTypes(t *testing.T) {
	everySocketMode(t, func(app *fasterapi.App) {
		app.WebSocket("/text", echoSocket[string])
		app.WebSocket("/bytes", echoSocket[[]byte])
		app.WebSocket("/both", echoSocket[fasterapi.Message], fasterapi.MaxMessage(1000))
	}, func(t *testing.T, s service) {
		for _, test := range []struct {
			path      string
			sent, got websocket.MessageType
		}{
			{"/text", websocket.MessageText, websocket.MessageText},
			{"/bytes", websocket.MessageBinary, websocket.MessageBinary},
			{"/bytes", websocket.MessageText, websocket.MessageBinary},
			{"/both", websocket.MessageText, websocket.MessageText},
			{"/both", websocket.MessageBinary, websocket.MessageBinary},
		} {
			ws := dialSocket(t, s, test.path, nil)
			for _, data := range []string{"x", "", "größe"} {
				require.NoError(t, ws.Write(t.Context(), test.sent, []byte(data)))
				kind, got, err := ws.Read(t.Context())
				require.NoError(t, err)
				require.Equal(t, test.got, kind, test.path)
				require.Equal(t, data, string(got))
			}
		}
		ws := dialSocket(t, s, "/both", nil)
		require.NoError(t, ws.Write(t.Context(), websocket.MessageText, make([]byte, 1001)))
		_, _, err := ws.Read(t.Context())
		require.Equal(t, websocket.StatusMessageTooBig, websocket.CloseStatus(err))
	})
}

func echoSocket[T any](c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[T, T]) error {
	for m, err := range ws.Messages(c) {
		if err != nil {
			return err
		}
		if err := ws.Send(c, m); err != nil {
			return err
		}
	}
	return nil
}

// TestWebSocketClientGone: a handler that waits for something else learns that
// its client has left.
func TestWebSocketClientGone(t *testing.T) {
	ended := make(chan error, 1)
	everySocketMode(t, func(app *fasterapi.App) {
		app.WebSocket("/wait", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
			if err := ws.Send(c, "ready"); err != nil {
				ended <- fmt.Errorf("sending: %w", err)
				return err
			}
			_, err := async.Sleep(c, time.Hour).Await(c)
			ended <- err
			return err
		})
		app.WebSocketEvents("/events", func(_ *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) (fasterapi.SocketEvents[string], error) {
			return fasterapi.SocketEvents[string]{
				Message: func(ctx context.Context, _ string) error {
					if err := ws.Send(ctx, "ready"); err != nil {
						ended <- fmt.Errorf("sending: %w", err)
						return err
					}
					<-ctx.Done()
					ended <- ctx.Err()
					return ctx.Err()
				},
			}, nil
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/wait", "/events"} {
			for _, how := range []string{"close", "cut"} {
				ws := dialSocket(t, s, path, nil)
				if path == "/events" {
					require.NoError(t, ws.Write(t.Context(), websocket.MessageText, []byte("x")))
				}
				_, got, err := ws.Read(t.Context())
				require.NoError(t, err)
				require.Equal(t, "ready", string(got))
				if how == "close" {
					go func() { _ = ws.Close(1000, "") }()
				} else {
					_ = ws.CloseNow()
				}
				select {
				case err := <-ended:
					require.ErrorIs(t, err, context.Canceled)
				case <-time.After(20 * time.Second):
					t.Fatalf("%s: the handler did not notice the %s", path, how)
				}
			}
		}
	})
}

// TestWebSocketBackpressure: a client that does not read holds the sender back
// and is given up in the end.
func TestWebSocketBackpressure(t *testing.T) {
	sent, ended := make(chan int, 1_000_000), make(chan error, 1)
	app, log := newApp(fasterapi.Config{Cores: 1, HTTP: fasterapi.HTTPConfig{WriteTimeout: 100 * time.Millisecond}}, func(app *fasterapi.App) {
		app.WebSocket("/endless", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[[]byte, []byte]) error {
			for i := 0; ; i++ {
				if err := ws.Send(c, make([]byte, 64<<10)); err != nil {
					ended <- err
					return err
				}
				sent <- i
			}
		})
	})
	s := newService(t, "http://"+start(t, app), log, false)
	dialSocket(t, s, "/endless", nil)
	select {
	case err := <-ended:
		require.ErrorContains(t, err, "1006")
	case <-time.After(10 * time.Second):
		t.Fatal("the sender still waits")
	}
	require.Less(t, len(sent), 1000, "64 MiB would be in memory")
}

// TestWebSocketSilence: pings keep a connection, and a client that does not
// answer them loses it.
func TestWebSocketSilence(t *testing.T) {
	const patient, impatient = 500 * time.Millisecond, 20 * time.Millisecond
	ended := make(chan error, 1)
	receive := func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
		_, err := ws.Receive(c)
		ended <- err
		return err
	}
	everySocketMode(t, func(app *fasterapi.App) {
		app.WebSocket("/patient", receive, fasterapi.PingEvery(10*time.Millisecond, patient))
		app.WebSocket("/impatient", receive, fasterapi.PingEvery(10*time.Millisecond, impatient))
	}, func(t *testing.T, s service) {
		lasts := false
		for range 5 { // a client that stands still for half a second is a silent one
			if lasts = answersPings(t, s, ended, patient+100*time.Millisecond); lasts {
				break
			}
		}
		require.True(t, lasts, "ended with pongs, each time")

		dialSocket(t, s, "/impatient", nil) // reads nothing, so answers nothing
		require.ErrorContains(t, <-ended, "1006")
	})
}

// answersPings tells whether a WebSocket lasts for so long whose client does nothing but answer pings.
func answersPings(t *testing.T, s service, ended <-chan error, long time.Duration) bool {
	ws := dialSocket(t, s, "/patient", nil)
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	ctx = ws.CloseRead(ctx)
	<-ctx.Done() // at the end of the connection too
	lasted := errors.Is(ctx.Err(), context.DeadlineExceeded)
	_ = ws.CloseNow()
	err := <-ended
	t.Logf("lasted: %v, %v", lasted, err)
	return lasted
}

// TestWebSocketDrain: a shutdown closes WebSockets with 1001.
func TestWebSocketDrain(t *testing.T) {
	for name, over := range map[string]func(*testing.T, string) *tunnels{
		"HTTP/1.1": func(*testing.T, string) *tunnels { return nil }, "HTTP/2": newTunnels,
	} {
		t.Run(name, func(t *testing.T) { drainSockets(t, over) })
	}
}

func drainSockets(t *testing.T, over func(t *testing.T, host string) *tunnels) {
	log := &rooms{}
	app, buffer := newApp(fasterapi.Config{Cores: 2, H2C: true}, socketRoutes(log))
	server, err := app.Start()
	require.NoError(t, err)
	s := newService(t, "http://"+server.Addr().String(), buffer, false)
	s.tunnels = over(t, s.host())
	closed := make(chan error, len(socketStyles))
	for _, style := range socketStyles {
		ws := dialSocket(t, s, "/"+style+"/tea", nil)
		require.NoError(t, wsjson.Write(t.Context(), ws, say{"hello"}))
		var got said
		require.NoError(t, wsjson.Read(t.Context(), ws, &got))
		go func() {
			_, _, err := ws.Read(context.Background())
			closed <- err
		}()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, server.Shutdown(ctx))
	for range socketStyles {
		require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(<-closed))
	}
	log.waitFor(t, "events 1001")
	log.waitFor(t, "goroutine 1001")
}

// TestTunnelsCutOff: the end of a connection of HTTP/2, which is cut off at the same time, takes none
// of its WebSockets out of the count.
func TestTunnelsCutOff(t *testing.T) {
	const sockets = 100
	app, buffer := newApp(fasterapi.Config{Cores: 2, H2C: true}, socketEchoes)
	server, err := app.Start()
	require.NoError(t, err)
	s := newService(t, "http://"+server.Addr().String(), buffer, false)
	s.tunnels = newTunnels(t, s.host())
	for i := range sockets {
		ws := dialSocket(t, s, []string{"/goroutine", "/events"}[i%2], nil)
		// What echoes is open for the server too, which answers over HTTP/2 a moment before. From then on
		// the client reads nothing, so it answers no close frame.
		require.NoError(t, ws.Write(t.Context(), websocket.MessageText, []byte("open?")))
		_, _, err := ws.Read(t.Context())
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, server.Shutdown(ctx), fmt.Sprintf("%d WebSockets were cut off", sockets))
}

// TestWebSocketCutOff: a client that does not close is cut off when the
// shutdown is out of time.
func TestWebSocketCutOff(t *testing.T) {
	app, buffer := newApp(fasterapi.Config{Cores: 1}, socketRoutes(&rooms{}))
	server, err := app.Start()
	require.NoError(t, err)
	s := newService(t, "http://"+server.Addr().String(), buffer, false)
	conn := dial(t, s)
	upgrade(t, conn, s, "/events/tea", "")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, server.Shutdown(ctx), "1 WebSockets were cut off")
	_, err = io.ReadAll(conn)
	require.NoError(t, err, "a close frame, and the end")
}
