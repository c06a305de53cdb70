package pg

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// The pauses between tries to connect: doubled from firstPause to lastPause,
// of which a random half is left out.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
)

// pauseAfter returns the pause after a try that failed as so many before it did.
func pauseAfter(failures int) time.Duration {
	return async.Backoff{First: firstPause, Last: lastPause, Jitter: 0.5}.Pause(failures)
}

// opener opens a core's first connections.
//
// Owner: reactor.
type opener struct {
	c     *core
	first *link // made already; may be nil
}

// Run is called when the core is made.
func (o *opener) Run() {
	c := o.c
	if o.first != nil {
		c.opening++
		(&arrival{c, o.first, nil}).Run()
	}
	c.openWanted()
	c.scheduleKeeper(tickEvery)
}

// open starts to open up to n connections and returns how many.
func (c *core) open(n int) int {
	n = min(n, c.cfg.MaxConns-len(c.conns)-c.opening)
	if n <= 0 || c.closing {
		return 0
	}
	if wait := c.retryAt.Sub(c.r.Now()); c.failures > 0 && wait > 0 {
		c.scheduleKeeper(wait)
		return 0
	}
	if c.failures > 0 {
		n = min(n, 1-c.opening) // one try at a time, until one succeeds
	}
	for range n {
		c.opening++
		go c.dial()
	}
	return max(n, 0)
}

// dial makes a connection, on a goroutine of its own, and brings it home.
func (c *core) dial() {
	l, err := c.d.dial()
	t := &arrival{c, l, err}
	if !c.r.Post(t) && l != nil {
		c.r.Poller().CloseFD(l.fd)
	}
}

// arrival brings a connection, or the reason why there is none, to its core.
//
// Owner: reactor.
type arrival struct {
	c   *core
	l   *link
	err error
}

// Run is called on the core.
func (a *arrival) Run() {
	c := a.c
	c.opening--
	if a.err == nil && c.closing {
		c.r.Poller().CloseFD(a.l.fd)
		return
	}
	if a.err == nil {
		a.err = c.add(a.l)
	}
	if a.err != nil {
		c.notConnected(a.err)
		return
	}
	if c.connectErr != nil {
		c.cfg.Logger.Info("pg: connected again", slog.Int("core", c.r.Core()), slog.Int("tries", c.failures+1))
	}
	if c.failures > 0 || c.lostConns > 0 {
		c.counts.reconnects.Add(1)
		c.lostConns = max(0, c.lostConns-1)
	}
	c.failures, c.connectErr = 0, nil
	c.serve()
	c.openWanted()
	c.publish()
}

// notConnected plans the next try.
func (c *core) notConnected(err error) {
	err = redact(err, c.d.target, c.cfg.URL)
	if c.failures == 0 && !c.closing {
		c.cfg.Logger.Warn("pg: cannot connect", slog.Int("core", c.r.Core()), slog.Any("error", err))
	}
	c.connectErr = err
	pause := pauseAfter(c.failures)
	c.failures++
	c.retryAt = c.r.Now().Add(pause)
	c.scheduleKeeper(pause)
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
