package pg_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

// tenantKey is the key of the tenant in a context.
type tenantKey struct{}

const askTenant = "SELECT coalesce(current_setting('app.tenant', true), '')"

// byTenant is a pool whose connections know whose they are, as long as somebody has
// them alone.
func byTenant(cfg pg.Config, before, after *atomic.Int64) pg.Config {
	const set = "SELECT set_config('app.tenant', $1, false)"
	cfg.BeforeUse = func(ctx context.Context, conn *db.Querier) error {
		before.Add(1)
		tenant, _ := ctx.Value(tenantKey{}).(string)
		_, err := conn.Exec(ctx, set, tenant).Await(ctx)
		return err
	}
	cfg.AfterUse = func(ctx context.Context, conn *db.Querier) error {
		after.Add(1)
		if _, err := conn.One[string](ctx, set, "").Await(ctx); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, "RESET ALL").Await(ctx)
		return err
	}
	return cfg
}

// TestUse: whoever has a connection alone finds it as BeforeUse has left it for them,
// and nobody finds it so later.
func TestUse(t *testing.T) {
	var before, after atomic.Int64
	p := open(t, plain(t), byTenant(pg.Config{MaxConns: 3, Reactors: group(t, 2), AcquireTimeout: patience}, &before, &after))
	exec(t, &p.Querier, "CREATE TABLE t (who text DEFAULT current_setting('app.tenant'), n bigint)")
	for range 50 {
		require.Empty(t, one[string](t, &p.Querier, askTenant))
	}
	require.Zero(t, before.Load(), "calls on shared connections have no hooks")

	var all []async.Future[string]
	const rounds = 100
	for i := range rounds {
		ctx := context.WithValue(background(t), tenantKey{}, fmt.Sprint("tenant ", i))
		all = append(all, async.Go(ctx, func(ctx context.Context) (string, error) {
			return p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (string, error) {
				return tx.One[string](ctx, askTenant).Await(ctx)
			}).Await(ctx)
		}), p.One[string](ctx, askTenant))
	}
	who, err := async.WhenAll(all...).Await(background(t))
	require.NoError(t, err)
	for i := range rounds {
		require.Equal(t, fmt.Sprint("tenant ", i), who[2*i])
		require.Empty(t, who[2*i+1])
	}

	ctx := context.WithValue(background(t), tenantKey{}, "ann")
	for name, err := range p.Each[string](ctx, askTenant+" FROM generate_series(1, 300)") {
		require.NoError(t, err)
		require.Equal(t, "ann", name)
	}
	_, err = pg.CopyFrom(ctx, &p.Querier, "t", []string{"n"}, func(yield func([]any, error) bool) { yield([]any{int64(1)}, nil) }).Await(ctx)
	require.NoError(t, err)
	b := p.Batch()
	copied := b.One[string]("SELECT who FROM t")
	written := b.One[string]("INSERT INTO t (n) VALUES (2) RETURNING who")
	_, err = b.Send(ctx).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"ann", "ann"}, []string{copied.Value, written.Value})
	idle(t, p)
	require.EqualValues(t, rounds+3, before.Load())
	require.EqualValues(t, rounds+3, after.Load())
	require.Zero(t, p.Stats().Broken)
	require.Empty(t, one[string](t, &p.Querier, askTenant))
}

// TestUseOnReactor: a transaction of a chain has the hooks as well, and they do not
// run on its reactor.
func TestUseOnReactor(t *testing.T) {
	var before, after atomic.Int64
	g := group(t, 1)
	p := open(t, plain(t), byTenant(pg.Config{MaxConns: 2, Reactors: g}, &before, &after))
	who, errs := inOneTurn(t, g.Reactor(0), 5, func(ctx context.Context, i int) async.Future[string] {
		ctx = context.WithValue(ctx, tenantKey{}, fmt.Sprint(i))
		return p.TxFuture(ctx, db.TxOptions{}, func(tx *db.Tx) async.Future[string] { return tx.One[string](ctx, askTenant) })
	})
	for i := range who {
		require.NoError(t, errs[i])
		require.Equal(t, fmt.Sprint(i), who[i])
	}
	idle(t, p)
	require.EqualValues(t, 5, after.Load())
}

