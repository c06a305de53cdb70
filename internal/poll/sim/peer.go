package sim

import (
	"slices"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// Peer is the test's side of a connection. Any goroutine may use it.
//
// Owner: Net.mu.
type Peer struct{ s *socket }

// Write sends what fits into the other side's receive buffer, returns how much
// that was, and EPIPE or ECONNRESET when the other side is closed. It is never chopped.
func (p *Peer) Write(b []byte) (int, poll.Errno) {
	n := p.s.net
	n.mu.Lock()
	defer n.mu.Unlock()
	chop := n.Chop
	n.Chop = false
	defer func() { n.Chop = chop }()
	k, e := p.s.write(b)
	if poll.Again(e) {
		return 0, 0
	}
	return k, e
}

// Send is Write of a string that must fit as a whole; it tells whether it did.
func (p *Peer) Send(text string) bool {
	n, e := p.Write([]byte(text))
	return e == 0 && n == len(text)
}

// Take returns and removes all that was received.
func (p *Peer) Take() []byte { return p.TakeN(1 << 30) }

// TakeN returns and removes up to n received bytes, which makes room for as many.
func (p *Peer) TakeN(n int) []byte {
	p.s.net.mu.Lock()
	defer p.s.net.mu.Unlock()
	n = min(n, len(p.s.recv))
	out := slices.Clone(p.s.recv[:n])
	p.s.recv = p.s.recv[n:]
	if n > 0 && p.s.peer.blocked {
		p.s.peer.blocked = false
		p.s.peer.edge()
	}
	return out
}

// SetBuffer changes the size of this side's receive buffer in bytes.
func (p *Peer) SetBuffer(n int) {
	p.s.net.mu.Lock()
	defer p.s.net.mu.Unlock()
	p.s.size = n
}

// CloseWrite ends what this side sends: a half close.
func (p *Peer) CloseWrite() {
	p.s.net.mu.Lock()
	defer p.s.net.mu.Unlock()
	p.s.shutdown()
}

// Close closes both directions; later writes of the other side fail.
func (p *Peer) Close() {
	p.s.net.mu.Lock()
	defer p.s.net.mu.Unlock()
	p.s.close()
}

// Reset breaks the connection.
func (p *Peer) Reset() {
	p.s.net.mu.Lock()
	defer p.s.net.mu.Unlock()
	p.s.reset()
}

// Ended tells that the other side closed its writing half and all was taken.
func (p *Peer) Ended() bool {
	p.s.net.mu.Lock()
	defer p.s.net.mu.Unlock()
	return p.s.ended && len(p.s.recv) == 0
}

// IsReset tells that the connection is broken.
func (p *Peer) IsReset() bool {
	p.s.net.mu.Lock()
	defer p.s.net.mu.Unlock()
	return p.s.broken
}
