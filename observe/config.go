package observe

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

const (
	defaultRecent = 256
	defaultKept   = 32
	defaultSlow   = 500 * time.Millisecond
	maxKept       = 1 << 16
	// defaultRepeats: pages that show ten rows and ask for each are common, and cheap.
	defaultRepeats = 10
)

// Config says what is kept of requests. The zero value is ready.
//
// Owner: any (a plain value).
type Config struct {
	// Off keeps nothing and counts nothing.
	Off bool
	// Recent is how many of the latest requests each core keeps, 1 to 65,536. Default 256.
	Recent int
	// Slow is how many of the latest slow requests each core keeps beside those, 1 to
	// 65,536. Default 32.
	Slow int
	// Failed is how many of the latest failed requests each core keeps beside those, 1 to
	// 65,536. Default 32.
	Failed int
	// SlowAfter is the time from which on a request is slow. Default 500 ms.
	SlowAfter time.Duration
	// Repeats is how often a request may run the same statement before that is logged, counted and shown in
	// its record. Default 10; below 0: as often as it likes. Streams and sockets that are open are left alone.
	Repeats int
	// Tracer is told of requests that are traced. Default: none.
	Tracer Tracer
}

// Resolve returns c with its defaults filled in, and every mistake in it.
func (c Config) Resolve() (Config, error) {
	var errs []error
	for _, f := range []struct {
		name  string
		value int
	}{{"Recent", c.Recent}, {"Slow", c.Slow}, {"Failed", c.Failed}} {
		if f.value < 0 || f.value > maxKept {
			errs = append(errs, fmt.Errorf("Config.Observe.%s is %d, want 1 to %d, or 0 for the default", f.name, f.value, maxKept))
		}
	}
	c.Recent = cmp.Or(c.Recent, defaultRecent)
	c.Slow = cmp.Or(c.Slow, defaultKept)
	c.Failed = cmp.Or(c.Failed, defaultKept)
	if c.SlowAfter < 0 {
		errs = append(errs, fmt.Errorf("Config.Observe.SlowAfter is %v, want a time above zero, or 0 for %v", c.SlowAfter, defaultSlow))
	}
	c.SlowAfter = cmp.Or(c.SlowAfter, defaultSlow)
	c.Repeats = cmp.Or(c.Repeats, defaultRepeats)
	return c, errors.Join(errs...)
}
