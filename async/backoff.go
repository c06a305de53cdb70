package async

import (
	"cmp"
	"math"
	"math/rand/v2"
	"time"
)

// Backoff says how long to pause between tries: First, then Factor times as long each
// time, up to Last. The zero value pauses 50 ms, 100 ms, 200 ms and so on up to 10 s.
//
//	pauses := async.Backoff{First: time.Second, Last: time.Minute, Jitter: 0.5}
//	for failures := 0; ; failures++ {
//		if err := try(); err == nil {
//			break
//		}
//		time.Sleep(pauses.Pause(failures))
//	}
//
// Owner: any (a plain value).
type Backoff struct {
	// First is the pause after the first failure. Default 50 ms; below 0: no pauses.
	First time.Duration
	// Last bounds the pauses. Default 10 s.
	Last time.Duration
	// Factor multiplies the pause after each failure. Default 2; at least 1.
	Factor float64
	// Jitter is the part of each pause that is left to chance, 0 to 1, so that
	// rivals do not meet again: with 0.2, a pause of 100 ms lasts 80 to 100 ms. Default: none.
	Jitter float64
}

// Pause returns the pause after a failure that has so many failures before it:
// Pause(0) comes after the first.
func (b Backoff) Pause(before int) time.Duration {
	first, last := cmp.Or(b.First, 50*time.Millisecond), cmp.Or(b.Last, 10*time.Second)
	d := float64(first) * math.Pow(max(cmp.Or(b.Factor, 2), 1), float64(before))
	d = max(0, min(d, float64(last)))
	return time.Duration(d * (1 - min(max(b.Jitter, 0), 1)*rand.Float64()))
}
