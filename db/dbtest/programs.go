package dbtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
)

// worker runs one program after another.
//
// Owner: its goroutine. In a chain: the loop, while the goroutine waits for it.
type worker struct {
	m    *Model
	loop *Loop
	rng  *rand.Rand
	step int64    // the last step of the program
	did  []string // what the transaction did, for messages
	// unsure: a statement of the transaction was left, so what the next ones see
	// nobody knows; it will not be committed, unless it was left before it was sent.
	unsure bool
}

// errLeft: the caller of a chain left, and does not know how far it has come.
var errLeft = fmt.Errorf("dbtest: left: %w", context.Canceled)

// tag is what a row says of itself, so that a value in a strange row is seen.
func tag(op, step int64) string { return fmt.Sprintf("%d:%d", op, step) }

// of returns true in n of 100 cases.
func (w *worker) of(n int) bool { return w.rng.IntN(100) < n }

// text makes one of many texts of a statement, which all mean the same, so that
// the caches of prepared statements have something to do.
func (w *worker) text(sql string) string {
	comment := fmt.Sprintf("/* %d */", w.rng.IntN(20))
	if w.of(50) {
		return comment + " " + sql
	}
	return sql + " " + comment
}

// program runs one program and looks at what is stored right after it.
func (w *worker) program() {
	w.step = 0
	id := w.m.begin()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if w.of(5) {
		w.over(ctx, id)
		return
	}
	inner, leave := w.leaving(ctx)
	defer leave()
	run := []func(context.Context, int64) error{w.single, w.single, w.batch, w.script, w.tx, w.tx, w.tx, w.chain}
	err := run[w.rng.IntN(len(run))](inner, id)
	v := w.verdict(id, err)
	w.m.end(id, v, err)
	if v != perhaps && w.m.Journal == nil && w.of(30) {
		w.look(ctx, id)
	}
}

// over begins a program whose caller has left.
func (w *worker) over(ctx context.Context, id int64) {
	gone, leave := context.WithCancelCause(ctx)
	leave(errTest)
	var err error
	switch w.rng.IntN(3) {
	case 0:
		err = w.single(gone, id)
	case 1:
		err = w.batch(gone, id)
	case 2:
		err = w.tx(gone, id)
	}
	if !errors.Is(err, errTest) {
		w.m.fail("program %d was begun with a context that was over, and says %v", id, err)
	}
	w.m.end(id, failed, err)
}

// leaving returns a context that ends at a random moment, mostly not at all.
func (w *worker) leaving(ctx context.Context) (context.Context, context.CancelFunc) {
	if !w.of(35) {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Duration(w.rng.ExpFloat64()*float64(time.Millisecond)))
}

// verdict is what a caller learns from err.
func (w *worker) verdict(id int64, err error) verdict {
	w.m.mu.Lock()
	planned := w.m.programs[id].planned
	w.m.mu.Unlock()
	e, _ := errors.AsType[*db.Error](err)
	switch {
	case err == nil:
		return stored
	case errors.Is(err, errLeft):
		return perhaps
	case !planned, db.SafeToRetry(err), errors.Is(err, db.ErrTooManyRows):
		return failed
	case e != nil && (e.Kind == db.UniqueViolation || e.Kind == db.Invalid):
		return failed
	}
	return perhaps
}

// look reads what is stored of a program whose caller knows.
func (w *worker) look(ctx context.Context, id int64) {
	steps, err := w.m.Pool.Query[int64](ctx, w.text("SELECT step FROM log WHERE op = $1 ORDER BY step"), id).Await(ctx)
	if err != nil {
		return // the reader met a fault
	}
	w.m.mu.Lock()
	err = w.m.programs[id].check(steps)
	w.m.mu.Unlock()
	if err != nil {
		w.m.fail("program %d, right after its end: %w: %s", id, err, strings.Join(w.did, "; "))
	}
}

// insertion is an INSERT of rows of a program with its arguments.
func (w *worker) insertion(id int64, rows int, e *effects) (string, []any) {
	var values []string
	args := []any{id}
	for range rows {
		w.step++
		e.steps = append(e.steps, w.step)
		values = append(values, fmt.Sprintf("($1, $%d, $%d)", len(args)+1, len(args)+2))
		args = append(args, w.step, tag(id, w.step))
	}
	return w.text("INSERT INTO log (op, step, tag) VALUES " + strings.Join(values, ", ")), args
}

