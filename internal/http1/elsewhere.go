package http1

import (
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// maxKinds is how many openings of one second are kept.
const maxKinds = 8

// elsewhere is [opening] for responses that goroutines send: how those of the present second begin. The zero
// value is ready.
//
// Owner: any (atomic).
type elsewhere struct{ latest atomic.Pointer[began] }

// began is how the responses of one second with a status and a content type begin.
//
// Owner: any (immutable once made).
type began struct {
	now   time.Time     // when it was asked for the time of day
	until time.Duration // how long behind now that second lasts
	date  []byte        // the Date field

	status      int // 0: only the date
	contentType string
	text        []byte

	before *began // another one of the same second
	kinds  int    // how many there are, with this one
}

// append appends the opening lines of a response.
func (e *elsewhere) append(out []byte, k *core, status int, contentType string) []byte {
	latest := e.present()
	for b := latest; b != nil; b = b.before {
		if b.status == status && b.contentType == contentType {
			return append(out, b.text...)
		}
	}
	text := len(out)
	out = appendOpening(out, k, status, contentType, false)
	if latest.kinds < maxKinds {
		e.latest.CompareAndSwap(latest, &began{
			now: latest.now, until: latest.until, date: latest.date, status: status, contentType: contentType, before: latest,
			kinds: latest.kinds + 1, text: append([]byte(nil), out[text:]...),
		})
	}
	return out
}

// present is what is known of the present second. The monotonic clock alone is half the price of time.Now (24 ns of
// 48). A time of day that is set meanwhile shows a second later.
func (e *elsewhere) present() *began {
	latest := e.latest.Load()
	if latest != nil && time.Since(latest.now) < latest.until {
		return latest
	}
	now := time.Now()
	var date wire.Date
	fresh := &began{now: now, until: time.Second - time.Duration(now.Nanosecond()), date: date.Append(nil, now)}
	e.latest.CompareAndSwap(latest, fresh) // else somebody was faster
	return fresh
}
