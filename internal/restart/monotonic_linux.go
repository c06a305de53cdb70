package restart

import "golang.org/x/sys/unix"

// monotonic is the time of CLOCK_MONOTONIC in us.
func monotonic() int64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // it does not fail for this clock
	return now.Nano() / 1000
}
