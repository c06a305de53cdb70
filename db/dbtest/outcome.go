package dbtest

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// add counts the row of table counter up, once it has counted to $1.
const add = "UPDATE counter SET n = n + 1 WHERE (SELECT count(*) FROM (" + count + ") AS c) > 0"

// working is a $1 for add that takes long enough to be cancelled in the middle.
const working = 5000

func counter(t testing.TB, p *db.Pool) {
	t.Helper()
	exec(t, &p.Querier, "CREATE TABLE counter (n BIGINT)")
	exec(t, &p.Querier, "INSERT INTO counter (n) VALUES (0)")
	exec(t, &p.Querier, "CREATE TABLE log (n BIGINT)")
}

func counted(t testing.TB, p *db.Pool) int64 {
	t.Helper()
	return one[int64](t, &p.Querier, "SELECT n FROM counter")
}

func logged(t testing.TB, p *db.Pool) int64 {
	t.Helper()
	return one[int64](t, &p.Querier, "SELECT count(*) FROM log")
}

// testOutcome: an outcome that nobody took dooms its transaction; what was
// dropped before it was sent does not.
func testOutcome(t *testing.T, d Subject) {
	for _, way := range []struct {
		name  string
		leave func(ctx context.Context, tx *db.Tx, after time.Duration) error
	}{
		{"context", func(ctx context.Context, tx *db.Tx, after time.Duration) error {
			short, cancel := context.WithTimeout(ctx, after)
			defer cancel()
			_, err := tx.Exec(short, add, working).Await(ctx)
			return err
		}},
		{"await", func(ctx context.Context, tx *db.Tx, after time.Duration) error {
			short, cancel := context.WithTimeout(ctx, after)
			defer cancel()
			_, err := tx.Exec(ctx, add, working).Await(short)
			return err
		}},
		{"timeout", func(ctx context.Context, tx *db.Tx, after time.Duration) error {
			_, err := tx.Exec(ctx, add, working).Timeout(after).Await(ctx)
			return err
		}},
		{"future", func(ctx context.Context, tx *db.Tx, after time.Duration) error {
			f := tx.Exec(ctx, add, working)
			timer := time.AfterFunc(after, f.Cancel)
			defer timer.Stop()
			_, err := f.Await(ctx)
			return err
		}},
		{"batch", func(ctx context.Context, tx *db.Tx, after time.Duration) error {
			short, cancel := context.WithTimeout(ctx, after)
			defer cancel()
			b := tx.Batch()
			b.Exec(add, working)
			_, err := b.Send(short).Await(short)
			return err
		}},
		{"rows", func(ctx context.Context, tx *db.Tx, after time.Duration) error {
			short, cancel := context.WithTimeout(ctx, after)
			defer cancel()
			_, err := tx.One[int64](short, add+" RETURNING n", working).Await(short)
			return err
		}},
	} {
		t.Run(way.name, func(t *testing.T) { testOutcomeTaken(t, d, way.leave) })
	}
	t.Run("unsent", func(t *testing.T) { testOutcomeUnsent(t, d) })
	t.Run("stream", func(t *testing.T) { testOutcomeStream(t, d) })
	t.Run("savepoint", func(t *testing.T) { testOutcomeSavepoint(t, d) })
}

// testOutcomeTaken tries an update again that failed: what is committed in the
// end is one update per transaction.
func testOutcomeTaken(t *testing.T, d Subject, leave func(context.Context, *db.Tx, time.Duration) error) {
	p := d.Open(t, Limits{Connections: 1})
	counter(t, p)
	ctx := background(t)
	committed, failed := int64(0), 0
	for range 100 {
		_, err := p.Tx(ctx, db.TxOptions{Retries: -1}, func(ctx context.Context, tx *db.Tx) (int, error) {
			if err := leave(ctx, tx, time.Duration(rand.N(4_000_000))); err != nil {
				failed++
				_, _ = tx.Exec(ctx, add, 1).Await(ctx)
			}
			return 0, nil
		}).Await(ctx)
		if err == nil {
			committed++
		}
	}
	idle(t, p)
	require.Equal(t, committed, counted(t, p), "of 100, of which %d were left", failed)
	require.NotZero(t, failed)
}

