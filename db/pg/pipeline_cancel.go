package pg

import (
	"context"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// cancelAfter is how long a statement whose caller has left may go on before the
	// server is asked to stop it: most have ended by then, which costs nothing.
	cancelAfter = 2 * time.Millisecond
	// cancelRetry is the pause between cancel requests for the same statement: one
	// that comes before the statement has begun does nothing.
	cancelRetry = 100 * time.Millisecond
	// cancelSettle is how long after a cancel request its signal may still reach
	// the server process.
	cancelSettle = 5 * time.Second
)

// cancelSent ends q, which has been sent, and sees to it that the server does not
// work on it for long.
func (cn *conn) cancelSent(q *driver.Query, cause error) {
	for i := range cn.sending.len() {
		u := cn.sending.at(i)
		if u.kind == unitGroup && u.group.remove(q) {
			cn.core.finish(q, cause) // splitGroup sees to a group that goes on for long
			return
		}
		if u.q != q {
			continue
		}
		u.q, u.abandoned = nil, true
		cn.core.finish(q, cause)
		if u.kind == unitCopy && cn.copying.copier != nil {
			cn.copying.copier.stop() // which ends it with CopyFail
		}
		if i == 0 {
			cn.interruptSoon()
		}
		return
	}
}

// interruptSoon has an abandoned statement cancelled, unless it ends by itself.
func (cn *conn) interruptSoon() {
	if cn.timer.Task == nil {
		cn.timer.Task = async.TaskFunc(cn.interrupt)
	}
	if !cn.timer.Armed() && cn.cancels == 0 {
		cn.core.r.Arm(&cn.timer, cancelAfter)
	}
}

// interrupt sends a cancel request, which takes a connection of its own and
// hence a goroutine.
func (cn *conn) interrupt() {
	if cn.closed() || cn.sending.len() == 0 || !cn.sending.front().abandoned {
		return
	}
	if cn.unsent == cn.sending.len() {
		cn.core.r.Arm(&cn.timer, cancelAfter) // not even written
		return
	}
	cn.interruptNow()
}

// interruptNow sends the request whatever the server is doing.
func (cn *conn) interruptNow() {
	cn.cancels++
	cn.core.counts.cancelRequests.Add(1)
	go func() {
		ctx, stop := context.WithTimeout(context.Background(), cn.core.d.target.ConnectTimeout)
		defer stop()
		if pc, err := pgconn.Construct(cn.link.hijacked); err == nil {
			_ = pc.CancelRequest(ctx) // a failure shows in the statement's not ending
		}
		cn.core.r.Post(async.TaskFunc(cn.interrupted))
	}()
}

// interrupted is called when the server has taken a cancel request.
func (cn *conn) interrupted() {
	cn.cancels--
	cn.lastCancel = cn.core.r.Now()
	if cn.closed() {
		return
	}
	if cn.sending.len() > 0 && cn.sending.front().abandoned {
		cn.core.r.Arm(&cn.timer, cancelRetry)
	}
	if cn.held != nil {
		cn.held.runNext()
	}
	cn.core.endTurn(cn)
}

// cancelledByNeighbour tells whether a cancellation that nobody asked for may come from a
// cancel request for the query before it, and not from a time limit: ours, or one that the
// server has by itself and names, in its own language.
func (cn *conn) cancelledByNeighbour(e *pgconn.PgError) bool {
	if t := cn.core.cfg.StatementTimeout; t > 0 && cn.lastTook >= t || strings.Contains(e.Message, "timeout") {
		return false
	}
	return cn.cancels > 0 || !cn.lastCancel.IsZero() && cn.core.r.Now().Sub(cn.lastCancel) < cancelSettle
}
