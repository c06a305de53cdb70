package pg

import "github.com/fasterapi/fasterapi/internal/invariant"

// check panics, in the debug build, where the state of a connection is one that
// must not be. It is called at the end of each turn in which something happened to
// the connection.
func (cn *conn) check() {
	if !invariant.Enabled {
		return
	}
	must := invariant.Check
	if cn.closed() {
		must(cn.sending.len() == 0 && cn.unsent == 0 && cn.parked == 0 && cn.group == nil, "pg: a closed connection has nothing on its way")
		must(cn.held == nil && cn.writeCheck == nil, "pg: a closed connection belongs to nobody")
		return
	}
	cn.checkPipeline()
	must(cn.held == nil || !cn.reserve && cn.writeCheck == nil && !cn.health.checking, "pg: a held connection does nothing for others")
	must(cn.held != nil || cn.copying.copier == nil, "pg: a COPY runs in a session")
	must(cn.copying.copier != nil || !cn.copying.unwritten, "pg: rows are written of a COPY only")
	must(cn.held != nil || cn.sending.len() > 0 || cn.status == 'I', "pg: no transaction is open that is nobody's")
	must(!cn.head.fresh || cn.sending.len() > 0, "pg: a head is in a pipeline")
	if cn.held != nil {
		cn.held.check(cn)
	}
}

// checkPipeline counts what the connection counts.
func (cn *conn) checkPipeline() {
	var extra, slow, unknown, locks, checks, asked int
	var last *unit
	for i := range cn.sending.len() {
		last = cn.sending.at(i)
		if last.kind == unitGroup {
			extra += len(last.group.items) - 1
		}
		if last.slow {
			slow++
		}
		if last.unknown {
			unknown++
		}
		if last.locks {
			locks++
		}
		if last.isCheck() {
			checks++
		}
		if last.draft != nil && last.draft.single {
			asked++
		}
	}
	must := invariant.Check
	must(cn.unsent >= 0 && cn.unsent <= cn.sending.len(), "pg: what is not written is in the pipeline")
	must(cn.unsent == 0 || cn.dirty, "pg: what is not written will be")
	must(cn.extra == extra && cn.slow == slow && cn.unknown == unknown && cn.locks == locks, "pg: the units of a pipeline are counted")
	must(cn.parked >= 0 && cn.cancels >= 0, "pg: what waits is counted")
	must(!cn.health.checking || checks > 0, "pg: a health check is in the pipeline")
	must((cn.writeCheck != nil) == (asked > 0), "pg: a question about writes is in the pipeline")
	must(cn.group == nil || cn.unsent > 0 && last.group == cn.group, "pg: an open group is the last, and not written")
}

// check is the same for a session.
func (s *session) check(cn *conn) {
	must := invariant.Check
	must(s.cn == cn && !s.over, "pg: a connection is held by a session that goes on")
	must(s.tx || !s.marked, "pg: a savepoint is set in a transaction of the user")
	must(s.cursor == nil || s.busy, "pg: the portion of a cursor is on its way")
	must(s.entry == nil || s.entry.first == nil || !s.tx, "pg: a session in BeforeUse has not begun")
}
