package pg

import (
	"context"
	"log/slog"
	"reflect"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// A connection whose target_session_attrs asks for writes is held against that when
// it is made, and may take none later: default_transaction_read_only was switched
// on, or something between us and the server has moved it to a standby. Servers
// from version 14 tell when such a setting changes. From others, and from what only
// looks like a server, a refused write is the first to be heard of it; then the
// connection is asked what it was asked when it was made. So a function that
// forbids itself to write costs no connection.
//
// A connection that has turned is closed when it is empty, and the others are asked.
// The write that was refused has had no effect: it runs again, once, on a connection
// that takes writes. In a transaction of the user only that user can repeat what
// came before.

// wants is what target_session_attrs asks of a connection, as far as writes go.
type wants uint8

const (
	wantsAny       wants = iota
	wantsReadWrite       // read-write: a session that is not read-only
	wantsPrimary         // primary: a server that is no standby
)

// wantsOf finds out what a configuration asks for. pgconn keeps only the function
// that checks it.
func wantsOf(cfg *pgconn.Config) wants {
	if cfg.ValidateConnect == nil {
		return wantsAny
	}
	is := func(f pgconn.ValidateConnectFunc) bool {
		return reflect.ValueOf(cfg.ValidateConnect).Pointer() == reflect.ValueOf(f).Pointer()
	}
	switch {
	case is(pgconn.ValidateConnectTargetSessionAttrsReadWrite):
		return wantsReadWrite
	case is(pgconn.ValidateConnectTargetSessionAttrsPrimary):
		return wantsPrimary
	}
	return wantsAny
}

// question is a statement whose answer is "on" or "t" when a session is not what w
// asks for: that of pgconn when it connects.
func (w wants) question() string {
	if w == wantsPrimary {
		return "SELECT pg_catalog.pg_is_in_recovery()"
	}
	return "SHOW transaction_read_only"
}

// reported takes a ParameterStatus.
func (cn *conn) reported(body []byte) {
	name, value := wire.Setting(body)
	on := string(value) == "on"
	switch string(name) {
	case "in_hot_standby":
		cn.report.standby = on
	case "default_transaction_read_only":
		cn.report.readOnly = on
	}
}

// writeCheck is a connection's being asked whether it takes writes, and the calls that
// wait for the answer.
//
// Owner: reactor.
type writeCheck struct{ refused []refusal }

// refusal is a call that was refused, and with which error.
//
// Owner: reactor.
type refusal struct {
	q   *driver.Query
	err error
}

// writeRefused goes on with the call of u, which was refused on a connection that others
// use as well: it ends with err, unless the connection turns out to have turned.
func (cn *conn) writeRefused(u *unit, err error) {
	c, q := cn.core, u.q
	again := !q.Cancelled() && q.Hook.State&flagRetried == 0 && u.repeatable() && q.Rewind()
	switch {
	case cn.lostWrites():
		cn.retireReadOnly()
		if again {
			q.Hook.State |= flagRetried
			c.runAgain(q)
			return
		}
	case again:
		cn.askWritable()
		q.Hook.Holder = cn.writeCheck
		setState(q, stateHeld)
		cn.writeCheck.refused = append(cn.writeCheck.refused, refusal{q, err})
		return
	case q.Hook.State&flagRetried == 0:
		cn.askWritable()
	}
	c.finish(q, err)
}

// askWritable asks the server. Until it has answered nothing new is sent here.
func (cn *conn) askWritable() {
	if cn.writeCheck != nil || cn.life != connOpen {
		return
	}
	cn.writeCheck = &writeCheck{}
	cn.setBuffer(wire.AppendSimple(cn.buffer(), cn.link.wants.question()))
	cn.push(unit{kind: unitSimple, draft: &draft{single: true}, step: func(_ *session, u *unit) { cn.writableAnswered(u) }})
}

// writableAnswered takes the answer. None is as bad as the wrong one.
func (cn *conn) writableAnswered(u *unit) {
	t := cn.writeCheck
	cn.writeCheck = nil
	answer := string(u.draft.value)
	turned := u.err != nil || answer == "on" || answer == "t"
	if turned {
		cn.retireReadOnly()
	}
	t.resolve(cn.core, turned)
}

// resolve lets the calls go on, or fail.
func (t *writeCheck) resolve(c *core, again bool) {
	for _, r := range t.refused {
		if !again || r.q.Cancelled() {
			c.finish(r.q, r.err)
			continue
		}
		r.q.Hook.State |= flagRetried
		c.runAgain(r.q)
	}
}

// remove takes q out.
func (t *writeCheck) remove(q *driver.Query) {
	for i := range t.refused {
		if t.refused[i].q == q {
			t.refused = append(t.refused[:i], t.refused[i+1:]...)
			return
		}
	}
}

// retireReadOnly has a connection that has turned closed once it is empty, and the others
// asked.
func (cn *conn) retireReadOnly() {
	if cn.life != connOpen {
		return
	}
	cn.life = connRetiring
	c := cn.core
	c.d.log().LogAttrs(context.Background(), slog.LevelWarn,
		"pg: a connection does not take writes any more, which target_session_attrs asks for: it is replaced", slog.Int("core", c.r.Core()))
	for _, other := range c.b.cores {
		if other == c {
			c.askAllWritable()
			continue
		}
		other.r.Post(async.TaskFunc(other.askAllWritable))
	}
}

// askAllWritable asks on all connections; on those that somebody holds when they are given
// back.
func (c *core) askAllWritable() {
	for _, cn := range c.conns {
		switch {
		case cn.link.wants == wantsAny:
		case cn.held != nil:
			cn.askOnRelease = true
		default:
			cn.askWritable()
		}
	}
}

// released is called when nobody holds the connection any more.
func (cn *conn) released() {
	switch {
	case cn.closed():
	case cn.lostWrites():
		cn.retireReadOnly()
	case cn.askOnRelease:
		cn.askWritable()
	}
	cn.askOnRelease = false
}

// answer takes a row of what a draft has asked.
func (d *draft) answer(body []byte) error {
	var err error
	switch {
	case d.asks != nil:
		d.found, err = wire.AppendCatalogType(d.found, body)
	case d.single:
		d.value, err = wire.First(body)
	}
	return err
}