// insert inserts rows by one of the ways of running a statement.
func (w *worker) insert(ctx context.Context, q *db.Querier, sql string, args []any, rows int) error {
	if rows == 1 && w.of(30) {
		n, err := q.One[int64](ctx, sql+" RETURNING step", args...).Await(ctx)
		if err == nil && n != args[1].(int64) {
			w.m.fail("RETURNING step says %d, not %v", n, args[1])
		}
		return err
	}
	switch w.rng.IntN(4) {
	case 0:
		all, err := q.Query[int64](ctx, sql+" RETURNING step", args...).Await(ctx)
		if err == nil && len(all) != rows {
			w.m.fail("RETURNING brings %d rows, not %d", len(all), rows)
		}
		return err
	case 1:
		seen := 0
		for _, err := range q.Each[int64](ctx, sql+" RETURNING step", args...) {
			if err != nil {
				return err
			}
			seen++
		}
		if seen != rows {
			w.m.fail("Each brings %d rows, not %d", seen, rows)
		}
		return nil
	case 2:
		short, leave := w.leaving(ctx)
		defer leave()
		return w.affects(rows)(q.Exec(ctx, sql, args...).Await(short))
	}
	return w.affects(rows)(q.Exec(ctx, sql, args...).Await(ctx))
}

// affects checks the number of rows of a statement that succeeded.
func (w *worker) affects(rows int) func(db.Result, error) error {
	return func(r db.Result, err error) error {
		if err == nil && r.RowsAffected != int64(rows) {
			w.m.fail("RowsAffected is %d, not %d", r.RowsAffected, rows)
		}
		return err
	}
}

// single is a program of one statement.
func (w *worker) single(ctx context.Context, id int64) error {
	var e effects
	rows := 1 + w.rng.IntN(3)
	sql, args := w.insertion(id, rows, &e)
	if w.of(15) { // its last row exists already
		args = append(args, args[len(args)-2:]...)
		sql = strings.Replace(sql, ") VALUES ", fmt.Sprintf(") VALUES ($1, $%d, $%d), ", len(args)-1, len(args)), 1)
		rows++
	}
	w.m.plan(id, e)
	return w.insert(ctx, &w.m.Pool.Querier, sql, args, rows)
}

// batch is a program of one batch.
func (w *worker) batch(ctx context.Context, id int64) error {
	_, err := w.sendBatch(ctx, &w.m.Pool.Querier, id, func(e effects) { w.m.plan(id, e) })
	return err
}

// sendBatch sends a batch of insertions and reads, which may fail.
func (w *worker) sendBatch(ctx context.Context, q *db.Querier, id int64, plan func(effects)) (effects, error) {
	var e effects
	b := q.Batch()
	for range 1 + w.rng.IntN(4) {
		rows := 1 + w.rng.IntN(2)
		sql, args := w.insertion(id, rows, &e)
		switch w.rng.IntN(4) {
		case 0:
			b.Query[int64](sql+" RETURNING step", args...)
		case 1:
			k := w.rng.Int64N(30)
			b.One[int64](fmt.Sprintf("SELECT CAST($1 AS BIGINT) + %d", k), 1)
			b.Exec(sql, args...)
		default:
			b.Exec(sql, args...)
		}
	}
	switch {
	case w.of(10):
		b.Exec("INSERT INTO log (op, step, tag) VALUES ($1, $2, 'again')", id, w.step)
	case w.of(10):
		b.One[int64]("SELECT step FROM log WHERE op = $1 UNION ALL SELECT -1 UNION ALL SELECT -2", id)
	}
	plan(e)
	_, err := b.Send(ctx).Await(ctx)
	return e, err
}

// script is a program of several statements in one text.
func (w *worker) script(ctx context.Context, id int64) error {
	var e effects
	var b strings.Builder
	for range 1 + w.rng.IntN(3) {
		w.step++
		e.steps = append(e.steps, w.step)
		fmt.Fprintf(&b, "INSERT INTO log (op, step, tag) VALUES (%d, %d, '%s'); -- one; more\n", id, w.step, tag(id, w.step))
	}
	if w.of(20) {
		fmt.Fprintf(&b, "INSERT INTO log (op, step, tag) VALUES (%d, %d, 'again;')", id, w.step)
	}
	w.m.plan(id, e)
	_, err := w.m.Pool.Exec(ctx, b.String()).Await(ctx)
	return err
}

// tx is a program of one transaction.
func (w *worker) tx(ctx context.Context, id int64) error {
	_, err := w.m.Pool.Tx(ctx, db.TxOptions{Retries: w.rng.IntN(3) - 1}, func(ctx context.Context, tx *db.Tx) (int, error) {
		w.m.forget(id)
		w.did, w.unsure = nil, false
		s := scope{id: id}
		if err := w.body(ctx, tx, &s); err != nil {
			return 0, err
		}
		if len(s.did.steps) == 0 { // so that the counters can be held against something
			return 0, errTest
		}
		w.m.plan(id, s.did)
		return 0, nil
	}).Await(ctx)
	return err
}

// actions names what body may do.
var actions = [...]string{"insert", "insert", "insert", "look", "count", "batch", "fail", "savepoint", "savepoint"}

// scope is a transaction, or a savepoint in it.
//
// Owner: the worker.
type scope struct {
	id     int64   // of the program
	did    effects // so far, as far as it counts
	before int     // rows of the program that were there at its begin
	depth  int     // of savepoints
}

// rows is how many rows of the program the scope sees.
func (s *scope) rows() int { return s.before + len(s.did.steps) }

