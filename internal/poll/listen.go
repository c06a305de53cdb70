//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package poll

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultBacklog is clamped by the kernel to net.core.somaxconn (4096 on Linux
// since 5.4).
const defaultBacklog = 4096

// Listen opens a non-blocking, close-on-exec listener and returns it with the
// address that it is bound to (zero for unix sockets). addr is "host:port",
// ":port" (every address, IPv4 and IPv6) or "unix:/path". With reusePort
// several listeners share the port and the kernel spreads connections over
// them. backlog 0 means 4096. Connections inherit TCP_NODELAY and keep-alive.
func Listen(addr string, reusePort bool, backlog int) (int, netip.AddrPort, error) {
	fd, bound, err := listen(addr, reusePort, backlog)
	if err != nil {
		return -1, netip.AddrPort{}, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return fd, bound, nil
}

// Adopt makes fd, which somebody else has opened, a listener as those of [Listen], and
// returns its address (zero for unix sockets). It refuses what does not listen. fd
// stays the caller's.
func Adopt(fd int) (netip.AddrPort, error) {
	var none netip.AddrPort
	if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || on == 0 {
		return none, fmt.Errorf("descriptor %d is no listening socket: %w", fd, cmp.Or(err, error(unix.EINVAL)))
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return none, fmt.Errorf("take over descriptor %d: %w", fd, err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return none, fmt.Errorf("take over descriptor %d: %w", fd, err)
	}
	at := addrPort(bound)
	if at.IsValid() { // or it is a unix socket
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	}
	return at, nil
}

// LocalAddr is the address of a socket; the zero value for a unix socket.
func LocalAddr(fd int) netip.AddrPort {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}
	}
	return addrPort(sa)
}

// Vacant reports why addr cannot be listened on by somebody who does not share
// its port, nil if it can. Listeners that share one would join those of another
// process of the same user instead of failing: a service that is started twice
// would seem to work. Unix sockets are not looked at: they share nothing.
func Vacant(addr string) error {
	if strings.HasPrefix(addr, "unix:") {
		return nil
	}
	fd, sa, err := socketFor(addr)
	if err == nil {
		if err = tune(fd, sa, false); err == nil {
			err = unix.Bind(fd, sa)
		}
		_ = unix.Close(fd)
	}
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	return nil
}

// socketFor makes a socket for addr.
func socketFor(addr string) (int, unix.Sockaddr, error) {
	family, sa, err := sockaddr(addr)
	if err != nil {
		return -1, nil, err
	}
	fd, err := socket(family)
	if errors.Is(err, unix.EAFNOSUPPORT) && anyAddress(sa) {
		in6 := sa.(*unix.SockaddrInet6)
		sa = &unix.SockaddrInet4{Port: in6.Port}
		fd, err = socket(unix.AF_INET)
	}
	return fd, sa, err
}

func listen(addr string, reusePort bool, backlog int) (int, netip.AddrPort, error) {
	if backlog <= 0 {
		backlog = defaultBacklog
	}
	var none netip.AddrPort
	fd, sa, err := socketFor(addr)
	if err != nil {
		return -1, none, err
	}
	bound, err := bind(fd, sa, reusePort, backlog)
	if err != nil {
		_ = unix.Close(fd)
		return -1, none, err
	}
	return fd, bound, nil
}

func sockaddr(addr string) (int, unix.Sockaddr, error) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return unix.AF_UNIX, &unix.SockaddrUnix{Name: path}, nil
	}
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return 0, nil, err
	}
	ap := tcp.AddrPort()
	if !ap.Addr().IsValid() {
		return unix.AF_INET6, &unix.SockaddrInet6{Port: tcp.Port}, nil
	}
	if ip := ap.Addr().Unmap(); ip.Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: tcp.Port, Addr: ip.As4()}, nil
	}
	sa := &unix.SockaddrInet6{Port: tcp.Port, Addr: ap.Addr().As16()}
	if zone := ap.Addr().Zone(); zone != "" {
		ifc, err := net.InterfaceByName(zone)
		if err != nil {
			return 0, nil, err
		}
		sa.ZoneId = uint32(ifc.Index)
	}
	return unix.AF_INET6, sa, nil
}

func anyAddress(sa unix.Sockaddr) bool {
	in6, ok := sa.(*unix.SockaddrInet6)
	return ok && in6.Addr == [16]byte{}
}

func socket(family int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func bind(fd int, sa unix.Sockaddr, reusePort bool, backlog int) (netip.AddrPort, error) {
	var none netip.AddrPort
	if _, local := sa.(*unix.SockaddrUnix); !local {
		if err := tune(fd, sa, reusePort); err != nil {
			return none, err
		}
	}
	err := unix.Bind(fd, sa)
	if local, ok := sa.(*unix.SockaddrUnix); ok && errors.Is(err, unix.EADDRINUSE) && abandoned(local) {
		_ = unix.Unlink(local.Name)
		err = unix.Bind(fd, sa)
	}
	if err != nil {
		return none, err
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return none, err
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return none, err
	}
	return addrPort(bound), nil
}

// abandoned tells whether the file of a unix socket was left by a process that has ended: nobody listens. A file
// of any other kind is left alone.
func abandoned(sa *unix.SockaddrUnix) bool {
	var stat unix.Stat_t
	if err := unix.Lstat(sa.Name, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return false
	}
	fd, err := socket(unix.AF_UNIX)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return errors.Is(unix.Connect(fd, sa), unix.ECONNREFUSED)
}

func tune(fd int, sa unix.Sockaddr, reusePort bool) error {
	set := func(level, opt int) error { return unix.SetsockoptInt(fd, level, opt, 1) }
	err := set(unix.SOL_SOCKET, unix.SO_REUSEADDR)
	if reusePort {
		err = errors.Join(err, set(unix.SOL_SOCKET, unix.SO_REUSEPORT))
	}
	err = errors.Join(err, set(unix.IPPROTO_TCP, unix.TCP_NODELAY), set(unix.SOL_SOCKET, unix.SO_KEEPALIVE))
	if anyAddress(sa) {
		// Not every BSD lets IPv4 in; it is no reason to fail.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
	}
	return err
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return netip.AddrPort{}
}
