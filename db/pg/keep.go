package pg

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fasterapi/fasterapi/db"
)

// tick is how often a core looks after its connections.
const tick = time.Second

// grace is how much longer than its statement timeout a statement may take to
// be answered before its connection counts as broken.
const grace = 5 * time.Second

var (
	errSilent   = errors.New("the server does not answer")
	errReplaced = errors.New("the connection has reached its age")
)

// tooSlow is why a connection is given up whose server does not answer. Mostly it
// is the server that ends what takes longer than StatementTimeout.
func tooSlow(took, limit time.Duration) error {
	return fmt.Errorf("the server has not answered for %v, of which StatementTimeout is %v; the server was asked to stop",
		took.Round(time.Millisecond), limit)
}

// wind has keep called in d, or earlier.
func (c *core) wind(d time.Duration) {
	at := c.r.Now().Add(d)
	if c.keeper.Armed() && !c.keepAt.After(at) {
		return
	}
	c.keepAt = at
	c.r.Arm(&c.keeper, d)
}

// keep looks after what time does to a core: late calls, old, idle and silent
// connections, sessions that nobody uses, tries to connect.
func (c *core) keep() {
	if c.closing {
		return
	}
	now := c.r.Now()
	next := c.expire(now)
	for i := len(c.conns) - 1; i >= 0; i-- {
		if i < len(c.conns) {
			c.tend(c.conns[i], now)
		}
	}
	c.wanted()
	c.serve()
	c.publish()
	if next == 0 || next > tick {
		next = tick
	}
	c.wind(next)
}

// tend looks after one connection.
func (c *core) tend(cn *conn, now time.Time) {
	if s := cn.held; s != nil {
		s.watch(now)
	}
	busy := now.Sub(cn.headAt)
	switch {
	case cn.load() > 0:
		limit := c.cfg.StatementTimeout
		if cn.sending.len() == 0 {
			return
		}
		u := cn.sending.front()
		limited := limit > 0 && !cn.lifted && (cn.held == nil || !cn.held.lifted)
		switch {
		case cn.checking && busy > c.d.target.ConnectTimeout:
			cn.fail(errSilent)
		case limited && busy > limit+grace && (u.abandoned || u.kind != unitCopy):
			if cn.awaited() > 0 {
				cn.interruptNow() // or it would work on, for nobody
			}
			cn.fail(tooSlow(busy, limit))
		case cn.link.pooled && limited && busy > limit && u.q != nil:
			cn.abandon(u.q, &db.Error{Kind: db.Timeout, Message: "the statement timeout", SQL: u.q.SQL})
		}
	case cn.held != nil:
	case !cn.expires.IsZero() && now.After(cn.expires):
		cn.leave()
	case len(c.conns) > c.cfg.MinConns && now.Sub(cn.usedAt) > c.cfg.IdleTimeout:
		cn.leave()
	case now.Sub(cn.heardAt) > c.cfg.HealthCheckInterval:
		cn.checking = true
		cn.setBuffer(append(cn.buffer(), syncMsg...))
		cn.push(unit{kind: unitSync})
	}
	if !cn.dead && !cn.expires.IsZero() && now.After(cn.expires) {
		cn.retire = true
	}
}

// abandon ends everything on this core at once: the pool closes and has no
// patience left.
func (c *core) abandon() {
	c.closing = true
	for _, l := range [...]*queue{&c.waiting, &c.exclusive} {
		for q := l.pop(); q != nil; q = l.pop() {
			c.served(q)
			c.finish(q, db.ErrClosed)
		}
	}
	for _, cn := range append([]*conn(nil), c.conns...) {
		for i := range cn.sending.len() {
			if u := cn.sending.at(i); u.kind == unitGroup {
				for k := range u.group.items {
					if q := u.group.items[k].q; q != nil {
						u.group.items[k].q = nil
						c.finish(q, db.ErrClosed)
					}
				}
			} else if u.q != nil && u.kind != unitPrepare {
				q := u.q
				u.q, u.abandoned = nil, true
				c.finish(q, db.ErrClosed)
			}
		}
		cn.interruptNow()
		cn.fail(db.ErrClosed)
	}
}

// shut closes what is left, nothing of which is in use.
func (c *core) shut() {
	c.closing = true
	c.r.Disarm(&c.keeper)
	for _, cn := range append([]*conn(nil), c.conns...) {
		cn.leave()
	}
	c.publish()
}

// watch names a transaction that does nothing for long.
func (s *session) watch(now time.Time) {
	after := s.core.cfg.LeakAfter
	if after <= 0 || s.leaked || s.busy || s.over || now.Sub(s.since) < after {
		return
	}
	s.leaked = true
	s.core.counts.leaks.Add(1)
	s.core.cfg.Logger.Warn("pg: a transaction or stream is open and does nothing: is it leaked?",
		slog.String("begun_at", s.site.String()), slog.Duration("idle", now.Sub(s.since)),
		slog.String("last_statement", s.lastSQL))
}
