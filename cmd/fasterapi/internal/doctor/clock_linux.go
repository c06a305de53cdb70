package doctor

import "golang.org/x/sys/unix"

// clockSynced tells whether the kernel's clock is disciplined: STA_UNSYNC of adjtimex(2) is not set.
func clockSynced() (synced, known bool) {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return false, false
	}
	return t.Status&unix.STA_UNSYNC == 0, true
}