// TestUseFails: whatever a hook does wrong, its connection is closed. BeforeUse's caller
// is told, AfterUse's has its result already.
func TestUseFails(t *testing.T) {
	blocked := make(chan struct{})
	defer close(blocked)
	type use = func(context.Context, *db.Querier) error
	for says, wrong := range map[string]use{
		"the vault is sealed":       func(context.Context, *db.Querier) error { return errOwn },
		"at the disco":              func(context.Context, *db.Querier) error { panic("at the disco") },
		"it ended its goroutine":    func(context.Context, *db.Querier) error { runtime.Goexit(); return nil },
		"it did not return in time": func(context.Context, *db.Querier) error { <-blocked; return nil },
		"a transaction is begun with Pool.Tx": func(ctx context.Context, conn *db.Querier) error {
			_, err := conn.Exec(ctx, "BEGIN").Await(ctx)
			return err
		},
		"it left statements running": func(ctx context.Context, conn *db.Querier) error {
			conn.Exec(ctx, "SELECT pg_sleep(60)").OnDone(func(db.Result, error) {})
			return nil
		},
		"a hook runs One, Query, Exec and Ping only": func(ctx context.Context, conn *db.Querier) error {
			b := conn.Batch()
			b.Exec("SELECT 1")
			_, err := b.Send(ctx).Await(ctx)
			return err
		},
		`relation "nothing" does not exist`: func(ctx context.Context, conn *db.Querier) error {
			_, err := conn.Exec(ctx, "SELECT FROM nothing").Await(ctx)
			return err
		},
	} {
		t.Run(says, func(t *testing.T) {
			var log countedLog
			var once atomic.Bool
			hook := func(ctx context.Context, conn *db.Querier) error {
				if once.Swap(true) {
					return nil
				}
				return wrong(ctx, conn)
			}
			run := func(cfg pg.Config) (*db.Pool, error) {
				once.Store(false)
				cfg.URL, cfg.MaxConns, cfg.Logger, cfg.AcquireTimeout = plain(t).URL(), 1, log.logger(), 2*time.Second
				if says == "it did not return in time" {
					cfg.AcquireTimeout = time.Second
				}
				p := through(t, cfg)
				ping := func(ctx context.Context, tx *db.Tx) (int64, error) {
					return tx.One[int64](ctx, "SELECT pg_backend_pid()").Await(ctx)
				}
				pid := one[int64](t, &p.Querier, "SELECT pg_backend_pid()")
				_, err := p.Tx(background(t), db.TxOptions{}, ping).Await(background(t))
				require.Eventually(t, func() bool {
					now, err := p.Tx(background(t), db.TxOptions{}, ping).Await(background(t))
					return err == nil && now != pid
				}, patience, time.Millisecond, "the connection is replaced, and the next one good")
				return p, err
			}
			_, err := run(pg.Config{BeforeUse: hook})
			require.ErrorContains(t, err, "the hook BeforeUse failed: ")
			require.ErrorContains(t, err, says)
			require.True(t, db.SafeToRetry(err), "nothing has run")
			require.Equal(t, says == errOwn.Error(), errors.Is(err, errOwn))
			if says == "at the disco" {
				var panicked *async.PanicError
				require.ErrorAs(t, err, &panicked)
				require.Contains(t, string(panicked.Stack), "session_hooks_test.go")
			}
			p, err := run(pg.Config{AfterUse: hook})
			require.NoError(t, err)
			require.NotZero(t, log.count("the hook AfterUse failed: "))
			require.EqualValues(t, 1, p.Stats().Broken)
		})
	}
}

// TestUseLeft: a caller who leaves while BeforeUse runs gets an answer at once, and the
// connection is given back through AfterUse.
func TestUseLeft(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	var after atomic.Int64
	p := through(t, pg.Config{
		URL: plain(t).URL(), MaxConns: 1,
		BeforeUse: func(context.Context, *db.Querier) error { close(entered); <-release; return nil },
		AfterUse:  func(context.Context, *db.Querier) error { after.Add(1); return nil },
	})
	pid := one[int64](t, &p.Querier, "SELECT pg_backend_pid()")
	ctx, cancel := context.WithCancel(background(t))
	done := make(chan error, 1)
	go func() {
		_, err := p.Tx(ctx, db.TxOptions{}, func(context.Context, *db.Tx) (int, error) { return 0, nil }).Await(background(t))
		done <- err
	}()
	<-entered
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	close(release)
	idle(t, p)
	require.EqualValues(t, 1, after.Load())
	require.Equal(t, pid, one[int64](t, &p.Querier, "SELECT pg_backend_pid()"))
}

// TestUseBroken: when the connection breaks under a hook the call has not run, and
// says so.
func TestUseBroken(t *testing.T) {
	c := plain(t)
	admin := open(t, c, pg.Config{})
	var once atomic.Bool
	p := through(t, pg.Config{URL: c.URL(), MaxConns: 1, BeforeUse: func(ctx context.Context, conn *db.Querier) error {
		if once.Swap(true) {
			return nil
		}
		pid, err := conn.One[int64](ctx, "SELECT pg_backend_pid()").Await(ctx)
		if err == nil {
			_, err = admin.Exec(ctx, "SELECT pg_terminate_backend($1)", pid).Await(ctx)
		}
		if err == nil {
			_, err = conn.Exec(ctx, "SELECT pg_sleep(60)").Await(ctx)
		}
		return err
	}})
	run := func() error {
		_, err := p.Tx(background(t), db.TxOptions{}, func(context.Context, *db.Tx) (int, error) { return 0, nil }).Await(background(t))
		return err
	}
	err := run()
	require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)
	require.True(t, db.SafeToRetry(err), "%v", err)
	require.NoError(t, run())
}
