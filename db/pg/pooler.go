package pg

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// A pooler in transaction mode, such as PgBouncer, gives each transaction to any
// of its server connections. Statements prepared with a name, and settings, are
// then somewhere else the next time. So before a connection is used it is found
// out whether there is a pooler before the server: one has a number of its own in
// BackendKeyData, not that of the server process, and mostly refuses settings
// that it does not know in the startup message.

// connect connects in a way that hijack can take over, with the hooks, and tells
// whether there is a pooler before the server. change, which may be nil, is for what
// a connection needs beside that.
func (d *driver) connect(ctx context.Context, change func(*pgconn.Config)) (pc *pgconn.PgConn, pooled bool, err error) {
	cfg, err := d.configure(ctx)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if err != nil && cfg.Password != d.target.Password {
			err = redact(err, cfg, "")
		}
	}()
	if change != nil {
		change(cfg)
	}
	if pc, err = d.handshake(ctx, cfg); err != nil {
		return nil, false, err
	}
	if pooled, err = d.inspect(ctx, pc); err == nil {
		err = d.afterConnect(ctx, pc, pooled)
	}
	if err == nil {
		return pc, pooled, nil
	}
	if !errors.Is(err, errHookLate) { // or the hook has it still; its socket is closed
		d.discard(ctx, pc)
	}
	return nil, false, err
}

// limited is ctx with the time for one step of making a connection.
func (d *driver) limited(ctx context.Context, steps int) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(steps)*d.target.ConnectTimeout)
}

// discard closes a connection that nobody gets.
func (d *driver) discard(ctx context.Context, pc *pgconn.PgConn) {
	ctx, cancel := d.limited(ctx, 1)
	defer cancel()
	_ = pc.Close(ctx)
}

// handshake goes through the hosts until one lets us in.
func (d *driver) handshake(ctx context.Context, cfg *pgconn.Config) (*pgconn.PgConn, error) {
	ctx, cancel := d.limited(ctx, hosts(cfg))
	defer cancel()
	if d.limitRefused.Load() {
		delete(cfg.RuntimeParams, timeoutParam)
	}
	pc, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil && cfg.RuntimeParams[timeoutParam] != "" && unknownParam(err) {
		delete(cfg.RuntimeParams, timeoutParam)
		pc, err = pgconn.ConnectConfig(ctx, cfg)
		d.limitRefused.Store(true)
	}
	return pc, err
}

// hosts is how many hosts a configuration names. Each of them has ConnectTimeout: one
// that says nothing must not take the time of the next.
func hosts(cfg *pgconn.Config) int {
	type host struct {
		name string
		port uint16
	}
	all := map[host]bool{{cfg.Host, cfg.Port}: true}
	for _, f := range cfg.Fallbacks {
		all[host{f.Host, f.Port}] = true
	}
	return len(all)
}

// inspect finds out whether there is a pooler before the server, and says so once.
func (d *driver) inspect(ctx context.Context, pc *pgconn.PgConn) (pooled bool, err error) {
	ctx, cancel := d.limited(ctx, 1)
	defer cancel()
	pooled = d.cfg.SimplePooler || d.limitRefused.Load() || otherProcess(ctx, pc)
	if pooled && !d.cfg.SimplePooler && !d.cfg.SessionPooler {
		d.poolerLogged.Do(func() {
			d.cfg.Logger.Warn("pg: there is a pooler before the server, so statements are not named and the pool itself keeps " +
				"StatementTimeout: say so with SimplePooler, or set SessionPooler if it keeps sessions apart")
		})
	}
	return pooled, ctx.Err()
}

// unknownParam tells whether a connection was refused because of a setting in the
// startup message: "unsupported startup parameter: statement_timeout".
func unknownParam(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == codeProtocol && strings.Contains(e.Message, "startup parameter")
}

// otherProcess tells whether the server process is another one than it said when
// the connection began. A server that cannot say is taken at its word.
func otherProcess(ctx context.Context, pc *pgconn.PgConn) bool {
	text, err := ask(ctx, pc, "SELECT pg_catalog.pg_backend_pid()")
	if err != nil {
		return false
	}
	pid, err := strconv.ParseUint(text, 10, 32)
	return err == nil && uint32(pid) != pc.PID()
}

// ask runs a simple query and returns its only value, "" if there is none. pgconn
// panics at some answers that no server gives; here they are an error.
func ask(ctx context.Context, pc *pgconn.PgConn, sql string) (value string, err error) {
	defer func() {
		if recover() != nil {
			err = wire.ErrMalformed
		}
	}()
	results, err := pc.Exec(ctx, sql).ReadAll()
	if err != nil || len(results) != 1 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) != 1 {
		return "", err
	}
	return string(results[0].Rows[0][0]), nil
}

// errStatementMode: a pooler that gives each statement to another server process
// has no transactions.
var errStatementMode = errors.New("the pooler is in statement mode, in which there are no transactions: " +
	"use its transaction or session mode")

// statementMode fails when a pooler is in statement mode.
func (d *driver) statementMode(ctx context.Context, pc *pgconn.PgConn) error {
	ctx, cancel := d.limited(ctx, 1)
	defer cancel()
	_, err := ask(ctx, pc, "BEGIN")
	if err == nil {
		_, err = ask(ctx, pc, "ROLLBACK")
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && strings.Contains(e.Message, "statement pooling") {
		return errStatementMode
	}
	return err
}

// noteText looks for statements that drop prepared ones: after these it is no
// wonder that ours are gone.
func (d *driver) noteText(sql string) {
	if d.dropsNames.Load() {
		return
	}
	if lower := strings.ToLower(sql); strings.Contains(lower, "deallocate") || strings.Contains(lower, "discard") {
		d.dropsNames.Store(true)
	}
}
