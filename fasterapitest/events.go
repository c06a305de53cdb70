package fasterapitest

import (
	"bufio"
	"context"
	"encoding/json/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/fasterapi/fasterapi/internal/codec"
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
	lines  *bufio.Scanner
	cancel context.CancelFunc
	lastID string
}

// Events opens a stream of server-sent events. It is closed when the test ends.
func (c *Client) Events(path string) *Events {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), "GET", c.base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	response, cancel := c.open(request)
	if got := response.Header.Get("Content-Type"); response.StatusCode != 200 || !strings.HasPrefix(got, "text/event-stream") {
		_ = response.Body.Close() // the first error counts
		cancel()
		c.t.Fatalf("GET %s: status %d with %q is no stream of events", path, response.StatusCode, got)
	}
	e := &Events{t: c.t, body: response.Body, lines: bufio.NewScanner(response.Body), cancel: cancel}
	e.lines.Buffer(nil, 1<<20)
	c.t.Cleanup(e.Close)
	return e
}

// Next waits for the next event; false when the stream has ended.
func (e *Events) Next() (Event, bool) {
	e.t.Helper()
	var event Event
	var data []string
	for e.lines.Scan() {
		line := e.lines.Text()
		if line == "" {
			if data == nil {
				event = Event{}
				continue
			}
			event.ID, event.Data = e.lastID, strings.Join(data, "\n")
			return event, true
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			event.Name = value
		case "data":
			data = append(data, value)
		case "id":
			e.lastID = value
		}
	}
	return Event{}, false
}

// Close leaves the stream, as a client does that goes away.
func (e *Events) Close() {
	e.cancel()
	_ = e.body.Close() // there is nothing to be done about it
}
