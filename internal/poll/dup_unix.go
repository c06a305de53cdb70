//go:build unix

package poll

import "golang.org/x/sys/unix"

// Dup returns a second descriptor for what fd is open on: non-blocking, closed
// on exec, and independent of the first. It takes a socket over from package
// net, whose own poller keeps the original.
func Dup(fd int) (int, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(n, true); err != nil {
		_ = unix.Close(n)
		return -1, err
	}
	return n, nil
}

// CloseFD closes a descriptor that no poller has.
func CloseFD(fd int) { _ = unix.Close(fd) }

// discard sets a linger of no time (socket(7), SO_LINGER): closing fd resets its
// connection. A socket that refuses is one that has nothing to drop.
func discard(fd int) {
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}
