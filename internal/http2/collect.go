package http2

import (
	"slices"

	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// Bodies that are collected stay in memory until their requests are over, on as many streams as
// a client likes to open. What it may send on the connection is let go on at once, for other
// streams wait for it; so it is the windows of the streams that bound what is collected:
//
//	firstWindow of each stream, which nobody can take back
//	+ collectRoom for all of them, first come, first served
//	+ what one stream needs beyond that, up to its limit: the oldest that is being collected
//
// That one may always go on, so each body comes to its end when those before it have and were
// answered, whatever the others hold. The time of a body does not run while its stream waits.

const (
	// firstWindow is what a client may send on a stream that nobody has looked at: what it may
	// send before it knows any settings (RFC 9113 6.9.2).
	firstWindow = frame.DefaultWindow
	// collectRoom is two bodies of the largest size that an app takes by default (4 MiB), or 40
	// streams at full speed.
	collectRoom = 8 << 20
)

// collect begins with a body that is collected.
func (s *exchangeStream) collect() {
	s.step = collecting
	s.c.collecting = append(s.c.collecting, s)
	s.expectBody()
	s.askForBody()
	s.wantMore()
}

// wantMore lets the client send more of a body that is collected, if there is room for it.
func (s *exchangeStream) wantMore() {
	n := s.wants()
	if n <= 0 {
		s.goAhead()
		return
	}
	c := s.c
	if !s.mayHave(n) {
		s.holdBack()
		return
	}
	s.goAhead()
	if c.beyond != s {
		c.collected += int64(n)
	}
	s.granted += int64(n)
	s.open(n + s.received)
}

// mayHave tells whether there is room for n bytes more, or it is the turn of s to go beyond it:
// then nothing of s is counted, and what it had of the room is others'.
func (s *exchangeStream) mayHave(n int) bool {
	c := s.c
	if c.beyond == s || c.collected+int64(n) <= c.core.collectRoom {
		return true
	}
	if c.beyond == nil && s == c.collecting[0] {
		c.beyond = s
		c.collected -= s.granted
	}
	return c.beyond == s
}

// wants is how many bytes more the client should be able to send now.
func (s *exchangeStream) wants() int {
	if s.step != collecting || s.remoteEnded || s.dead || s.room > streamWindow/2 {
		return 0
	}
	most := s.length
	if most < 0 {
		if s.got < firstWindow/2 { // most bodies are small
			return 0
		}
		most = s.limit + 1 // to see that it is too long
	}
	have := s.room + s.received
	return int(min(streamWindow-int64(have), most-s.got-int64(have)))
}

// holdBack notes that the client has to wait with the rest of the body.
func (s *exchangeStream) holdBack() {
	if !s.heldBack {
		s.heldBack = true
		s.c.heldBack++
	}
}

// goAhead notes that it has not, any more.
func (s *exchangeStream) goAhead() {
	if !s.heldBack {
		return
	}
	s.heldBack = false
	s.c.heldBack--
	if s.step == collecting && !s.dead {
		s.bodyBy = 0
		s.expectBody()
	}
}

// wasCollected gives back what was kept free for more of the body than has come.
func (s *exchangeStream) wasCollected() { s.giveBack(max(0, s.got-firstWindow)) }

// releaseRoom gives back all that the body took.
func (s *exchangeStream) releaseRoom() { s.giveBack(0) }

// giveBack leaves so many bytes to s, and the rest to those that wait.
func (s *exchangeStream) giveBack(keep int64) {
	c := s.c
	s.goAhead()
	if i := slices.Index(c.collecting, s); i >= 0 {
		c.collecting = slices.Delete(c.collecting, i, i+1)
	}
	if keep < s.granted {
		if c.beyond != s {
			c.collected -= s.granted - keep
		}
		s.granted = keep
	}
	if b := c.beyond; b != nil && (b.granted == 0 || c.collected+b.granted <= c.core.collectRoom) {
		c.collected += b.granted
		c.beyond = nil
	}
	c.shareRoom()
}

// shareRoom lets those go on that wait for room, the oldest first. It looks at each of them
// whenever a request is over, so a look must cost next to nothing.
func (c *conn) shareRoom() {
	if c.heldBack == 0 || c.phase != open {
		return
	}
	for _, s := range c.collecting {
		if s.heldBack {
			s.wantMore()
		}
	}
	c.flushSoon()
}