func testOutcomeUnsent(t *testing.T, d Subject) {
	p := d.Open(t, Limits{Connections: 1})
	counter(t, p)
	ctx := background(t)
	_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		over, cancel := context.WithCancelCause(ctx)
		cancel(errTest)
		_, err := tx.Exec(over, "INSERT INTO log (n) VALUES (1)").Await(ctx)
		require.ErrorIs(t, err, errTest)

		working := tx.One[int64](ctx, "SELECT count(*) FROM ("+count+") AS c", 200_000)
		later, leave := context.WithCancelCause(ctx)
		defer leave(nil)
		behind := tx.Exec(later, "INSERT INTO log (n) VALUES (2)")
		leave(errTest)
		_, err = behind.Await(ctx)
		require.ErrorIs(t, err, errTest)
		require.False(t, working.Ready(), "so what was behind it has not been sent")
		n, err := working.Await(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(200_000), n)
		_, err = tx.Exec(ctx, "INSERT INTO log (n) VALUES (3)").Await(ctx)
		return 0, err
	}).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(3), one[int64](t, &p.Querier, "SELECT sum(n) FROM log"))
}

// testOutcomeStream: a statement whose rows were not all taken because of an
// error has done what it does with its first row.
func testOutcomeStream(t *testing.T, d Subject) {
	p := d.Open(t, Limits{Connections: 1})
	counter(t, p)
	ctx := background(t)
	_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		short, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		rows, last := 0, error(nil)
		for _, err := range tx.Each[int64](short, "INSERT INTO log (n) "+count+" RETURNING n", 1000) {
			if rows++; rows == 100 {
				cancel(errTest)
			}
			last = err
		}
		require.ErrorIs(t, last, errTest)
		return 0, nil
	}).Await(ctx)
	require.ErrorIs(t, err, errTest)
	idle(t, p)
	require.Zero(t, logged(t, p))
}

// testOutcomeSavepoint: what nobody knows inside a savepoint is undone with it.
func testOutcomeSavepoint(t *testing.T, d Subject) {
	p := d.Open(t, Limits{Connections: 1})
	counter(t, p)
	ctx := background(t)
	committed := int64(0)
	for i := range 60 {
		limit := time.Duration(rand.N(4_000_000))
		if i%4 == 0 {
			limit = patience // where an interrupt ends the transaction, some succeed all the same
		}
		told, err := p.Tx(ctx, db.TxOptions{Retries: -1}, func(ctx context.Context, tx *db.Tx) (int64, error) {
			attempt := func(limit time.Duration) (int64, error) {
				return tx.Savepoint(ctx, func(ctx context.Context, tx *db.Tx) (int64, error) {
					short, cancel := context.WithTimeout(ctx, limit)
					defer cancel()
					r, _ := tx.Exec(short, add, working).Await(ctx) // its error is ignored
					return r.RowsAffected, nil
				}).Await(ctx)
			}
			if told, err := attempt(limit); err == nil {
				return told, nil
			}
			return attempt(patience)
		}).Await(ctx)
		if err == nil {
			committed += told
		}
	}
	idle(t, p)
	require.Equal(t, committed, counted(t, p))
	require.NotZero(t, committed)
}

// testSavepointFails: a savepoint that failed, for whatever reason, has had no
// effect, and the transaction goes on.
func testSavepointFails(t *testing.T, d Subject) {
	for name, fail := range savepointFailures() {
		t.Run(name, func(t *testing.T) {
			p := d.Open(t, Limits{Connections: 1})
			counter(t, p)
			ctx := background(t)
			_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
				require.ErrorIs(t, fail(t, ctx, tx), errTest)
				require.Zero(t, one[int64](t, &tx.Querier, "SELECT count(*) FROM log"))
				return 0, insertLog(ctx, tx, 9)
			}).Await(ctx)
			require.NoError(t, err)
			require.Equal(t, int64(9), one[int64](t, &p.Querier, "SELECT sum(n) FROM log"))
			idle(t, p)
		})
	}
	t.Run("side by side", func(t *testing.T) { testSavepointsBeside(t, d) })
	t.Run("on a reactor", func(t *testing.T) { testSavepointLeft(t, d) })
}

func insertLog(ctx context.Context, tx *db.Tx, n int) error {
	_, err := tx.Exec(ctx, "INSERT INTO log (n) VALUES ($1)", n).Await(ctx)
	return err
}

