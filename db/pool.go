package db

import (
	"context"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/health"
)

// Pool is a database: any goroutine and any reactor may use it. A driver's Open
// makes it (sqlite.Open, pg.Open); the statements' methods are those of
// [Querier].
//
// Owner: any (atomic).
type Pool struct {
	Querier
	stats func() Stats
}

// New makes a pool over a driver, whose counters stats returns. Drivers call it in
// their Open.
func New(d driver.Driver, stats func() Stats) *Pool {
	p := &Pool{stats: stats}
	p.driver, p.shutErr = d, ErrClosed
	return p
}

// Stats returns a snapshot of the pool's counters.
func (p *Pool) Stats() Stats { return p.stats() }

// Driver returns the driver below, for what only it can do.
func (p *Pool) Driver() driver.Driver { return p.driver }

// ReactorUser returns what an app hands its reactors to: the driver, if it works on
// reactors. Package db knows none.
func (p *Pool) ReactorUser() any { return p.driver }

// HealthCheck returns a check of whether the database answers, named "database" and
// critical: an app lists it for each pool that it provides.
func (p *Pool) HealthCheck() health.Check {
	return health.Check{Name: "database", Critical: true, Run: func(ctx context.Context) error {
		_, err := p.Ping(ctx).Await(ctx)
		return err
	}}
}

// Close refuses new work with [ErrClosed], lets running and queued calls and
// open transactions end, and closes the connections. When ctx ends first it
// cancels what is left and returns the cause. Later calls return ErrClosed. It
// blocks: not for reactors.
func (p *Pool) Close(ctx context.Context) error {
	if p.shut.Swap(true) {
		return ErrClosed
	}
	return p.driver.Close(ctx)
}

// Querier runs statements: on any connection of a [Pool], or inside a [Tx].
// Both embed one, so that code which takes a *Querier (&pool.Querier,
// &tx.Querier) works in and out of transactions. Any goroutine may use it.
//
// The sql of a call should be a constant or one of few texts: statements are
// prepared once and cached by text. Parameters are $1, $2 and so on: numbers,
// strings, bool, []byte, time.Time, 16-byte arrays (UUIDs), nil and pointers
// (nil is NULL), driver.Valuer, named forms of these, and maps, slices and
// structs, which become JSON, or arrays where the database has them.
//
// Owner: any (atomic).
type Querier struct {
	driver  driver.Driver
	session driver.Session // nil: any connection
	part    *part          // of the transaction; nil: none
	shutErr error          // why nothing more is started, once shut is set
	shut    atomic.Bool
}

// query prepares a call.
func (r *Querier) query(ctx context.Context, op driver.Op, sql string, args []any) (*driver.Query, error) {
	if r.shut.Load() {
		return nil, r.shutErr
	}
	if why := r.part.doomed(); why != nil {
		return nil, why
	}
	return driver.New(ctx, r.driver, op, sql, args)
}

// One returns the only row of a statement: [ErrNoRows] when there is none,
// [ErrTooManyRows] when there are more; the statement has run all the same.
func (r *Querier) One[T any](ctx context.Context, sql string, args ...any) async.Future[T] {
	q, err := r.query(ctx, driver.OpOne, sql, args)
	if err != nil {
		return async.Failed[T](err)
	}
	s := &oneSink[T]{}
	promise, future := async.NewPromise[T](q.Site().Scheduler)
	s.promise = promise
	launch(q, promise, s, r.part, r.session)
	return future
}

// Query returns all rows of a statement, an empty slice when there are none. For
// results that may be large there is Each.
func (r *Querier) Query[T any](ctx context.Context, sql string, args ...any) async.Future[[]T] {
	q, err := r.query(ctx, driver.OpQuery, sql, args)
	if err != nil {
		return async.Failed[[]T](err)
	}
	s := &manySink[T]{}
	promise, future := async.NewPromise[[]T](q.Site().Scheduler)
	s.promise = promise
	launch(q, promise, s, r.part, r.session)
	return future
}

// Exec runs a statement and skips its rows, if any. Result.RowsAffected is how many
// rows it has inserted, updated, deleted or merged.
//
// Without parameters it also takes a script: several statements with semicolons
// between them, which are one transaction, all or nothing, in which no other call
// sees a part. RowsAffected is then the sum over its statements. A script may begin
// with BEGIN and end with COMMIT, but for one in a Tx; all other statements that begin
// or end transactions are refused, here and everywhere, before anything is sent.
func (r *Querier) Exec(ctx context.Context, sql string, args ...any) async.Future[Result] {
	q, err := r.query(ctx, driver.OpExec, sql, args)
	if err != nil {
		return async.Failed[Result](err)
	}
	return exec(q, r.part, r.session)
}

// Ping makes one round trip to the database.
func (r *Querier) Ping(ctx context.Context) async.Future[Result] {
	q, err := r.query(ctx, driver.OpPing, "", nil)
	if err != nil {
		return async.Failed[Result](err)
	}
	return exec(q, r.part, r.session)
}

// Custom runs an operation that only the driver knows, and is for the packages of
// drivers: pg.CopyFrom. The driver finds data in the query's Hook.
func (r *Querier) Custom(ctx context.Context, sql string, data any) async.Future[Result] {
	q, err := r.query(ctx, driver.OpCustom, sql, nil)
	if err != nil {
		return async.Failed[Result](err)
	}
	q.Hook.Data = data
	return exec(q, r.part, r.session)
}

// OnSession returns a Querier whose statements run on a session, and what ends it:
// later use is [ErrTxDone]. It is for drivers, whose hooks it is for.
func OnSession(d driver.Driver, s driver.Session) (q *Querier, end func()) {
	q = &Querier{driver: d, session: s, shutErr: ErrTxDone}
	return q, func() { q.shut.Store(true) }
}
