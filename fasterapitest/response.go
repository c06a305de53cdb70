package fasterapitest

import (
	"encoding/json/v2"
	"net/http"
	"testing"

	"github.com/fasterapi/fasterapi/internal/codec"
)

// Response is a response with its body read.
//
// Owner: one goroutine at a time.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	t       testing.TB
	request *http.Request
}

// Expect ends the test unless the response has this status.
func (r *Response) Expect(status int) *Response {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("%s %s: status %d, not %d:\n%s", r.request.Method, r.request.URL.Path, r.Status, status, r.Body)
	}
	return r
}

// Text is the body.
func (r *Response) Text() string { return string(r.Body) }

// JSON decodes the body, strictly: members that T does not have, too, end the
// test.
func (r *Response) JSON[T any]() T {
	r.t.Helper()
	var v T
	if err := json.Unmarshal(r.Body, &v, json.RejectUnknownMembers(true), codec.Durations()); err != nil {
		r.t.Fatalf("%s %s: the body is no %T: %v\n%s", r.request.Method, r.request.URL.Path, v, err, r.Body)
	}
	return v
}

// Problem is a problem document as clients see it (RFC 9457).
//
// Owner: one goroutine at a time.
type Problem struct {
	Type     string         `json:"type"`
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail"`
	Instance string         `json:"instance"`
	Errors   []FieldError   `json:"errors"`
	Ext      map[string]any `json:",embed"` // members of the problem's own
}

// FieldError is one thing that is wrong with a request.
//
// Owner: one goroutine at a time.
type FieldError struct {
	Location string `json:"location"`
	Message  string `json:"message"`
	Value    any    `json:"value"`
}

// Locations lists where the errors are, in their order.
func (p Problem) Locations() (list []string) {
	for _, e := range p.Errors {
		list = append(list, e.Location)
	}
	return list
}

// Problem decodes a problem document.
func (r *Response) Problem() Problem {
	r.t.Helper()
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		r.t.Fatalf("%s %s: status %d with %q is no problem document:\n%s", r.request.Method, r.request.URL.Path, r.Status, got, r.Body)
	}
	p := r.JSON[Problem]()
	if p.Status != r.Status {
		r.t.Fatalf("%s %s: the problem has the status %d, the response %d", r.request.Method, r.request.URL.Path, p.Status, r.Status)
	}
	return p
}
