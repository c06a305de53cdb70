package fasterapitest

import (
	"context"
	"encoding/json/v2"
	"errors"
	"net/http"
	"testing"

	"github.com/coder/websocket"

	"github.com/fasterapi/fasterapi/internal/codec"
)

// WebSocket is an open WebSocket.
//
// Owner: one goroutine at a time.
type WebSocket struct {
	t    testing.TB
	conn *websocket.Conn
	ctx  context.Context
}

// maxTestMessage bounds received messages, in bytes.
const maxTestMessage = 64 << 20

// WebSocket opens a WebSocket, offering these subprotocols. It is closed when the test
// ends; waiting for a message longer than 30 s ends the test.
func (c *Client) WebSocket(path string, protocols ...string) *WebSocket {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), requestTimeout)
	c.t.Cleanup(cancel)
	conn, response, err := websocket.Dial(ctx, c.base+path, &websocket.DialOptions{
		HTTPClient: c.http, HTTPHeader: c.header.Clone(), Subprotocols: protocols,
	})
	if err != nil {
		status := "no answer"
		if response != nil {
			status = response.Status
		}
		c.t.Fatalf("open the WebSocket %s: %s: %v", path, status, err)
	}
	conn.SetReadLimit(maxTestMessage)
	w := &WebSocket{t: c.t, conn: conn, ctx: ctx}
	c.t.Cleanup(func() { _ = conn.CloseNow() }) // it may be closed already
	return w
}

// Refused tries to open a WebSocket that the app must not open, and returns its answer.
func (c *Client) Refused(path string) *Response {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	} {
		request.Header.Set(name, value)
	}
	response := c.Do(request)
	if response.Status == http.StatusSwitchingProtocols {
		c.t.Fatalf("the WebSocket %s was opened", path)
	}
	return response
}

// Subprotocol is the one that the app has chosen, "" for none.
func (w *WebSocket) Subprotocol() string { return w.conn.Subprotocol() }

// Send sends a message: a string as text, []byte as binary, all else as JSON.
func (w *WebSocket) Send(message any) {
	w.t.Helper()
	kind, data := websocket.MessageText, []byte(nil)
	switch m := message.(type) {
	case string:
		data = []byte(m)
	case []byte:
		kind, data = websocket.MessageBinary, m
	default:
		text, err := json.Marshal(m, codec.Durations())
		if err != nil {
			w.t.Fatal("encode the message:", err)
		}
		data = text
	}
	if err := w.conn.Write(w.ctx, kind, data); err != nil {
		w.t.Fatal("send a message:", err)
	}
}

// Receive waits for the next message.
func (w *WebSocket) Receive() []byte {
	w.t.Helper()
	_, data, err := w.conn.Read(w.ctx)
	if err != nil {
		w.t.Fatal("receive a message:", err)
	}
	return data
}

// Text waits for the next message.
func (w *WebSocket) Text() string { w.t.Helper(); return string(w.Receive()) }

// JSON waits for the next message and decodes it.
func (w *WebSocket) JSON[T any]() T {
	w.t.Helper()
	data := w.Receive()
	var v T
	if err := json.Unmarshal(data, &v, codec.Durations()); err != nil {
		w.t.Fatalf("the message is no %T: %v\n%s", v, err, data)
	}
	return v
}

// Closed waits until the app closes the WebSocket, and returns its reason; a message
// before that ends the test.
func (w *WebSocket) Closed() (code int, reason string) {
	w.t.Helper()
	_, data, err := w.conn.Read(w.ctx)
	if err == nil {
		w.t.Fatalf("the WebSocket is open, a message came: %s", data)
	}
	if closed, ok := errors.AsType[websocket.CloseError](err); ok {
		return int(closed.Code), closed.Reason
	}
	w.t.Fatal("the WebSocket was cut off:", err)
	return 0, ""
}

// Close closes the WebSocket and waits for the app's agreement.
func (w *WebSocket) Close(code int, reason string) {
	w.t.Helper()
	if err := w.conn.Close(websocket.StatusCode(code), reason); err != nil {
		w.t.Fatal("close the WebSocket:", err)
	}
}
