package pg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/internal/safelog"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// Config is how a database is reached and how many connections it gets. The
// zero value takes everything from the PG* environment and the defaults.
//
// Owner: any (a plain value).
type Config struct {
	// URL is a connection URL or a keyword/value string, as libpq has them:
	// "postgres://user:secret@host1,host2/name?sslmode=verify-full". What it
	// leaves out comes from PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD,
	// PGPASSFILE, PGSSLMODE and so on. It never appears in errors or logs.
	URL string
	// MinConns and MaxConns are the connections of each core that are kept
	// open, 0 to 64, and that may be open, 1 to 64. Default 1 and 10. The
	// server sees up to MaxConns x cores.
	MinConns, MaxConns int
	// MaxPipeline is how many statements may be on their way on one
	// connection, 1 to 1024. Default 64; 1: no pipelining.
	MaxPipeline int
	// MaxWaiting is how many calls may wait on each core. Default 4096. One
	// more fails at once with db.ErrPoolExhausted.
	MaxWaiting int
	// AcquireTimeout is how long a call waits for a connection before it
	// fails with db.ErrPoolExhausted. Default 5 s.
	AcquireTimeout time.Duration
	// ConnectTimeout is for opening one connection to one host, TLS and
	// authentication included; the hooks have as much each. Default 5 s, or
	// connect_timeout of the URL.
	ConnectTimeout time.Duration
	// StatementTimeout ends statements on the server. Default: statement_timeout
	// of the URL (also in its options), else 30 s; negative: the server's own
	// setting.
	StatementTimeout time.Duration
	// IdleTimeout closes connections above MinConns that had nothing to do
	// for so long. Default 10 min.
	IdleTimeout time.Duration
	// HealthCheckInterval is how long a connection may be idle before a round
	// trip checks it. Default 30 s.
	HealthCheckInterval time.Duration
	// MaxLifetime replaces connections after so long, give or take a tenth at
	// random. Default 1 h; negative: never.
	MaxLifetime time.Duration
	// SlowAfter is the running time that makes a statement slow: nothing is
	// placed behind a slow one while another connection can be had.
	// Default 5 ms.
	SlowAfter time.Duration
	// LeakAfter is how long a transaction may do nothing before it is named in
	// the log as leaked. Default 1 min; negative: never.
	LeakAfter time.Duration
	// StatementCache is how many prepared statements each connection keeps,
	// 8 to 65536. Default 512.
	StatementCache int
	// SimplePooler says that there is a pooler before the server that may give
	// each transaction to another server process, such as PgBouncer in
	// transaction mode: statements are not named, nothing is kept between
	// transactions, and the pool itself ends what takes longer than
	// StatementTimeout. A pooler is mostly found without it, and then treated
	// so; a pooler in statement mode is refused by Open.
	SimplePooler bool
	// SessionPooler says that statements may be named although there is a
	// pooler: it is in session mode, or keeps prepared statements apart itself
	// (PgBouncer from 1.21, with max_prepared_statements above 0).
	SessionPooler bool
	// ShortReads says whether short SELECTs of different calls may share a
	// transaction. Default: short_reads of the URL, else [ReadsAlone].
	ShortReads ShortReads
	// BeforeConnect is called before each connection is made, with a configuration
	// of its own that it may change: User and Password that are good for minutes
	// only, hosts, TLS, DialFunc. An error is why there is no connection.
	//
	// It runs on a goroutine, never on a reactor, for ConnectTimeout at most. The
	// settings that the pool relies on (statement_timeout, client_encoding) are to be
	// set in Config and the URL, and OnNotice in Config.
	BeforeConnect func(context.Context, *pgconn.Config) error
	// AfterConnect is called with each new connection, Listen's included, before
	// anybody uses it, and may run statements there:
	//
	//	return conn.Exec(ctx, "SET search_path = app").Close()
	//
	// What it sets holds for all who share the connection. An error closes the
	// connection. It runs on a goroutine, never on a reactor, for ConnectTimeout at
	// most, and must neither keep conn nor leave a transaction or results open.
	// Behind a pooler that is not said to keep sessions (SessionPooler) it is refused.
	AfterConnect func(context.Context, *pgconn.PgConn) error
	// BeforeUse and AfterUse are called when somebody gets a connection alone, and
	// has done with it: Tx, TxFuture, Each, CopyFrom, batches with rows and writes.
	// Other calls share a connection at the same time, which has no before and
	// after. They may run single statements there:
	//
	//	_, err := conn.Exec(ctx, "SELECT set_config('app.tenant', $1, false)", tenant(ctx)).Await(ctx)
	//
	// BeforeUse gets the values of the caller's context. Its error is the call's,
	// of which nothing has run; AfterUse's is logged, since its user has been
	// answered. Both close the connection, as do a panic and what is left open. They
	// run on goroutines, never on a reactor, for AcquireTimeout at most.
	BeforeUse, AfterUse func(ctx context.Context, conn *db.Querier) error
	// OnNotice is called with what the server says beside its answers (RAISE
	// NOTICE, warnings), one after the other, on a goroutine and never on a
	// reactor. Up to 256 wait for it; more are dropped, which is logged. Default:
	// warnings go to Logger as such, the rest at the level DEBUG.
	OnNotice func(Notice)
	// Types registers custom types, see [pgtype.Map]. It is called once per
	// core.
	Types func(*pgtype.Map)
	// Reactors are what the connections belong to. Default: an app's, once it
	// starts (UseReactors), and until then one of the pool's own.
	Reactors *reactor.Group
	// Logger takes warnings. Default: the logger of the reactors, so that of the app once
	// it has started, and slog.Default() before and after.
	Logger *slog.Logger
}

