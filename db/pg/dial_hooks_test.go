package pg_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// cannotOpen opens a pool that cannot be opened and returns why.
func cannotOpen(t *testing.T, cfg pg.Config) error {
	t.Helper()
	p, err := pg.Open(background(t), cfg)
	if err == nil {
		_ = p.Close(background(t))
	}
	require.Error(t, err)
	require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)
	return err
}

// listenOnce listens until that has begun.
func listenOnce(t *testing.T, p *db.Pool) {
	t.Helper()
	ctx, cancel := context.WithCancel(background(t))
	defer cancel()
	for n, err := range pg.ListenBegun(ctx, p, cancel, "news") {
		require.ErrorIs(t, err, context.Canceled, "%v", n)
	}
}

// TestBeforeConnect: each connection is made with the password of its moment, and
// Listen's are as well.
func TestBeforeConnect(t *testing.T) {
	c := encrypted(t)
	role := fmt.Sprintf("rotating_%d", schemas.Add(1))
	admin := open(t, c, pg.Config{})
	exec(t, &admin.Querier, "CREATE ROLE "+role+" LOGIN PASSWORD 'one'")
	var password atomic.Value
	var calls atomic.Int64
	password.Store("one")
	p := through(t, pg.Config{URL: c.URL(), MaxConns: 1, BeforeConnect: func(_ context.Context, cfg *pgconn.Config) error {
		calls.Add(1)
		cfg.User, cfg.Password = role, password.Load().(string)
		return nil
	}})
	require.Equal(t, role, one[string](t, &p.Querier, "SELECT current_user::text"))
	require.EqualValues(t, 1, calls.Load())
	exec(t, &admin.Querier, "ALTER ROLE "+role+" PASSWORD 'two'")
	password.Store("two")
	exec(t, &admin.Querier, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", role)
	require.Eventually(t, func() bool {
		who, err := p.One[string](background(t), "SELECT current_user::text").Await(background(t))
		return err == nil && who == role
	}, patience, time.Millisecond)
	require.EqualValues(t, 2, calls.Load())
	listenOnce(t, p)
	require.EqualValues(t, 3, calls.Load())
}

// TestBeforeConnectSecret: a password that a hook brings is as secret as that of the URL.
func TestBeforeConnectSecret(t *testing.T) {
	err := cannotOpen(t, pg.Config{URL: encrypted(t).URL(), BeforeConnect: func(_ context.Context, cfg *pgconn.Config) error {
		cfg.Password = secret
		return nil
	}})
	withoutSecret(t, err, secret)
	require.Equal(t, "28P01", err.(interface{ Unwrap() error }).Unwrap().(*db.Error).Code)
	err = cannotOpen(t, pg.Config{URL: plain(t).URL(), BeforeConnect: func(_ context.Context, cfg *pgconn.Config) error {
		cfg.Host, cfg.Port, cfg.Password = secret, 1, secret
		return nil
	}})
	withoutSecret(t, err, secret)
}

// TestBeforeConnectDials: a hook may bring its own way to dial, and TLS that the URL
// does not have.
func TestBeforeConnectDials(t *testing.T) {
	c := encrypted(t)
	whole, err := pgconn.ParseConfig(c.URL())
	require.NoError(t, err)
	var dialled atomic.Int64
	p := through(t, pg.Config{URL: plain(t).URL(), BeforeConnect: func(_ context.Context, cfg *pgconn.Config) error {
		dial := cfg.DialFunc
		cfg.Host, cfg.Port, cfg.User, cfg.Password, cfg.TLSConfig = whole.Host, whole.Port, whole.User, whole.Password, whole.TLSConfig
		cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			dialled.Add(1)
			return dial(ctx, network, address)
		}
		return nil
	}})
	require.True(t, one[bool](t, &p.Querier, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
	require.Positive(t, dialled.Load())
}

var errOwn = errors.New("the vault is sealed")

// TestHooksFail: whatever a hook does wrong, Open says which one and what.
func TestHooksFail(t *testing.T) {
	blocked := make(chan struct{})
	defer close(blocked)
	var entered atomic.Bool
	type before = func(context.Context, *pgconn.Config) error
	type after = func(context.Context, *pgconn.PgConn) error
	runs := func(sql string) after {
		return func(ctx context.Context, conn *pgconn.PgConn) error { return conn.Exec(ctx, sql).Close() }
	}
	for says, hooks := range map[string]struct {
		before before
		after  after
	}{
		"BeforeConnect failed: the vault is sealed": {before: func(context.Context, *pgconn.Config) error { return errOwn }},
		"BeforeConnect failed: it changed statement_timeout": {before: func(_ context.Context, cfg *pgconn.Config) error {
			cfg.RuntimeParams["statement_timeout"] = "1"
			return nil
		}},
		"BeforeConnect failed: it changed client_encoding": {before: func(_ context.Context, cfg *pgconn.Config) error {
			cfg.RuntimeParams["client_encoding"] = "LATIN1"
			return nil
		}},
		"BeforeConnect failed: it set OnNotice": {before: func(_ context.Context, cfg *pgconn.Config) error {
			cfg.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) {}
			return nil
		}},
		"BeforeConnect failed: it set OnNotification": {before: func(_ context.Context, cfg *pgconn.Config) error {
			cfg.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) {}
			return nil
		}},
		"BeforeConnect failed: it took DialFunc away": {before: func(_ context.Context, cfg *pgconn.Config) error {
			cfg.DialFunc = nil
			return nil
		}},
		"BeforeConnect failed: it ended its goroutine":                                   {before: func(context.Context, *pgconn.Config) error { runtime.Goexit(); return nil }},
		"BeforeConnect failed: it did not return in time":                                {before: func(context.Context, *pgconn.Config) error { entered.Store(true); <-blocked; return nil }},
		"AfterConnect failed: the vault is sealed":                                       {after: func(context.Context, *pgconn.PgConn) error { return errOwn }},
		`AfterConnect failed: ERROR: relation "nothing" does not exist (SQLSTATE 42P01)`: {after: runs("SELECT * FROM nothing")},
		"AfterConnect failed: it left a transaction open":                                {after: runs("BEGIN")},
		"AfterConnect failed: it changed statement_timeout":                              {after: runs("SET statement_timeout = 1000")},
		"AfterConnect failed: it changed client_encoding":                                {after: runs("SET client_encoding = 'LATIN1'")},
		"AfterConnect failed: it left results unread": {after: func(ctx context.Context, conn *pgconn.PgConn) error {
			conn.Exec(ctx, "SELECT 1")
			return nil
		}},
		"AfterConnect failed: it closed the connection":  {after: func(ctx context.Context, conn *pgconn.PgConn) error { return conn.Close(ctx) }},
		"AfterConnect failed: it ended its goroutine":    {after: func(context.Context, *pgconn.PgConn) error { runtime.Goexit(); return nil }},
		"AfterConnect failed: it did not return in time": {after: func(context.Context, *pgconn.PgConn) error { entered.Store(true); <-blocked; return nil }},
	} {
		t.Run(says, func(t *testing.T) {
			cfg := pg.Config{URL: plain(t).URL(), BeforeConnect: hooks.before, AfterConnect: hooks.after}
			entered.Store(false)
			if says == "BeforeConnect failed: it did not return in time" || says == "AfterConnect failed: it did not return in time" {
				cfg.ConnectTimeout = 300 * time.Millisecond
			}
			err := cannotOpen(t, cfg)
			for cfg.ConnectTimeout > 0 && !entered.Load() { // the time was over before there was a connection
				err = cannotOpen(t, cfg)
			}
			require.ErrorContains(t, err, "the hook "+says)
			require.Equal(t, says == "BeforeConnect failed: the vault is sealed" || says == "AfterConnect failed: the vault is sealed", errors.Is(err, errOwn))
			require.True(t, db.SafeToRetry(err), "nothing has run")
		})
	}
}

