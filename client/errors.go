package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// StatusError is the error of a call that was answered with another status than 2xx. An HTTP server answers it
// with 503 (for 429 and 503), 504 (for 504) or 502, and never with that status itself: a 404 of another
// service is none of ours.
//
// Owner: any (immutable).
type StatusError struct {
	Upstream, Method, Path string // the path with its names, not with their values
	Answer                 *Answer
}

// Error names the call and the status.
func (s *StatusError) Error() string {
	text := fmt.Sprintf("client: %s: %s %s: %d %s", s.Upstream, s.Method, s.Path, s.Answer.Status, http.StatusText(s.Answer.Status))
	if to, err := url.Parse(s.Answer.Header.Get("Location")); err == nil && to.Host != "" && s.Answer.Status/100 == 3 {
		text += " to " + to.Scheme + "://" + to.Host + ", which is not followed"
	}
	return text
}

// HTTPStatus is 502, 503 or 504.
func (s *StatusError) HTTPStatus() int {
	switch s.Answer.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return http.StatusServiceUnavailable
	case http.StatusGatewayTimeout:
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// PublicDetail tells clients nothing of the other service.
func (s *StatusError) PublicDetail() string {
	switch s.HTTPStatus() {
	case http.StatusServiceUnavailable:
		return "a service that this one needs cannot take it on at the moment"
	case http.StatusGatewayTimeout:
		return late
	}
	return "a service that this one needs has failed"
}

const late = "a service that this one needs took too long"

// SafeToRetry is true for 425 and 429, by which the other service says that it has done nothing.
func (s *StatusError) SafeToRetry() bool {
	return s.Answer.Status == http.StatusTooEarly || s.Answer.Status == http.StatusTooManyRequests
}

// busyError is a StatusError with a time to come back at.
//
// Owner: any (immutable).
type busyError struct {
	*StatusError
	after time.Duration
}

// Unwrap returns the StatusError, for errors.As.
func (b *busyError) Unwrap() error { return b.StatusError }

// RetryAfter is what the other service has asked for.
func (b *busyError) RetryAfter() time.Duration { return b.after }

// CallError is the error of a call without an answer, or with one that is of no use. An HTTP server answers it with 504
// when it took too long, else with 502.
//
// Owner: any (immutable).
type CallError struct {
	Upstream, Method, Path string // the path with its names, not with their values
	Err                    error  // the reason: of the network, *TooLargeError, *ContentError
}

// Error names the call and the reason.
func (c *CallError) Error() string {
	return fmt.Sprintf("client: %s: %s %s: %v", c.Upstream, c.Method, c.Path, c.Err)
}

// Unwrap returns the reason.
func (c *CallError) Unwrap() error { return c.Err }

// Timeout tells whether it took too long.
func (c *CallError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.Is(c.Err, context.DeadlineExceeded) || errors.As(c.Err, &t) && t.Timeout()
}

// HTTPStatus is 502 or 504.
func (c *CallError) HTTPStatus() int {
	if c.Timeout() {
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// PublicDetail tells clients nothing of the other service.
func (c *CallError) PublicDetail() string {
	if c.Timeout() {
		return late
	}
	return "a service that this one needs has given no answer"
}

// SafeToRetry is true when there was no connection, so that nothing was sent.
func (c *CallError) SafeToRetry() bool {
	op, ok := errors.AsType[*net.OpError](c.Err)
	return ok && op.Op == "dial"
}

// RequestError is the error of a call that cannot be made: a path without a value, a body that is no JSON. It is a mistake of the
// program, which an HTTP server answers with 500.
//
// Owner: any (immutable).
type RequestError struct {
	Upstream, Method, Path string
	Err                    error
}

// Error names the call and what is wrong.
func (r *RequestError) Error() string {
	return fmt.Sprintf("client: %s: %s %s: cannot be sent: %v", r.Upstream, r.Method, r.Path, r.Err)
}

// Unwrap returns what is wrong.
func (r *RequestError) Unwrap() error { return r.Err }

// TooLargeError is why an answer was not read.
//
// Owner: any (immutable).
type TooLargeError struct{ Limit int64 } // bytes

// Error names the limit.
func (t *TooLargeError) Error() string {
	return fmt.Sprintf("the answer has more than %d bytes", t.Limit)
}

// ContentError is why an answer could not be read as JSON.
//
// Owner: any (immutable).
type ContentError struct {
	ContentType string
	Err         error // of reading it; nil: it does not say that it is JSON
}

// Error says what the answer is.
func (c *ContentError) Error() string {
	if c.Err != nil {
		return "the answer is not what was asked for: " + c.Err.Error()
	}
	return fmt.Sprintf("the answer is %q, and no JSON", c.ContentType)
}

// Unwrap returns the error of reading it.
func (c *ContentError) Unwrap() error { return c.Err }

// status is the error of an answer.
func (e *exchange) status(a *Answer) error {
	err := &StatusError{Upstream: e.up.name, Method: e.request.Method, Path: e.request.Path, Answer: a}
	if after, told := retryAfter(a.Header, time.Now()); told && err.HTTPStatus() == http.StatusServiceUnavailable {
		return &busyError{err, after}
	}
	return err
}

// fail is the error of a call that cannot be sent, or has no answer.
func (e *exchange) fail(err error) error {
	if e.wrong != nil {
		return &RequestError{Upstream: e.up.name, Method: e.request.Method, Path: e.request.Path, Err: err}
	}
	return &CallError{Upstream: e.up.name, Method: e.request.Method, Path: e.request.Path, Err: err}
}

// withoutURL takes the address off an error of net/http: its query may have secrets.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
