package pg

import (
	"time"

	"github.com/fasterapi/fasterapi/internal/invariant"
)

// A core on which nothing goes on rests: its keeper comes when a connection is old, idle for
// long or to be checked, and not each second. A process that does nothing would wake up for it,
// and the watchdog of its reactors too.
//
// Whatever begins on a core ends its rest (stir): a unit (push), a session (newSession), a call
// that waits (wait), a connection that is made (open), in place of one that was closed too. A
// server that closes one is heard of by the reactor; one that is silent is found by the check
// that is due, as without a rest.

// longestRest is how late a core that has nothing to do looks again at the latest.
const longestRest = 30 * time.Second

// goesOn tells whether something is under way that the keeper has to look at each second.
func (c *core) goesOn() bool {
	if c.waiting.Len()+c.exclusive.Len()+c.opening+c.failures > 0 || len(c.conns) < c.cfg.MinConns {
		return true
	}
	for _, cn := range c.conns {
		if cn.life != connOpen || cn.held != nil || cn.load() > 0 || cn.health.checking {
			return true
		}
	}
	return false
}

// rest is for how long nothing happens on this core by itself: until a connection is old, idle
// for long or to be checked. It is 0 where something goes on.
func (c *core) rest(now time.Time) time.Duration {
	if c.goesOn() {
		return 0
	}
	rest := longestRest
	for _, cn := range c.conns {
		rest = min(rest, c.cfg.HealthCheckInterval-now.Sub(cn.health.heardAt))
		if len(c.conns) > c.cfg.MinConns {
			rest = min(rest, c.cfg.IdleTimeout-now.Sub(cn.health.usedAt))
		}
		if !cn.health.expires.IsZero() {
			rest = min(rest, cn.health.expires.Sub(now))
		}
	}
	return max(0, rest+time.Millisecond) // checkConn acts when the time is over
}

// stir ends the rest of the core: something goes on.
func (c *core) stir() {
	if c.resting {
		c.endRest()
	}
}

func (c *core) endRest() {
	c.resting = false
	if !c.closing {
		c.scheduleKeeper(tickEvery)
	}
}

// checkRest panics, in the debug build, where the keeper of a core that rests would come too
// late. It is called at the end of each turn in which something happened on the core.
func (c *core) checkRest() {
	if !invariant.Enabled || !c.resting || c.closing {
		return
	}
	now := c.r.Now()
	invariant.Check(c.keeper.Armed(), "pg: a core that rests is woken")
	invariant.Check(c.keepAt.Sub(now) <= max(c.rest(now), tickEvery), "pg: a core on which something goes on does not rest")
}
