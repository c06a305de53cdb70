package fasterapitest

import (
	"bufio"
	"context"
	"encoding/json/v2"
	"errors"
	"net/http"
	"strings"
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
	body   interface{ Close() error }
	reader *eventstream.Reader
	cancel context.CancelFunc
}

// Events opens a stream of server-sent events. It is closed when the test ends.
func (c *Client) Events(path string) *Events {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), "GET", c.base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Accept", eventstream.Type)
	response, cancel := c.open(request)
	if got := response.Header.Get("Content-Type"); response.StatusCode != 200 || !strings.HasPrefix(got, eventstream.Type) {
		_ = response.Body.Close() // the first error counts
		cancel()
		c.t.Fatalf("GET %s: status %d with %q is no stream of events", path, response.StatusCode, got)
	}
	e := &Events{t: c.t, body: response.Body, reader: eventstream.NewReader(response.Body), cancel: cancel}
	c.t.Cleanup(e.Close)
	return e
}

// Next waits for the next event; false when the stream has ended. A line or an event
// of more than 1 MiB ends the test.
func (e *Events) Next() (Event, bool) {
	e.t.Helper()
	event, err := e.reader.Next()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		e.t.Fatalf("an event is longer than this client reads: %v", err)
	case err != nil:
		return Event{}, false
	}
	return Event{Name: event.Name, ID: event.ID, Data: string(event.Data)}, true
}

// Close leaves the stream, as a client does that goes away.
func (e *Events) Close() {
	e.cancel()
	_ = e.body.Close() // there is nothing to be done about it
}
