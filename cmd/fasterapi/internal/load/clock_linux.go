package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// precise lets the thread wake up on time: by default Linux may be 50 us late. What it returns undoes that.
func precise() func() {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) } // 0: the default
}

// sleep sleeps as a thread.
func sleep(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil) // whoever waits looks at the clock again
}
