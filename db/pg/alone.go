package pg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/jackc/pgx/v5/pgconn"
)

// errAlonePooled: what the session has would be another's the next moment.
var errAlonePooled = &db.Error{Kind: db.Invalid, Message: "a connection of one's own is none behind a pooler that shares server connections: " +
	"connect to the server itself, or set SessionPooler if it is in session mode"}

// Alone calls fn with a connection of its own, beside those of the pool: for what a session of the server has, such as advisory locks. It is
// made as those are, and closed when fn returns. The context of fn ends with ctx and with the pool; what fails
// then is db.ErrClosed. It blocks, so it is for a goroutine of its own. Behind a pooler that is not said to keep sessions (Config.SessionPooler) it is refused.
func Alone(ctx context.Context, pool *db.Pool, fn func(ctx context.Context, conn *pgconn.PgConn) error) (err error) {
	d, ok := pool.Driver().(*database)
	if !ok {
		return errors.New("pg: Alone takes a pool of this package")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(d.dialing, func() { cancel(db.ErrClosed) })()
	defer func() {
		if err != nil && d.dialing.Err() != nil { // a caller who tries again and again has to know
			err = fmt.Errorf("%w: %w", db.ErrClosed, err)
		}
	}()
	if err := d.dialing.Err(); err != nil {
		return err
	}
	conn, pooled, err := d.connect(ctx, nil)
	if err != nil {
		return connectError(redact(err, d.target, d.cfg.URL))
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if pooled && !d.cfg.SessionPooler {
		return errAlonePooled
	}
	return fn(ctx, conn)
}
