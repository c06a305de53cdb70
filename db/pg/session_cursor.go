package pg

import (
	"strconv"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
)

// cursor is an open stream: a portal of a session, of which each fetch executes
// a portion. The server computes the rows as they are fetched, so a slow reader
// slows it down.
//
// Owner: reactor.
type cursor struct {
	s      *session
	st     *statement
	shape  *wire.Shape
	portal string
	done   bool
}

// Start implements driver.Session. Any goroutine.
func (k *cursor) Start(q *driver.Query) {
	q.Hook.Data = k
	k.s.Start(q)
}

// stream opens a portal and brings the first portion.
func (s *session) stream(q *driver.Query) {
	r := s.runnableFor(q)
	if r.shape == nil {
		return
	}
	k := &cursor{s: s, st: r.st, shape: r.shape, portal: s.portalName()}
	cn := s.cn
	before := cn.buffer()
	out, err := cn.bind(before, k.portal, r, q)
	if err != nil {
		cn.setBuffer(out[:len(before)])
		if s.busy = true; !cn.renew(q, r) {
			s.failed(q, invalid(q, err))
		}
		return
	}
	cn.setBuffer(out)
	s.portion(q, k)
}

// fetch brings the next portion.
func (s *session) fetch(q *driver.Query) {
	k := q.Hook.Data.(*cursor)
	if k.done {
		s.failed(q, db.ErrTxDone)
		return
	}
	if err := q.Describe(k.shape.Description()); err != nil {
		s.failed(q, err)
		return
	}
	s.portion(q, k)
}

func (s *session) portion(q *driver.Query, k *cursor) {
	cn := s.cn
	out := wire.AppendExecute(cn.buffer(), k.portal, q.Limit)
	cn.setBuffer(append(out, wire.Sync...))
	s.cursor = k
	s.send(unit{kind: unitPortion, q: q, st: k.st, shape: k.shape, step: (*session).fetched})
}

// fetched ends a portion.
func (s *session) fetched(u *unit) {
	k := s.cursor
	s.cursor, s.busy = nil, false
	s.since = s.core.r.Now()
	q := u.q
	if q != nil && u.err == nil && u.suspended && q.Err() == nil {
		q.Suspend(k)
		s.core.finish(q, nil)
		s.runNext()
		return
	}
	k.done = true
	if !s.tx && q != nil && q.Op == driver.OpStream && u.mayRunAgain(s.cn) {
		s.repeat(q)
		return
	}
	err := error(nil)
	if u.err != nil && q != nil {
		err = s.outcome(u)
	}
	switch {
	case s.tx:
		if u.suspended {
			s.closePortal(nil, k)
		}
		if q != nil {
			s.core.finish(q, err)
		}
		s.runNext()
	case q == nil || err != nil || q.Err() != nil:
		s.rollback(q, err)
	default:
		s.simple(q, "COMMIT", (*session).committed)
	}
}

// stop ends a stream early.
func (s *session) stop(q *driver.Query) {
	k, _ := q.Hook.Data.(*cursor)
	switch {
	case !s.tx:
		s.simple(q, "COMMIT", (*session).committed)
	case k == nil || k.done || s.lost != nil:
		s.core.finish(q, nil)
	default:
		k.done = true
		s.closePortal(q, k)
	}
}

func (s *session) closePortal(q *driver.Query, k *cursor) {
	cn := s.cn
	out := wire.AppendClosePortal(cn.buffer(), k.portal)
	cn.setBuffer(append(out, wire.Sync...))
	s.send(unit{kind: unitSync, q: q, step: (*session).queried})
}

// portalName names the portals of a session.
func (s *session) portalName() string {
	s.cursors++
	return "c" + strconv.Itoa(s.cursors)
}
