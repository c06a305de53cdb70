package pg

import (
	"log/slog"
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// The pauses between tries to connect: doubled from firstPause to lastPause,
// of which a random half is left out. While a call waits for a connection they grow
// to wantedPause only: a server that is back is to be found by those who need it.
const (
	firstPause  = 50 * time.Millisecond
	wantedPause = 500 * time.Millisecond
	lastPause   = 5 * time.Second
)

// pauseAfter returns the pause after a try that failed as so many before it did.
func pauseAfter(failures int) time.Duration {
	return async.Backoff{First: firstPause, Last: lastPause, Jitter: 0.5}.Pause(failures)
}

// open starts to open up to n connections and returns how many.
func (c *core) open(n int) int {
	n = min(n, c.cfg.MaxConns-len(c.conns)-c.opening)
	if n <= 0 || c.closing {
		return 0
	}
	if wait := c.untilRetry(); wait > 0 {
		c.scheduleKeeper(wait)
		return 0
	}
	if c.failures > 0 {
		n = min(n, 1-c.opening) // one try at a time, until one succeeds
	}
	for range n {
		c.stir()
		c.opening++
		go c.dial()
	}
	return max(n, 0)
}

// untilRetry is how long no try to connect may begin.
func (c *core) untilRetry() time.Duration {
	if c.failures == 0 {
		return 0
	}
	pause := c.pause
	if c.waiting.Len()+c.exclusive.Len() > 0 {
		pause = min(pause, wantedPause/2+pause/20) // as far apart from others' as lastPause is
	}
	return c.failedAt.Add(pause).Sub(c.r.Now())
}

// dial makes a connection, on a goroutine of its own, and brings it home.
func (c *core) dial() {
	l, err := c.d.dial()
	t := &arrival{c, l, err}
	if !c.r.Post(t) && l != nil {
		c.r.Poller().CloseFD(l.fd)
	}
}

// notConnected plans the next try.
func (c *core) notConnected(err error) {
	err = redact(err, c.d.target, c.cfg.URL)
	if c.failures == 0 && !c.closing {
		c.d.log().Warn("pg: cannot connect", slog.Int("core", c.r.Core()), slog.Any("error", err))
	}
	c.connectErr = err
	c.failedAt, c.pause = c.r.Now(), pauseAfter(c.failures)
	c.failures++
	c.scheduleKeeper(c.untilRetry())
	c.publish()
}

// jitter varies a duration by a tenth.
func jitter(d time.Duration) time.Duration {
	tenth := d / 10
	if tenth <= 0 {
		return d
	}
	return d - tenth + rand.N(2*tenth)
}

// canOpen is how many more connections there may be, those that are being made
// included.
func (c *core) canOpen() int { return c.cfg.MaxConns - len(c.conns) }

// openAnother opens one more connection, if it may; true: one is on its way.
func (c *core) openAnother() bool {
	if c.opening > 0 {
		return true
	}
	return c.open(1) > 0
}

// openWanted opens the connections that those who wait, and MinConns, call for.
func (c *core) openWanted() {
	n := c.exclusive.Len()
	if c.waiting.Len() > 0 {
		n++
	}
	if short := c.cfg.MinConns - len(c.conns); short > n {
		n = short
	}
	c.open(n - c.opening)
}

// add makes a connection one of the core's.
func (c *core) add(l *link) error {
	slot := bits.TrailingZeros64(^c.slots)
	now := c.r.Now()
	cn := &conn{core: c, link: l, tls: l.tls, slot: slot, status: 'I', health: connHealth{usedAt: now, heardAt: now}}
	cn.unnamed = l.unnamed || c.d.namesUnsafe.Load()
	cn.socket.Open(c.r.Poller(), l.fd)
	if err := c.r.Register(l.fd, cn); err != nil {
		c.r.Poller().CloseFD(l.fd)
		return err
	}
	c.r.ConnOpened()
	if life := c.cfg.MaxLifetime; life > 0 {
		cn.health.expires = now.Add(jitter(life))
	}
	if l.tls != nil && c.cipher == nil {
		c.cipher = make([]byte, 0, readSize)
	}
	c.slots |= 1 << slot
	c.conns = append(c.conns, cn)
	return nil
}

// remove forgets a connection, and what is prepared there once nobody needs to
// know any more (requeueParked).
func (c *core) remove(cn *conn) {
	c.slots &^= 1 << cn.slot
	c.conns = slices.DeleteFunc(c.conns, func(other *conn) bool { return other == cn })
}

// tickEvery is how often a core checks its connections.
const tickEvery = time.Second

// scheduleKeeper has tick called in d, or earlier.
func (c *core) scheduleKeeper(d time.Duration) {
	at := c.r.Now().Add(d)
	if c.keeper.Armed() && !c.keepAt.After(at) {
		return
	}
	c.keepAt = at
	c.r.Arm(&c.keeper, d)
}
