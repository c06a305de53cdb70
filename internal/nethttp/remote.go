package nethttp

import (
	"net/netip"
	"sync/atomic"
)

// remotes are addresses of peers that were read lately: each connection says the same for all of its
// requests, as text.
//
// Owner: any (atomic).
type remotes [256]atomic.Pointer[remote]

// remote is an address and its text.
//
// Owner: any (immutable).
type remote struct {
	text string
	addr netip.AddrPort
}

// read returns the address of a peer, the zero value for what is none.
func (m *remotes) read(peer string) netip.AddrPort {
	n := len(peer)
	if n < 3 {
		return netip.AddrPort{}
	}
	// Its last digits are those of the port, by which connections differ.
	place := &m[uint8(peer[n-1]+10*peer[n-2]+100*peer[n-3])]
	if known := place.Load(); known != nil && known.text == peer {
		return known.addr
	}
	addr, err := netip.ParseAddrPort(peer)
	if err != nil {
		return netip.AddrPort{}
	}
	place.Store(&remote{peer, addr})
	return addr
}
