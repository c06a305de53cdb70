package resilience

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Why a policy has refused a call. errors.Is finds them in a [*Refusal].
var (
	// ErrOpen: the breaker is open, or all probes of a half-open one are under way.
	ErrOpen = errors.New("the breaker is open")
	// ErrFull: all places of the bulkhead are taken, and its queue is full.
	ErrFull = errors.New("the bulkhead is full")
	// ErrWaited: no place of the bulkhead became free in the longest wait.
	ErrWaited = errors.New("the bulkhead has had no place for too long")
	// ErrLimited: the limiter has no token, and none comes in the longest wait.
	ErrLimited = errors.New("the limit is reached")
	// ErrLate: the deadline of the caller had passed before the work began.
	ErrLate = errors.New("the deadline has passed before the work began")
)

// Refusal is the error of a call that a policy did not let through: nothing was done, so the
// call may be repeated. An HTTP server answers it with 503 and Retry-After.
//
// Owner: any (a plain value).
type Refusal struct {
	Policy string        // name of the policy, or of the part of it that has refused
	Reason error         // ErrOpen, ErrFull, ErrWaited or ErrLimited
	After  time.Duration // when a call may get through; 0: not known
	Last   error         // what the attempt before failed with, nil when there was none
}

// Error names the policy and the reason.
func (r *Refusal) Error() string {
	text := "resilience: " + r.Policy + ": " + r.Reason.Error()
	if r.Last != nil {
		text += ", after " + r.Last.Error()
	}
	return text
}

// Unwrap returns the reason and the error of the attempt before.
func (r *Refusal) Unwrap() []error {
	if r.Last == nil {
		return []error{r.Reason}
	}
	return []error{r.Reason, r.Last}
}

// SafeToRetry is true unless an attempt was made before.
func (r *Refusal) SafeToRetry() bool { return r.Last == nil }

// HTTPStatus is 503.
func (r *Refusal) HTTPStatus() int { return http.StatusServiceUnavailable }

// PublicDetail tells clients no more than that.
func (r *Refusal) PublicDetail() string { return "the service cannot take this on at the moment" }

// RetryAfter is when a call may get through, at least a second.
func (r *Refusal) RetryAfter() time.Duration { return max(r.After, time.Second) }

// TimeoutError is the error of work that a policy has ended because it took too long.
// errors.Is finds [async.ErrTimeout] and context.DeadlineExceeded in it. An HTTP server
// answers it with 504.
//
// Owner: any (a plain value).
type TimeoutError struct {
	Policy string
	Limit  time.Duration // how long it might take; 0: until the deadline of the caller
	Total  bool          // Limit is for all attempts together
	Err    error         // what the work, or the last attempt, has failed with; may be nil
}

// Error names the policy and the limit.
func (t *TimeoutError) Error() string {
	text := "resilience: " + t.Policy + ": "
	switch {
	case t.Limit == 0 && errors.Is(t.Err, ErrLate):
		return text + ErrLate.Error()
	case t.Limit == 0:
		text += "the deadline of the caller has passed"
	case t.Total:
		text += "took longer than " + t.Limit.String() + " in all"
	default:
		text += "took longer than " + t.Limit.String()
	}
	if t.Err != nil && !errors.Is(t.Err, context.DeadlineExceeded) && !errors.Is(t.Err, context.Canceled) {
		text += ": " + t.Err.Error()
	}
	return text
}

// Timeout is true: see net.Error.
func (t *TimeoutError) Timeout() bool { return true }

// Temporary is true.
func (t *TimeoutError) Temporary() bool { return true }

// SafeToRetry is true when the work was not begun.
func (t *TimeoutError) SafeToRetry() bool { return errors.Is(t.Err, ErrLate) }

// HTTPStatus is 504.
func (t *TimeoutError) HTTPStatus() int { return http.StatusGatewayTimeout }

// PublicDetail tells clients no more than that.
func (t *TimeoutError) PublicDetail() string { return "the request took too long" }

// Unwrap returns async.ErrTimeout and the error of the work.
func (t *TimeoutError) Unwrap() []error {
	if t.Err == nil {
		return []error{async.ErrTimeout}
	}
	return []error{async.ErrTimeout, t.Err}
}

// statuser is an error that knows its HTTP status.
type statuser interface{ HTTPStatus() int }

// blames tells whether err says that it is the caller's fault, and nothing of the health of
// what was called: by a method Answered, or a status of 4xx, but for those that ask to come again.
func blames(err error) bool {
	var a interface{ Answered() bool }
	if errors.As(err, &a) && a.Answered() {
		return true
	}
	var s statuser
	if !errors.As(err, &s) {
		return false
	}
	switch status := s.HTTPStatus(); status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	default:
		return status >= 400 && status < 500
	}
}

// Failed is what breakers count as a failure by default: every error but a cancellation, and
// what says by its HTTPStatus that the request was at fault (4xx, except 408, 425 and 429),
// such as a row that does not exist, or by its method Answered() bool that whoever was asked is well, as *db.Error
// does of a row that is there already.
func Failed(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	return !blames(err)
}

// SafeToRetry tells whether what failed with err has certainly had no effect: the first error
// in the chain that has a method SafeToRetry says so.
func SafeToRetry(err error) bool {
	var s interface{ SafeToRetry() bool }
	return errors.As(err, &s) && s.SafeToRetry()
}

// retryAfter is what the first error in the chain with a method RetryAfter says.
func retryAfter(err error) time.Duration {
	var r interface{ RetryAfter() time.Duration }
	if errors.As(err, &r) {
		return r.RetryAfter()
	}
	return 0
}
