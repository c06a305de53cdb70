//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package poll

import "net/netip"

// New refuses: [ErrUnsupported]. Use [NewBlank].
func New(Options) (Poller, error) { return nil, ErrUnsupported }

// Adopt refuses: [ErrUnsupported].
func Adopt(int) (netip.AddrPort, error) { return netip.AddrPort{}, ErrUnsupported }

// LocalAddr knows nothing.
func LocalAddr(int) netip.AddrPort { return netip.AddrPort{} }

// Vacant refuses: [ErrUnsupported].
func Vacant(string) error { return ErrUnsupported }

// Listen refuses: [ErrUnsupported].
func Listen(string, bool, int) (int, netip.AddrPort, error) {
	return -1, netip.AddrPort{}, ErrUnsupported
}