// body is what a transaction or savepoint does.
func (w *worker) body(ctx context.Context, tx *db.Tx, s *scope) error {
	for range 1 + w.rng.IntN(4) {
		var err error
		what := w.rng.IntN(9)
		switch what {
		case 0, 1, 2:
			err = w.inserts(ctx, tx, s)
		case 3:
			err = w.sees(ctx, tx, s)
		case 4:
			if s.rows() > 0 {
				err = w.counts(ctx, tx, s)
			}
		case 5:
			var more effects
			short, leave := w.leaving(ctx)
			if more, err = w.sendBatch(short, &tx.Querier, s.id, func(effects) {}); err == nil {
				s.did.add(more)
			}
			leave()
		case 6:
			err = w.fails(ctx, tx, s.id)
		case 7, 8:
			if s.depth < 3 {
				err = w.savepoint(ctx, tx, s)
			}
		}
		w.unsure = w.unsure || errors.Is(err, context.DeadlineExceeded)
		w.did = append(w.did, fmt.Sprintf("%s at depth %d: %v, so %v", actions[what], s.depth, err, s.did.steps))
		if err != nil && w.of(50) {
			return err
		}
	}
	if w.of(10) {
		return errTest
	}
	return nil
}

func (e *effects) add(more effects) {
	e.steps = append(e.steps, more.steps...)
	for i, n := range more.adds {
		e.adds[i] += n
	}
}

// inserts inserts rows in a transaction; its caller may leave in the middle.
func (w *worker) inserts(ctx context.Context, tx *db.Tx, s *scope) error {
	var more effects
	rows := 1 + w.rng.IntN(3)
	sql, args := w.insertion(s.id, rows, &more)
	short, leave := w.leaving(ctx)
	defer leave()
	err := w.insert(short, &tx.Querier, sql, args, rows)
	if err == nil {
		s.did.add(more)
	}
	return err
}

// sees checks that a transaction sees what it has done, and nothing else.
func (w *worker) sees(ctx context.Context, tx *db.Tx, s *scope) error {
	n, err := tx.One[int64](ctx, w.text("SELECT count(*) FROM log WHERE op = $1"), s.id).Await(ctx)
	if err == nil && n != int64(s.rows()) && !w.unsure {
		w.m.fail("program %d sees %d of its rows, and was told of %d: %s", s.id, n, s.rows(), strings.Join(w.did, "; "))
	}
	return err
}

// counts adds to counters, which makes transactions wait for each other.
func (w *worker) counts(ctx context.Context, tx *db.Tx, s *scope) error {
	at, n := w.rng.IntN(counters), w.rng.Int64N(5)
	short, leave := w.leaving(ctx)
	defer leave()
	r, err := tx.Exec(short, w.text("UPDATE counters SET n = n + $1 WHERE id = $2"), n, at).Await(ctx)
	if err = w.affects(1)(r, err); err == nil {
		s.did.adds[at] += n
	}
	return err
}

// fails runs a statement that must fail.
func (w *worker) fails(ctx context.Context, tx *db.Tx, id int64) error {
	w.step++
	_, err := tx.Exec(ctx, "INSERT INTO log (op, step, tag) VALUES ($1, $2, 'a'), ($1, $2, 'b')", id, w.step).Await(ctx)
	if err == nil {
		w.m.fail("program %d inserts a row twice", id)
	}
	return err
}

func (w *worker) savepoint(ctx context.Context, tx *db.Tx, s *scope) error {
	inner := scope{id: s.id, before: s.rows(), depth: s.depth + 1}
	short, leave := w.leaving(ctx)
	defer leave()
	_, err := tx.Savepoint(short, func(ctx context.Context, tx *db.Tx) (int, error) {
		return 0, w.body(ctx, tx, &inner)
	}).Await(ctx)
	if err == nil {
		s.did.add(inner.did)
	}
	return err
}

// chain is a transaction on a reactor.
func (w *worker) chain(ctx context.Context, id int64) error {
	var e effects
	first, args := w.insertion(id, 1, &e)
	second, more := w.insertion(id, 2, &e)
	leave := time.Duration(0)
	if w.of(20) {
		leave = time.Duration(1 + w.rng.Int64N(int64(2*time.Millisecond)))
	}
	end := make(chan error, 1)
	w.loop.Post(async.TaskFunc(func() {
		ctx := async.WithSite(ctx, async.Site{Scheduler: w.loop, Direct: true})
		f := w.m.Pool.TxFuture(ctx, db.TxOptions{}, func(tx *db.Tx) async.Future[int] {
			w.m.forget(id)
			return tx.Exec(ctx, first, args...).ThenFuture(func(db.Result) async.Future[db.Result] {
				return tx.Exec(ctx, second, more...)
			}).Then(func(db.Result) int {
				w.m.plan(id, e)
				return 0
			})
		})
		if leave > 0 {
			time.AfterFunc(leave, f.Cancel)
		}
		f.OnDone(func(_ int, err error) { end <- err })
	}))
	err := <-end
	if leave > 0 && errors.Is(err, context.Canceled) {
		return errLeft // while the chain may be about to commit
	}
	return err
}
