package pg

import (
	"context"
	"errors"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
)

// The hooks BeforeUse and AfterUse stand around the time in which one user holds a
// connection. A session in a hook has let its user's query wait (first), or has none
// any more, and runs the hook's statements instead.

var (
	errHookOp   = &db.Error{Kind: db.Invalid, Message: "a hook runs One, Query, Exec and Ping only"}
	errHookBusy = errors.New("it left statements running: Await what it starts")
)

// runBeforeUse begins the session with q, after BeforeUse.
func (s *session) runBeforeUse(q *driver.Query) {
	before := s.core.cfg.BeforeUse
	if s.core.cfg.AfterUse != nil {
		s.ctx = q.Context()
	}
	if before == nil {
		s.begin(q)
		return
	}
	s.entry = &entry{s: s, first: q}
	q.Hook.Holder = s.entry
	setState(q, stateHeld)
	s.callHook("BeforeUse", q.Context(), before)
}

// runAfterUse gives the connection back, after AfterUse, which a session of its own is
// for: the user of this one has ended it.
func (s *session) runAfterUse() bool {
	after := s.core.cfg.AfterUse
	if after == nil || s.ctx == nil || s.cn.closed() || s.cn.status != 'I' {
		return false
	}
	last := newSession(s.cn)
	last.entry = &entry{s: last, after: true}
	last.callHook("AfterUse", s.ctx, after)
	return true
}

// callHook calls a hook on a goroutine, which comes back to the reactor. ctx is the
// user's: that its user leaves ends no hook, which would spoil the connection.
func (s *session) callHook(name string, ctx context.Context, fn func(context.Context, *db.Querier) error) {
	c := s.core
	ctx, cancel := context.WithTimeout(async.WithSite(context.WithoutCancel(ctx), async.Site{Scheduler: c.r}), c.cfg.AcquireTimeout)
	conn, end := db.OnSession(c.d, s)
	c.publish() // it is busy, though nothing is sent
	go func() {
		err := hook(ctx, name, func() error { return fn(ctx, conn) }, nil)
		end()
		if !c.r.Post(async.TaskFunc(func() { s.hookReturned(err); cancel() })) { // until then it shows what it left running
			cancel()
		}
	}()
}

// hookReturned goes on after a hook: with what the user began with, or with giving the
// connection back. One that a hook has spoilt is closed.
func (s *session) hookReturned(err error) {
	c, cn, e := s.core, s.cn, s.entry
	if s.over { // the connection broke meanwhile, and the user has been told
		return
	}
	name := "BeforeUse"
	if e.after {
		name = "AfterUse"
	}
	switch {
	case err != nil:
	case s.busy || s.queue.Len() > 0:
		err = &hookError{name, errHookBusy}
	case cn.status != 'I':
		err = &hookError{name, errHookTx}
	}
	if err != nil {
		c.d.log().Warn("pg: " + err.Error() + ": its connection is closed")
		if q := e.first; q != nil {
			e.first = nil
			c.finish(q, &db.Error{Kind: db.Unavailable, Message: err.Error(), Retry: true, Err: err})
		}
		cn.fail(err)
		c.endTurn(cn)
		return
	}
	s.entry = nil
	if q := e.first; q != nil {
		q.Hook.Holder = nil
		s.begin(q)
		return
	}
	s.end() // a hook's own session, or one whose user has left
	c.endTurn(cn)
}
