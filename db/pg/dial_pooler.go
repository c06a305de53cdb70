package pg

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// inspect finds out whether there is a pooler before the server, and says so once.
func (d *database) inspect(ctx context.Context, pc *pgconn.PgConn) (pooled bool, err error) {
	ctx, cancel := d.limited(ctx, 1)
	defer cancel()
	pooled = d.cfg.SimplePooler || d.limitRefused.Load() || otherProcess(ctx, pc)
	if pooled && !d.cfg.SimplePooler && !d.cfg.SessionPooler {
		d.poolerLogged.Do(func() {
			d.log().Warn("pg: there is a pooler before the server, so statements are not named and the pool itself keeps " +
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
// the connection began. A server that does not answer counts as the same process.
func otherProcess(ctx context.Context, pc *pgconn.PgConn) bool {
	text, err := ask(ctx, pc, "SELECT pg_catalog.pg_backend_pid()")
	if err != nil {
		return false
	}
	pid, err := strconv.ParseUint(text, 10, 32)
	return err == nil && uint32(pid) != pc.PID()
}

// errStatementMode: a pooler that gives each statement to another server process
// has no transactions.
var errStatementMode = errors.New("the pooler is in statement mode, in which there are no transactions: " +
	"use its transaction or session mode")

// statementMode fails when a pooler is in statement mode.
func (d *database) statementMode(ctx context.Context, pc *pgconn.PgConn) error {
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