// TestHookPanics: a panic of a hook is an error that shows where it was.
func TestHookPanics(t *testing.T) {
	for _, cfg := range []pg.Config{
		{BeforeConnect: func(context.Context, *pgconn.Config) error { panic("no vault") }},
		{AfterConnect: func(context.Context, *pgconn.PgConn) error { panic("no vault") }},
	} {
		cfg.URL = plain(t).URL()
		err := cannotOpen(t, cfg)
		require.ErrorContains(t, err, "no vault")
		var panicked *async.PanicError
		require.ErrorAs(t, err, &panicked)
		require.Contains(t, string(panicked.Stack), "dial_hooks_test.go")
	}
}

// TestAfterConnect: every connection is set up before anybody uses it, Listen's too.
func TestAfterConnect(t *testing.T) {
	var calls atomic.Int64
	c := plain(t)
	p := through(t, pg.Config{URL: c.URL(), MinConns: 3, MaxConns: 3, AfterConnect: func(ctx context.Context, conn *pgconn.PgConn) error {
		calls.Add(1)
		return conn.Exec(ctx, "SET search_path = pg_catalog, pg_temp; CREATE TEMP TABLE mine AS SELECT 7 AS n").Close()
	}})
	var all []async.Future[int]
	for range 50 {
		all = append(all, p.One[int](background(t), "SELECT n FROM mine, pg_sleep(0.001)"))
	}
	numbers, err := async.WhenAll(all...).Await(background(t))
	require.NoError(t, err)
	for _, n := range numbers {
		require.Equal(t, 7, n)
	}
	require.Eventually(t, func() bool { return p.Stats().Open == 3 }, patience, time.Millisecond)
	require.EqualValues(t, 3, calls.Load())
	listenOnce(t, p)
	require.EqualValues(t, 4, calls.Load())
}

