package pg

import (
	"fmt"

	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// message handles one message of the server, other than a row.
func (cn *conn) message(m wire.Message) error {
	body := m.Body
	switch m.Kind {
	case 'K', 'A': // key, notifications
		return nil
	case 'S':
		cn.reported(body)
		return nil
	case 'N':
		return cn.noticed(body)
	case 'E':
		return cn.serverFailed(body)
	}
	if cn.awaited() <= 0 {
		return fmt.Errorf("%w: %q answers nothing", wire.ErrMalformed, m.Kind)
	}
	u := cn.sending.front()
	switch m.Kind {
	case '1':
		if u.draft != nil {
			u.draft.parsed = true
		}
	case '2':
		u.bound = true
	case '3', 'n', 'D', 'd', 'c': // done closing; no data; copied out
	case 'C':
		u.completed(body)
	case 'I':
		u.completed(nil)
	case 's':
		u.suspended = true
	case 't':
		return u.parameters(body)
	case 'T':
		return u.describe(body)
	case 'G':
		return cn.copyBegan(u)
	case 'H', 'W':
		u.refused = true
	case 'Z':
		if len(body) != 1 || u.kind == unitGroup && u.err == nil && u.group.current < len(u.group.items) {
			return wire.ErrMalformed
		}
		cn.ready(body[0])
	default:
		return fmt.Errorf("%w: %q", wire.ErrMalformed, m.Kind)
	}
	return nil
}

// serverFailed takes an ErrorResponse: of the current unit, or why the
// connection ends.
func (cn *conn) serverFailed(body []byte) error {
	e, err := wire.Error(body)
	if err != nil {
		return err
	}
	fatal := e.SeverityUnlocalized == "FATAL" || e.SeverityUnlocalized == "PANIC" || e.Severity == "FATAL"
	if fatal || cn.awaited() <= 0 {
		return e
	}
	cn.sending.front().err = e
	return nil
}

// completed takes a CommandComplete, or an EmptyQueryResponse.
func (u *unit) completed(body []byte) {
	tag := wire.Tag(body)
	n, rows := wire.Affected(tag, u.kind == unitCopy)
	u.complete, u.bound = true, false
	switch {
	case u.kind == unitSimple:
		u.aborted = string(tag) == "ROLLBACK"
		if u.affected += n; u.q != nil && u.st != nil {
			u.q.Affected(u.affected, 0) // of a script
		}
	case u.kind == unitGroup:
		u.group.current = min(u.group.current+1, len(u.group.items))
	case u.q == nil:
	case u.kind == unitBatch:
		if u.item < len(u.shapes) && !u.outdated {
			if rows {
				u.q.Items[u.item].Affected(n, 0)
			}
			u.item++
			u.complete = u.item == len(u.shapes)
		}
	case rows:
		u.q.Affected(n, 0)
	}
}

// parameters takes a ParameterDescription.
func (u *unit) parameters(body []byte) error {
	if u.draft == nil {
		return wire.ErrMalformed
	}
	var err error
	u.draft.params, err = wire.Params(body)
	return err
}

// describe takes a RowDescription.
func (u *unit) describe(body []byte) error {
	var known *wire.Shape
	switch {
	case u.kind == unitSimple, u.draft != nil && u.draft.asks != nil:
		return nil // its rows are skipped, or of a known shape
	case u.kind == unitBatch && u.item < len(u.shapes):
		known = u.shapes[u.item]
	case u.draft == nil:
		known = u.shape
	}
	if known == nil && u.draft == nil {
		return wire.ErrMalformed
	}
	columns, err := wire.Columns(body)
	if err != nil {
		return err
	}
	if u.draft != nil {
		u.draft.columns = columns
	} else if u.err == nil && u.wantsRows() && !known.Answers(columns) {
		u.err, u.outdated = outdated(), true
	}
	return nil
}

// outdated is the error of a statement behind a pooler whose rows are not those
// that it was described with. A server says the same of a prepared statement that is
// out of date, but here the statement has run.
func outdated() error {
	return &pgconn.PgError{
		Severity: "ERROR", Code: codeNotSupported, Routine: revalidate,
		Message: "the columns of the result have changed since the statement was described; it has run",
	}
}

// ready takes a ReadyForQuery: the end of the first unit.
func (cn *conn) ready(status byte) {
	c := cn.core
	u := &cn.ended // not on the stack: steps are func values, which would move it to the heap
	*u = cn.sending.pop()
	now := c.r.Now()
	cn.status, cn.health.heardAt = status, now
	if !u.isCheck() {
		cn.health.usedAt = now
	}
	if u.slow {
		cn.slow--
	}
	if u.unknown {
		cn.unknown--
	}
	if u.locks {
		cn.locks--
	}
	cn.lastTook, cn.head.since = now.Sub(cn.head.since), now
	if cn.head.fresh && u.kind != unitGroup && (cn.roundTrip == 0 || cn.lastTook < cn.roundTrip) {
		cn.roundTrip = cn.lastTook
	}
	cn.head.fresh = false
	u.measured(c, cn.lastTook)
	if cn.held == nil && status != 'I' {
		cn.leftOpen(u)
		return
	}
	if cn.held != nil && cn.refusedWrite(u) {
		cn.askOnRelease = true
	}
	switch {
	case u.step != nil:
		u.step(cn.held, u)
	case u.kind == unitGroup:
		cn.grouped(u)
	case u.kind == unitPrepare:
		cn.described(u)
	case u.isCheck():
		cn.health.checking = false
	default:
		cn.answered(u)
	}
	*u = unit{}
	if !cn.closed() && cn.held == nil && cn.lostWrites() {
		cn.retireReadOnly()
	}
	if !cn.closed() && cn.sending.len() > 0 {
		cn.watchGroup()
		if cn.sending.front().abandoned {
			cn.interruptSoon()
		}
	}
}
