package driver

import "context"

// Driver is what a database brings: it runs queries, each of which it finishes
// exactly once. db.New makes a pool of it. All methods may be called from any
// goroutine.
//
// The life of a [Query] in a driver:
//
//	Start(q)                 q now belongs to the driver
//	  q.SQL, q.Params()      what to run; q.Op says how
//	  q.Describe(d)          once, when the columns are known
//	  row := q.Next()        per row; nil: this row and the rest are not wanted
//	    row.Int64(0, id)     per column, in what form it came: fills the user's struct
//	  q.Affected(n, id)      for writes
//	  q.Finish(err)          the end: q must not be touched any more
//
// A transaction is not committed on a guess. A driver calls q.Unsent before Finish
// for what it drops before it has sent it; everything else that is cancelled may
// have happened, which the pool notes. So on OpCommit, after the queries that came
// before, a driver asks q.Doom, and rolls back if there is a reason to. Statements
// that begin or end transactions, or parts of them, are refused before they are
// sent, whatever form they have: only operations do that. What a text is is read with
// db/internal/sqltext, which also says what is refused (docs/reference/db.md); a BEGIN
// and COMMIT around a whole script of OpExec are left out.
//
// q.Site says where the caller runs. A driver whose connections live on that
// scheduler works right in Start when q.Site().Direct is set, else it posts
// itself there, and ends with FinishHere. A driver with threads of its own ends
// with Finish.
type Driver interface {
	// Start runs q on any connection. It must not block: a call that has to
	// wait is queued, up to the driver's limits (db.ErrPoolExhausted).
	Start(q *Query)
	// Cancel says that nobody needs q any more: drop it if it is queued,
	// interrupt it if it is running, ignore it if it is finished. It may come
	// before, during and after Start, and must not block; q.Cancelled is true
	// by then, so a driver checks that where it takes up a query.
	Cancel(q *Query)
	// Close lets running and queued queries end, then closes the connections.
	// When ctx ends first it cancels what is left and returns the cause. After
	// Close the pool starts nothing new, except on sessions that are open.
	Close(ctx context.Context) error
}

// Session is a connection held for one user: a transaction (from OpBegin until
// OpCommit or OpRollback), or an open stream (from OpStream until a fetch brings
// the last rows, or OpStop). Start runs q on it, after what was started before.
type Session interface{ Start(q *Query) }

// Op is what a driver is asked to do.
type Op uint8

// The operations. OpCommit, OpRollback and OpStop end their session, also when
// they fail or are cancelled; so does OpFetch unless it calls Suspend again.
const (
	OpOne       Op = iota // a statement with one row
	OpQuery               // a statement with rows
	OpExec                // a statement whose rows, if any, are skipped
	OpStream              // a statement with rows, delivered in portions of Limit; with more to come it sets Suspend
	OpFetch               // the next portion, on the session of a stream
	OpStop                // ends the stream early
	OpBegin               // starts a transaction according to Isolation and ReadOnly, and sets Hold
	OpCommit              // ends the transaction; rolls it back when the query's Doom says so
	OpRollback            // ends the transaction
	OpBatch               // the statements of Items in one transaction, in as few round trips as possible
	OpPing                // a round trip
	OpSavepoint           // sets, releases or goes back to a savepoint: SQL is how; it is never cancelled
	OpCustom              // the driver's own (db.Querier.Custom): Hook.Data says what
)

// EndsSession tells whether an operation ends its session, or may. It reaches the driver,
// and is to be run, even when it is cancelled: else nobody cleans the session up.
func (o Op) EndsSession() bool {
	return o == OpCommit || o == OpRollback || o == OpFetch || o == OpStop
}

// Isolation is the isolation level of a transaction: the constants of package db
// ([github.com/fasterapi/fasterapi/db.Isolation]), which shows it to users by this
// type. A driver raises a level that it has not to the next one that it has.
type Isolation uint8
