package pg

// answered ends a query that used a connection together with others.
func (cn *conn) answered(u *unit) {
	if u.q == nil {
		return
	}
	c := cn.core
	err := cn.outcome(u)
	switch {
	case err != nil && cn.refusedWrite(u):
		cn.writeRefused(u, err)
		return
	case err != nil && u.mayRunAgain(cn):
		c.runAgain(u.q)
		return
	case err == nil && u.kind == unitBatch:
		err = itemError(u.q)
	}
	c.finish(u.q, err)
}

// leftOpen ends a connection on which u has begun a transaction and not ended it. No
// text that is admitted does that, but something between us and the server may.
// Whatever came next would be part of that transaction. Nothing of it stays; what
// the server said about u remains its error.
func (cn *conn) leftOpen(u *unit) {
	switch {
	case u.kind == unitGroup:
		cn.lostGroup(u, errControl, true)
	case u.q != nil && u.kind != unitPrepare && u.err != nil:
		cn.core.finish(u.q, cn.outcome(u))
	case u.q != nil && u.kind != unitPrepare:
		cn.core.finish(u.q, errControl)
	}
	*u = unit{}
	cn.fail(errControl)
}
