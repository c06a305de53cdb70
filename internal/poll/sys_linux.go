package poll

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of this file cannot block (zero timeout, non-blocking sockets),
// so they are raw: Go's scheduler is not told, which saves 30-60 ns each.
// This is the package's one file with unsafe on Linux.

// iovecs is how many buffers one writev takes; 16 of them are 256 bytes of stack.
const iovecs = 16

func sysWait(epfd int, events []unix.EpollEvent) int {
	n, _, e := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd),
		uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
	if e != 0 {
		return 0
	}
	return int(n)
}

func sysRead(fd int, p []byte) (int, Errno) {
	if len(p) == 0 {
		return 0, 0
	}
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
			uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), 0, 0, 0)
		if e == 0 {
			return int(n), 0
		}
		if e != unix.EINTR {
			return 0, e
		}
	}
}

func sysWrite(fd int, p []byte) (int, Errno) {
	if len(p) == 0 {
		return 0, 0
	}
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
			uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), unix.MSG_NOSIGNAL, 0, 0)
		if e == 0 {
			return int(n), 0
		}
		if e != unix.EINTR {
			return 0, e
		}
	}
}

func sysWritev(fd int, bufs [][]byte) (int, Errno) {
	var vec [iovecs]unix.Iovec
	k := 0
	for _, b := range bufs {
		if len(b) == 0 {
			continue
		}
		if k == iovecs {
			break // the rest goes with the caller's next call
		}
		vec[k].Base = &b[0]
		vec[k].SetLen(len(b))
		k++
	}
	if k == 0 {
		return 0, 0
	}
	msg := unix.Msghdr{Iov: &vec[0]}
	msg.SetIovlen(k)
	for {
		n, _, e := syscall.RawSyscall(unix.SYS_SENDMSG, uintptr(fd),
			uintptr(unsafe.Pointer(&msg)), unix.MSG_NOSIGNAL)
		if e == 0 {
			return int(n), 0
		}
		if e != unix.EINTR {
			return 0, e
		}
	}
}

func sysAccept(fd int) (int, netip.AddrPort, Errno) {
	for {
		var addr [unix.SizeofSockaddrAny]byte
		size := uint32(len(addr))
		n, _, e := syscall.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd),
			uintptr(unsafe.Pointer(&addr[0])), uintptr(unsafe.Pointer(&size)),
			unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		if e == 0 {
			return int(n), peer(addr[:size]), 0
		}
		// ECONNABORTED: this one left before we came; accept(2) says go on.
		if e != unix.EINTR && e != unix.ECONNABORTED {
			return -1, netip.AddrPort{}, e
		}
	}
}

// peer decodes a sockaddr_in or sockaddr_in6; the family is in host order.
func peer(sa []byte) netip.AddrPort {
	if len(sa) < 8 {
		return netip.AddrPort{}
	}
	port := binary.BigEndian.Uint16(sa[2:])
	switch family := binary.NativeEndian.Uint16(sa); {
	case family == unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(sa[4:8])), port)
	case family == unix.AF_INET6 && len(sa) >= 24:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(sa[8:24])).Unmap(), port)
	}
	return netip.AddrPort{}
}
