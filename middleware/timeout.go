package middleware

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/problem"
)

// Timeout gives every request at most d, which is at most 24 h. Then its context ends: what the handler
// awaits fails, database queries are cancelled, and the error that the handler
// returns is answered with 504 and logged. A handler that ignores its context
// runs to its end, and one that succeeds late is not spoilt: Go cannot stop code
// from outside. The document has the 504 of the routes behind it.
func Timeout(d time.Duration) fasterapi.Middleware {
	var wrong mistake.List
	if !wrong.Duration("the duration", d, mistake.LongestWait, false) {
		return mistaken(wrong)
	}
	return fasterapi.Describing(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			return within(c, d, next)
		}
	}, tooLong())
}

// tooLong tells the document of the 504 of what takes too long.
func tooLong() fasterapi.RouteOption {
	return fasterapi.Returns[problem.Problem](http.StatusGatewayTimeout, "The request took too long")
}

// within gives a request at most d.
func within(c *fasterapi.Ctx, d time.Duration, next fasterapi.Handler) error {
	stop := c.CancelAfter(d)
	err := next(c)
	if expired := stop(); !expired || err == nil || c.Sent() {
		return err
	}
	c.Logger().Warn("request timed out", slog.Duration("timeout", d), slog.String("error", err.Error()))
	return problem.Wrap(errors.Join(errTimeout, err), http.StatusGatewayTimeout, "the request took too long")
}

var errTimeout = errors.New("middleware: the request took too long")

// BodyLimit refuses request bodies of more than limit bytes with 413: at once when
// their length is known, and otherwise while they are read. It is for groups of
// routes that cannot use the option fasterapi.MaxBody, and never raises a
// limit.
func BodyLimit(limit int64) fasterapi.Middleware {
	var wrong mistake.List
	if !wrong.Unless(limit >= 0, "BodyLimit needs a limit that is not negative") {
		return mistaken(wrong)
	}
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			if err := c.LimitBody(limit); err != nil {
				return err
			}
			return next(c)
		}
	}
}
