package pg_test

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/stretchr/testify/require"
)

// ledgerTime is how long the server is killed and restarted: LEDGER, "30s" in
// `make ledger`, else each way once.
func ledgerTime(t *testing.T) time.Duration {
	text := os.Getenv("LEDGER")
	if text == "" {
		return time.Second
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err, "LEDGER")
	return d
}

// ledger is what the writers believe about their writes, by number.
//
// Owner: mu.
type ledger struct {
	mu      sync.Mutex
	next    int64
	stored  map[int64]bool // the pool said that it is stored
	refused map[int64]bool // the pool said that it has certainly not happened
	unknown map[int64]bool // the pool said that it does not know
	wrong   []error        // not a failure that a crash explains
}

func newLedger() *ledger {
	return &ledger{stored: map[int64]bool{}, refused: map[int64]bool{}, unknown: map[int64]bool{}}
}

func (l *ledger) number() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	return l.next
}

func (l *ledger) note(id int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.stored[id] = true
	case db.SafeToRetry(err):
		l.refused[id] = true
	default:
		l.unknown[id] = true
	}
	if err != nil && db.KindOf(err) != db.Unavailable {
		l.wrong = append(l.wrong, err)
	}
}

const insertPair = "INSERT INTO ledger (id, part) VALUES ($1, 1), ($1, 2)"

// The ways of writing an entry: two rows, both or none.
var ledgerWays = []func(ctx context.Context, p *db.Pool, id int64) async.Future[struct{}]{
	func(ctx context.Context, p *db.Pool, id int64) async.Future[struct{}] {
		return p.Exec(ctx, insertPair, id).Then(func(db.Result) struct{} { return struct{}{} })
	},
	func(ctx context.Context, p *db.Pool, id int64) async.Future[struct{}] {
		b := p.Batch()
		b.Exec("INSERT INTO ledger (id, part) VALUES ($1, $2)", id, 1)
		b.Exec("INSERT INTO ledger (id, part) VALUES ($1, $2)", id, 2)
		return b.Send(ctx)
	},
	func(ctx context.Context, p *db.Pool, id int64) async.Future[struct{}] {
		return p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
			for part := range 2 {
				if _, err := tx.Exec(ctx, "INSERT INTO ledger (id, part) VALUES ($1, $2)", id, part+1).Await(ctx); err != nil {
					return struct{}{}, err
				}
			}
			return struct{}{}, nil
		})
	},
	func(ctx context.Context, p *db.Pool, id int64) async.Future[struct{}] { // rows that decide about it
		b := p.Batch()
		b.One[int64]("INSERT INTO ledger (id, part) VALUES ($1, 1) RETURNING id", id)
		b.Exec("INSERT INTO ledger (id, part) VALUES ($1, $2)", id, 2)
		return b.Send(ctx)
	},
}

// write makes entries until stop. Every other writer repeats an entry as long as
// the pool says that this is safe, as users do.
func (l *ledger) write(p *db.Pool, writer int, stop *atomic.Bool) {
	for n := writer; !stop.Load(); n++ {
		id := l.number()
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			_, err := ledgerWays[n%len(ledgerWays)](ctx, p, id).Await(ctx)
			cancel()
			if err != nil && db.SafeToRetry(err) && writer%2 == 0 && !stop.Load() {
				continue
			}
			l.note(id, err)
			break
		}
	}
}

// check holds the table against the ledger.
func (l *ledger) check(t *testing.T, p *db.Pool) {
	type row struct{ ID, Parts, Different int64 }
	ctx := background(t)
	rows, err := p.Query[row](ctx, "SELECT id, count(*) AS parts, count(DISTINCT part) AS different FROM ledger GROUP BY id").Await(ctx)
	require.NoError(t, err)
	there := map[int64]bool{}
	for _, r := range rows {
		require.EqualValues(t, 2, r.Parts, "entry %d is torn or doubled", r.ID)
		require.EqualValues(t, 2, r.Different, "entry %d", r.ID)
		there[r.ID] = true
	}
	for id := range l.stored {
		require.True(t, there[id], "entry %d is lost", id)
	}
	for id := range l.refused {
		require.False(t, there[id], "entry %d was said to be safe to repeat, and is there", id)
	}
	known := maps.Clone(l.stored)
	maps.Copy(known, l.unknown)
	for id := range there {
		require.True(t, known[id], "entry %d: who wrote it?", id)
	}
	require.Empty(t, l.wrong, "errors that no crash explains")
}

// TestLedger kills and restarts the server under load, in all the ways in which
// servers end. Of no write that the pool called done may anything be missing;
// none may be there twice or in part; none that the pool called safe to repeat
// may be there at all.
func TestLedger(t *testing.T) {
	// A commit that was answered must survive the crash of a process: so it is
	// written when it is answered. The machine does not crash: no fsync.
	c := pgtest.Start(t, pgtest.Options{Settings: []string{"synchronous_commit = on"}})
	g, err := reactor.Start(reactor.Config{Cores: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.Stop(background(t)) })
	quiet := slog.New(slog.DiscardHandler)
	p := open(t, c, pg.Config{Reactors: g, MaxConns: 3, AcquireTimeout: 20 * time.Second, Logger: quiet})
	ctx := background(t)
	_, err = p.Exec(ctx, "CREATE TABLE ledger (id BIGINT NOT NULL, part INT NOT NULL)").Await(ctx)
	require.NoError(t, err)

	l, stop, writers := newLedger(), atomic.Bool{}, sync.WaitGroup{}
	for i := range 12 {
		writers.Go(func() { l.write(p, i, &stop) })
	}
	ways := map[string]func() error{
		"kill -9":         c.Kill,
		"immediate":       func() error { return c.Down("immediate") },
		"fast":            func() error { return c.Down("fast") },
		"end of backends": func() error { return endBackends(c) },
	}
	crashes := 0
	for begin, limit := time.Now(), ledgerTime(t); time.Since(begin) < limit; {
		for name, end := range ways {
			before := l.storedNow()
			require.Eventually(t, func() bool { return l.storedNow() > before+20 }, 20*time.Second, time.Millisecond,
				"no writes after %d crashes", crashes)
			time.Sleep(rand.N(50 * time.Millisecond)) // anywhere in the writers' work
			require.NoError(t, end(), name)
			if name != "end of backends" {
				require.NoError(t, c.Recover(), name)
			}
			crashes++
		}
	}
	stop.Store(true)
	writers.Wait()
	l.check(t, p)
	require.NotZero(t, len(l.unknown)+len(l.refused), "no crash has hit a write")
	require.NotZero(t, p.Stats().Reconnects)
	t.Logf("%d crashes; %d entries stored, %d refused, %d unknown", crashes, len(l.stored), len(l.refused), len(l.unknown))
}

func (l *ledger) storedNow() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.stored)
}
