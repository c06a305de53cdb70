package pg

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"slices"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// prepare has the server parse and describe s on this connection; q runs after
// that, and so does everyone else who asks for s in the meantime.
func (cn *conn) prepare(s *statement, q *db.Query) {
	p := &prepared{cn: cn, name: cn.nameOf(s)}
	s.on[cn.slot] = p
	s.uses++
	cn.await(p, q)
	out := wire.AppendParse(cn.buffer(), p.name, s.sql, nil)
	out = wire.AppendDescribe(out, p.name)
	cn.setBuffer(append(out, wire.Sync...))
	cn.push(unit{kind: unitPrepare, st: s, prep: p, draft: &draft{}})
}

// await lets q wait until p is prepared.
func (cn *conn) await(p *prepared, q *db.Query) {
	q.Hook.Holder = p
	setState(q, stateHeld)
	p.waiting.push(q)
	cn.parked++
}

// nameOf is the name of s on the server, with its final zero byte: a hash of the
// text, 96 bits of SHA-256. Whatever is between us and the server, a name never
// means another statement than ours, so at worst it means none. Behind a pooler
// statements have no name.
func (cn *conn) nameOf(s *statement) []byte {
	if cn.unnamed {
		return unnamed
	}
	if s.name == nil {
		sum := sha256.Sum256([]byte(s.sql))
		s.name = append(base64.RawURLEncoding.AppendEncode([]byte("f_"), sum[:12]), 0)
	}
	return s.name
}

// stopNaming is called when the server does not know a name that we gave, or knows
// one that we have not given: who is behind this connection has changed. From now
// on nothing on it is named.
func (cn *conn) stopNaming(e *pgconn.PgError) {
	d := cn.core.d
	if cn.unnamed || d.dropsNames.Load() {
		return
	}
	cn.unnamed = true
	d.namesUnsafe.Store(true)
	d.namesLogged.Do(func() {
		d.cfg.Logger.Warn("pg: the server's prepared statements are not those of this connection: is this a pooler? set SimplePooler",
			slog.String("code", e.Code), slog.String("message", e.Message))
	})
}

// deallocate forgets p; the server is told with whatever is sent next.
func (cn *conn) deallocate(s *statement, p *prepared) {
	s.on[cn.slot] = nil
	s.uses--
	cn.closeName(p)
}

// closeName has the server forget what p is there; it may be nothing.
func (cn *conn) closeName(p *prepared) {
	if len(p.name) > 1 {
		cn.setBuffer(wire.AppendClose(cn.buffer(), p.name))
	}
}

// described ends a unitPrepare: what waited for it runs, or fails with it.
func (cn *conn) described(u *unit) {
	s, p, c := u.st, u.prep, cn.core
	if u.err == nil {
		c.types.Learn(u.draft.asks, u.draft.found)
		if cn.askTypes(u) {
			return // described comes again
		}
	}
	list := p.waiting
	p.waiting = queue{}
	cn.parked -= list.length
	if u.err != nil {
		if s.on[cn.slot] == p {
			s.on[cn.slot] = nil
			s.uses--
		}
		code := u.err.(*pgconn.PgError).Code
		if u.draft.parsed || code == codeDuplicate {
			cn.closeName(p)
		}
		for q := list.pop(); q != nil; q = list.pop() {
			q.Hook.Holder = nil
			cn.notPrepared(q, u)
		}
		return
	}
	before := s.last
	p.shape = c.shapeOf(s, u.draft)
	if before != nil && p.shape != before {
		c.outdate(s, p)
	}
	if cn.unnamed && s.on[cn.slot] == p {
		s.on[cn.slot] = nil // the server forgets it, the shape is kept
		s.uses--
	}
	for q := list.pop(); q != nil; q = list.pop() {
		q.Hook.Holder = nil
		q.Hook.State |= flagFresh
		switch {
		case errorStands(q, s, p.shape):
			cn.endUnsent(q, q.Hook.Data.(*pendingError).err)
		case q.Cancelled() && cn.held == nil:
			c.finish(q, q.Cause())
		case cn.held != nil:
			cn.held.prepared(q)
		case cn.load() > 0 && cn.blocked(c.r.Now()):
			c.runAgain(q) // not behind one that may take a minute
		default:
			cn.run(q, c.statementOf(q))
		}
	}
}

// outdate drops the forms of s that were prepared before its shape became that of
// now.
func (c *core) outdate(s *statement, now *prepared) {
	for _, cn := range c.conns {
		if p := s.on[cn.slot]; p != nil && p.shape != nil && p.shape != now.shape {
			cn.deallocate(s, p)
		}
	}
}

// notPrepared ends q, whose statement the server would not prepare.
func (cn *conn) notPrepared(q *db.Query, u *unit) {
	c := cn.core
	e := u.err.(*pgconn.PgError)
	var err error = serverError(e, u.st.sql)
	if q.Op == db.OpBatch {
		i := slices.IndexFunc(q.Items, func(item *db.Query) bool { return item.SQL == u.st.sql })
		err = &db.BatchError{Index: i, SQL: u.st.sql, Err: err}
	}
	if e.Code == codeDuplicate {
		cn.stopNaming(e)
	}
	mayAgain := !q.Cancelled() && q.Hook.State&flagRetried == 0
	switch {
	case cn.held != nil:
		cn.held.failed(q, err)
	case mayAgain && (e.Code == codeDuplicate || e.Code == codeCancelled && cn.cancelledByNeighbour(e)):
		q.Hook.State |= flagRetried
		c.runAgain(q)
	default:
		c.finish(q, err)
	}
}

// askTypes asks for the types of a description that the core does not know; false:
// there are none.
func (cn *conn) askTypes(u *unit) bool {
	oids := cn.core.types.Unknown(u.draft.params, u.draft.columns)
	if len(oids) == 0 {
		return false
	}
	cn.setBuffer(wire.AppendSimple(cn.buffer(), wire.TypeQuery(oids)))
	next := *u.draft
	next.asks, next.found = oids, nil
	cn.push(unit{kind: unitPrepare, st: u.st, prep: u.prep, draft: &next})
	return true
}

// shapeOf makes the shape of a statement from its description; an equal one that
// is known is used again, with the row plans compiled for it.
func (c *core) shapeOf(s *statement, d *draft) *wire.Shape {
	if s.last == nil || !s.last.Is(d.params, d.columns) {
		s.last = c.types.Shape(d.params, d.columns)
	}
	return s.last
}

// invalid makes the error of a call that does not fit its statement.
func invalid(q *db.Query, err error) error {
	return &db.Error{Kind: db.Invalid, Code: "08P01", Message: err.Error(), SQL: q.SQL, Err: errors.Unwrap(err)}
}
