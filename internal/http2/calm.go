package http2

import "time"

// A client may cost more than it brings: frames that ask for an answer, or make work, and have
// nothing to do with a request that is served. It may send as many of them as Limits.MaxUseless
// at once, and a tenth of that a second; then it is told to calm down and the connection ends. A
// connection that is shared by many users resets some streams and sends some pings.

// updatesAtOnce is how many window updates a client may owe us.
const updatesAtOnce = 1000

// updatesPerFrame is how many window updates a client may send for each Data frame: one for
// the stream, one for the connection, and one for luck.
const updatesPerFrame = 3

// calm is how many frames that bring nothing a client may still send.
//
// Owner: reactor.
type calm struct {
	spent   int           // of MaxUseless
	since   time.Duration // when that was true
	updates int           // window updates that cost nothing
}

// countUseless counts n frames that bring nothing.
func (c *conn) countUseless(n int) error {
	k, now, most := &c.calm, c.core.sinceEpoch(), c.core.server.cfg.MaxUseless
	if back := int((now - k.since).Seconds() * float64(most) / 10); back > 0 {
		k.spent, k.since = max(k.spent-back, 0), now
	}
	if k.spent += n; k.spent <= most {
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
func (k *calm) sent() { k.updates = min(k.updates+updatesPerFrame, updatesAtOnce) }