// TestAfterConnectFails: a connection that could not be set up is closed, and calls
// are told why there is none; once the hook succeeds they go on.
func TestAfterConnectFails(t *testing.T) {
	c := plain(t)
	var broken atomic.Bool
	name := fmt.Sprintf("failing_%d", schemas.Add(1))
	p := through(t, pg.Config{
		URL: c.URL() + "&application_name=" + name, MaxConns: 1, AcquireTimeout: 300 * time.Millisecond, Logger: new(countedLog).logger(),
		AfterConnect: func(ctx context.Context, conn *pgconn.PgConn) error {
			if broken.Load() {
				return conn.Exec(ctx, "SELECT 1/0").Close()
			}
			return nil
		},
	})
	require.Equal(t, 1, one[int](t, &p.Querier, "SELECT 1"))
	broken.Store(true)
	admin := open(t, c, pg.Config{})
	exec(t, &admin.Querier, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", name)
	var told *db.Error
	require.Eventually(t, func() bool {
		_, err := p.One[int](background(t), "SELECT 1").Await(background(t))
		return errors.As(err, &told) && told.Code == "22012"
	}, patience, time.Millisecond)
	require.Equal(t, db.Unavailable, told.Kind)
	require.ErrorContains(t, told, "the hook AfterConnect failed: ERROR: division by zero")
	require.True(t, told.SafeToRetry())
	require.Zero(t, p.Stats().Open)
	broken.Store(false)
	require.Eventually(t, func() bool {
		_, err := p.One[int](background(t), "SELECT 1").Await(background(t))
		return err == nil
	}, patience, time.Millisecond)
	require.Eventually(t, func() bool { // a process of the server ends a little later than its connection
		return one[int](t, &admin.Querier, "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", name) == 1
	}, patience, time.Millisecond, "those that failed are closed")
}

// TestAfterConnectLate: a hook that goes on for too long has its connection closed
// under it, and holds up neither the reactor nor the calls on other connections.
func TestAfterConnectLate(t *testing.T) {
	g := group(t, 1)
	var late atomic.Bool
	ended := make(chan error, 100)
	p := throughAtLast(t, pg.Config{
		URL: plain(t).URL(), Reactors: g, MaxConns: 2, ConnectTimeout: 400 * time.Millisecond, Logger: new(countedLog).logger(),
		AfterConnect: func(_ context.Context, conn *pgconn.PgConn) error {
			if !late.Load() {
				return nil
			}
			err := conn.Exec(context.Background(), "SELECT pg_sleep(60)").Close() // not with its context
			ended <- err
			return err
		},
	})
	late.Store(true)
	slowly := p.One[int](background(t), "SELECT 1 FROM pg_sleep(0.1)") // another connection is wanted beside it
	for range 20 {
		require.Equal(t, 1, one[int](t, &p.Querier, "SELECT 1"))
	}
	_, err := slowly.Await(background(t))
	require.NoError(t, err)
	_, err = p.Tx(background(t), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		for range 20 { // wants a second one
			p.One[int](ctx, "SELECT 1").OnDone(func(int, error) {})
		}
		select {
		case err := <-ended:
			require.Error(t, err)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		return tx.One[int](ctx, "SELECT 1").Await(ctx)
	}).Await(background(t))
	require.NoError(t, err)
}

// TestAfterConnectPooler: behind a pooler that shares server connections the hook is
// refused; where sessions are kept apart it runs.
func TestAfterConnectPooler(t *testing.T) {
	c := plain(t)
	set := func(ctx context.Context, conn *pgconn.PgConn) error {
		return conn.Exec(ctx, "SET application_name = 'set up'").Close()
	}
	for _, ignores := range modes {
		url := pgtest.StartBouncerAs(t, c, pgtest.BouncerOptions{Servers: 2, Ignores: ignores}).URL("postgres")
		err := cannotOpen(t, pg.Config{URL: url, AfterConnect: set, Logger: new(countedLog).logger()})
		require.ErrorContains(t, err, "set SessionPooler if the pooler keeps sessions apart")
		url = pgtest.StartBouncerAs(t, c, pgtest.BouncerOptions{Servers: 4, Mode: "session", Ignores: ignores}).URL("postgres")
		p := through(t, pg.Config{URL: url, AfterConnect: set, SessionPooler: true, MaxConns: 1})
		require.Equal(t, "set up", one[string](t, &p.Querier, "SHOW application_name"))
	}
}

// TestSilentHost: a host that takes connections and says nothing costs its own
// ConnectTimeout, not that of the next.
func TestSilentHost(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // its backlog accepts
	require.NoError(t, err)
	defer l.Close()
	p := throughAtLast(t, pg.Config{
		URL:            fmt.Sprintf("postgres://postgres@%s,127.0.0.1:%d/postgres?sslmode=disable", l.Addr(), plain(t).Port()),
		ConnectTimeout: 500 * time.Millisecond,
	})
	require.Equal(t, plain(t).Port(), one[int](t, &p.Querier, "SELECT current_setting('port')::int"))
}
