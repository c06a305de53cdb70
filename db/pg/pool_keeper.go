package pg

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
)

// timeoutGrace is how much longer than its statement timeout a statement may take to
// be answered before its connection counts as broken.
const timeoutGrace = 5 * time.Second

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

// tick is called every tickEvery, or earlier, and later while the core rests: it fails late calls,
// checks connections that are old, idle or silent, names leaked sessions and opens connections.
func (c *core) tick() {
	if c.closing {
		return
	}
	c.resting = false
	now := c.r.Now()
	next := c.expire(now)
	silence := c.checkedAfter(now)
	for i := len(c.conns) - 1; i >= 0; i-- {
		if i < len(c.conns) {
			c.checkConn(c.conns[i], now, silence)
		}
	}
	c.openWanted()
	c.serve()
	c.publish()
	if next == 0 || next > tickEvery {
		next = tickEvery
		if rest := c.rest(now); rest > tickEvery {
			c.resting, next = true, rest
		}
	}
	c.scheduleKeeper(next)
}

// checkedAfter is after how much silence an idle connection is checked now. Those that are due soon are
// checked with one that is due, so that all of them wake the process up once.
func (c *core) checkedAfter(now time.Time) time.Duration {
	interval := c.cfg.HealthCheckInterval
	for _, cn := range c.conns {
		if cn.held == nil && cn.load() == 0 && now.Sub(cn.health.heardAt) > interval {
			return interval - interval/10
		}
	}
	return interval
}

// checkConn closes, checks or gives up a connection, as its age and silence ask for; silence is of
// checkedAfter.
func (c *core) checkConn(cn *conn, now time.Time, silence time.Duration) {
	if s := cn.held; s != nil {
		s.checkLeak(now)
	}
	busy := now.Sub(cn.head.since)
	switch {
	case cn.load() > 0:
		limit := c.cfg.StatementTimeout
		if cn.sending.len() == 0 {
			return
		}
		u := cn.sending.front()
		limited := limit > 0 && !cn.foreignLimit && (cn.held == nil || !cn.held.foreignLimit)
		switch {
		case cn.health.checking && busy > c.d.target.ConnectTimeout:
			cn.fail(errSilent)
		case limited && busy > limit+timeoutGrace && (u.abandoned || u.kind != unitCopy):
			if cn.awaited() > 0 {
				cn.interruptNow() // or it would work on, for nobody
			}
			cn.fail(tooSlow(busy, limit))
		case cn.link.pooled && limited && busy > limit && u.q != nil:
			cn.cancelSent(u.q, &db.Error{Kind: db.Timeout, Message: "the statement timeout", SQL: u.q.SQL})
		}
	case cn.held != nil:
	case !cn.health.expires.IsZero() && now.After(cn.health.expires):
		cn.quit()
	case len(c.conns) > c.cfg.MinConns && now.Sub(cn.health.usedAt) > c.cfg.IdleTimeout:
		cn.quit()
	case now.Sub(cn.health.heardAt) > silence:
		cn.health.checking = true
		cn.setBuffer(append(cn.buffer(), wire.Sync...))
		cn.push(unit{kind: unitSync})
	}
	if cn.life == connOpen && !cn.health.expires.IsZero() && now.After(cn.health.expires) {
		cn.life = connRetiring
	}
}

// abort ends everything on this core at once: the pool closes, and the
// context of Close has ended.
func (c *core) abort() {
	c.closing = true
	for _, l := range [...]*driver.Queue{&c.waiting, &c.exclusive} {
		for q := l.Pop(); q != nil; q = l.Pop() {
			c.endWait(q)
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

// closeConns closes what is left, nothing of which is in use.
func (c *core) closeConns() {
	c.closing = true
	c.r.Disarm(&c.keeper)
	for _, cn := range append([]*conn(nil), c.conns...) {
		cn.quit()
	}
	c.publish()
}

// checkLeak names a transaction that does nothing for long.
func (s *session) checkLeak(now time.Time) {
	after := s.core.cfg.LeakAfter
	if after <= 0 || s.leaked || s.busy || s.over || now.Sub(s.since) < after {
		return
	}
	s.leaked = true
	s.core.counts.leaks.Add(1)
	s.core.d.log().Warn("pg: a transaction or stream is open and does nothing: is it leaked?",
		slog.String("begun_at", s.site.String()), slog.Duration("idle", now.Sub(s.since)),
		slog.String("last_statement", s.lastSQL))
}
