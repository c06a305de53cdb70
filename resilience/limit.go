package resilience

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Limit allows Requests in every Window, evenly spread, and Burst of them at
// once: a token bucket of Burst tokens that fills at Requests/Window.
//
// Owner: any (a plain value).
type Limit struct {
	Requests int
	Window   time.Duration
	Burst    int // default: Requests
}

// Interval is the time in which one token grows.
func (l Limit) Interval() time.Duration { return l.Window / time.Duration(l.Requests) }

// Decision says whether a request may pass.
//
// Owner: any (a plain value).
type Decision struct {
	OK        bool
	Remaining int           // requests that could follow at once
	Retry     time.Duration // until the next one may pass, when OK is false
	Reset     time.Duration // until the bucket is full again
}

// Buckets keeps the buckets of limits: [Local] in memory, package middleware/redisrate for
// many processes together.
type Buckets interface {
	// Take takes a token out of the bucket of key. It must not block; the future
	// may be pending.
	Take(ctx context.Context, key string, limit Limit) async.Future[Decision]
}