// savepointFailures are ways for a savepoint to fail with errTest after it has inserted.
func savepointFailures() map[string]func(t *testing.T, ctx context.Context, tx *db.Tx) error {
	insert := insertLog
	return map[string]func(t *testing.T, ctx context.Context, tx *db.Tx) error{
		"cancelled after its work": func(_ *testing.T, ctx context.Context, tx *db.Tx) error {
			part, cancel := context.WithCancelCause(ctx)
			_, err := tx.Savepoint(part, func(ctx context.Context, tx *db.Tx) (int, error) {
				err := insert(ctx, tx, 1)
				cancel(errTest)
				return 0, err
			}).Await(ctx)
			return err
		},
		"past its deadline": func(_ *testing.T, ctx context.Context, tx *db.Tx) error {
			part, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			_, err := tx.Savepoint(part, func(context.Context, *db.Tx) (int, error) {
				err := insert(ctx, tx, 1)
				<-part.Done()
				return 0, err
			}).Await(ctx)
			if errors.Is(err, context.DeadlineExceeded) {
				return errTest
			}
			return err
		},
		"nested": func(t *testing.T, ctx context.Context, tx *db.Tx) error {
			_, err := tx.Savepoint(ctx, func(ctx context.Context, tx *db.Tx) (int, error) {
				require.NoError(t, insert(ctx, tx, 1))
				part, cancel := context.WithCancelCause(ctx)
				_, err := tx.Savepoint(part, func(ctx context.Context, tx *db.Tx) (int, error) {
					err := insert(ctx, tx, 2)
					cancel(errors.New("the inner one"))
					return 0, err
				}).Await(ctx)
				require.ErrorContains(t, err, "the inner one")
				require.Equal(t, int64(1), one[int64](t, &tx.Querier, "SELECT count(*) FROM log"))
				return 0, errTest
			}).Await(ctx)
			return err
		},
		"with an inner one that has not ended": func(t *testing.T, ctx context.Context, tx *db.Tx) error {
			inside, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
			_, err := tx.Savepoint(ctx, func(ctx context.Context, tx *db.Tx) (int, error) {
				go func() {
					defer close(ended)
					_, _ = tx.Savepoint(ctx, func(ctx context.Context, tx *db.Tx) (int, error) {
						err := insert(ctx, tx, 1)
						close(inside)
						<-goOn
						return 0, err
					}).Await(ctx)
				}()
				<-inside
				return 0, nil
			}).Await(ctx)
			close(goOn)
			<-ended
			require.ErrorContains(t, err, "has not ended")
			return errTest
		},
	}
}

// testSavepointsBeside: the second one is refused, the first one unharmed.
func testSavepointsBeside(t *testing.T, d Subject) {
	p := d.Open(t, Limits{Connections: 1})
	counter(t, p)
	ctx := background(t)
	_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		return tx.Savepoint(ctx, func(ctx context.Context, inner *db.Tx) (int, error) {
			_, err := inner.Exec(ctx, "INSERT INTO log (n) VALUES (1)").Await(ctx)
			require.NoError(t, err)
			_, err = tx.Savepoint(ctx, func(context.Context, *db.Tx) (int, error) {
				t.Error("it runs")
				return 0, nil
			}).Await(ctx)
			require.Equal(t, db.Invalid, db.KindOf(err), "%v", err)
			return 0, nil
		}).Await(ctx)
	}).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(1), logged(t, p))
}

// testSavepointLeft: on a reactor the savepoint runs on a goroutine, and its
// caller may leave; then the transaction is not committed.
func testSavepointLeft(t *testing.T, d Subject) {
	p := d.Open(t, Limits{Connections: 1})
	counter(t, p)
	loop := NewLoop()
	defer loop.Stop()
	end := make(chan error, 1)
	inside := make(chan struct{})
	loop.Post(async.TaskFunc(func() {
		ctx := async.WithSite(context.Background(), async.Site{Scheduler: loop, Direct: true})
		p.TxFuture(ctx, db.TxOptions{}, func(tx *db.Tx) async.Future[int] {
			f := tx.Savepoint(ctx, func(ctx context.Context, tx *db.Tx) (int, error) {
				_, err := tx.Exec(ctx, "INSERT INTO log (n) VALUES (1)").Await(ctx)
				close(inside)
				<-ctx.Done()
				return 0, err
			})
			go func() { <-inside; f.Cancel() }()
			return f.Recover(func(error) (int, error) { return 0, nil })
		}).OnDone(func(_ int, err error) { end <- err })
	}))
	require.ErrorContains(t, <-end, "rolled back")
	idle(t, p)
	require.Zero(t, logged(t, p))
}
