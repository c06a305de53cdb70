package fasterapitest

import (
	"bufio"
	"encoding/json/v2"
	"errors"
	"io"
	"testing"

	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/eventstream"
)

// Event is one server-sent event.
//
// Owner: one goroutine at a time.
type Event struct {
	Name string // "" for what browsers call "message"
	ID   string
	Data string
}

// JSON decodes the data of the event, and ends the test when it is no T.
func (e Event) JSON[T any](t testing.TB) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(e.Data), &v, codec.Durations()); err != nil {
		t.Fatalf("the event is no %T: %v\n%s", v, err, e.Data)
	}
	return v
}

// Events is an open stream of server-sent events.
//
// Owner: one goroutine at a time.
type Events struct {
	t      testing.TB
	body   io.Closer
	reader *eventstream.Reader
	wait   *waiting
	err    error // of reader
}

// Events opens a stream of server-sent events. It is closed when the test ends.
func (c *Client) Events(path string) *Events {
	c.t.Helper()
	response, wait := c.stream(path, "events", eventstream.Type)
	e := &Events{t: c.t, body: response.Body, reader: eventstream.NewReader(response.Body), wait: wait}
	c.t.Cleanup(e.Close)
	return e
}

// Next waits for the next event; false when the stream has ended: [Events.Err] tells how. A line or an
// event of more than 1 MiB ends the test, and so does a stream that is silent for longer than the
// client's patience, see [Client.Within].
func (e *Events) Next() (Event, bool) {
	e.t.Helper()
	e.wait.begin()
	event, err := e.reader.Next()
	e.wait.end(e.t, "event", err == nil)
	if e.err = err; errors.Is(err, io.EOF) {
		e.err = nil
	}
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		e.t.Fatalf("an event is longer than this client reads: %v", err)
	case err != nil:
		return Event{}, false
	}
	return Event{Name: event.Name, ID: event.ID, Data: string(event.Data)}, true
}

// Err is why the stream has ended: nil when the app has completed it, and an error when it was
// broken off.
func (e *Events) Err() error { return e.err }

// Close leaves the stream, as a client does that goes away.
func (e *Events) Close() {
	e.wait.cancel()
	_ = e.body.Close() // there is nothing to be done about it
}