// maxSlots bounds MaxConns: a connection's place in a core.
const maxSlots = 64

// encodingParam is the setting for the bytes of text on the connection. It is the
// database's own by default, and a Go string is UTF-8.
const encodingParam = "client_encoding"

// resolve fills in the defaults and lists every bad field.
func (c Config) resolve() (Config, error) {
	var errs []error
	inRange := func(name string, v, low, high int) {
		if v < low || v > high {
			errs = append(errs, fmt.Errorf("pg: %s is %d, not %d to %d", name, v, low, high))
		}
	}
	positive := func(name string, v time.Duration) {
		if v <= 0 {
			errs = append(errs, fmt.Errorf("pg: %s is %v, not positive", name, v))
		}
	}
	if c.Logger != nil {
		c.Logger = safelog.Of(c.Logger)
	}
	c.MaxConns = cmp.Or(c.MaxConns, 10)
	c.MinConns = cmp.Or(c.MinConns, min(1, c.MaxConns))
	c.MaxPipeline = cmp.Or(c.MaxPipeline, 64)
	c.MaxWaiting = cmp.Or(c.MaxWaiting, 4096)
	c.StatementCache = cmp.Or(c.StatementCache, 512)
	c.AcquireTimeout = cmp.Or(c.AcquireTimeout, 5*time.Second)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 10*time.Minute)
	c.HealthCheckInterval = cmp.Or(c.HealthCheckInterval, 30*time.Second)
	c.MaxLifetime = cmp.Or(c.MaxLifetime, time.Hour)
	c.SlowAfter = cmp.Or(c.SlowAfter, 5*time.Millisecond)
	c.LeakAfter = cmp.Or(c.LeakAfter, time.Minute)
	inRange("MaxConns", c.MaxConns, 1, maxSlots)
	inRange("MinConns", c.MinConns, 0, max(0, c.MaxConns))
	inRange("MaxPipeline", c.MaxPipeline, 1, 1024)
	inRange("MaxWaiting", c.MaxWaiting, 1, 1<<30)
	inRange("StatementCache", c.StatementCache, 8, 1<<16)
	positive("AcquireTimeout", c.AcquireTimeout)
	positive("IdleTimeout", c.IdleTimeout)
	positive("HealthCheckInterval", c.HealthCheckInterval)
	positive("SlowAfter", c.SlowAfter)
	if !c.ShortReads.valid() {
		errs = append(errs, fmt.Errorf("pg: ShortReads is %q, neither %q nor %q", string(c.ShortReads), ReadsAlone, ReadsShared))
	}
	if c.SimplePooler && c.SessionPooler {
		errs = append(errs, errors.New("pg: SimplePooler and SessionPooler exclude each other"))
	}
	if c.ConnectTimeout < 0 {
		errs = append(errs, fmt.Errorf("pg: ConnectTimeout is %v", c.ConnectTimeout))
	}
	return c, errors.Join(errs...)
}

// target parses the URL and the environment.
func (c *Config) target() (*pgconn.Config, error) {
	target, err := pgconn.ParseConfig(c.URL)
	if err != nil {
		return nil, redact(badDSN(err), nil, c.URL)
	}
	if err := checkHosts(target); err != nil {
		return nil, err
	}
	if c.ConnectTimeout > 0 {
		target.ConnectTimeout = c.ConnectTimeout
	}
	target.ConnectTimeout = cmp.Or(target.ConnectTimeout, 5*time.Second)
	c.ConnectTimeout = target.ConnectTimeout
	c.limit(target)
	if err := c.share(target); err != nil {
		return nil, err
	}
	if target.RuntimeParams[encodingParam] == "" {
		target.RuntimeParams[encodingParam] = "UTF8"
	}
	return target, nil
}
