// Package pure may not read the clock.
package pure

import "time"

func init() {
	// TODO: do it now
}

func clock() (time.Duration, time.Time) {
	later := func() { time.Sleep(time.Second) }
	later()
	return time.Second, time.Now()
}
