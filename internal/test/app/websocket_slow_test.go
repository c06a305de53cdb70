package app_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// Clients of WebSockets that read nothing cost no copy of a message that they share.
func TestSilentSocketsCostNoCopy(t *testing.T) {
	const clients = 12
	message := bytes.Repeat([]byte("0123456789abcdef"), large/16)
	everyMode(t, func(app *fasterapi.App) {
		app.WebSocket("/shared", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, []byte]) error {
			return ws.Send(c, message)
		})
	}, func(t *testing.T, s service) {
		sockets := make([]*websocket.Conn, clients)
		before := heapAtRest()
		for i := range sockets {
			sockets[i] = dialSocket(t, s, "/shared", &websocket.DialOptions{CompressionMode: websocket.CompressionDisabled})
			_, r, err := sockets[i].Reader(t.Context())
			require.NoError(t, err)
			_, err = r.Read(make([]byte, 1))
			require.NoError(t, err)
		}
		most := int64(128 << 10)
		if strings.HasPrefix(s.url, "https:") {
			most *= 4 // records wait encrypted, and what crypto/tls keeps for each connection
		}
		costsLess(t, most, clients, before, "both sides")
		for _, ws := range sockets { // they wait until here
			require.NoError(t, ws.CloseNow())
		}
	})
}

// A message is its sender's again when Send returns, also one that is half out.
func TestCancelledSendLetsGo(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), large/16)
	returned := make(chan error, 1)
	everySocketMode(t, func(app *fasterapi.App) {
		app.WebSocket("/cancelled", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, []byte]) error {
			ctx, cancel := context.WithCancelCause(c)
			defer cancel(nil)
			sent := make(chan error)
			message := bytes.Clone(want)
			go func() {
				err := ws.Send(ctx, message)
				clear(message)
				sent <- err
			}()
			if _, err := ws.Receive(c); err != nil { // the client has the beginning
				return err
			}
			enough := errors.New("enough")
			cancel(enough)
			err := <-sent
			returned <- err
			if !errors.Is(err, enough) {
				return err
			}
			return ws.Send(c, []byte("goes on"))
		})
	}, func(t *testing.T, s service) {
		ws := dialSocket(t, s, "/cancelled", &websocket.DialOptions{CompressionMode: websocket.CompressionDisabled})
		ws.SetReadLimit(-1)
		_, r, err := ws.Reader(t.Context())
		require.NoError(t, err)
		begin := make([]byte, 1)
		_, err = r.Read(begin)
		require.NoError(t, err)
		require.NoError(t, ws.Write(t.Context(), websocket.MessageText, []byte("cancel")))
		require.ErrorContains(t, <-returned, "enough")
		got := new(bytes.Buffer)
		got.Write(begin)
		_, err = got.ReadFrom(r)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got.Bytes()))
		_, next, err := ws.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, "goes on", string(next))
	})
}
