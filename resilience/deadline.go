package resilience

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// DeadlineHeader is the header field by which a service tells another how many milliseconds are
// left for an answer. middleware.Deadline reads it, and clients send it.
const DeadlineHeader = "X-Request-Timeout-Ms"

// TimeLeft returns how long there is until the deadline of ctx, by its clock; false: it has none.
func TimeLeft(ctx context.Context) (left time.Duration, bounded bool) {
	at, bounded := ctx.Deadline()
	if !bounded {
		return 0, false
	}
	return at.Sub(async.Now(ctx)), true
}

// FormatTimeout is d as the value of [DeadlineHeader]: whole milliseconds, rounded down, so that the
// other side does not work on when nobody waits any more.
func FormatTimeout(d time.Duration) string {
	return strconv.FormatInt(max(0, d.Milliseconds()), 10)
}

// ParseTimeout reads a value of [DeadlineHeader] or of a field like it: milliseconds, or digits and
// one of the units H, M, S, m, u and n of gRPC's grpc-timeout.
func ParseTimeout(text string) (d time.Duration, ok bool) {
	unit := time.Millisecond
	if n := len(text) - 1; n > 0 && (text[n] < '0' || text[n] > '9') {
		if unit, ok = unitOf(text[n]); !ok {
			return 0, false
		}
		text = text[:n]
	}
	if len(text) == 0 || len(text) > 18 || text[0] == '+' || text[0] == '-' {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false
	}
	if n > math.MaxInt64/int64(unit) {
		return math.MaxInt64, true
	}
	return time.Duration(n) * unit, true
}

// unitOf is a unit of the gRPC protocol over HTTP/2.
func unitOf(letter byte) (unit time.Duration, ok bool) {
	switch letter {
	case 'H':
		return time.Hour, true
	case 'M':
		return time.Minute, true
	case 'S':
		return time.Second, true
	case 'm':
		return time.Millisecond, true
	case 'u':
		return time.Microsecond, true
	case 'n':
		return time.Nanosecond, true
	}
	return 0, false
}
