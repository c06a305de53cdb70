package http2

import "time"

// A client may cost more than it brings: frames that ask for an answer, or make work, and have
// nothing to do with a request that is served. It may send as many of them as calmBurst at
// once and calmRate a second; then it is told to calm down and the connection ends. A
// connection that is shared by many users resets some streams and sends some pings; nghttp2
// allows 1000 at once and 33 a second.
const (
	calmBurst = 1000
	calmRate  = 100
)

// updatesPerFrame is how many window updates a client may send for each Data frame: one for
// the stream, one for the connection, and one for luck.
const updatesPerFrame = 3

// calm is how many frames that bring nothing a client may still send.
//
// Owner: reactor.
type calm struct {
	spent   int           // of calmBurst
	since   time.Duration // when that was true
	updates int           // window updates that cost nothing
}

// countUseless counts n frames that bring nothing.
func (c *conn) countUseless(n int) error {
	k, now := &c.calm, c.core.sinceEpoch()
	if back := int((now - k.since) * calmRate / time.Second); back > 0 {
		k.spent, k.since = max(k.spent-back, 0), now
	}
	if k.spent += n; k.spent <= calmBurst {
		return nil
	}
	c.core.countFlood()
	return errCalm
}

// updated counts a window update.
func (k *calm) updated(c *conn) error {
	if k.updates > 0 {
		k.updates--
		return nil
	}
	return c.countUseless(1)
}

// sent counts a Data frame, whose client will say that it has room again.
func (k *calm) sent() { k.updates = min(k.updates+updatesPerFrame, calmBurst) }
