package cache

import (
	"errors"
	"net/http"
	"time"
)

// ErrBusy is the error of a load that was not begun because Config.Loads are under way.
// A handler that returns it answers with 503.
var ErrBusy error = busyError{}

// busyError is the type of ErrBusy.
//
// Owner: any (immutable once made).
type busyError struct{}

func (busyError) Error() string             { return "cache: too many loads are under way" }
func (busyError) HTTPStatus() int           { return http.StatusServiceUnavailable }
func (busyError) RetryAfter() time.Duration { return time.Second }

// ErrLoadTimeout is the error of a load that took longer than Config.LoadTimeout.
// errors.Is(ErrLoadTimeout, context.DeadlineExceeded) is true. A handler that returns it answers with 504.
var ErrLoadTimeout error = loadTimeoutError{}

// ErrNoLoader is the error of [Cache.Load] and [Cache.LoadFuture] of a cache without Config.Load and
// Config.LoadFuture.
var ErrNoLoader = errors.New("cache: Config has neither Load nor LoadFuture")

// errKey is the error of a load for a key that no table can find again.
var errKey = errors.New("cache: the key is not equal to itself: it has a NaN")

// absent tells whether err says that there is nothing: its status is 404 or 410.
func absent(err error) bool {
	var s interface{ HTTPStatus() int }
	if !errors.As(err, &s) {
		return false
	}
	status := s.HTTPStatus()
	return status == http.StatusNotFound || status == http.StatusGone
}
