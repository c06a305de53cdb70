package app_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// A message that is refused closes with the same code (RFC 6455 section 7.4.1) whichever
// way it is read, also when the handler does not hand the error on.
func TestRefusedMessageCodes(t *testing.T) {
	type say struct {
		Text string `json:"text"`
	}
	everySocketMode(t, func(app *fasterapi.App) {
		socketWays[string](app, "/text")
		socketWays[say](app, "/json")
	}, func(t *testing.T, s service) {
		for _, way := range []string{"messages", "ignored", "receive", "silent", "events"} {
			for _, c := range []struct {
				path  string
				frame string // its first byte and payload
				code  int
			}{
				{"/text/", "\x82x", 1003},
				{"/json/", "\x82{}", 1003},
				{"/json/", "\x81{\"text\":1}", 1007},
				{"/json/", "\x81{", 1007},
				{"/text/", "\x81\xff", 1007},                          // not UTF-8
				{"/json/", "\x81\xc3", 1007},                          // half a character
				{"/text/", "\x83x", 1002},                             // no such kind of frame
				{"/text/", "\xc1x", 1002},                             // compressed, without a word about that
				{"/text/", "\x80x", 1002},                             // goes on with nothing
				{"/text/", "\x81" + strings.Repeat("x", 101), 1009},   // longer than MaxMessage
				{"/json/", "\x81" + strings.Repeat("x", 60000), 1009}, // by its head alone
				{"/text/", "\x81refuse", 1008},                        // a problem of the handler
				{"/text/", "\x81own", 4000},                           // a CloseError of the handler
				{"/text/", "\x81wrapped", 4001},                       // one inside of another error
				{"/text/", "\x81reserved", 1011},                      // a code that must not be sent
				{"/text/", "\x81fail", 1011},
			} {
				if c.code > 1010 || c.code == 1008 {
					if way == "ignored" || way == "silent" {
						continue // they hand no error on
					}
				}
				require.Equal(t, c.code, closeCode(t, s, c.path+way, c.frame), "%s %q", c.path+way, c.frame[:min(len(c.frame), 20)])
			}
			if way != "events" { // ends only with its client
				require.Equal(t, 1000, closeCode(t, s, "/text/"+way, "\x81end"), "the last message was taken")
				require.Equal(t, 1000, closeCode(t, s, "/text/"+way, "\x81\xe2\x82\xac", "\x81end"))
			}
			ws := dialSocket(t, s, "/text/"+way, nil)
			require.NoError(t, ws.Close(websocket.StatusNormalClosure, ""), "the end by the client is no refusal")
		}
		require.Equal(t, 1000, closeCode(t, s, "/text/receive-on", "\x82x", "\x81end"), "a message that was taken makes up for one that was not")
		require.Equal(t, 1003, closeCode(t, s, "/text/receive-on", "\x82x", "\x81x", "\x82end"))
	})
}

// closeCode sends frames and returns the code of the close frame that comes.
func closeCode(t *testing.T, s service, path string, frames ...string) int {
	t.Helper()
	conn := dial(t, s)
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n", path)
	require.NoError(t, err)
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil) //nolint:bodyclose // a 101 has none
	require.NoError(t, err)
	require.Equal(t, 101, response.StatusCode)
	for _, frame := range frames {
		payload := frame[1:]
		b := []byte{frame[0], 0x80 | byte(len(payload))}
		if len(payload) > 125 {
			b = binary.BigEndian.AppendUint16([]byte{frame[0], 0x80 | 126}, uint16(len(payload)))
		}
		_, err := conn.Write(append(append(b, 0, 0, 0, 0), payload...)) // masked with zeros
		require.NoError(t, err)
	}
	for {
		var head [2]byte
		_, err := io.ReadFull(in, head[:])
		require.NoError(t, err, "no close frame")
		payload := make([]byte, head[1])
		_, err = io.ReadFull(in, payload)
		require.NoError(t, err)
		if head[0] == 0x88 {
			return int(binary.BigEndian.Uint16(payload))
		}
	}
}

// handled does what a message asks for; done: the handler is to return.
func handled(message any) (done bool, err error) {
	switch message {
	case "end":
		return true, nil
	case "refuse":
		return true, problem.Forbidden("not today")
	case "own":
		return true, &fasterapi.CloseError{Code: 4000, Reason: "own"}
	case "wrapped":
		return true, fmt.Errorf("handler: %w", &fasterapi.CloseError{Code: 4001})
	case "reserved":
		return true, &fasterapi.CloseError{Code: 1005}
	case "fail":
		return true, errors.New("failed")
	}
	return false, nil
}

// socketWays reads messages in all ways.
func socketWays[T any](app *fasterapi.App, prefix string) {
	type socket = fasterapi.Socket[T, T]
	limit := fasterapi.MaxMessage(100)
	read := func(path string, strict bool, next func(c *fasterapi.Ctx, ws *socket) (T, error)) {
		app.WebSocket(prefix+path, func(c *fasterapi.Ctx, _ fasterapi.None, ws *socket) error {
			for {
				message, err := next(c, ws)
				var done bool
				if err == nil {
					done, err = handled(message)
				}
				switch {
				case err != nil && strict:
					return err
				case err != nil || done:
					return nil
				}
			}
		}, limit)
	}
	receive := func(c *fasterapi.Ctx, ws *socket) (T, error) { return ws.Receive(c) }
	read("/receive", true, receive)
	read("/silent", false, receive)
	app.WebSocket(prefix+"/receive-on", func(c *fasterapi.Ctx, _ fasterapi.None, ws *socket) error {
		for count := 0; ; {
			message, err := ws.Receive(c)
			if count++; any(message) == "end" || err != nil && count > 1 {
				return nil
			}
		}
	}, limit)
	messages := func(path string, strict bool) {
		app.WebSocket(prefix+path, func(c *fasterapi.Ctx, _ fasterapi.None, ws *socket) error {
			for message, err := range ws.Messages(c) {
				done := false
				if err == nil {
					done, err = handled(message)
				}
				if done || err != nil && strict {
					return err
				}
			}
			return nil
		}, limit)
	}
	messages("/messages", true)
	messages("/ignored", false)
	app.WebSocketEvents(prefix+"/events", func(_ *fasterapi.Ctx, _ fasterapi.None, _ *socket) (fasterapi.SocketEvents[T], error) {
		return fasterapi.SocketEvents[T]{Message: func(_ context.Context, message T) error {
			_, err := handled(message)
			return err
		}}, nil
	}, limit)
}

// An open of WebSocketEvents that panics, or ends its goroutine, once the handshake is
// complete closes the connection: nobody would answer on it.
func TestOpenThatDoesNotReturn(t *testing.T) {
	everySocketMode(t, func(app *fasterapi.App) {
		for path, end := range map[string]func(){"/panic": func() { panic("at once") }, "/exit": runtime.Goexit} {
			app.WebSocketEvents(path, func(_ *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) (fasterapi.SocketEvents[string], error) {
				if err := ws.Accept(); err != nil {
					return fasterapi.SocketEvents[string]{}, err
				}
				end()
				return fasterapi.SocketEvents[string]{}, nil
			})
		}
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/panic", "/exit"} {
			require.Equal(t, 1011, closeCode(t, s, path, "\x81hello"), path)
		}
	})
}
