package fasterapitest

import (
	"bufio"
	"context"
	"encoding/json/v2"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/internal/codec"
)

// maxLine bounds a line, in bytes.
const maxLine = 1 << 20

// Lines is an open stream of JSON documents, one in each line.
//
// Owner: one goroutine at a time.
type Lines struct {
	t     testing.TB
	text  *bufio.Scanner
	wait  *waiting
	close func()
}

// Lines opens a stream of JSON documents, such as that of a handler which returns
// fasterapi.JSONLines. It is closed when the test ends.
func (c *Client) Lines(path string) *Lines {
	c.t.Helper()
	response, wait := c.stream(path, "lines", "application/jsonl")
	l := &Lines{t: c.t, text: bufio.NewScanner(response.Body), wait: wait}
	l.text.Buffer(nil, maxLine)
	l.close = func() {
		wait.cancel()
		_ = response.Body.Close() // there is nothing to be done about it
	}
	c.t.Cleanup(l.close)
	return l
}

// Next waits for the next line and decodes it strictly, as [Response.JSON] does; false when the stream has
// ended: [Lines.Err] tells how. One that is silent for longer than the client's patience ends
// the test, see [Client.Within].
func (l *Lines) Next[T any]() (v T, ok bool) {
	l.t.Helper()
	l.wait.begin()
	more := l.text.Scan()
	l.wait.end(l.t, "line", more)
	switch {
	case errors.Is(l.text.Err(), bufio.ErrTooLong):
		l.t.Fatalf("a line is longer than this client reads: %v", l.text.Err())
	case !more:
		return v, false
	}
	if err := json.Unmarshal(l.text.Bytes(), &v, json.RejectUnknownMembers(true), codec.Durations()); err != nil {
		l.t.Fatalf("the line is no %T: %v\n%s", v, err, l.text.Bytes())
	}
	return v, true
}

// Err is why the stream has ended: nil when the app has completed it, and an error when
// it was broken off, as it is when its source fails.
func (l *Lines) Err() error { return l.text.Err() }

// Close leaves the stream, as a client does that goes away.
func (l *Lines) Close() { l.close() }

// stream opens a response that is read while it comes.
func (c *Client) stream(path, what, contentType string) (*http.Response, *waiting) {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Accept", contentType)
	w := &waiting{patience: c.wait(), cancel: cancel}
	w.timer = time.AfterFunc(w.patience, w.expire)
	response, err := c.roundTrip(request)
	w.end(c.t, "answer of GET "+path, err == nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); response.StatusCode != 200 || !strings.HasPrefix(got, contentType) {
		text, _ := io.ReadAll(io.LimitReader(response.Body, maxLine)) // for the message; the first error counts
		_ = response.Body.Close()
		cancel()
		c.t.Fatalf("GET %s: status %d with %q is no stream of %s:\n%s", path, response.StatusCode, got, what, text)
	}
	return response, w
}

// waiting bounds how long each step of a stream may take.
//
// Owner: one goroutine at a time; over: any (atomic).
type waiting struct {
	patience time.Duration
	timer    *time.Timer
	cancel   context.CancelFunc
	over     atomic.Bool
}

func (w *waiting) expire() {
	w.over.Store(true)
	w.cancel()
}

func (w *waiting) begin() { w.timer.Reset(w.patience) }

// end ends the test when what was waited for has not come in time.
func (w *waiting) end(t testing.TB, what string, came bool) {
	t.Helper()
	w.timer.Stop()
	if !came && w.over.Load() {
		t.Fatalf("no %s within %v: the stream is still open", what, w.patience)
	}
}
