package leader_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/leader"
)

var clusters pgtest.Shared

func TestMain(m *testing.M) { os.Exit(clusters.Run(m)) }

func open(t *testing.T) *db.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), pg.Config{URL: clusters.Plain(t).URL(), MaxConns: 3})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close(context.Background()) })
	_, err = pool.Exec(t.Context(), leader.Schema).Await(t.Context())
	require.NoError(t, err)
	return pool
}

// start starts a role that takes over soon. On a busy machine it takes its connection for lost now and then.
func start(t *testing.T, pool *db.Pool, name string) *leader.Role {
	t.Helper()
	return startChecking(t, pool, name, 50*time.Millisecond)
}

// patient is a Check that no pause of a machine is as long as: such a leader keeps the role until it is taken from it.
const patient = 10 * time.Second

func startChecking(t *testing.T, pool *db.Pool, name string, check time.Duration) *leader.Role {
	t.Helper()
	r := leader.New(pool, name, leader.Config{Check: check, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, r.Start())
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	return r
}

// elected waits until one of roles leads that is not among without.
func elected(t *testing.T, roles []*leader.Role, without *leader.Role) *leader.Role {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(time.Millisecond) {
		for _, r := range roles {
			if _, ok := r.Term(); ok && r != without {
				return r
			}
		}
	}
	t.Fatal("nobody leads")
	return nil
}

// hold has one of roles work until it has the role no more, and returns its term and how that work ends.
func hold(t *testing.T, roles []*leader.Role) (leader.Term, <-chan error) {
	t.Helper()
	for {
		now, working, ended := elected(t, roles, nil), make(chan leader.Term, 1), make(chan error, 1)
		go func() {
			ended <- now.Do(context.Background(), func(ctx context.Context, term leader.Term) error {
				working <- term
				<-ctx.Done()
				return context.Cause(ctx)
			})
		}()
		select {
		case term := <-working:
			return term, ended
		case err := <-ended: // it has lost the role since
			select {
			case term := <-working:
				ended <- err
				return term, ended
			default:
				require.ErrorIs(t, err, leader.ErrNotLeader)
			}
		}
	}
}

// TestOne: of three instances one leads; when its connection is killed its work ends at once, and another's number is larger.
func TestOne(t *testing.T) {
	pool := open(t)
	var roles []*leader.Role
	for range 3 {
		roles = append(roles, start(t, pool, "one"))
	}
	var first leader.Term
	require.Eventually(t, func() bool {
		leads := elected(t, roles, nil)
		term, _ := leads.Term()
		refused := 0
		for _, r := range roles {
			if r != leads && errors.Is(r.Do(t.Context(), func(context.Context, leader.Term) error { return nil }), leader.ErrNotLeader) {
				refused++
			}
		}
		first, _ = leads.Term()
		return first.Number > 0 && first == term && refused == 2 // of one term
	}, time.Minute, time.Millisecond)
	var last int64
	for range 5 {
		term, ended := hold(t, roles)
		require.GreaterOrEqual(t, term.Number, last)
		last = term.Number
		_, err := pool.Exec(t.Context(), `SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE locktype = 'advisory' AND granted`).Await(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, <-ended, leader.ErrNotLeader)
	}
	require.Greater(t, last, first.Number)
}

// TestFenced: what an old leader writes is refused, and no new term begins while a transaction of the leader is open.
func TestFenced(t *testing.T) {
	pool := open(t)
	old := startChecking(t, pool, "fenced", patient)
	elected(t, []*leader.Role{old}, nil)
	term, _ := old.Term()
	write := func(term leader.Term, in func()) error {
		_, err := pool.Tx(t.Context(), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			if err := term.Check(ctx, tx); err != nil {
				return 0, err
			}
			in()
			return 0, nil
		}).Await(t.Context())
		return err
	}
	require.NoError(t, write(term, func() {}))
	require.ErrorIs(t, write(leader.Term{Role: "unknown", Number: 1}, func() {}), leader.ErrNotLeader)
	var next *leader.Role
	require.NoError(t, write(term, func() {
		next = start(t, pool, "fenced")
		_, err := pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted`).Await(t.Context())
		require.NoError(t, err)
		// Both compete now, and whoever gets the lock waits for this transaction.
		require.Eventually(t, func() bool {
			waiting, err := pool.One[int64](t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO leader_terms%'`).Await(t.Context())
			require.NoError(t, err)
			return waiting > 0
		}, time.Minute, 5*time.Millisecond)
		_, leads := next.Term()
		require.False(t, leads)
	}))
	require.Eventually(t, func() bool {
		newer, _ := elected(t, []*leader.Role{old, next}, nil).Term() // none, if it has just lost it
		return newer.Number > term.Number
	}, time.Minute, time.Millisecond)
	require.ErrorIs(t, write(term, func() { t.Error("the old leader writes") }), leader.ErrNotLeader)
}

// TestStop: a stop waits for the work, and another instance takes over at once; a stop that may not wait ends the work.
func TestStop(t *testing.T) {
	pool := open(t)
	first := startChecking(t, pool, "stop", patient)
	elected(t, []*leader.Role{first}, nil)
	second := start(t, pool, "stop")
	working, release := make(chan struct{}), make(chan struct{})
	var done atomic.Bool
	work := make(chan error, 1)
	go func() {
		work <- first.Do(t.Context(), func(ctx context.Context, _ leader.Term) error {
			close(working)
			<-release
			done.Store(true)
			return ctx.Err()
		})
	}()
	<-working
	stopped := make(chan error, 1)
	go func() { stopped <- first.Stop(t.Context()) }()
	require.Eventually(t, func() bool {
		return first.Do(t.Context(), func(context.Context, leader.Term) error { return nil }) == leader.ErrStopped
	}, time.Minute, time.Millisecond)
	_, leads := second.Term()
	require.False(t, leads, "the first one still works")
	close(release)
	require.NoError(t, <-stopped)
	require.NoError(t, <-work)
	require.True(t, done.Load())
	require.Same(t, second, elected(t, []*leader.Role{second}, nil))
	require.ErrorIs(t, first.Start(), leader.ErrStopped)

	_, ended := hold(t, []*leader.Role{second})
	now, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, second.Stop(now), context.Canceled)
	require.ErrorIs(t, <-ended, leader.ErrNotLeader)
}

// TestApp: a role starts and stops with its app.
func TestApp(t *testing.T) {
	pool := open(t)
	role := leader.New(pool, "app", leader.Config{Check: 20 * time.Millisecond})
	app := fasterapi.New(fasterapi.Config{})
	role.Attach(app)
	t.Run("runs", func(t *testing.T) {
		fasterapitest.New(t, app).Get("/live")
		elected(t, []*leader.Role{role}, nil)
	})
	_, leads := role.Term()
	require.False(t, leads)
	bad := fasterapi.New(fasterapi.Config{})
	leader.New(nil, "", leader.Config{Check: -1}).Attach(bad)
	_, err := bad.Start()
	require.ErrorContains(t, err, "needs a pool")
	require.ErrorContains(t, err, "needs a name")
}
