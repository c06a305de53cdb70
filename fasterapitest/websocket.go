package fasterapitest

import (
	"context"
	"encoding/json/v2"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/fasterapi/fasterapi/internal/codec"
)

// WebSocket is an open WebSocket.
//
// Owner: one goroutine at a time.
type WebSocket struct {
	t        testing.TB
	conn     *websocket.Conn
	patience time.Duration
}

// maxTestMessage bounds received messages, in bytes.
const maxTestMessage = 64 << 20

// WebSocket opens a WebSocket, offering these subprotocols. It is closed when the test
// ends. A message that does not come within the client's patience ends the test, see [Client.Within], and
// so does a WebSocket that the app closes instead, each with words of its own.
func (c *Client) WebSocket(path string, protocols ...string) *WebSocket {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.t.Context()) // without a socket the connection lasts as long
	c.t.Cleanup(cancel)
	timer := time.AfterFunc(c.wait(), cancel)
	conn, response, err := websocket.Dial(ctx, c.base+path, &websocket.DialOptions{
		HTTPClient: c.http, HTTPHeader: c.header.Clone(), Subprotocols: protocols,
	})
	if late := !timer.Stop(); late && err != nil {
		c.t.Fatalf("open the WebSocket %s: no answer within %v", path, c.wait())
	}
	if err != nil {
		status := "no answer"
		if response != nil {
			status = response.Status
		}
		c.t.Fatalf("open the WebSocket %s: %s: %v", path, status, err)
	}
	conn.SetReadLimit(maxTestMessage)
	w := &WebSocket{t: c.t, conn: conn, patience: c.wait()}
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
	ctx, cancel := w.within()
	defer cancel()
	if err := w.conn.Write(ctx, kind, data); err != nil {
		w.fail("send a message", err)
	}
}

// Receive waits for the next message.
func (w *WebSocket) Receive() []byte {
	w.t.Helper()
	ctx, cancel := w.within()
	defer cancel()
	_, data, err := w.conn.Read(ctx)
	if err != nil {
		w.fail("receive a message", err)
	}
	return data
}

// within bounds one step. (A context that ends closes the connection.)
func (w *WebSocket) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(w.t.Context(), w.patience)
}

// fail ends the test because of what has gone wrong.
func (w *WebSocket) fail(what string, err error) {
	w.t.Helper()
	closed, ok := errors.AsType[websocket.CloseError](err)
	switch {
	case ok:
		w.t.Fatalf("%s: the app has closed the WebSocket with %d %q", what, closed.Code, closed.Reason)
	case errors.Is(err, context.DeadlineExceeded):
		w.t.Fatalf("%s: nothing within %v: the WebSocket is still open", what, w.patience)
	}
	w.t.Fatalf("%s: the WebSocket was cut off: %v", what, err)
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
	ctx, cancel := w.within()
	defer cancel()
	_, data, err := w.conn.Read(ctx)
	if err == nil {
		w.t.Fatalf("the WebSocket is open, a message came: %s", data)
	}
	if closed, ok := errors.AsType[websocket.CloseError](err); ok {
		return int(closed.Code), closed.Reason
	}
	w.fail("wait for the close", err)
	return 0, ""
}

// Close closes the WebSocket and waits for the app's agreement.
func (w *WebSocket) Close(code int, reason string) {
	w.t.Helper()
	if err := w.conn.Close(websocket.StatusCode(code), reason); err != nil {
		w.t.Fatal("close the WebSocket:", err)
	}
}
