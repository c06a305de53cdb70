package poll

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Pinnable tells whether PinThread works here.
const Pinnable = true

// PinThread binds the calling thread (lock the goroutine to it first) to the
// n-th of the processors it may run on, counted round.
func PinThread(n int) error {
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return fmt.Errorf("poll: read affinity: %w", err)
	}
	n %= max(1, allowed.Count())
	for cpu := range len(allowed) * 64 {
		if !allowed.IsSet(cpu) {
			continue
		}
		if n == 0 {
			one.Set(cpu)
			break
		}
		n--
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("poll: set affinity: %w", err)
	}
	return nil
}
